"""Steps off the fullest bin: the best move or swap there is, and two bins dealt out anew."""

import pytest

from irqbalance.placement import Placement
from irqbalance.steps import best_step, improve
from tiny import anyhow, check, problem, problems

LITTLE = 1 - 1e-9


def done(placement: Placement, step: list[tuple[int, int]]) -> Placement:
    """A placement after a step."""
    after = placement.copy()
    for item, bin_ in step:
        after.put(item, bin_)
    return after


def every_step(placement: Placement, full: int, bins: list[int]) -> list[list[tuple[int, int]]]:
    """All moves of an item of `full` to one of `bins`, and all swaps with an item there."""
    own = [item for item, bin_ in enumerate(placement.bins) if bin_ == full]
    steps = [[(item, bin_)] for item in own for bin_ in bins]
    others = [(item, bin_) for item, bin_ in enumerate(placement.bins) if bin_ in bins]
    return steps + [[(item, bin_), (other, full)] for item in own for other, bin_ in others]


def fuller(placement: Placement, full: int, step: list[tuple[int, int]]) -> float:
    """The relative load of the fuller of the two bins of a step."""
    relative = placement.relative()
    return max(relative[full], relative[step[0][1]])


def fullest(placement: Placement) -> int:
    relative = placement.relative()
    return relative.index(max(relative))


def test_the_best_of_all_moves_and_swaps_is_found():
    found = 0
    for seed, given in enumerate(problems(150, items=8, bins=4, free=True)):
        placement = anyhow(given, seed)
        full = fullest(placement)
        worst = placement.target()
        bins = [bin_ for bin_ in range(len(given.fixed)) if bin_ != full]

        step = best_step(placement, full, bins, worst)

        results = [
            fuller(done(placement, each), full, each) for each in every_step(placement, full, bins)
        ]
        if step is None:
            assert min(results, default=worst) >= worst * LITTLE
        else:
            found += 1
            assert fuller(done(placement, step), full, step) == min(results)
            check(done(placement, step))
    assert found > 80


def test_no_step_takes_a_confined_item_where_it_may_not_be():
    for seed, given in enumerate(problems(200, items=8, bins=4)):
        placement = anyhow(given, seed)
        full = fullest(placement)
        bins = [bin_ for bin_ in range(len(given.fixed)) if bin_ != full]

        step = best_step(placement, full, bins, placement.target())

        if step is not None:
            check(done(placement, step))
            assert fuller(done(placement, step), full, step) < placement.target()


def test_a_confined_item_is_no_partner_in_a_swap():
    # 9 for 6 would leave 15 and 14; the 6, which is the first item, must stay
    given = problem([6, 9, 9, 5], [1, 0, 0, 1], [0, 0], allowed={0: {1}})
    placement = Placement(given, given.homes)

    assert best_step(placement, 0, [1], 18) == [(1, 1), (3, 0)]


def test_a_confined_item_is_a_partner_where_it_may_be_in_both_bins():
    given = problem([9, 7], [0, 1], [4, 0], allowed={1: {0, 1}})

    assert best_step(Placement(given, given.homes), 0, [1], 13) == [(0, 1), (1, 0)]


def test_only_the_bins_that_are_given_are_looked_at():
    placement = Placement(problem([5, 4], [0, 0], [0, 0, 3]), [0, 0])

    assert best_step(placement, 0, [2], 9) == [(1, 2)]
    assert best_step(placement, 0, [], 9) is None


def test_where_no_step_lowers_the_fullest_there_is_none():
    placement = Placement(problem([5, 5], [0, 1], [0, 0]), [0, 1])

    assert best_step(placement, 0, [1], 5) is None
    assert best_step(Placement(problem([5], [0], [0, 0]), [0]), 0, [1], 5) is None


def test_improving_stops_at_the_target():
    placement = Placement(problem([4, 3, 2, 1], [0] * 4, [0, 0, 0]), [0] * 4)

    improve(placement, 10)
    assert placement.bins == [0] * 4

    improve(placement, 6)
    assert placement.target() <= 6
    assert placement.moves() == 1


def splits(placement: Placement, full: int, other: int) -> list[float]:
    """What the fuller of two bins can be when their items are dealt out anew, all ways."""
    items = [item for item, bin_ in enumerate(placement.bins) if bin_ in (full, other)]
    results = []
    for mask in range(1 << len(items)):
        dealt = placement.copy()
        for index, item in enumerate(items):
            dealt.put(item, full if mask >> index & 1 else other)
        relative = dealt.relative()
        results.append(max(relative[full], relative[other]))
    return results


def test_what_is_improved_is_better_by_no_step_and_by_no_two_bins_dealt_out_anew():
    for seed, given in enumerate(problems(400, items=8, bins=4, free=True)):
        placement = anyhow(given, seed)
        before = placement.target()

        improve(placement, 0)

        check(placement)
        target, full = placement.target(), fullest(placement)
        assert target <= before
        for other in set(range(len(given.fixed))) - {full} if len(set(given.speeds)) == 1 else ():
            assert min(splits(placement, full, other)) >= target * LITTLE


def test_what_is_improved_stays_allowed():
    for seed, given in enumerate(problems(150, items=9, bins=4)):
        placement = anyhow(given, seed)
        before = placement.target()

        improve(placement, 0)

        check(placement)
        assert placement.target() <= before


# 21 and 17, and no move or swap helps; 4 + 6 + 9 and 5 + 6 + 8 are 19 and 19
STUCK = [4.0, 5, 6, 6, 9, 8]
ON = [0, 0, 0, 0, 1, 1]


@pytest.mark.parametrize("allowed", [None, {0: {0, 1}, 5: {1, 0}}])
def test_two_bins_are_dealt_out_anew_where_no_move_or_swap_helps(
    allowed: dict[int, set[int]] | None,
):
    placement = Placement(problem(STUCK, ON, [0, 0], allowed=allowed), ON)
    assert best_step(placement, 0, [1], 21) is None

    improve(placement, 0)

    check(placement)
    assert placement.target() == 19


@pytest.mark.parametrize("allowed", [{0: {0}}, {5: {1}}])
def test_bins_with_an_item_that_may_not_be_in_both_are_not_dealt_out(allowed: dict[int, set[int]]):
    placement = Placement(problem(STUCK, ON, [0, 0], allowed=allowed), ON)

    improve(placement, 0)

    assert placement.bins == ON


def test_where_dealing_out_anew_gains_nothing_nothing_moves():
    # 5 and 1 + 5 are no better than 5 + 1 and 5
    placement = Placement(problem([5, 1, 5], [0, 0, 1], [0, 0]), [0, 0, 1])

    improve(placement, 0)

    assert placement.bins == [0, 0, 1]


def test_after_two_bins_were_dealt_out_the_search_goes_on():
    # the others are 20 and 10, which one move makes 15 and 15, and cannot take what bin 0 holds
    given = problem(
        [*STUCK, 5, 15, 10], [*ON, 2, 2, 3], [0, 0, 0, 0], allowed={n: {0, 1} for n in range(6)}
    )
    placement = Placement(given, given.homes)

    improve(placement, 0)

    assert sorted(placement.loads) == [15, 15, 19, 19]


@pytest.mark.parametrize(
    ("fixed", "speeds"),
    [([3.0, 3.0], [1.0, 1.0]), ([0.0, 0.0], [0.5, 0.5]), ([0.0, 0.0, 21.0], [1.0, 1.0, 1.0])],
)
def test_what_is_dealt_out_counts_fixed_loads_and_speeds(fixed: list[float], speeds: list[float]):
    placement = Placement(problem(STUCK, ON, fixed, speeds), ON)

    improve(placement, 0)

    check(placement)
    assert placement.loads[0] == placement.loads[1]


def test_a_large_placement_is_improved_as_well():
    # 30 bins of 14 ones, the first has 14 more: the fullest gives to all the others, near or far
    given = problem([1.0] * 434, [0] * 28 + [item % 29 + 1 for item in range(406)], [0] * 30)
    placement = Placement(given, given.homes)

    improve(placement, 15)

    assert placement.target() == 15
    assert placement.moves() == 13


def test_a_bin_that_is_not_among_the_emptiest_is_looked_at_where_those_do_not_help():
    # of 20 bins 18 are emptier, and confinement keeps all items off them
    given = problem([5, 4, 1], [0, 0, 1], [0, 1] + [0.5] * 18, allowed={0: {0}, 1: {0, 1}, 2: {1}})
    placement = Placement(given, given.homes)

    improve(placement, 0)

    assert placement.bins == [0, 1, 1]
