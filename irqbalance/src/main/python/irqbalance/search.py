"""The search for a placement: least load on the busiest CPU, then fewest moves. Pure.

The problem (see placement.py) is NP-hard, so several small heuristics run, and the best result is
taken:

- largest first from scratch (LPT: Graham 1969), then local search;
- from the present placement: take off what overflows a target, put it where it fits best, then
  local search (after Aggarwal, Motwani and Zhu, "The load rebalancing problem", 2003);
- local search: moves and swaps off the fullest bin, and two bins dealt out anew.

Nothing here is random or looks at a clock: the same problem always gives the same answer.
"""

from bisect import bisect_left
from collections.abc import Iterable
from heapq import heapify, heapreplace

from .placement import Placement, Problem, lower_bound

TOLERANCE = 0.002
"""Placements within this share of the best target are as good; the fewest moves decide."""

_NEAR = 0.0015
"""How near to the best target other placements are looked for: a little less, as it is a guess."""

_CLOSE_ENOUGH = 0.0002
"""The search for the best target ends within this share of the lower bound."""

_EPSILON = 1e-9
_NEAR_BINS = 16
_SMALL_PAIR = 11
_LARGE = 400
# taking off the lightest that suffices, or the heaviest; putting on where it is tight, or roomy
_WAYS = ((True, True), (False, True), (True, False), (False, False))


def solve(problem: Problem, max_moves: int | None = None) -> list[int]:
    """Gives a bin for each item: the least target that is found, in the fewest moves to get there.

    Items without a home are placed first, the heaviest first, and are moves as well. Where
    `max_moves` does not suffice for them, the rest stays in -1.
    """
    seated = seat(problem, max_moves)
    if max_moves is not None and seated.moves() - seated.bins.count(-1) >= max_moves:
        return seated.bins
    if seated.target() <= lower_bound(problem) * (1 + TOLERANCE):
        return seated.bins
    best = _least(problem, seated)
    if seated.target() <= best.target() * (1 + TOLERANCE):
        return seated.bins
    target = best.target() * (1 + _NEAR)
    found = [plan for plan in _few_moves(seated, target) if plan.target() <= target]
    found.append(_give_back(best.copy(), target))
    chosen = min(found, key=lambda plan: (plan.moves(), plan.target()))
    if max_moves is None or chosen.moves() <= max_moves:
        return chosen.bins
    return _limited(seated, chosen, max_moves).bins


def seat(problem: Problem, max_moves: int | None = None) -> Placement:
    """Gives the present placement, with the items that have no home put where most room is."""
    placement = Placement(problem, problem.homes)
    homeless = [item for item, home in enumerate(problem.homes) if home < 0]
    homeless.sort(key=lambda item: (-problem.weights[item], item))
    _place_largest_first(placement, homeless[:max_moves])
    return placement


def _least(problem: Problem, seated: Placement) -> Placement:
    """The placement with the least target, whatever it moves."""
    bound = lower_bound(problem) * (1 + _CLOSE_ENOUGH)
    scratch = Placement(problem, [-1] * len(problem.weights))
    order = sorted(range(len(problem.weights)), key=lambda item: (-problem.weights[item], item))
    _place_largest_first(scratch, order)
    _improve(scratch, bound)
    if scratch.target() <= bound:
        return scratch
    local = seated.copy()
    _improve(local, bound)
    return min(scratch, local, key=Placement.target)


def _place_largest_first(placement: Placement, items: Iterable[int]) -> None:
    """Puts items, given heaviest first, each into the bin that it makes the least full."""
    problem = placement.problem
    items = list(items)
    weights, speeds = problem.weights, problem.speeds
    if len(set(speeds)) == 1 and not any(problem.allowed[item] for item in items):
        heap = [(load, bin_) for bin_, load in enumerate(placement.loads)]
        heapify(heap)
        for item in items:
            load, bin_ = heap[0]
            placement.put(item, bin_)
            heapreplace(heap, (load + weights[item], bin_))
        return
    every = range(len(speeds))
    for item in items:
        bins = sorted(problem.allowed[item] or every)
        filled = [(placement.loads[b] + weights[item]) / speeds[b] for b in bins]
        placement.put(item, bins[filled.index(min(filled))])


def _few_moves(seated: Placement, target: float) -> Iterable[Placement]:
    """Placements at or near `target` that leave most items at home."""
    large = len(seated.bins) > _LARGE
    for tight_off, tight_on in _WAYS[:2] if large else _WAYS:
        placement = seated.copy()
        taken = _take_off(placement, target, tight_off)
        _put_on(placement, taken, target, tight_on)
        _improve(placement, target)
        yield _give_back(placement, target)
    if large:
        return
    placement = seated.copy()
    _improve(placement, target)
    yield _give_back(placement, target)


def _take_off(placement: Placement, target: float, tight: bool) -> list[int]:
    """Takes off what overflows `target`, bin by bin, as few items as suffice; gives the items.

    The heaviest go first; where `tight`, the last one of a bin is the lightest that suffices.
    """
    taken = []
    for bin_, speed in enumerate(placement.problem.speeds):
        members = placement.members[bin_]
        limit = target * speed
        while members and placement.loads[bin_] > limit:
            index = len(members) - 1
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


def _improve(placement: Placement, target: float) -> None:
    """Moves and swaps items off the fullest bin until `target` is reached or nothing helps."""
    redeals = 4 * len(placement.loads) if len(placement.bins) <= 200 else 0
    while True:
        relative = placement.relative()
        worst = max(relative)
        if worst <= target:
            return
        full = relative.index(worst)
        order = sorted(range(len(relative)), key=relative.__getitem__)
        order.remove(full)
        step = _best_step(placement, full, order[:_NEAR_BINS], worst)
        if step is None:
            step = _best_step(placement, full, order[_NEAR_BINS:], worst)
        if step is not None:
            for item, bin_ in step:
                placement.put(item, bin_)
        elif redeals <= 0 or not _redeal(placement, full, order, worst):
            return
        else:
            redeals -= 1


def _best_step(
    placement: Placement, full: int, bins: list[int], worst: float
) -> list[tuple[int, int]] | None:
    """The move or swap between `full` and one of `bins` that leaves the fuller of both emptiest."""
    loads, speeds = placement.loads, placement.problem.speeds
    members, load, speed = placement.members[full], loads[full], speeds[full]
    free = not any(placement.problem.allowed)
    best, best_step = worst * (1 - _EPSILON), None
    for bin_ in bins:
        other_load, other_speed = loads[bin_], speeds[bin_]
        # what would have to go over to make both equally full
        even = (load * other_speed - other_load * speed) / (speed + other_speed)
        for back, partner in ((0.0, -1), *placement.members[bin_]):
            index = bisect_left(members, (even + back, -1))
            for at in (index - 1, index):
                if not 0 <= at < len(members):
                    continue
                weight, item = members[at]
                over = weight - back
                if over <= 0:
                    continue
                result = max((load - over) / speed, (other_load + over) / other_speed)
                if result < best and (free or _may_step(placement, item, partner, full, bin_)):
                    best = result
                    best_step = [(item, bin_)] if partner < 0 else [(item, bin_), (partner, full)]
    return best_step


def _may_step(placement: Placement, item: int, partner: int, full: int, bin_: int) -> bool:
    return placement.may(item, bin_) and (partner < 0 or placement.may(partner, full))


def _redeal(placement: Placement, full: int, order: list[int], worst: float) -> bool:
    """Deals the items of the fullest bin and one other out anew; whether that helped."""
    problem = placement.problem
    best, chosen = worst * (1 - _EPSILON), None
    for bin_ in order:
        pair = placement.members[full] + placement.members[bin_]
        if len(pair) > _SMALL_PAIR or not all(
            placement.may(item, full) and placement.may(item, bin_) for _, item in pair
        ):
            continue
        sums = [0.0]
        for weight, _ in pair:
            sums += [so_far + weight for so_far in sums]
        whole = sums[-1] + problem.fixed[bin_]
        fixed, speed, other = problem.fixed[full], problem.speeds[full], problem.speeds[bin_]
        even = ((whole + fixed) * speed / (speed + other)) - fixed
        misses = [abs(so_far - even) for so_far in sums]
        subset = misses.index(min(misses))
        result = max((fixed + sums[subset]) / speed, (whole - sums[subset]) / other)
        if result < best:
            best, chosen = result, (bin_, pair, subset)
    if chosen is None:
        return False
    bin_, pair, subset = chosen
    for index, (_, item) in enumerate(pair):
        placement.put(item, full if subset >> index & 1 else bin_)
    return True


def _give_back(placement: Placement, target: float) -> Placement:
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
    problem, loads = placement.problem, placement.loads
    weight, source = problem.weights[item], placement.bins[item]
    over = loads[home] + weight - limits[home]
    for other, stranger in placement.members[home]:
        if other < over or problem.homes[stranger] == home:
            continue
        for bin_ in (source, *range(len(limits))):
            room = limits[bin_] - loads[bin_] + (weight if bin_ == source else 0.0)
            if bin_ != home and other <= room and placement.may(stranger, bin_):
                placement.put(stranger, bin_)
                placement.put(item, home)
                return True
    return False


def _limited(seated: Placement, goal: Placement, max_moves: int) -> Placement:
    """The least target in at most `max_moves` moves: a bisection, and the best single steps."""
    low, high = goal.target(), seated.target()
    best = _greedy(seated, max_moves)
    for _ in range(12):
        if high - low <= _CLOSE_ENOUGH * high:
            break
        middle = (low + high) / 2
        fitting = [
            plan
            for plan in _few_moves(seated, middle)
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
        step = _best_step(placement, full, order, worst)
        if step is None or placement.moves() + len(step) > max_moves:
            break
        for item, bin_ in step:
            placement.put(item, bin_)
    return placement
