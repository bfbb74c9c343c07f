"""A placement's loads, and the bound that no placement can be below: each of its parts by hand."""

import pytest

from irqbalance.placement import Placement, Problem, lower_bound
from tiny import placements, problem, problems


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
        # of three items two share one of two bins, of five three, of seven four; the lightest may
        (problem([9, 8, 7], [0] * 3, [2, 1]), 16),
        (problem([9, 8, 7], [0] * 3, [2, 1], [1.0, 0.5]), 18),
        (problem([9, 8, 7], [0] * 3, [2, 1], [0.5, 0.5]), 32),
        (problem([9, 7, 7, 7, 7], [0] * 5, [0, 0]), 21),
        (problem([9, 7, 7, 7, 7, 7, 7], [0] * 7, [0, 0]), 28),
        (problem([9, 7, 7, 7, 7, 7, 7, 7], [0] * 8, [0, 0]), 29),
        (problem([9, 8, 7, 6], [0] * 4, [0, 0, 0]), 13),
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
