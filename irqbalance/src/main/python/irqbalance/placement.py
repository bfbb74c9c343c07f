"""The planner's problem, and a placement of its items with the loads kept up to date. Pure.

Items with weights (IRQs with loads) go to bins (CPUs), each with a fixed load and a speed. The
relative load of a bin is its load over its speed, and the target is the largest of them.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Problem(NamedTuple):
    """Weights and homes of items; fixed loads and speeds of bins.

    ``homes`` is the bin where each item is now, -1 where it is in none and must be placed.
    ``allowed`` holds the bins that an item may go to, None for all of them.
    """

    weights: Sequence[float]
    homes: Sequence[int]
    fixed: Sequence[float]
    speeds: Sequence[float]
    allowed: Sequence[frozenset[int] | None]


class Placement:
    """Items in bins, with the loads kept up to date. ``bins[item]`` is -1 for an item in none."""

    def __init__(self, problem: Problem, bins: Iterable[int]) -> None:
        """Puts the items of `problem` into `bins`."""
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
        """Gives a placement that can be changed without changing this one."""
        other = Placement.__new__(Placement)
        other.problem, other.bins, other.loads = self.problem, self.bins[:], self.loads[:]
        other.members = [members[:] for members in self.members]
        return other

    def put(self, item: int, target: int) -> None:
        """Puts an item into another bin, -1 for none."""
        weight, source = self.problem.weights[item], self.bins[item]
        if source >= 0:
            members = self.members[source]
            del members[bisect_left(members, (weight, item))]
            # an emptied bin is exactly as full as its fixed load: rounding must not pile up
            self.loads[source] = self.loads[source] - weight if members else self._fixed(source)
        if target >= 0:
            insort(self.members[target], (weight, item))
            self.loads[target] += weight
        self.bins[item] = target

    def _fixed(self, bin_: int) -> float:
        return self.problem.fixed[bin_]

    def fullest(self) -> int:
        """Gives the bin with the largest relative load."""
        relative = self.relative()
        return relative.index(max(relative))

    def relative(self) -> list[float]:
        """Gives each bin's load over its speed."""
        return [a / b for a, b in zip(self.loads, self.problem.speeds, strict=True)]

    def target(self) -> float:
        """Gives the largest relative load: what the search makes small."""
        return max(self.relative())

    def moves(self) -> int:
        """Gives the number of items that are not at home."""
        return sum(1 for a, b in zip(self.bins, self.problem.homes, strict=True) if a != b)

    def may(self, item: int, bin_: int) -> bool:
        """Whether an item may be in a bin."""
        allowed = self.problem.allowed[item]
        return allowed is None or bin_ in allowed


def lower_bound(problem: Problem) -> float:
    """Gives a target that no placement can be below."""
    if not problem.fixed:
        return 0.0
    fixed, speeds, weights = problem.fixed, problem.speeds, problem.weights
    whole = (sum(weights) + sum(fixed)) / sum(speeds)
    bounds = [whole, *(load / speed for load, speed in zip(fixed, speeds, strict=True))]
    heaviest = sorted(weights, reverse=True)
    for weight in heaviest[:1]:
        bounds.append(min((fixed[b] + weight) / speeds[b] for b in range(len(fixed))))
    for weight, allowed in zip(weights, problem.allowed, strict=True):
        if allowed:
            bounds.append(min((fixed[b] + weight) / speeds[b] for b in allowed))
    # of any k * bins + 1 items, k + 1 share a bin
    for many in range(1, min(4, (len(weights) - 1) // len(fixed) + 1)):
        last = many * len(fixed)
        shared = sum(heaviest[last - many : last + 1])
        bounds.append((shared + min(fixed)) / max(speeds))
    return max(bounds)


def with_homes(problem: Problem, homes: Sequence[int]) -> Problem:
    """Gives the same problem with the items in other places."""
    return problem._replace(homes=homes)
