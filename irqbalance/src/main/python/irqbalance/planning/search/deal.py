"""Deal the items of a few bins afresh: within a target, in the fewest moves. Pure.

This is branch and bound. It decides the items one by one, the heaviest first, each at its home
before anywhere else. It gives up a branch unless the moves made so far, and those that the loads
still force, are fewer than the best known. It counts nodes and ends with its budget of them, so
the same problem always gets the same answer.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from .placement import ROUNDING, Placement

_MOST_ITEMS = 200
"""No deal decides more items. Each is a level of recursion."""

_ITEMS_A_NODE = 3
"""How many items can be prepared for a deal in the time of one node."""

_IMPOSSIBLE = 1 << 30
"""More moves than any deal makes."""


class Budget:
    """The number of nodes that a search may still visit."""

    def __init__(self, nodes: int) -> None:
        self.left = nodes

    def part(self, nodes: int) -> "Budget":
        """Take up to so many nodes out, as a budget of their own."""
        taken = Budget(min(nodes, self.left))
        self.left -= taken.left
        return taken


class _Item(NamedTuple):
    """An item to decide. ``home`` numbers a bin of the group, or is -1 if the home is elsewhere.

    ``bins`` are the numbers of the bins it may go to, None for all. ``alike`` is true if only the
    order tells it from the item before.
    """

    weight: float
    home: int
    bins: frozenset[int] | None
    alike: bool


class Deal:
    """One deal of the items in a group of bins, which it numbers from 0.

    ``room`` is what each bin can take if its undecided items stay at home. ``leaving`` is how many
    of these must leave it in any case. ``strange`` are the weights that have no home in the group.
    """

    def __init__(
        self,
        placement: Placement,
        bins: Iterable[int],
        homes: Sequence[int],
        target: float,
        budget: Budget,
        fewer_than: int | None = None,
    ) -> None:
        """Take the limits: no bin above `target`, and `fewer_than` items away from their `homes`.

        If `fewer_than` is None, the first way will do, else the one with the fewest moves.
        """
        problem = placement.problem
        self.placement, self.bins, self.budget = placement, sorted(bins), budget
        self.any_will_do = fewer_than is None
        self.fewer_than = _IMPOSSIBLE if fewer_than is None else fewer_than
        members = [
            (-weight, item) for bin_ in self.bins for weight, item in placement.members[bin_]
        ]
        members.sort()
        self.items = [item for _, item in members]
        budget.left -= len(members) // _ITEMS_A_NODE
        number = {bin_: number for number, bin_ in enumerate(self.bins)}
        self.homes = [number.get(homes[item], -1) for item in self.items]
        weights: list[list[float]] = [[] for _ in (*self.bins, "elsewhere")]
        for (less, _), home in zip(members, self.homes, strict=True):
            weights[home].append(-less)
        *own, self.strange = weights
        self.sums = [list(accumulate(each, initial=0.0)) for each in own]
        self.room = [
            target * problem.speeds[bin_] * (1 + ROUNDING) - problem.fixed[bin_] - sums[-1]
            for bin_, sums in zip(self.bins, self.sums, strict=True)
        ]
        self.decided = [0] * len(self.bins)
        self.leaving = [self._must_leave(number) for number in range(len(self.bins))]
        self.order: list[_Item] = []
        self.chosen: list[int] = []
        self.found: list[int] = []

    def run(self) -> bool:
        """Deal the items; return if a way was found. Else nothing changes."""
        possible = sum(self.leaving) + len(self.strange) < self.fewer_than
        if possible and sum(self.room) >= sum(self.strange) and len(self.items) <= _MOST_ITEMS:
            self.order = list(self._described())
            self._place(0, len(self.strange), sum(self.leaving), -1)
        for item, number in zip(self.items, self.found, strict=False):
            if self.placement.bins[item] != self.bins[number]:
                self.placement.put(item, self.bins[number])
        return bool(self.found)

    def _described(self) -> Iterator[_Item]:
        problem = self.placement.problem
        numbers: dict[frozenset[int] | None, frozenset[int] | None] = {None: None}
        before: tuple[object, ...] = ()
        for item, home in zip(self.items, self.homes, strict=True):
            weight, allowed = problem.weights[item], problem.allowed[item]
            if allowed is not None and allowed not in numbers:
                may = (number for number, bin_ in enumerate(self.bins) if bin_ in allowed)
                numbers[allowed] = frozenset(may)
            bins = numbers[allowed]
            yield _Item(weight, home, bins, before == (weight, home, bins))
            before = weight, home, bins

    def _place(self, at: int, moves: int, forced: int, last: int) -> None:
        """Decide the items from `at` on, after so many moves; as many more are `forced`.

        `last` is where the item before went. Items that are alike could change places. So their
        choices must rise: home, 0, 1, 2...
        """
        if at == len(self.order):
            self.found, self.fewer_than = self.chosen[:], moves
            if self.any_will_do:
                self.fewer_than = 0
            return
        weight, home, bins, alike = self.order[at]
        if not alike or last == home:
            last = -1
        room, leaving = self.room, self.leaving
        if home >= 0:
            self.decided[home] += 1
            at_home, staying = room[home], leaving[home]
            if last < 0 and (bins is None or home in bins):
                self._try(at, home, moves, forced)
            room[home] += weight
            leaving[home] = self._must_leave(home)
            forced += leaving[home] - staying
            moves += 1
        if moves + forced < self.fewer_than:
            for number in self._tightest_first(home, weight):
                if number >= last and (bins is None or number in bins):
                    before = room[number]
                    room[number] = before - weight
                    self._try(at, number, moves, forced)
                    room[number] = before
        if home >= 0:
            self.decided[home] -= 1
            room[home], leaving[home] = at_home, staying

    def _try(self, at: int, number: int, moves: int, forced: int) -> None:
        """Go on from one decision unless it cannot lead to fewer moves."""
        if self.budget.left <= 0:
            return
        self.budget.left -= 1
        leaving = self.leaving
        before = leaving[number]
        leaving[number] = self._must_leave(number)
        forced += leaving[number] - before
        if moves + forced < self.fewer_than:
            self.chosen.append(number)
            self._place(at + 1, moves, forced, number)
            self.chosen.pop()
        leaving[number] = before

    def _must_leave(self, number: int) -> int:
        """Return how many of its undecided items a bin must lose at least."""
        room = self.room[number]
        if room >= 0:
            return 0
        sums, decided = self.sums[number], self.decided[number]
        enough = bisect_left(sums, sums[decided] - room, decided)
        return enough - decided if enough < len(sums) else _IMPOSSIBLE

    def _tightest_first(self, home: int, weight: float) -> list[int]:
        """Return the bins other than the home: first those with room, the tightest fit first."""
        others = [
            (room < weight, abs(room - weight), number)
            for number, room in enumerate(self.room)
            if number != home
        ]
        others.sort()
        return [number for _, _, number in others]
