"""Local search: moves and swaps off the fullest bin, and two bins dealt out anew. Pure."""

from bisect import bisect_left

from .placement import Placement

LARGE = 400
"""From so many items on the search looks at less for each step."""

_EPSILON = 1e-9
_NEAR_BINS = 16
_NEAR_BINS_IF_LARGE = 6
_SMALL_PAIR = 11


def improve(placement: Placement, target: float) -> None:
    """Moves and swaps items off the fullest bin until `target` is reached or nothing helps."""
    near = _NEAR_BINS if len(placement.bins) <= LARGE else _NEAR_BINS_IF_LARGE
    redeals = 4 * len(placement.loads) if len(placement.bins) <= 200 else 0
    while True:
        relative = placement.relative()
        worst = max(relative)
        if worst <= target:
            return
        full = relative.index(worst)
        order = sorted(range(len(relative)), key=relative.__getitem__)
        order.remove(full)
        step = best_step(placement, full, order[:near], worst)
        if step is None:
            step = best_step(placement, full, order[near:], worst)
        if step is not None:
            for item, bin_ in step:
                placement.put(item, bin_)
        elif redeals <= 0 or not _redeal(placement, full, order, worst):
            return
        else:
            redeals -= 1


def best_step(
    placement: Placement, full: int, bins: list[int], worst: float
) -> list[tuple[int, int]] | None:
    """Gives the move or swap of `full` and one of `bins` that leaves the fuller of both emptiest.

    It is a list of items and their new bins; None where none lowers `worst`, what `full` holds.
    """
    loads, speeds = placement.loads, placement.problem.speeds
    members, load, speed = placement.members[full], loads[full], speeds[full]
    free = not any(placement.problem.allowed)
    best, best_step = worst * (1 - _EPSILON), None
    for bin_ in bins:
        other_load, other_speed = loads[bin_], speeds[bin_]
        if load + other_load >= best * (speed + other_speed):
            continue  # even the two made equally full would be no better
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
