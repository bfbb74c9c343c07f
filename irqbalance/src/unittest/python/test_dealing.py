"""Bins dealt out anew with fixed loads, speeds and confined items, against every placement."""

import random

import pytest

from irqbalance.exact import fewest_moves
from irqbalance.placement import Placement
from irqbalance.regroup import regrouped
from irqbalance.reunion import Budget, reunite
from tiny import anyhow, check, placements, problem, problems

MUCH = 10**7


def fewest(placement: Placement, target: float) -> int:
    every = placements(placement.problem)
    return min(each.moves() for each in every if each.target() <= target)


def somebody_could_go_home(placement: Placement) -> bool:
    pairs = zip(placement.bins, placement.problem.homes, strict=True)
    return any(bin_ != home and home >= 0 for bin_, home in pairs)


@pytest.mark.parametrize("bins", [2, 3])
def test_two_or_three_bins_are_dealt_out_in_the_fewest_moves_whatever_they_hold(bins: int):
    lowered = 0
    for seed, given in enumerate(problems(500, items=7, bins=bins)):
        placement = anyhow(given, seed)
        target, moves = placement.target(), placement.moves()
        could = somebody_could_go_home(placement)

        reunite(placement, target, Budget(MUCH))

        check(placement)
        assert placement.target() <= target
        lowered += placement.moves() < moves
        if could:
            assert placement.moves() == fewest(placement, target)
        else:
            assert placement.moves() == moves
    assert lowered > 150


def test_with_more_bins_moves_never_grow_and_no_rule_is_broken():
    for seed, given in enumerate(problems(150, items=12, bins=6)):
        placement = anyhow(given, seed)
        target, moves = placement.target(), placement.moves()

        reunite(placement, target, Budget(MUCH))

        check(placement)
        assert placement.target() <= target
        assert placement.moves() <= moves


def test_three_bins_are_tried_again_until_nothing_helps():
    # two rings of three that went round, in bins 0 to 2 and 3 to 5
    homes = [0, 1, 2, 3, 4, 5]
    placement = Placement(problem([7, 8, 9, 17, 18, 19], homes, [0] * 6), [1, 2, 0, 4, 5, 3])

    # bins of the first ring have room for 9 and no more
    reunite(placement, 19, Budget(MUCH))

    assert placement.moves() == 0


def large_pair(seed: int, astray: int, items: int = 20) -> Placement:
    """Two bins with many items, of which some went astray; some may not move, one has no home."""
    chance = random.Random(seed)
    weights = [float(chance.randint(10, 99)) for _ in range(items)]
    homes = [chance.randrange(2) for _ in weights]
    strayed = set(chance.sample(range(2, items), astray))
    bins = [1 - home if item in strayed else home for item, home in enumerate(homes)]
    homes[0] = -1
    allowed = {1: {homes[1]}} | {item: {0, 1} for item in strayed if chance.random() < 0.5}
    fixed = [float(chance.randint(0, 300)), float(chance.randint(0, 300)), 0.0]
    return Placement(problem(weights, homes, fixed, allowed=allowed), bins)


@pytest.mark.parametrize("astray", [1, 2, 3, 4])
def test_up_to_four_of_many_items_on_two_bins_go_home(astray: int):
    for seed in range(12):
        placement = large_pair(seed, astray)
        at_home = [max(home, 0) for home in placement.problem.homes]
        at_home[0] = placement.bins[0]
        target = max(placement.target(), Placement(placement.problem, at_home).target())

        reunite(placement, target, Budget(MUCH))

        check(placement)
        assert placement.target() <= target
        assert placement.moves() == 1  # the one without a home


def test_an_item_that_must_be_away_is_and_the_others_go_home():
    # at home bin 0 would hold 10 + 50 + 10; the 50 alone away makes 59 of bin 1
    homes = [0] * 11 + [1] * 9
    given = problem([50] + [1.0] * 19, homes, [10, 0], allowed={0: {0, 1}})
    placement = Placement(given, [1, 1, *homes[2:19], 0])

    reunite(placement, 59, Budget(MUCH))

    assert placement.bins == [1, *homes[1:]]


@pytest.mark.parametrize("free", [True, False])
def test_up_to_four_of_many_items_change_sides_as_it_takes(free: bool):
    exchanged = 0
    for seed in range(400):
        # 14 items may not move, 6 may
        chance = random.Random(seed)
        weights = [float(chance.randint(1, 30)) for _ in range(20)]
        homes = [chance.randrange(2) for _ in weights]
        allowed = {item: {homes[item]} for item in range(14)}
        allowed |= {} if free else {item: {0, 1} for item in range(14, 18)}
        given = problem(weights, homes, [0, 0], allowed=allowed)
        placement = anyhow(given, seed)
        target = placement.target()
        least = fewest(placement, target)

        reunite(placement, target, Budget(MUCH))

        check(placement)
        assert placement.target() <= target
        if 0 < least <= 4:
            exchanged += 1
            assert placement.moves() == least
    assert exchanged > 50


@pytest.mark.parametrize("slack", [0.0, 0.02])
def test_many_items_on_two_bins_stay_within_the_target_and_in_no_more_moves(slack: float):
    for seed in range(40):
        placement = large_pair(seed, astray=6, items=22)
        target, moves = placement.target() * (1 + slack), placement.moves()

        reunite(placement, target, Budget(MUCH))

        check(placement)
        assert placement.target() <= target * (1 + 1e-8)
        assert placement.moves() <= moves


def test_of_very_many_items_on_two_bins_some_are_tried():
    # 40 on each of two bins, and the two that changed places are the heaviest
    homes = [0] * 40 + [1] * 40
    weights = [float(100 + item % 40) for item in range(80)]
    bins = [*homes[:39], 1, *homes[40:79], 0]
    placement = Placement(problem(weights, homes, [0, 0]), bins)

    reunite(placement, placement.target(), Budget(MUCH))

    check(placement)
    assert placement.moves() <= 2


def test_a_budget_is_spent_and_ends_the_work():
    budget = Budget(10)
    budget.spend(3)
    budget.spend(4)
    assert budget.left == 3

    small, large = Budget(3_000), Budget(MUCH)
    reunite(large_pair(3, astray=6), 1e9, small)
    reunite(large_pair(3, astray=6), 1e9, large)
    assert -3_000 < small.left <= 3_000
    assert 0 < MUCH - large.left < 100_000


def test_four_bins_are_dealt_out_in_the_fewest_moves_whatever_they_hold():
    dealt = 0
    for seed, given in enumerate(problems(400, items=5, bins=4)):
        placement = anyhow(given, seed)
        target, moves = placement.target(), placement.moves()

        found = regrouped(placement, target, MUCH)

        check(found)
        assert found.target() <= target
        assert found.moves() <= moves
        pairs = zip(placement.bins, given.homes, strict=True)
        if len(given.fixed) == 4 and sum(bin_ != home >= 0 for bin_, home in pairs) > 1:
            dealt += 1
            # with one away at the end there is nothing that a group could do for two
            assert found.moves() - fewest(placement, target) in (0, 1)
    assert dealt > 40


def test_of_more_bins_groups_are_dealt_out_by_the_rules():
    lowered = 0
    for seed, given in enumerate(problems(150, items=10, bins=7)):
        placement = anyhow(given, seed)
        target, moves = placement.target(), placement.moves()

        found = regrouped(placement, target, 40_000)

        check(found)
        assert found.target() <= target
        assert found.moves() <= moves
        lowered += found.moves() < moves
    assert lowered > 80


def test_nodes_are_counted_and_end_the_search():
    given = problem([9, 8, 7, 6, 5, 4, 3, 2], [1, 2, 0, 1, 2, 0, 1, 2], [0, 0, 0])
    away = Placement(given, [0, 1, 2, 0, 1, 2, 0, 1])

    assert fewest_moves(away, 17, 3)[1] == 0
    found, left = fewest_moves(away, 17, 1000)
    assert found.moves() < away.moves()
    assert 0 < left < 1000
    assert fewest_moves(away, 17, 1000 - left)[0].bins == found.bins
