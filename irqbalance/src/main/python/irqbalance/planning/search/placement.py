"""The planner's problem, and a placement of its items with the loads kept up to date. Pure.

Items with weights (IRQs with loads) go to bins (CPUs), each with a fixed load and a speed. The
relative load of a bin is its load over its speed. The target is the largest relative load.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from itertools import accumulate
from operator import truediv
from typing import NamedTuple

ROUNDING = 1e-9
"""Loads within this share of each other differ by rounding alone."""

_FEW_SETS = 32
"""Up to so many sets of allowed bins, the lower bound looks for sets within sets."""


class Problem(NamedTuple):
    """Weights and homes of items; fixed loads and speeds of bins.

    ``homes`` is the bin where each item is now, -1 if it is in none and must be placed.
    ``allowed`` holds the bins that an item may go to, None for all of them.
    """

    weights: Sequence[float]
    homes: Sequence[int]
    fixed: Sequence[float]
    speeds: Sequence[float]
    allowed: Sequence[frozenset[int] | None]


class Placement:
    """Items in bins, with the loads kept up to date.

    ``bins[item]`` is -1 for an item in none. ``members[bin]`` lists (weight, item), lightest first.
    """

    def __init__(self, problem: Problem, bins: Iterable[int]) -> None:
        self.problem = problem
        self.bins = list(bins)
        self.loads = list(problem.fixed)
        self.members: list[list[tuple[float, int]]] = [[] for _ in problem.fixed]
        for item, bin_ in enumerate(self.bins):
            if bin_ >= 0:
                self.loads[bin_] += problem.weights[item]
                self.members[bin_].append((problem.weights[item], item))
        for members in self.members:
            members.sort()

    def copy(self) -> "Placement":
        """Return a placement that can change without changing this one."""
        other = Placement.__new__(Placement)
        other.problem, other.bins, other.loads = self.problem, self.bins[:], self.loads[:]
        other.members = [members[:] for members in self.members]
        return other

    def put(self, item: int, target: int) -> None:
        """Put an item into another bin, -1 for none."""
        weight, source = self.problem.weights[item], self.bins[item]
        if source >= 0:
            members = self.members[source]
            del members[bisect_left(members, (weight, item))]
            # rounding must not pile up: an emptied bin holds exactly its fixed load
            left = self.loads[source] - weight
            self.loads[source] = left if members else self.problem.fixed[source]
        if target >= 0:
            insort(self.members[target], (weight, item))
            self.loads[target] += weight
        self.bins[item] = target

    def relative(self) -> list[float]:
        """Return each bin's load over its speed."""
        return list(map(truediv, self.loads, self.problem.speeds))

    def target(self) -> float:
        """Return the largest relative load, which the search makes small."""
        return max(self.relative())

    def moves(self) -> int:
        """Return the number of items that are not at home."""
        return sum(1 for a, b in zip(self.bins, self.problem.homes, strict=True) if a != b)

    def may(self, item: int, bin_: int) -> bool:
        """Return if an item may be in a bin."""
        allowed = self.problem.allowed[item]
        return allowed is None or bin_ in allowed


def lower_bound(problem: Problem) -> float:
    """Return a target that no placement can be below."""
    if not problem.fixed:
        return 0.0
    fixed, speeds = problem.fixed, problem.speeds
    whole = (sum(problem.weights) + sum(fixed)) / sum(speeds)
    bounds: list[float] = [whole, *map(truediv, fixed, speeds)]
    heaviest = sorted(problem.weights, reverse=True)
    bounds.append((_crowded(heaviest, len(fixed)) + min(fixed)) / max(speeds))
    return max(*bounds, *_confined(problem))


def _confined(problem: Problem) -> Iterable[float]:
    """Yield what bins hold at least because some items may be in these bins alone.

    One of the bins holds the heaviest of these items. Together the bins hold all of them.
    """
    fixed, speeds = problem.fixed, problem.speeds
    every = frozenset(range(len(fixed)))
    held: dict[frozenset[int], list[float]] = {every: []}
    for weight, allowed in zip(problem.weights, problem.allowed, strict=True):
        held.setdefault(allowed or every, []).append(weight)
    for bins, weights in held.items():
        heaviest = max(weights, default=0.0)
        yield min((fixed[b] + heaviest) / speeds[b] for b in bins)
        inside = held if len(held) <= _FEW_SETS else (bins,)
        load = sum(sum(held[each]) for each in inside if each <= bins)
        yield (load + sum(map(fixed.__getitem__, bins))) / sum(map(speeds.__getitem__, bins))


def _crowded(heaviest: Sequence[float], bins: int) -> float:
    """Return the load that some bin holds at least, because the items outnumber the bins.

    Of any k * bins + 1 items, k + 1 share a bin. The lightest k + 1 of them are the least load.
    """
    sums = [0.0, *accumulate(heaviest)]
    most = (len(heaviest) - 1) // bins
    shared = (sums[k * bins + 1] - sums[k * bins - k] for k in range(1, most + 1))
    return max(shared, default=0.0)


def fewest_moves(present: Placement, target: float) -> int:
    """Return a number of moves that no placement within `target` can be below.

    Each bin must lose as many of its own items as bring it down to the target, the heaviest first.
    Items that have no home are moves in any case.
    """
    problem = present.problem
    fewest = sum(1 for home in problem.homes if home < 0)
    for bin_, members in enumerate(present.members):
        own = [weight for weight, item in members if problem.homes[item] >= 0]
        limit = target * problem.speeds[bin_] * (1 + ROUNDING)
        over = problem.fixed[bin_] + sum(own) - limit
        while over > 0 and own:
            over -= own.pop()
            fewest += 1
    return fewest
