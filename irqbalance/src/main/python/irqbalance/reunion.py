"""Sends items of a placement home by dealing two or three bins out anew, exactly. Pure.

The bins' items are split into halves; of each half all sums are listed, grouped by what they cost
in moves, and two sums are sought that together fit (meet in the middle: Horowitz and Sahni 1974).
For two bins with many items only exchanges of up to four items are tried. The work is counted, and
ends with its budget, so that the same problem always gives the same answer.
"""

from bisect import bisect_left
from collections.abc import Iterator

from .placement import Placement

_PAIR_ITEMS = 18
_TRIPLE_ITEMS = 18
_EXCHANGE_ITEMS = 64
_ROUNDING = 1e-9

Sums = dict[int, list[tuple[float, int]]]
"""By cost, rising by sum: what the items of a mask weigh together."""


class Budget:
    """How much work is left, in list entries looked at."""

    def __init__(self, entries: int) -> None:
        """Takes what there is."""
        self.left = entries

    def spend(self, entries: int) -> None:
        """Takes some of it away."""
        self.left -= entries


def reunite(placement: Placement, target: float, budget: Budget) -> None:
    """Lowers the moves of a placement at `target`, pair by pair, then three bins at a time."""
    limits = [target * speed * (1 + _ROUNDING) for speed in placement.problem.speeds]
    again = True
    while again and budget.left > 0:
        again = _all_pairs(placement, limits, budget) or _some_triple(placement, limits, budget)


def _all_pairs(placement: Placement, limits: list[float], budget: Budget) -> bool:
    """Deals every pair out anew; whether that helped."""
    helped = False
    for first, second in _related(placement):
        if budget.left <= 0:
            break
        items = [item for bin_ in (first, second) for _, item in placement.members[bin_]]
        cost = _cost(placement, items)
        found = _pair(placement, items, (first, second), limits, cost, budget)
        if found is not None:
            _deal(placement, items, found, first, second)
            helped = True
    return helped


def _some_triple(placement: Placement, limits: list[float], budget: Budget) -> bool:
    """Deals three bins out anew, until that helped once; whether it did."""
    for first, second in _related(placement):
        for third in range(len(limits)):
            if third in (first, second):
                continue
            if budget.left <= 0:
                return False
            if _triple(placement, (first, second, third), limits, budget):
                return True
    return False


def _related(placement: Placement) -> list[tuple[int, int]]:
    """The pairs of bins one of which holds an item whose home is the other, in order."""
    pairs = {
        (min(bin_, home), max(bin_, home))
        for bin_, home in zip(placement.bins, placement.problem.homes, strict=True)
        if bin_ != home and bin_ >= 0 and home >= 0
    }
    return sorted(pairs)


def _cost(placement: Placement, items: list[int]) -> int:
    homes = placement.problem.homes
    return sum(1 for item in items if placement.bins[item] != homes[item])


def _deal(placement: Placement, items: list[int], mask: int, first: int, second: int) -> None:
    """Puts the items of the mask into `first`, the others into `second`."""
    for index, item in enumerate(items):
        bin_ = first if mask >> index & 1 else second
        if placement.bins[item] != bin_:
            placement.put(item, bin_)


def _pair(
    placement: Placement,
    items: list[int],
    bins: tuple[int, int],
    limits: list[float],
    below: int,
    budget: Budget,
) -> int | None:
    """The mask of the items for the first of two bins in fewer moves than `below`; None if none."""
    first, second = bins
    fixed, weights = placement.problem.fixed, placement.problem.weights
    total = sum(weights[item] for item in items)
    low, high = total - (limits[second] - fixed[second]), limits[first] - fixed[first]
    if low > high:
        return None
    if len(items) > _PAIR_ITEMS:
        return _exchange(placement, items, bins, (low, high), below, budget)
    middle = len(items) // 2
    one = _sums(placement, items, range(middle), bins, budget)
    other = _sums(placement, items, range(middle, len(items)), bins, budget)
    return next(_matches(one, other, low, high, below, budget), None)


def _sums(
    placement: Placement,
    items: list[int],
    indexes: range,
    bins: tuple[int, int],
    budget: Budget,
) -> Sums:
    """All sums that some of the items can add to the first bin, the rest being in the second.

    A second bin of -1 stands for any other: being there costs nothing yet.
    """
    first, second = bins
    problem = placement.problem
    listed = [(0.0, 0, 0)]
    for index in indexes:
        item = items[index]
        weight, home = problem.weights[item], problem.homes[item]
        bit, here, there = 1 << index, int(home != first), int(second >= 0 and home != second)
        put = (
            [(s + weight, c + here, m | bit) for s, c, m in listed]
            if (placement.may(item, first))
            else []
        )
        left = (
            [(s, c + there, m) for s, c, m in listed]
            if (second < 0 or placement.may(item, second))
            else []
        )
        listed = put + left
    budget.spend(2 * len(listed))
    by_cost: Sums = {}
    for total, cost, mask in listed:
        by_cost.setdefault(cost, []).append((total, mask))
    for sums in by_cost.values():
        sums.sort()
    return by_cost


def _matches(
    one: Sums, other: Sums, low: float, high: float, below: int, budget: Budget
) -> Iterator[int]:
    """The masks whose sums lie from `low` to `high`, those of the least cost first."""
    for cost in range(below):
        for part, sums in one.items():
            partners = other.get(cost - part)
            if not partners:
                continue
            budget.spend(len(sums))
            for total, mask in sums:
                index = bisect_left(partners, (low - total, -1))
                while index < len(partners) and partners[index][0] <= high - total:
                    yield mask | partners[index][1]
                    index += 1


def _triple(
    placement: Placement, bins: tuple[int, int, int], limits: list[float], budget: Budget
) -> bool:
    """Deals three bins out anew in fewer moves, if it finds how; whether it did."""
    items = [item for bin_ in bins for _, item in placement.members[bin_]]
    if len(items) > _TRIPLE_ITEMS:
        budget.spend(10)
        return False
    first, second, third = bins
    fixed, weights, homes = (
        placement.problem.fixed,
        placement.problem.weights,
        placement.problem.homes,
    )
    total = sum(weights[item] for item in items)
    room = limits[first] - fixed[first] + limits[second] - fixed[second]
    middle = len(items) // 2
    one = _sums(placement, items, range(middle), (third, -1), budget)
    other = _sums(placement, items, range(middle, len(items)), (third, -1), budget)
    below = _cost(placement, items)
    for mask in _matches(one, other, total - room, limits[third] - fixed[third], below, budget):
        if budget.left <= 0:
            return False
        there = [item for index, item in enumerate(items) if mask >> index & 1]
        rest = [item for index, item in enumerate(items) if not mask >> index & 1]
        left = below - sum(1 for item in there if homes[item] != third)
        found = _pair(placement, rest, (first, second), limits, left, budget)
        if found is not None:
            _deal(placement, there, -1, third, third)
            _deal(placement, rest, found, first, second)
            return True
    return False


def _exchange(
    placement: Placement,
    items: list[int],
    bins: tuple[int, int],
    window: tuple[float, float],
    below: int,
    budget: Budget,
) -> int | None:
    """Like _pair for many items: everything at home, but for up to four that change sides."""
    first, second = bins
    problem = placement.problem
    mask, start, cost = 0, 0.0, 0
    flips: list[tuple[float, int, int]] = []
    for index, item in enumerate(items):
        home, weight = problem.homes[item], problem.weights[item]
        side = home if home in bins else placement.bins[item]
        cost += side != home
        if side == first:
            mask, start = mask | 1 << index, start + weight
        if placement.may(item, second if side == first else first):
            shift = -weight if side == first else weight
            flips.append((shift, int(side == home), 1 << index))
    few = len(flips) <= _EXCHANGE_ITEMS
    sets = _flip_sets(flips if few else sorted(flips)[:_EXCHANGE_ITEMS])
    budget.spend(2 * sum(map(len, sets.values())))
    low, high = window[0] - start, window[1] - start
    for found in _matches(sets, sets, low, high, below - cost, budget):
        budget.spend(len(flips))
        if budget.left <= 0:
            return None
        # two sets that share an item have become one that sums to something else
        if _shift(flips, found) >= low and _shift(flips, found) <= high:
            return mask ^ found
    return None


def _flip_sets(flips: list[tuple[float, int, int]]) -> Sums:
    """All sets of up to two flips, by cost, rising by what they shift."""
    sets: Sums = {0: [(0.0, 0)]}
    for index, (shift, cost, bit) in enumerate(flips):
        sets.setdefault(cost, []).append((shift, bit))
        for other, its_cost, its_bit in flips[:index]:
            sets.setdefault(cost + its_cost, []).append((shift + other, bit | its_bit))
    for entries in sets.values():
        entries.sort()
    return sets


def _shift(flips: list[tuple[float, int, int]], mask: int) -> float:
    return sum(shift for shift, _, bit in flips if mask & bit)
