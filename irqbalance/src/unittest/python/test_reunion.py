"""Dealing two or three bins out anew: fewer moves at the same target, and never a wrong load."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irqbalance.placement import Placement, Problem
from irqbalance.reunion import Budget, reunite


def problem(weights: list[int], homes: list[int], bins: int) -> Problem:
    return Problem(
        [float(weight) for weight in weights],
        homes,
        [0.0] * bins,
        [1.0] * bins,
        [None] * len(weights),
    )


def fewest(given_problem: Problem, target: float) -> int:
    """The fewest moves at a target, by trying everything."""
    placements = (
        Placement(given_problem, bins)
        for bins in product(range(len(given_problem.fixed)), repeat=len(given_problem.weights))
    )
    return min(each.moves() for each in placements if each.target() <= target)


def test_two_items_that_changed_places_for_nothing_go_home():
    placement = Placement(problem([5, 5, 3], [0, 1, 1], 2), [1, 0, 1])

    reunite(placement, 8, Budget(1000))

    assert placement.bins == [0, 1, 1]


def test_three_items_that_went_round_go_home():
    placement = Placement(problem([7, 8, 9], [0, 1, 2], 3), [1, 2, 0])

    reunite(placement, 9, Budget(10_000))

    assert placement.bins == [0, 1, 2]


def test_many_items_on_two_bins_are_exchanged_a_few_at_a_time():
    weights = [*range(100, 112), *range(200, 212)]
    homes = [0] * 12 + [1] * 12
    strayed = [1, 1, *homes[2:12], 0, *homes[13:]]
    placement = Placement(problem(weights, homes, 2), strayed)

    reunite(placement, sum(weights[12:]) + 1, Budget(100_000))

    assert placement.moves() == 0


def test_without_a_budget_nothing_is_looked_at():
    placement = Placement(problem([5, 5], [0, 1], 2), [1, 0])

    reunite(placement, 5, Budget(0))

    assert placement.bins == [1, 0]


@pytest.mark.parametrize("bins", [2, 3])
@given(data=st.data())
def test_two_or_three_bins_are_dealt_out_in_the_fewest_moves(data: st.DataObject, bins: int):
    count = data.draw(st.integers(1, 6))
    numbers = st.integers(1, 20)
    weights = data.draw(st.lists(numbers, min_size=count, max_size=count))
    homes = data.draw(st.lists(st.integers(0, bins - 1), min_size=count, max_size=count))
    start = data.draw(st.lists(st.integers(0, bins - 1), min_size=count, max_size=count))
    placement = Placement(problem(weights, homes, bins), start)
    target, moves = placement.target(), placement.moves()

    reunite(placement, target, Budget(1_000_000))

    assert placement.target() <= target * (1 + 1e-6)
    assert placement.moves() <= moves
    if any(home != bin_ for home, bin_ in zip(homes, start, strict=True)):
        assert placement.moves() == fewest(placement.problem, target)
