"""The whole search against every placement of small problems, and what it does for larger ones."""

import random

import pytest

from irqbalance.placement import Placement, Problem, lower_bound
from irqbalance.search import TOLERANCE, seat, solve
from tiny import check, placements, problem, problems


@pytest.mark.parametrize("free", [True, False])
def test_small_problems_are_solved_with_the_least_target_in_the_fewest_moves(free: bool):
    for given in problems(150, items=6, bins=3, free=free):
        every = placements(given)
        least = min(each.target() for each in every)

        found = Placement(given, solve(given))

        check(found)
        assert found.target() <= least * (1 + TOLERANCE)
        assert found.moves() == min(
            each.moves() for each in every if each.target() <= least * (1 + TOLERANCE)
        )


def test_no_more_items_are_moved_than_the_limit_even_where_some_have_no_place_yet():
    for given in problems(150, items=7, bins=3):
        for most in (0, 1, 2, 3):
            placement = Placement(given, solve(given, most))

            assert placement.moves() <= most
            unplaced = [item for item, bin_ in enumerate(placement.bins) if bin_ < 0]
            homeless = [item for item, home in enumerate(given.homes) if home < 0]
            assert len(unplaced) == max(0, len(homeless) - most)
            placed = [given.weights[item] for item in homeless if item not in unplaced]
            assert all(given.weights[item] <= min(placed, default=99) for item in unplaced)


def test_a_limit_that_suffices_changes_nothing():
    for given in problems(60, items=7, bins=3):
        unlimited = Placement(given, solve(given))

        assert solve(given, unlimited.moves()) == unlimited.bins


@pytest.mark.parametrize(
    ("given", "bins"),
    [
        # the heaviest first, each where the load over the speed is then least
        (problem([2, 6, 3], [-1, -1, -1], [0, 0]), [1, 0, 1]),
        (problem([4, 4, 4], [-1, -1, -1], [0, 0], [1.0, 0.5]), [0, 0, 1]),
        (problem([6, 5], [-1, -1], [0, 1, 1], [0.5, 1.0, 0.5]), [1, 0]),
        (problem([6], [-1], [9, 4], [2.0, 1.0]), [0]),
        # only what is allowed, and the first of bins that are as good
        (problem([6, 5], [-1, -1], [0, 9, 9], allowed={0: {1, 2}}), [1, 0]),
        (problem([6, 6], [-1, -1], [0, 0], allowed={1: {0}}), [0, 0]),
        # those that have a home are there
        (problem([6, 5], [1, -1], [0, 0]), [1, 0]),
    ],
)
def test_items_without_a_home_are_seated_where_they_make_the_least_load(
    given: Problem, bins: list[int]
):
    assert seat(given).bins == bins


def test_a_few_equal_bins_are_filled_as_all_the_others_are():
    for given in problems(100, items=8, bins=4, free=True):
        lost = given._replace(homes=[-1] * len(given.weights), speeds=[1.0] * len(given.fixed))
        # a bin that is far too full for all of them makes the speeds differ
        wider = lost._replace(fixed=[*lost.fixed, 1e6], speeds=[*lost.speeds, 0.5])

        assert sorted(seat(lost).loads) == sorted(seat(wider).loads[:-1])


def planted(seed: int) -> tuple[Problem, list[int]]:
    """27 items that fill 9 bins with 1000 each, three to a bin, and the bins where they do."""
    chance = random.Random(seed)
    weights: list[float] = []
    for _ in range(9):
        low, high = sorted(chance.sample(range(150, 850), 2))
        weights += [float(low), float(high - low), float(1000 - high)]
    homes = [chance.randrange(9) for _ in weights]
    return problem(weights, homes, [0.0] * 9), [item // 3 for item in range(27)]


def test_a_plan_that_is_known_is_at_least_reached():
    given, known = planted(0)

    assert Placement(given, solve(given)).target() > 1002
    assert Placement(given, solve(given, known=known)).target() <= 1002


def test_a_known_plan_that_breaks_a_rule_is_not_followed_however_good_it_is():
    # 10 and 6 at best; with the confined 5 on bin 1 it would be 8 and 8
    given = problem([5, 3, 3], [0, 0, 0], [5, 0], allowed={0: {0}})

    assert solve(given, known=[1, 0, 1]) == [0, 1, 1]


def test_a_known_plan_with_items_in_no_bin_is_not_followed():
    given = problem([5, 5], [0, 0], [0, 0])

    assert solve(given, known=[-1, 0]) in ([0, 1], [1, 0])


@pytest.mark.parametrize(("seed", "bins", "items", "moves"), [(82, 6, 40, 8), (136, 12, 38, 12)])
def test_items_are_kept_at_home_in_turn_until_fewer_moves_do(
    seed: int, bins: int, items: int, moves: int
):
    # 10 and 14 moves without that
    chance = random.Random(seed)
    chance.choice([4, 6, 8, 11, 12])
    chance.randint(25, 45)
    weights = [float(round(chance.lognormvariate(4, 1)) + 1) for _ in range(items)]
    given = problem(weights, [chance.randrange(bins) for _ in weights], [0.0] * bins)

    placement = Placement(given, solve(given))

    assert placement.moves() <= moves
    assert placement.target() <= lower_bound(given) * 1.03


def test_what_may_not_leave_and_what_may_go_one_way_only_is_kept_in_turn_as_well():
    chance = random.Random(5)
    weights = [float(round(chance.lognormvariate(4, 1)) + 1) for _ in range(30)]
    homes = [chance.randrange(6) for _ in weights]
    allowed = {n: {homes[n], chance.randrange(6)} for n in range(0, 30, 3)}
    given = problem(weights, homes, [0.0] * 6, allowed=allowed)

    check(Placement(given, solve(given)))
