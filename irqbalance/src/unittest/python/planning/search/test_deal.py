"""Groups of bins dealt afresh: the fewest moves within a target, against every placement."""

import random

import pytest
from hypothesis import given as cases
from hypothesis import strategies as st

from irqbalance.planning.search.deal import Budget, Deal
from irqbalance.planning.search.placement import Placement, Problem
from tiny import anyhow, check, placements, problem, problems

MANY = 10**6
MOST = 1000


def dealt(placement: Placement, bins: list[int], target: float, fewer_than: int = MOST) -> bool:
    """Deal with nodes enough to try everything."""
    return Deal(placement, bins, placement.problem.homes, target, Budget(MANY), fewer_than).run()


def rings(length: int) -> Placement:
    """Return items of one weight that each sit in the bin after their own."""
    homes = list(range(length))
    return Placement(problem([9] * length, homes, [0] * length), [*homes[1:], 0])


@pytest.mark.parametrize("free", [True, False])
def test_all_bins_are_dealt_in_the_fewest_moves_within_a_target(free: bool):
    for seed, given in enumerate(problems(200, items=6, bins=4, free=free)):
        every = placements(given)
        for target in sorted({each.target() for each in every})[:4]:
            placement = anyhow(given, seed)

            assert dealt(placement, list(range(len(given.fixed))), target)

            check(placement)
            assert placement.target() <= target * (1 + 1e-8)
            within = [each for each in every if each.target() <= target]
            assert placement.moves() == min(each.moves() for each in within)


def test_what_no_placement_can_do_changes_nothing():
    for seed, given in enumerate(problems(200, items=6, bins=3)):
        every = placements(given)
        least = min(each.target() for each in every)
        fewest = min(each.moves() for each in every if each.target() <= least)
        placement = anyhow(given, seed)
        before, bins = placement.bins[:], list(range(len(given.fixed)))

        assert not dealt(placement, bins, least * 0.999)
        assert not dealt(placement, bins, least, fewer_than=fewest)
        assert placement.bins == before

        assert dealt(placement, bins, least, fewer_than=fewest + 1)


@pytest.mark.parametrize("length", [2, 3, 4, 6])
def test_items_that_went_round_go_home(length: int):
    placement = rings(length)

    assert dealt(placement, list(range(length)), 9, fewer_than=length)
    assert placement.moves() == 0


def test_other_bins_stay_as_they_are():
    placement = Placement(problem([5, 5, 3, 4], [0, 1, 2, 2], [0] * 4), [1, 0, 3, 2])

    assert dealt(placement, [0, 1], 5)
    assert placement.bins == [0, 1, 3, 2]


def test_an_item_whose_home_is_outside_is_a_move_wherever_it_goes():
    # 4 is a stranger to both bins; the 5 goes home as the 4 gives way
    placement = Placement(problem([5, 4], [0, 2], [0, 0, 0]), [1, 0])

    assert not dealt(placement, [0, 1], 5, fewer_than=1)
    assert dealt(placement, [0, 1], 5, fewer_than=2)
    assert placement.bins == [0, 1]


def test_a_confined_item_stays_in_the_bins_that_it_may_be_in():
    given = problem([9, 9, 9, 9], [0, 1, 2, 3], [0] * 4, allowed={0: {1, 2}})
    placement = Placement(given, [1, 2, 3, 0])

    assert dealt(placement, [0, 1, 2, 3], 9)
    # the first may not be at home, so it and the owner of its bin are away
    assert placement.moves() == 2
    check(placement)


def test_any_way_will_do_where_the_moves_do_not_count():
    for seed, given in enumerate(problems(150, items=7, bins=3)):
        least = min(each.target() for each in placements(given))
        quick, best = anyhow(given, seed), anyhow(given, seed)
        bins, few, many = list(range(len(given.fixed))), Budget(MANY), Budget(MANY)

        assert Deal(quick, bins, given.homes, least, few).run()
        assert Deal(best, bins, given.homes, least, many, MOST).run()

        check(quick)
        assert quick.target() <= least * (1 + 1e-8)
        assert quick.moves() >= best.moves()


def test_nodes_are_counted_and_end_the_search():
    given = problem([9, 8, 7, 6, 5, 4, 3, 2], [1, 2, 0, 1, 2, 0, 1, 2], [0, 0, 0])
    start = [0, 1, 2, 0, 1, 2, 0, 1]
    placement, nothing, plenty = Placement(given, start), Budget(0), Budget(MANY)

    assert not Deal(placement, [0, 1, 2], given.homes, 17, nothing, MOST).run()
    assert placement.bins == start
    assert Deal(placement, [0, 1, 2], given.homes, 17, plenty, MOST).run()

    exactly = Budget(MANY - plenty.left)
    again = Placement(given, start)
    assert Deal(again, [0, 1, 2], given.homes, 17, exactly, MOST).run()
    assert again.bins == placement.bins
    assert exactly.left == 0


def test_a_part_of_a_budget_is_taken_out_of_it():
    budget = Budget(10)

    assert budget.part(7).left == 7
    assert budget.part(7).left == 3
    assert budget.left == 0


def test_equal_items_are_not_tried_in_every_order():
    # 16 equal items on one of four bins: choosing which 12 leave would be millions of nodes
    given = problem([1] * 16, [0] * 16, [0] * 4)
    placement, budget = Placement(given, [0] * 16), Budget(20_000)

    assert Deal(placement, [0, 1, 2, 3], given.homes, 4, budget, MOST).run()
    assert placement.moves() == 12
    assert budget.left > 0


def test_a_group_of_more_items_than_a_deal_decides_is_left_alone():
    homes = [0] * 200 + [1] * 200
    start = [*homes[:199], 1, *homes[200:399], 0]
    placement = Placement(problem([9] * 400, homes, [0, 0]), start)

    assert not dealt(placement, [0, 1], placement.target(), fewer_than=2)
    assert placement.bins == start


@cases(st.integers(0, 10**9))
def test_a_group_never_gets_worse_and_breaks_no_rule(seed: int):
    given = next(problems(1, items=14, bins=6, first=seed))
    placement = anyhow(given, seed)
    target, moves = placement.target(), placement.moves()
    bins = random.Random(seed).sample(range(len(given.fixed)), min(4, len(given.fixed)))
    away = sum(
        1 for bin_ in bins for _, item in placement.members[bin_] if given.homes[item] != bin_
    )

    found = Deal(placement, bins, given.homes, target, Budget(500), away).run()

    check(placement)
    assert placement.target() <= target * (1 + 1e-8)
    assert placement.moves() < moves if found else placement.moves() == moves


def test_a_problem_without_items_is_dealt_in_no_move():
    empty = Problem([], [], [0.0, 1.0], [1.0, 1.0], [])

    assert dealt(Placement(empty, []), [0, 1], 1.0) is False
