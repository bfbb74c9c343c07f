"""Small problems by trying everything that may be better: branch and bound. Pure.

Items are placed one by one, the heaviest first. The work is counted, and ends with its nodes, so
that the same problem always gives the same answer; what was found by then is given.
"""

from bisect import bisect_left
from itertools import accumulate
from math import ceil, inf

from .placement import Placement, Problem, lower_bound

_EPSILON = 1e-9


def least_target(problem: Problem, best: Placement, nodes: int) -> Placement:
    """Gives a placement with a lower target than `best`, or `best` where none is found."""
    order = _heaviest_first(problem)
    bound = lower_bound(problem) * (1 + _EPSILON)
    speeds, loads, bins = problem.speeds, list(problem.fixed), [-1] * len(order)
    found, least = best.bins, best.target()

    def place(at: int) -> None:
        nonlocal found, least, nodes
        if at == len(order):
            found, least = bins[:], max(a / b for a, b in zip(loads, speeds, strict=True))
            return
        item = order[at]
        weight, allowed = problem.weights[item], problem.allowed[item]
        seen = set()
        for bin_ in sorted(range(len(loads)), key=lambda each: loads[each] / speeds[each]):
            before = loads[bin_]
            alike = (before, speeds[bin_])
            # only where every item may be anywhere, bins as full and as fast are alike
            if nodes <= 0 or least <= bound or (alike in seen and not any(problem.allowed)):
                continue
            seen.add(alike)
            full = (before + weight) / speeds[bin_]
            if full < least * (1 - _EPSILON) and (allowed is None or bin_ in allowed):
                nodes -= 1
                loads[bin_], bins[item] = before + weight, bin_
                place(at + 1)
                loads[bin_] = before

    place(0)
    return Placement(problem, found)


def fewest_moves(best: Placement, target: float, nodes: int) -> tuple[Placement, int]:
    """Gives a placement at `target` with fewer moves than `best`, or `best` where none is found.

    And how many of the nodes are left.
    """
    search = _FewestMoves(best, target, nodes)
    return search.found(), search.nodes


class _FewestMoves:
    """The search for the fewest moves at a target.

    Beside the moves made, those are counted that must still come: a bin whose own items would
    overfill it loses as many of them as it takes, the heaviest first; and a bin that would stay
    emptier than the room that is left in all gets as many as that takes.
    """

    def __init__(self, best: Placement, target: float, nodes: int) -> None:
        self._problem = problem = best.problem
        self._best, self._moves, self.nodes = best.bins, best.moves(), nodes
        self._order = _heaviest_first(problem)
        limits = [target * speed * (1 + _EPSILON) for speed in problem.speeds]
        # what each bin has room for while all its own items that are not placed yet stay there
        self._spare = [limit - fixed for limit, fixed in zip(limits, problem.fixed, strict=True)]
        own: list[list[float]] = [[] for _ in limits]
        for item in self._order:
            if problem.homes[item] >= 0:
                own[problem.homes[item]].append(problem.weights[item])
        self._sums = [[0.0, *accumulate(weights)] for weights in own]
        self._next = [0] * len(limits)
        for bin_, sums in enumerate(self._sums):
            self._spare[bin_] -= sums[-1]
        self._bins = [-1] * len(self._order)
        self._rounding = _EPSILON * sum(limits)
        homeless = (item for item in self._order if problem.homes[item] < 0)
        self._room = sum(self._spare) - sum(problem.weights[item] for item in homeless)

    def found(self) -> Placement:
        """Gives the best placement."""
        to_come = [self._must_leave(bin_) for bin_ in range(len(self._spare))]
        self._place(0, 0, to_come)
        return Placement(self._problem, self._best)

    def _must_leave(self, bin_: int) -> int:
        """How many of its own items that are not placed yet a bin loses at least."""
        if self._spare[bin_] >= 0:
            return 0
        sums, first = self._sums[bin_], self._next[bin_]
        return bisect_left(sums, sums[first] - self._spare[bin_], first) - first

    def _must_get(self, heaviest: float) -> float:
        """How many items the bins get at least, of which none is heavier than `heaviest`."""
        room = self._room + self._rounding
        lacking = [spare - room for spare in self._spare if spare > room]
        if lacking and not heaviest:
            return inf
        return sum(ceil(lack / heaviest) for lack in lacking)

    def _place(self, at: int, moves: int, to_come: list[int]) -> None:
        if at == len(self._order):
            self._best, self._moves = self._bins[:], moves
            return
        item = self._order[at]
        weight, home = self._problem.weights[item], self._problem.homes[item]
        allowed = self._problem.allowed[item]
        rest = self._order[at + 1 : at + 2]
        heaviest = self._problem.weights[rest[0]] if rest else 0.0
        if home >= 0:
            self._next[home] += 1
        for bin_ in self._likely(home, weight):
            if self.nodes <= 0 or not (allowed is None or bin_ in allowed):
                continue
            self.nodes -= 1
            self._shift(bin_, home, weight)
            after = to_come[:]
            for changed in {bin_, home} - {-1}:
                after[changed] = self._must_leave(changed)
            reachable = all(
                self._sums[each][-1] - self._sums[each][self._next[each]] >= -self._spare[each]
                for each in (bin_, home)
                if each >= 0
            )
            made = moves + (bin_ != home)
            if (
                reachable
                and made + sum(after) < self._moves
                and made + self._must_get(heaviest) < self._moves
            ):
                self._bins[item] = bin_
                self._place(at + 1, made, after)
            self._shift(bin_, home, -weight)
        if home >= 0:
            self._next[home] -= 1

    def _likely(self, home: int, weight: float) -> list[int]:
        """The home first, then the bins by their room: the tightest that has enough."""
        spare = self._spare
        others = [bin_ for bin_ in range(len(spare)) if bin_ != home]
        others.sort(key=lambda bin_: (spare[bin_] < weight, abs(spare[bin_] - weight)))
        return [home, *others] if home >= 0 else others

    def _shift(self, bin_: int, home: int, weight: float) -> None:
        """Takes an item that was reckoned to be at home to a bin."""
        if bin_ != home:
            self._spare[bin_] -= weight
            if home >= 0:
                self._spare[home] += weight


def _heaviest_first(problem: Problem) -> list[int]:
    return sorted(range(len(problem.weights)), key=lambda item: (-problem.weights[item], item))
