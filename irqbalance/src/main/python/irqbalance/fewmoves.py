"""Placements that reach a target in few moves, and the least target in few moves. Pure.

From the present placement: take off what overflows the target, put it where it fits, improve, and
send home what need not be away. After Aggarwal, Motwani and Zhu, "The load rebalancing problem"
(2003).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from operator import sub

from .placement import Placement
from .steps import LARGE, best_step, improve

CLOSE_ENOUGH = 0.0004
"""The search for a target ends within this share of the best that there can be."""

# Taking off only what has room elsewhere; taking off the lightest that suffices, or the heaviest;
# putting on where it is tight, or roomy.
_WAYS = (
    (False, True, True),
    (False, False, True),
    (True, False, True),
    (True, True, True),
    (False, True, False),
    (False, False, False),
)
_WAYS_IF_LARGE = 1


def few_moves(seated: Placement, target: float) -> Iterable[Placement]:
    """Gives placements at or near `target` that leave most items at home."""
    large = len(seated.bins) > LARGE
    for roomy, tight_off, tight_on in _WAYS[:_WAYS_IF_LARGE] if large else _WAYS:
        placement = seated.copy()
        taken = _take_off(placement, target, roomy, tight_off)
        _put_on(placement, taken, target, tight_on)
        improve(placement, target)
        yield give_back(placement, target)
    if large:
        return
    placement = seated.copy()
    improve(placement, target)
    yield give_back(placement, target)


def fewest_that_can_do(seated: Placement, target: float) -> int:
    """Gives a number of moves that no placement at `target` can be below.

    Of each bin, as many of its heaviest items must go as bring it down to the target; items that
    have no home are moves in any case.
    """
    problem = seated.problem
    fewest = sum(1 for home in problem.homes if home < 0)
    for load, speed, members in zip(seated.loads, problem.speeds, seated.members, strict=True):
        settled = [weight for weight, item in members if problem.homes[item] >= 0]
        over = load - target * speed - sum(weight for weight, _ in members) + sum(settled)
        while over > 0 and settled:
            over -= settled.pop()
            fewest += 1
    return fewest


def _take_off(placement: Placement, target: float, roomy: bool, tight: bool) -> list[int]:
    """Takes off what overflows `target`, bin by bin, as few items as suffice; gives the items.

    The heaviest go first, where `roomy` the heaviest that another bin has room for; where `tight`,
    the last one of a bin is the lightest that suffices.
    """
    taken = []
    limits = [target * speed for speed in placement.problem.speeds]
    most = max(map(sub, limits, placement.loads)) if roomy else 0.0
    for bin_, limit in enumerate(limits):
        members = placement.members[bin_]
        while members and placement.loads[bin_] > limit:
            index = len(members) - 1
            if most > 0:
                index = max(0, bisect_right(members, (most, len(placement.bins))) - 1)
            if tight:
                needed = placement.loads[bin_] - limit
                index = min(index, bisect_left(members, (needed, -1)))
            taken.append(members[index][1])
            placement.put(members[index][1], -1)
    return taken


def _put_on(placement: Placement, items: list[int], target: float, tight: bool) -> None:
    """Puts items, the heaviest first, where they fit: tightest, or where most room is."""
    problem = placement.problem
    for item in sorted(items, key=lambda item: (-problem.weights[item], item)):
        weight = problem.weights[item]
        bins = sorted(problem.allowed[item] or range(len(problem.speeds)))
        room = [target * problem.speeds[b] - placement.loads[b] - weight for b in bins]
        fitting = [space for space in room if space >= 0]
        wanted = min(fitting) if tight and fitting else max(room)
        placement.put(item, bins[room.index(wanted)])


def give_back(placement: Placement, target: float) -> Placement:
    """Sends items home again wherever `target` still holds, alone or against another moved one."""
    problem = placement.problem
    limits = [target * speed for speed in problem.speeds]
    again = True
    while again:
        again = False
        moved = [
            item
            for item, (bin_, home) in enumerate(zip(placement.bins, problem.homes, strict=True))
            if bin_ != home and home >= 0
        ]
        moved.sort(key=lambda item: (-problem.weights[item], item))
        for item in moved:
            home, weight = problem.homes[item], problem.weights[item]
            if placement.loads[home] + weight <= limits[home]:
                placement.put(item, home)
                again = True
            elif _exchange_home(placement, item, home, limits):
                again = True
    return placement


def _exchange_home(placement: Placement, item: int, home: int, limits: list[float]) -> bool:
    """Sends an item home by sending a stranger there on to another bin; whether that was found."""
    homes = placement.problem.homes
    weight, source = placement.problem.weights[item], placement.bins[item]
    over = placement.loads[home] + weight - limits[home]
    members = placement.members[home]
    strangers = [
        (other, stranger)
        for other, stranger in members[bisect_left(members, (over, -1)) :]
        if homes[stranger] != home
    ]
    if not strangers:
        return False
    room = list(map(sub, limits, placement.loads))
    room[source] += weight
    room[home] = -1.0
    widest = room.index(max(room))
    for other, stranger in strangers:
        if other > room[widest]:
            return False
        free = placement.problem.allowed[stranger] is None
        for bin_ in (source, widest) if free else (source, *range(len(limits))):
            if other <= room[bin_] and placement.may(stranger, bin_):
                placement.put(stranger, bin_)
                placement.put(item, home)
                return True
    return False


def limited(seated: Placement, goal: Placement, max_moves: int) -> Placement:
    """Gives the least target in at most `max_moves` moves: by bisection, and by single steps."""
    low, high = goal.target(), seated.target()
    best = _greedy(seated, max_moves)
    for _ in range(12):
        if high - low <= CLOSE_ENOUGH * high:
            break
        middle = (low + high) / 2
        fitting = [
            plan
            for plan in few_moves(seated, middle)
            if plan.moves() <= max_moves and plan.target() <= middle
        ]
        if fitting:
            high = middle
            best = min(best, *fitting, key=lambda plan: (plan.target(), plan.moves()))
        else:
            low = middle
    return best


def _greedy(seated: Placement, max_moves: int) -> Placement:
    """Step by step off the fullest bin, while moves are left."""
    placement = seated.copy()
    while placement.moves() < max_moves:
        relative = placement.relative()
        worst = max(relative)
        full = relative.index(worst)
        order = sorted(range(len(relative)), key=relative.__getitem__)
        order.remove(full)
        step = best_step(placement, full, order, worst)
        if step is None or placement.moves() + len(step) > max_moves:
            break
        for item, bin_ in step:
            placement.put(item, bin_)
    return placement
