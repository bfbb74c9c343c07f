"""Few moves: what is taken off, put on and sent home, and the least target in a number of moves."""

import pytest

from irqbalance.fewmoves import few_moves, fewest_that_can_do, give_back, limited
from irqbalance.placement import Placement
from irqbalance.search import seat, solve
from tiny import anyhow, check, placements, problem, problems


def fewest(every: list[Placement], target: float) -> int:
    return min(each.moves() for each in every if each.target() <= target)


def test_no_placement_at_a_target_makes_fewer_moves_than_what_can_do():
    reached = 0
    for given in problems(120, items=6, bins=3):
        every = placements(given)
        for target in sorted({each.target() for each in every})[:6]:
            least = fewest_that_can_do(seat(given), target)
            assert least <= fewest(every, target)
            reached += least == fewest(every, target)
    assert reached > 250


def test_what_can_do_counts_loads_speeds_and_those_that_have_no_home():
    # bin 0 of half the speed holds 2 fixed and 8 + 4 + 1 of its own, and may hold 5; one of 6 on
    # bin 1 has no home, and is not counted twice; bin 1 is at 6 of 10
    given = problem([8, 4, 1, 6], [0, 0, 0, -1], [2, 0], [0.5, 1.0])

    assert fewest_that_can_do(seat(given), 10.0) == 3
    assert fewest_that_can_do(seat(given), 14.0) == 2
    assert fewest_that_can_do(seat(given), 30.0) == 1


def test_what_can_do_takes_off_no_more_than_must_go():
    given = problem([5, 4], [0, 0], [0, 0])

    assert fewest_that_can_do(seat(given), 9.0) == 0
    assert fewest_that_can_do(seat(given), 8.9) == 1
    assert fewest_that_can_do(seat(given), 3.9) == 2


def test_what_is_given_back_is_all_that_can_be_alone_or_by_sending_a_stranger_on():
    for seed, given in enumerate(problems(200, items=7, bins=4, free=True)):
        placement = anyhow(given, seed)
        target, moves = placement.target(), placement.moves()

        back = give_back(placement, target)

        check(back)
        assert back.target() <= target
        assert back.moves() <= moves
        away = [(item, home) for item, home in enumerate(given.homes) if back.bins[item] != home]
        for item, home in away:
            if home >= 0:
                assert tried(back, item, home, None, 0).target() > target
                for other, bin_ in enumerate(back.bins):
                    if bin_ == home != given.homes[other]:
                        for to in set(range(len(given.fixed))) - {home}:
                            assert tried(back, item, home, other, to).target() > target


def tried(placement: Placement, item: int, home: int, other: int | None, to: int) -> Placement:
    after = placement.copy()
    after.put(item, home)
    if other is not None:
        after.put(other, to)
    return after


def test_nothing_confined_is_sent_where_it_may_not_be():
    for seed, given in enumerate(problems(300, items=8, bins=4)):
        placement = anyhow(given, seed)
        target = placement.target()

        back = give_back(placement, target)

        check(back)
        assert back.target() <= target


def test_a_confined_stranger_is_sent_on_to_a_bin_that_it_may_be_in():
    # 5 can go home to bin 0 if the 6 there goes on: not to bin 1 where 5 leaves, not to bin 2
    given = problem([5, 6], [0, 3], [0, 0, 0, 9, 0], allowed={1: {0, 3, 4}})
    placement = Placement(given, [1, 0])

    assert give_back(placement, 8).bins == [0, 4]


def test_the_lightest_stranger_that_makes_room_goes_and_where_the_item_leaves_first():
    given = problem([5, 3, 4, 6], [0, 1, 1, 1], [0, 12, 0, 0])
    placement = Placement(given, [2, 0, 0, 0])

    # 13 on bin 0 and 14 is the target: 4 makes room, 3 does not; bin 2 is empty once 5 has left
    assert give_back(placement, 14).bins == [0, 0, 2, 0]


def test_every_plan_of_few_moves_keeps_the_rules_and_some_reach_the_target():
    found = 0
    for given in problems(150, items=8, bins=4):
        seated = seat(given)
        best = Placement(given, solve(given))
        target = best.target()

        plans = list(few_moves(seated, target))

        for plan in plans:
            check(plan)
        found += any(plan.target() <= target for plan in plans)
        assert seated.bins == seat(given).bins
    assert found > 130


def test_where_one_move_does_one_is_made():
    # 9 too much on bin 0: the lightest that suffices is the 10, and the 9 of 30 fits bin 2 exactly
    given = problem([30, 10, 9, 3, 20, 31], [0, 0, 0, 0, 1, 2], [0, 8, 12])

    plans = list(few_moves(seat(given), 43.0))

    assert min(plan.moves() for plan in plans if plan.target() <= 43) == 1


@pytest.mark.parametrize(
    ("weights", "homes", "bins", "target", "moves"),
    [
        ([17, 3, 2, 4, 14, 1, 19, 4, 7], [2, 0, 2, 0, 3, 3, 3, 2, 1], 4, 19, 3),
        ([30, 40, 4, 14, 45, 48, 7, 4, 5], [3, 0, 2, 3, 1, 3, 2, 1, 1], 4, 51, 3),
        ([5, 11, 13, 8, 4], [1, 0, 1, 0, 2], 3, 15, 2),
        ([11, 12, 9, 6, 19], [1, 2, 2, 0, 1], 3, 20, 2),
        ([20, 37, 48, 12, 23], [0, 1, 0, 0, 0], 2, 71, 2),
        ([16, 12, 4, 7, 7, 5], [1, 2, 0, 2, 1, 1], 3, 18, 3),
        ([50, 6, 46, 23, 12, 47, 9, 41, 7], [3, 1, 0, 0, 1, 1, 1, 1, 3], 4, 64, 3),
        ([7, 1, 5, 8, 6], [0, 2, 2, 0, 1], 3, 11, 2),
        ([1, 7, 8, 3, 1, 4], [0, 0, 0, 0, 0, 1], 3, 8, 3),
    ],
)
def test_each_way_to_few_moves_finds_the_fewest_where_the_others_do_not(
    weights: list[float], homes: list[int], bins: int, target: float, moves: int
):
    given = problem(weights, homes, [0] * bins)

    plans = [plan for plan in few_moves(seat(given), target) if plan.target() <= target]

    assert min(plan.moves() for plan in plans) == moves


def least_in(every: list[Placement], most: int) -> float:
    return min(each.target() for each in every if each.moves() <= most)


@pytest.mark.parametrize("most", [1, 2, 3])
def test_a_limit_of_moves_is_used_well(most: int):
    ratios = []
    for given in problems(120, items=7, bins=3, free=True):
        homeless = given.homes.count(-1)
        plan = Placement(given, solve(given, most))
        assert plan.moves() <= most
        if homeless <= most:
            check(plan)
            least = least_in(placements(given), most)
            ratios.append(plan.target() / least if least else 1.0)

    assert len(ratios) > 30
    assert all(ratio >= 1 - 1e-9 for ratio in ratios)
    assert sum(ratio <= 1.003 for ratio in ratios) >= 0.9 * len(ratios)
    assert sum(ratios) <= 1.02 * len(ratios)


def test_the_least_target_in_some_moves_lies_between_none_and_all():
    given = problem([8, 6, 4, 2, 1], [0] * 5, [0, 0, 0])
    seated, goal = seat(given), Placement(given, [0, 1, 2, 2, 1])

    assert [limited(seated, goal, most).target() for most in range(4)] == [21, 13, 8, 8]


@pytest.mark.parametrize(
    ("weights", "homes", "most", "target"),
    [
        ([2, 2, 8, 2], [1, 0, 1, 1], 1, 10),
        ([1, 6, 1, 8], [1, 0, 1, 1], 1, 9),
        ([9, 1, 2, 6], [0, 1, 0, 0], 1, 10),
        ([3, 9, 5, 2], [0, 0, 1, 0], 1, 11),
    ],
)
def test_a_move_is_made_where_a_swap_would_be_better_but_one_too_many(
    weights: list[float], homes: list[int], most: int, target: float
):
    given = problem(weights, homes, [0, 0])

    assert Placement(given, solve(given, most)).target() == target
    assert target == least_in(placements(given), most)


def test_a_swap_is_two_moves_of_a_limit():
    given = problem([9, 6, 7, 4], [0, 0, 1, 1], [0, 0])

    assert solve(given, 1) == [0, 0, 1, 1]
    assert Placement(given, solve(given, 2)).target() == 13
