"""A placement's loads, and the bound that no placement can be below: each of its parts by hand."""

import pytest
from hypothesis import given as cases
from hypothesis import strategies as st

from irqbalance.planning.search.placement import Placement, Problem, fewest_moves, lower_bound
from irqbalance.planning.search.search import seat
from tiny import anyhow, placements, problem, problems


def test_items_without_a_bin_are_in_no_load():
    placement = Placement(problem([5, 3], [0, -1], [2, 1]), [1, -1])

    assert placement.loads == [2, 6]
    assert placement.moves() == 1
    assert placement.target() == 6


def test_an_emptied_bin_is_as_full_as_its_fixed_load_to_the_last_digit():
    placement = Placement(problem([0.1, 0.2], [0, 0], [0.3, 0.0]), [0, 0])

    placement.put(0, 1)
    placement.put(1, 1)
    placement.put(0, -1)
    placement.put(1, -1)

    assert placement.loads == [0.3, 0.0]


def test_a_copy_is_changed_alone():
    placement = Placement(problem([5, 3], [0, 1], [0, 0]), [0, 1])

    placement.copy().put(0, 1)

    assert (placement.bins, placement.loads) == ([0, 1], [5, 3])
    assert placement.members == [[(5, 0)], [(3, 1)]]


@pytest.mark.parametrize(
    ("given", "bound"),
    [
        # the whole load over all speeds
        (problem([3, 3, 3], [0] * 3, [1, 0], [1.0, 0.25]), 8),
        # the fixed load of a slow bin
        (problem([3], [0], [0, 2], [1.0, 0.25]), 8),
        # the heaviest item, on the bin that it makes the least full: a fast one with some load
        (problem([6, 1], [0, 0], [0, 2], [1.0, 2.0]), 4),
        (problem([8, 1], [0, 0], [0, 3], [0.5, 1.0]), 11),
        # an item that may be in one bin only, or in two of three
        (problem([4, 1], [1, 0], [0, 0, 0], [1.0, 0.5, 1.0], {0: {1}}), 8),
        (problem([4, 1], [1, 0], [0, 0, 5], [1.0, 0.5, 1.0], {0: {1, 2}}), 8),
        # the items that may be in one of two bins at most, or in a set within these two
        (problem([5, 4, 3], [0, 0, 1], [1, 0, 0], allowed={0: {0, 1}, 1: {0, 1}}), 5),
        (
            problem([4, 4, 4, 1], [0, 1, 1, 2], [1, 0, 0], allowed={0: {0}, 1: {0, 1}, 2: {0, 1}}),
            6.5,
        ),
        # of three items two share one of two bins, of five three, of seven four; the lightest may
        (problem([9, 8, 7], [0] * 3, [2, 1]), 16),
        (problem([9, 8, 7], [0] * 3, [2, 1], [1.0, 0.5]), 18),
        (problem([9, 8, 7], [0] * 3, [2, 1], [0.5, 0.5]), 32),
        (problem([9, 7, 7, 7, 7], [0] * 5, [0, 0]), 21),
        (problem([9, 7, 7, 7, 7, 7, 7], [0] * 7, [0, 0]), 28),
        (problem([9, 7, 7, 7, 7, 7, 7, 7], [0] * 8, [0, 0]), 29),
        (problem([9, 8, 7, 6], [0] * 4, [0, 0, 0]), 13),
        # of eleven items six share one of two bins
        (problem([2] * 11, [0] * 11, [0, 0]), 12),
    ],
)
def test_the_largest_of_what_must_be_is_the_bound(given: Problem, bound: float):
    assert lower_bound(given) == bound
    assert bound <= min(each.target() for each in placements(given))


def test_without_bins_the_bound_is_nothing():
    assert lower_bound(problem([], [], [])) == 0


def test_no_placement_is_below_the_bound_and_many_of_the_best_are_at_it():
    at_it = 0
    for given in problems(250, items=6, bins=3):
        least = min(each.target() for each in placements(given))
        bound = lower_bound(given)
        assert bound <= least * (1 + 1e-9)
        at_it += bound >= least * (1 - 1e-9)

    assert at_it > 80


@cases(st.integers(0, 10**6), st.lists(st.tuples(st.integers(0, 11), st.integers(-1, 3))))
def test_loads_and_members_are_right_whatever_is_put_where(seed: int, puts: list[tuple[int, int]]):
    given = next(problems(1, items=12, bins=4, first=seed))
    placement = anyhow(given, seed)

    for item, bin_ in puts:
        placement.put(item % len(given.weights), bin_ if bin_ < len(given.fixed) else -1)

    again = Placement(given, placement.bins)
    assert placement.loads == again.loads
    assert placement.members == again.members
    assert placement.relative() == [
        load / speed for load, speed in zip(again.loads, given.speeds, strict=True)
    ]


def test_the_fewest_moves_are_those_of_the_heaviest_and_of_items_without_a_home():
    # bin 0 of half the speed holds 2 fixed and 8 + 4 + 1 of its own, and may hold 5; the 6 on
    # bin 1 has no home, and is not counted twice; bin 1 is at 6 of 10
    given = problem([8, 4, 1, 6], [0, 0, 0, -1], [2, 0], [0.5, 1.0])

    assert fewest_moves(seat(given), 10.0) == 3
    assert fewest_moves(seat(given), 14.0) == 2
    assert fewest_moves(seat(given), 30.0) == 1


def test_a_bin_loses_no_more_than_it_must():
    given = problem([5, 4], [0, 0], [0, 0])

    assert fewest_moves(seat(given), 9.0) == 0
    assert fewest_moves(seat(given), 8.9) == 1
    assert fewest_moves(seat(given), 3.9) == 2


def test_no_placement_within_a_target_makes_fewer_moves_than_the_fewest():
    reached = 0
    for given in problems(120, items=6, bins=3):
        every = placements(given)
        for target in sorted({each.target() for each in every})[:6]:
            fewest = min(each.moves() for each in every if each.target() <= target)
            least = fewest_moves(seat(given), target)
            assert least <= fewest
            reached += least == fewest
    # the number is no idle bound: mostly some placement has it
    assert reached > 250
