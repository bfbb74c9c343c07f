"""Local steps of the search: place items, move and swap them, repair, and send home. Pure."""

from bisect import bisect_left, insort
from collections.abc import Iterable
from heapq import heapify, heapreplace
from itertools import chain
from math import inf

from .placement import ROUNDING, Placement, Problem

_NEAR = 16
"""How many of the emptiest bins a step tries before it tries the others."""


def descend(placement: Placement, target: float) -> bool:
    """Move and swap items off the fullest bin; return if `target` was reached."""
    while True:
        relative = placement.relative()
        worst = max(relative)
        if worst <= target:
            return True
        full = relative.index(worst)
        others = _within_reach(placement, full, emptiest_first(relative, full))
        step = _best_step(placement, full, others[:_NEAR], worst, target)
        step = step or _best_step(placement, full, others[_NEAR:], worst, target)
        if not step:
            return False
        for item, bin_ in step:
            placement.put(item, bin_)


def emptiest_first(relative: list[float], full: int) -> list[int]:
    """Return all bins but `full`."""
    bins = sorted(range(len(relative)), key=relative.__getitem__)
    bins.remove(full)
    return bins


def _within_reach(placement: Placement, full: int, bins: list[int]) -> list[int]:
    """Return those of `bins` that some item of `full` may go to."""
    allowed = placement.problem.allowed
    sets = {allowed[item] for _, item in placement.members[full]}
    if None in sets:
        return bins
    reach = frozenset[int]().union(*filter(None, sets))
    return [bin_ for bin_ in bins if bin_ in reach]


def _best_step(
    placement: Placement, full: int, bins: list[int], worst: float, target: float
) -> list[tuple[int, int]]:
    """Return the best move or swap between `full`, whose load is `worst`, and one of `bins`.

    The best one makes the fuller of its two bins the emptiest; below `target` any will do. The step
    is a list of items and their new bins, empty if none lowers the load.
    """
    loads, speeds, may = placement.loads, placement.problem.speeds, placement.may
    members, load, speed = placement.members[full], loads[full], speeds[full]
    weights = [weight for weight, _ in members] + [inf]
    best, step = worst * (1 - ROUNDING), list[tuple[int, int]]()
    for bin_ in bins:
        other_load, other_speed = loads[bin_], speeds[bin_]
        if load + other_load >= best * (speed + other_speed):
            continue  # not even two equally full bins would be better
        if best <= target:
            break
        even = (load * other_speed - other_load * speed) / (speed + other_speed)
        # only an item of between these weights, more than comes back, is better than the best
        least, most = load - best * speed, best * other_speed - other_load
        for back, partner in ((0.0, -1), *placement.members[bin_]):
            if weights[bisect_left(weights, least + back)] > most + back:
                continue
            # of the items heavier than the even share, and of those lighter, the nearest is best
            index = bisect_left(members, (even + back, -1))
            for weight, item in members[index - 1 if index else 0 : index + 1]:
                over = weight - back
                result = (load - over) / speed
                if over > even:
                    result = (other_load + over) / other_speed
                fits = result < best and over > 0 and may(item, bin_)
                if fits and (partner < 0 or may(partner, full)):
                    best, step = result, [(item, bin_), (partner, full)]
    return [(item, bin_) for item, bin_ in step if item >= 0]


def largest_first(placement: Placement, items: Iterable[int]) -> None:
    """Put items, heaviest first, each where it leaves the least relative load (Graham 1969)."""
    problem, loads = placement.problem, placement.loads
    every = range(len(problem.speeds))
    equally_fast: dict[frozenset[int] | None, list[list[tuple[float, int]]]] = {}
    for item in items:
        weight, allowed = problem.weights[item], problem.allowed[item]
        if allowed not in equally_fast:
            by_speed: dict[float, list[tuple[float, int]]] = {}
            for bin_ in allowed or every:
                by_speed.setdefault(problem.speeds[bin_], []).append((loads[bin_], bin_))
            equally_fast[allowed] = list(by_speed.values())
            for heap in equally_fast[allowed]:
                heapify(heap)
        # of bins that are equally fast, the emptiest is best
        bins = [_emptiest(heap, loads) for heap in equally_fast[allowed]]
        placement.put(item, min(((loads[b] + weight) / problem.speeds[b], b) for b in bins)[1])


def _emptiest(heap: list[tuple[float, int]], loads: list[float]) -> int:
    """Return the emptiest bin of a heap, whose loads may be out of date, as loads only grow."""
    load, bin_ = heap[0]
    while load != loads[bin_]:
        heapreplace(heap, (loads[bin_], bin_))
        load, bin_ = heap[0]
    return bin_


def heaviest_first(problem: Problem) -> list[int]:
    """Return all items in this order."""
    return sorted(range(len(problem.weights)), key=problem.weights.__getitem__, reverse=True)


def repair(placement: Placement, target: float) -> None:
    """Take off what overflows `target`, as few items as suffice, and put it where it fits tightly.

    Items without a home are moves anyway, so they make room first.
    """
    problem = placement.problem
    limits = [target * speed for speed in problem.speeds]
    taken = [item for item, home in enumerate(problem.homes) if home < 0]
    for item in taken:
        placement.put(item, -1)
    for bin_, limit in enumerate(limits):
        members = placement.members[bin_]
        while members and placement.loads[bin_] > limit:
            needed = (placement.loads[bin_] - limit, -1)
            taken.append(members[min(bisect_left(members, needed), len(members) - 1)][1])
            placement.put(taken[-1], -1)
    room = sorted((limits[bin_] - load, bin_) for bin_, load in enumerate(placement.loads))
    for item in sorted(taken, key=lambda item: (-problem.weights[item], item)):
        space, bin_ = place = _best_fit(room, problem.weights[item], problem.allowed[item])
        room.remove(place)
        insort(room, (space - problem.weights[item], bin_))
        placement.put(item, bin_)


def _best_fit(
    room: list[tuple[float, int]], weight: float, allowed: frozenset[int] | None
) -> tuple[float, int]:
    """Return the tightest room that is enough, else the widest, among the bins of `room`."""
    fitting = bisect_left(room, (weight, -1))
    if not allowed:
        return room[min(fitting, len(room) - 1)]
    return next(each for each in chain(room[fitting:], room[::-1]) if each[1] in allowed)


def send_home(placement: Placement, target: float) -> None:
    """Send home, the heaviest first, what `target` lets stay there."""
    problem = placement.problem
    for item in heaviest_first(problem):
        home = problem.homes[item]
        if home < 0 or home == placement.bins[item]:
            continue
        if placement.loads[home] + problem.weights[item] <= target * problem.speeds[home]:
            placement.put(item, home)
