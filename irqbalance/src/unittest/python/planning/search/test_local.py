"""Local steps: moves and swaps off the fullest bin, largest first, repair, and the way home."""

import random

import pytest

from irqbalance.planning.search.local import (
    descend,
    emptiest_first,
    heaviest_first,
    largest_first,
    repair,
    send_home,
)
from irqbalance.planning.search.placement import Placement, Problem, fewest_moves
from irqbalance.planning.search.search import seat
from tiny import anyhow, check, placements, problem, problems

LITTLE = 1 - 1e-9


def every_step(placement: Placement, full: int) -> list[Placement]:
    """Return what every move of an item of `full`, and every swap with one, makes."""
    own = [item for item, bin_ in enumerate(placement.bins) if bin_ == full]
    others = [bin_ for bin_ in range(len(placement.loads)) if bin_ != full]
    steps = [[(item, bin_)] for item in own for bin_ in others]
    for partner, bin_ in enumerate(placement.bins):
        steps += [[(item, bin_), (partner, full)] for item in own if bin_ != full]
    made = []
    for step in steps:
        if all(placement.may(item, bin_) for item, bin_ in step):
            made.append(placement.copy())
            for item, bin_ in step:
                made[-1].put(item, bin_)
    return made


def test_a_descent_ends_where_no_move_or_swap_helps_the_fullest_bin():
    lowered = 0
    for seed, given in enumerate(problems(200, items=8, bins=4, free=True)):
        placement = anyhow(given, seed)
        before = placement.target()

        assert descend(placement, 0.0) is False

        check(placement)
        target = placement.target()
        lowered += target < before
        assert target <= before
        relative = placement.relative()
        full = relative.index(max(relative))
        for after in every_step(placement, full):
            changed = [b for b in range(len(relative)) if after.loads[b] != placement.loads[b]]
            assert max(after.relative()[b] for b in {*changed, full}) >= target * LITTLE
    assert lowered > 80


def test_a_descent_breaks_no_rule_and_raises_nothing():
    for seed, given in enumerate(problems(200, items=9, bins=4)):
        placement = anyhow(given, seed)
        before = placement.target()

        descend(placement, 0.0)

        check(placement)
        assert placement.target() <= before


def test_a_descent_stops_at_its_target():
    placement = Placement(problem([4, 3, 2, 1], [0] * 4, [0, 0, 0]), [0] * 4)

    assert descend(placement, 10)
    assert placement.bins == [0] * 4
    assert descend(placement, 6)
    assert placement.target() <= 6
    assert placement.moves() == 1


def test_a_swap_is_made_where_no_move_helps():
    # 16 and 12: 9 for 7 makes 14 and 14
    placement = Placement(problem([9, 7, 7, 5], [0, 0, 1, 1], [0, 0]), [0, 0, 1, 1])

    assert descend(placement, 14)
    assert placement.loads == [14, 14]


def test_a_confined_item_is_no_partner_in_a_swap():
    # 9 for 6 would leave 15 and 14; the 6 must stay, and 9 for 5 makes 14 and 15 as well
    given = problem([6, 9, 9, 5], [1, 0, 0, 1], [0, 0], allowed={0: {1}})
    placement = Placement(given, given.homes)

    descend(placement, 0)

    assert placement.bins[0] == 1
    assert placement.target() == 15


def test_a_bin_that_is_not_among_the_emptiest_is_tried_in_the_end():
    # of 20 bins 18 are emptier, and confinement keeps all items off them
    given = problem([5, 4, 1], [0, 0, 1], [0, 1] + [0.5] * 18, allowed={0: {0}, 1: {0, 1}, 2: {1}})
    placement = Placement(given, given.homes)

    descend(placement, 0)

    assert placement.bins == [0, 1, 1]


def test_the_emptiest_bins_come_first_without_the_fullest():
    assert emptiest_first([3.0, 1.0, 9.0, 1.0], 2) == [1, 3, 0]


def test_the_heaviest_items_come_first_and_of_equals_the_first():
    assert heaviest_first(problem([1, 9, 5, 9], [0] * 4, [0])) == [1, 3, 2, 0]


def by_hand(given: Problem) -> list[int]:
    """Return where each item goes by the plain rule: to the least load, the first of equals."""
    placement = Placement(given, [-1] * len(given.weights))
    for item in heaviest_first(given):
        filled = {
            bin_: (placement.loads[bin_] + given.weights[item]) / given.speeds[bin_]
            for bin_ in sorted(given.allowed[item] or range(len(given.fixed)))
        }
        placement.put(item, min(filled, key=filled.__getitem__))
    return placement.bins


@pytest.mark.parametrize("free", [True, False])
def test_largest_first_follows_the_plain_rule(free: bool):
    for given in problems(300, items=12, bins=5, free=free):
        placement = Placement(given, [-1] * len(given.weights))

        largest_first(placement, heaviest_first(given))

        check(placement)
        assert placement.bins == by_hand(given)


def test_a_repair_moves_only_what_overflows_and_places_everything():
    for given in problems(200, items=9, bins=4):
        placement = seat(given)
        targets = (
            sorted({each.target() for each in placements(given)})[:3]
            if len(given.weights) < 6
            else []
        )
        for target in [*targets, placement.target() * 0.7]:
            repaired = placement.copy()

            repair(repaired, target)

            check(repaired)
            kept = [i for i, h in enumerate(given.homes) if h >= 0 and repaired.bins[i] == h]
            for bin_, speed in enumerate(given.speeds):
                load = given.fixed[bin_] + sum(
                    given.weights[i] for i, h in enumerate(given.homes) if h == bin_
                )
                if load <= target * speed:
                    assert all(i in kept for i, h in enumerate(given.homes) if h == bin_)


def test_a_repair_fills_the_tightest_room():
    # 9 too much on bin 0: the 9 goes; bin 1 has room for 15, bin 2 for 10
    given = problem([30, 10, 9, 3, 20, 21], [0, 0, 0, 0, 1, 2], [0, 8, 12])
    placement = Placement(given, given.homes)

    repair(placement, 43)

    assert placement.bins == [0, 0, 2, 0, 1, 2]


def test_a_repair_makes_about_the_fewest_moves():
    chance = random.Random(3)
    weights = [chance.uniform(1, 1000) for _ in range(500)]
    given = problem(weights, [0] * 500, [0.0] * 64)
    placement = Placement(given, given.homes)
    target = sum(weights) / 64 * 1.01

    repair(placement, target)

    assert placement.moves() == fewest_moves(Placement(given, given.homes), target)


def test_what_can_stay_at_home_is_sent_there_the_heaviest_first():
    # bin 0 holds 10 at most: the 6 goes home and leaves no room for the 5
    given = problem([5, 6, 4], [0, 0, 0], [0, 0])
    placement = Placement(given, [1, 1, 0])

    send_home(placement, 10)

    assert placement.bins == [1, 0, 0]


def test_nothing_is_sent_home_beyond_the_target_however_small_the_loads_are():
    # the 0.6 would make its home 1.25 full
    placement = Placement(problem([0.6, 0.65], [0, 1], [0.0, 0.4]), [1, 0])

    send_home(placement, 1.0)

    assert placement.bins == [1, 0]


def test_sending_home_never_breaks_the_target_or_a_rule():
    for seed, given in enumerate(problems(200, items=9, bins=4)):
        placement = anyhow(given, seed)
        target, moves = placement.target(), placement.moves()

        send_home(placement, target)

        assert placement.target() <= target
        assert placement.moves() <= moves
        check(placement)
