"""Other ways to place loads: largest first, differencing, and exact search for small problems."""

from heapq import heapify, heappop, heappush
from itertools import count

Weights = list[int]


def largest_first(weights: Weights, bins: int) -> list[int]:
    """Return a bin for each weight: each into the emptiest, the heaviest first (Graham 1969)."""
    heap = [(0, bin_) for bin_ in range(bins)]
    found = [0] * len(weights)
    for item in sorted(range(len(weights)), key=lambda item: -weights[item]):
        load, bin_ = heappop(heap)
        found[item] = bin_
        heappush(heap, (load + weights[item], bin_))
    return found


def differencing(weights: Weights, bins: int) -> list[int]:
    """Return a bin for each weight by the largest differencing method (Karmarkar and Karp 1982)."""
    order = count()
    partitions = []
    for item, weight in enumerate(weights):
        groups: list[tuple[int, list[int]]] = [(0, []) for _ in range(bins - 1)]
        groups.append((weight, [item]))
        partitions.append((-weight, next(order), groups))
    heapify(partitions)
    while len(partitions) > 1:
        _, _, one = heappop(partitions)
        _, _, other = heappop(partitions)
        pairs = zip(one, reversed(other), strict=True)
        merged = sorted(((a + b, x + y) for (a, x), (b, y) in pairs), key=lambda pair: pair[0])
        spread = merged[-1][0] - merged[0][0]
        heappush(partitions, (-spread, next(order), merged))
    found = [0] * len(weights)
    for bin_, (_, items) in enumerate(partitions[0][2]):
        for item in items:
            found[item] = bin_
    return found


def highest(weights: Weights, bins: int, placed: list[int]) -> int:
    """Return the load of the fullest bin."""
    loads = [0] * bins
    for weight, bin_ in zip(weights, placed, strict=True):
        loads[bin_] += weight
    return max(loads)


def least(weights: Weights, bins: int) -> int:
    """Return the least load of the fullest bin that there is, by branch and bound."""
    order = sorted(weights, reverse=True)
    best = highest(order, bins, largest_first(order, bins))
    bound = max(order[0], -(-sum(order) // bins))
    loads = [0] * bins

    def place(index: int) -> None:
        nonlocal best
        if index == len(order):
            best = max(loads)
            return
        for bin_ in range(bins):
            load = loads[bin_] + order[index]
            # bins of one load are alike, and one that grows to the best is no better
            if load >= best or loads[bin_] in loads[:bin_]:
                continue
            loads[bin_] = load
            place(index + 1)
            loads[bin_] -= order[index]
            if best <= bound:
                return

    place(0)
    return best


def fewest_moves(weights: Weights, homes: list[int], bins: int, limit: int) -> int:
    """Return the fewest weights that must leave home for no bin to exceed `limit` (reachable)."""
    order = sorted(range(len(weights)), key=lambda item: -weights[item])
    best = len(weights) + 1
    loads = [0] * bins
    rest = [0] * (len(weights) + 1)
    for index in reversed(range(len(order))):
        rest[index] = rest[index + 1] + weights[order[index]]

    def place(index: int, moves: int) -> None:
        nonlocal best
        if moves >= best or sum(limit - load for load in loads) < rest[index]:
            return
        if index == len(order):
            best = moves
            return
        item = order[index]
        home, weight = homes[item], weights[item]
        for bin_ in (home, *(other for other in range(bins) if other != home)):
            if loads[bin_] + weight <= limit:
                loads[bin_] += weight
                place(index + 1, moves + (bin_ != home))
                loads[bin_] -= weight

    place(0, 0)
    return best


def least_in_moves(weights: Weights, homes: list[int], bins: int, moves: int) -> int:
    """Return the least load of the fullest bin in at most `moves` moves, by bisection."""
    low, high = least(weights, bins), highest(weights, bins, homes)
    while low < high:
        middle = (low + high) // 2
        if fewest_moves(weights, homes, bins, middle) <= moves:
            high = middle
        else:
            low = middle + 1
    return low
