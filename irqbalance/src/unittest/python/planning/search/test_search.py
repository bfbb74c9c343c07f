"""The whole search: its quality against every placement of small problems, and its laws."""

import random
from itertools import pairwise

import pytest
from hypothesis import given as cases
from hypothesis import strategies as st

from irqbalance.planning.search.placement import Placement, Problem, fewest_moves, lower_bound
from irqbalance.planning.search.search import CLOSE_ENOUGH, TOLERANCE, least_load, seat, solve
from tiny import check, placements, problem, problems

AS_GOOD = (1 + TOLERANCE) * (1 + CLOSE_ENOUGH)


@st.composite
def random_problems(draw: st.DrawFn) -> Problem:
    bins = draw(st.integers(1, 9))
    count = draw(st.integers(0, 24))
    load = st.integers(1, 1000) | st.floats(0.001, 1e6)
    weights = draw(st.lists(load, min_size=count, max_size=count))
    homes = draw(st.lists(st.integers(-1, bins - 1), min_size=count, max_size=count))
    fixed = draw(st.lists(st.floats(0, 1000), min_size=bins, max_size=bins))
    speeds = draw(st.lists(st.sampled_from([0.5, 0.7, 1.0]), min_size=bins, max_size=bins))
    some = st.none() | st.frozensets(st.integers(0, bins - 1), min_size=1)
    allowed = draw(st.lists(some, min_size=count, max_size=count))
    homes = [
        home if only is None or home in only else -1
        for home, only in zip(homes, allowed, strict=True)
    ]
    return Problem(weights, homes, fixed, speeds, allowed)


@cases(random_problems(), st.none() | st.integers(0, 6))
def test_the_laws_of_a_search(given: Problem, max_moves: int | None):
    bins = solve(given, max_moves)

    placement, seated = Placement(given, bins), seat(given, max_moves)
    for item, bin_ in enumerate(bins):
        assert (bin_ == -1 and max_moves is not None) or placement.may(item, bin_)
    assert placement.target() <= seated.target() * (1 + 1e-9)
    assert solve(given, max_moves) == bins
    if max_moves is None:
        assert placement.target() >= lower_bound(given) * (1 - 1e-9)
        assert placement.moves() >= fewest_moves(seated, placement.target())
    else:
        assert placement.moves() <= max_moves


@pytest.mark.parametrize("free", [True, False])
def test_small_problems_are_solved_with_the_least_target_in_the_fewest_moves(free: bool):
    for given in problems(150, items=6, bins=3, free=free):
        every = placements(given)
        least = min(each.target() for each in every)

        found = Placement(given, solve(given))

        check(found)
        assert found.target() <= least * AS_GOOD
        assert found.moves() == min(
            each.moves() for each in every if each.target() <= found.target()
        )


@pytest.mark.parametrize("most", [1, 2, 3])
def test_a_limit_of_moves_is_used_well(most: int):
    ratios = []
    for given in problems(120, items=7, bins=3, free=True):
        plan = Placement(given, solve(given, most))
        assert plan.moves() <= most
        if given.homes.count(-1) <= most:
            check(plan)
            least = min(each.target() for each in placements(given) if each.moves() <= most)
            ratios.append(plan.target() / least if least else 1.0)

    assert len(ratios) > 30
    assert all(ratio >= 1 - 1e-9 for ratio in ratios)
    assert sum(ratio <= 1.003 for ratio in ratios) >= 0.9 * len(ratios)
    assert sum(ratios) <= 1.01 * len(ratios)


def test_no_more_items_move_than_the_limit_even_if_some_have_no_place_yet():
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


def test_nothing_moves_if_nothing_is_gained():
    balanced = problem([5.0, 5.0, 5.0, 5.0], [0, 0, 1, 1], [0.0, 0.0])

    assert solve(balanced) == [0, 0, 1, 1]


def test_a_difference_within_the_tolerance_moves_nothing():
    assert TOLERANCE == 0.002
    nearly = problem([1001.0, 1000.0, 1.0], [0, 1, 0], [0.0, 0.0])

    assert solve(nearly) == [0, 1, 0]


def test_one_move_is_made_if_one_suffices():
    one = problem([10.0] * 6, [0, 0, 0, 0, 1, 1], [0.0, 0.0])

    placement = Placement(one, solve(one))

    assert placement.target() == 30
    assert placement.moves() == 1


def test_a_swap_is_found_if_no_move_helps():
    # 16 and 12 become 15 and 13: the 8 for the 7, or for the 9; 14 and 14 cannot be
    swap = problem([9.0, 7.0, 8.0, 4.0], [0, 0, 1, 1], [0.0, 0.0])

    assert Placement(swap, solve(swap)).target() == 15


def test_fixed_load_counts():
    fixed = problem([4.0, 4.0], [0, 0], [0.0, 7.0, 1.0])

    assert Placement(fixed, solve(fixed)).loads == [4, 7, 5]


def test_nothing_moves_if_fixed_load_makes_the_busiest_bin():
    fixed = problem([4.0, 4.0], [0, 0], [0.0, 10.0, 1.0])

    assert solve(fixed) == [0, 0]


def test_a_slow_bin_takes_less():
    slow = problem([1.0] * 6, [0] * 6, [0.0, 0.0], speeds=[1.0, 0.5])

    assert Placement(slow, solve(slow)).loads == [4, 2]


def test_items_stay_within_what_is_allowed_to_them():
    bound = problem([5.0, 5.0, 5.0], [-1, -1, 0], [0.0, 0.0, 0.0], allowed={0: {2}, 1: {2}})

    assert solve(bound)[:2] == [2, 2]


@pytest.mark.parametrize("bins", [4, 16])
def test_items_that_were_displaced_go_back_in_about_as_many_moves(bins: int):
    chance = random.Random(bins)
    weights, homes = [], []
    for bin_ in range(bins):
        cuts = [0, *sorted(chance.sample(range(1, 10_000), 4)), 10_000]
        weights += [float(high - low) for low, high in pairwise(cuts)]
        homes += [bin_] * 5
    for item in chance.sample(range(len(homes)), bins // 2):
        homes[item] = (homes[item] + 1) % bins
    displaced = problem(weights, homes, [0.0] * bins)

    placement = Placement(displaced, solve(displaced))

    assert placement.target() <= 10_000 * 1.0025
    assert placement.moves() <= bins


def test_a_few_moves_go_a_long_way():
    # 12 on one bin, 0 on the others: the 4 and the 3 leave 5
    stacked = problem([4.0, 3.0, 2.0, 2.0, 1.0], [0] * 5, [0.0, 0.0, 0.0])

    two = Placement(stacked, solve(stacked, 2))

    assert two.moves() == 2
    assert two.target() == 5


@pytest.mark.parametrize(
    ("weights", "homes", "most", "target"),
    [
        ([2, 2, 8, 2], [1, 0, 1, 1], 1, 10),
        ([1, 6, 1, 8], [1, 0, 1, 1], 1, 9),
        ([9, 1, 2, 6], [0, 1, 0, 0], 1, 10),
        ([3, 9, 5, 2], [0, 0, 1, 0], 1, 11),
    ],
)
def test_a_move_is_made_if_a_swap_would_be_better_but_one_too_many(
    weights: list[float], homes: list[int], most: int, target: float
):
    given = problem(weights, homes, [0, 0])

    assert Placement(given, solve(given, most)).target() == target


def test_a_swap_is_two_moves_of_a_limit():
    given = problem([9, 6, 7, 4], [0, 0, 1, 1], [0, 0])

    assert solve(given, 1) == [0, 0, 1, 1]
    assert Placement(given, solve(given, 2)).target() == 13


def test_no_moves_left_means_no_moves():
    stacked = problem([4.0, 3.0], [0, 0], [0.0, 0.0])

    assert solve(stacked, 0) == [0, 0]


def test_the_heaviest_homeless_items_are_placed_first():
    homeless = problem([1.0, 9.0, 5.0], [-1, -1, -1], [0.0, 0.0])

    assert solve(homeless, 1) == [-1, 0, -1]


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


@pytest.mark.parametrize("start", ["everywhere", "on bin 0", "on half of the bins", "round robin"])
@pytest.mark.parametrize("kind", ["uniform", "lognormal", "equal"])
def test_a_large_machine_is_balanced_from_any_start(start: str, kind: str):
    chance = random.Random(f"{start} {kind}")
    draw = {
        "uniform": lambda: chance.uniform(1, 1000),
        "lognormal": lambda: chance.lognormvariate(5, 1),
        "equal": lambda: 7.0,
    }[kind]
    homes = {
        "everywhere": [chance.randrange(64) for _ in range(500)],
        "on bin 0": [0] * 500,
        "on half of the bins": [chance.randrange(32) for _ in range(500)],
        "round robin": [item % 64 for item in range(500)],
    }[start]
    large = problem([draw() for _ in homes], homes, [0.0] * 64)

    placement = Placement(large, solve(large))

    assert placement.target() <= lower_bound(large) * 1.0025
    assert placement.moves() <= 3 * fewest_moves(seat(large), placement.target())


def test_large_machines_obey_a_limit_too():
    chance = random.Random(8)
    weights = [chance.uniform(1, 1000) for _ in range(500)]
    large = problem(weights, [chance.randrange(64) for _ in weights], [0.0] * 64)

    placement = Placement(large, solve(large, 40))

    assert placement.moves() <= 40
    assert placement.target() < seat(large).target()


@cases(st.integers(0, 10**9))
def test_a_plan_that_is_known_is_at_least_reached(seed: int):
    # 27 items that fill 9 bins with 1000 each, three to a bin
    chance = random.Random(seed)
    weights: list[float] = []
    for _ in range(9):
        low, high = sorted(chance.sample(range(150, 850), 2))
        weights += [float(low), float(high - low), float(1000 - high)]
    given = problem(weights, [chance.randrange(9) for _ in weights], [0.0] * 9)

    known = [item // 3 for item in range(27)]

    assert Placement(given, solve(given, known=known)).target() <= 1002


def test_a_known_plan_that_breaks_a_rule_is_not_followed_however_good_it_is():
    # 10 and 6 at best; with the confined 5 on bin 1 it would be 8 and 8
    given = problem([5, 3, 3], [0, 0, 0], [5, 0], allowed={0: {0}})

    assert solve(given, known=[1, 0, 1]) == [0, 1, 1]


def test_a_known_plan_with_items_in_no_bin_is_not_followed():
    given = problem([5, 5], [0, 0], [0, 0])

    assert solve(given, known=[-1, 0]) in ([0, 1], [1, 0])


def test_the_least_load_takes_any_number_of_moves():
    # two moves reach 10 and 10, one reaches 11 at best
    given = problem([9, 6, 4, 1], [0, 0, 0, 0], [0, 0])

    assert least_load(given).target() == 10


def test_the_least_load_is_the_present_placement_if_that_is_as_good():
    # 1000 on each at best, which is less than 0.2% below the present 1001
    given = problem([999, 501, 500], [0, 1, 1], [1, 0])
    slightly_worse = problem([500, 499, 501, 500], [0, 1, 0, 1], [0, 0])

    for each in (given, slightly_worse):
        assert least_load(each).bins == list(each.homes)


@cases(random_problems())
def test_a_plan_is_within_the_tolerance_of_the_least_load(given: Problem):
    best = max(least_load(given).target(), lower_bound(given))

    assert Placement(given, solve(given)).target() <= best * (1 + TOLERANCE) * (1 + CLOSE_ENOUGH)
