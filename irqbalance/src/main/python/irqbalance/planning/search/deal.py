"""Deal the items of a few bins afresh: within a target, in the fewest moves. Pure.

This is branch and bound. It decides the items one by one, the heaviest first, each at its home
before anywhere else. It gives up a branch unless the moves made so far, and those that the loads
still force, are fewer than the best known. It counts nodes and ends with its budget of them, so
the same problem always gets the same answer.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate
from math import ceil
from typing import NamedTuple

from .placement import ROUNDING, Placement

_MOST_ITEMS = 150
"""How many items one deal decides. Each is a level of recursion."""

_ITEMS_A_NODE = 3
"""How many items can be prepared for a deal in the time of one node."""

_IMPOSSIBLE = 1 << 30
"""More moves than any deal makes."""


class Budget:
    """The number of nodes that a search may still visit."""

    def __init__(self, nodes: int) -> None:
        """Start with so many nodes."""
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


def deal(
    placement: Placement,
    bins: Iterable[int],
    homes: Sequence[int],
    target: float,
    fewer_than: int,
    budget: Budget,
    any_will_do: bool = False,
) -> bool:
    """Deal the items in `bins` afresh among these bins; return if a way was found.

    Afterwards none of `bins` is above `target`, and fewer than `fewer_than` of the items are away
    from their `homes`. If no such way is found, nothing changes. If `any_will_do`, the first way
    is taken, else the one with the fewest moves.
    """
    search = _Search(placement, sorted(bins), homes, target, fewer_than, budget, any_will_do)
    found = search.run()
    for item, bin_ in found:
        if placement.bins[item] != bin_:
            placement.put(item, bin_)
    return bool(found)


class _Search:
    """One branch and bound over the bins of a group, which it numbers from 0.

    ``room`` is what each bin can take if its undecided items stay at home. ``leaving`` is how many
    of these must leave it in any case.
    """

    def __init__(
        self,
        placement: Placement,
        bins: list[int],
        homes: Sequence[int],
        target: float,
        fewer_than: int,
        budget: Budget,
        any_will_do: bool,
    ) -> None:
        problem = placement.problem
        self.bins, self.fewer_than = bins, fewer_than
        self.budget, self.any_will_do = budget, any_will_do
        self.number = {bin_: number for number, bin_ in enumerate(bins)}
        self.allowed = problem.allowed
        self.room = [
            target * problem.speeds[bin_] * (1 + ROUNDING) - problem.fixed[bin_] for bin_ in bins
        ]
        members = [(-weight, item) for bin_ in bins for weight, item in placement.members[bin_]]
        members.sort()
        self.budget.left -= len(members) // _ITEMS_A_NODE
        self.moves = 0
        if len(members) > _MOST_ITEMS:
            members = self._to_decide(members, placement.bins, homes)
        self.items = [(-weight, self.number.get(homes[item], -1), item) for weight, item in members]
        self.moves += sum(1 for _, home, _ in self.items if home < 0)
        own: list[list[float]] = [[] for _ in bins]
        for weight, home, _ in self.items:
            if home >= 0:
                own[home].append(weight)
        self.sums = [[0.0, *accumulate(weights)] for weights in own]
        self.room = [room - sums[-1] for room, sums in zip(self.room, self.sums, strict=True)]
        self.decided = [0] * len(bins)
        self.leaving = [self._must_leave(number) for number in range(len(bins))]
        self.order: list[_Item] = []
        self.chosen: list[int] = []
        self.found: list[int] = []

    def _to_decide(
        self, members: list[tuple[float, int]], present: Sequence[int], homes: Sequence[int]
    ) -> list[tuple[float, int]]:
        """Return the items to decide. The lightest of those at home, of too many, stay there."""
        members.sort(key=lambda member: (present[member[1]] == homes[member[1]], member))
        for weight, item in members[_MOST_ITEMS:]:
            self.room[self.number[present[item]]] += weight
            self.moves += present[item] != homes[item]
        return sorted(members[:_MOST_ITEMS])

    def run(self) -> list[tuple[int, int]]:
        """Return items and their bins, nothing if no way was found."""
        strange = sum(weight for weight, home, _ in self.items if home < 0)
        if self.moves + sum(self.leaving) < self.fewer_than and sum(self.room) >= strange:
            self.order = list(self._described())
            self._place(0, self.moves, -1)
        pairs = zip(self.items, self.found, strict=False)
        return [(item, self.bins[number]) for (_, _, item), number in pairs]

    def _described(self) -> Iterable[_Item]:
        before: tuple[object, ...] = ()
        for weight, home, item in self.items:
            allowed = self.allowed[item]
            bins = None
            if allowed is not None:
                bins = frozenset(self.number[bin_] for bin_ in self.bins if bin_ in allowed)
            yield _Item(weight, home, bins, before == (weight, home, bins))
            before = weight, home, bins

    def _place(self, at: int, moves: int, last: int) -> None:
        """Decide the items from `at` on, after so many moves. `last` is where the one before went.

        Items that are alike could change places. So their choices must rise: home, 0, 1, 2...
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
                self._try(at, home, moves)
            room[home] += weight
            leaving[home] = self._must_leave(home)
            moves += 1
        if moves + sum(leaving) < self.fewer_than:
            for number in self._tightest_first(home, weight):
                if number >= last and (bins is None or number in bins):
                    before = room[number]
                    room[number] = before - weight
                    self._try(at, number, moves)
                    room[number] = before
        if home >= 0:
            self.decided[home] -= 1
            room[home], leaving[home] = at_home, staying

    def _try(self, at: int, number: int, moves: int) -> None:
        """Go on from one decision unless it cannot lead to fewer moves."""
        if self.budget.left <= 0:
            return
        self.budget.left -= 1
        before = self.leaving[number]
        self.leaving[number] = self._must_leave(number)
        spare = self.fewer_than - moves
        if sum(self.leaving) < spare and (self.any_will_do or self._must_arrive(at) < spare):
            self.chosen.append(number)
            self._place(at + 1, moves, number)
            self.chosen.pop()
        self.leaving[number] = before

    def _must_leave(self, number: int) -> int:
        """Return how many of its undecided items a bin must lose at least."""
        room = self.room[number]
        if room >= 0:
            return 0
        sums, decided = self.sums[number], self.decided[number]
        enough = bisect_left(sums, sums[decided] - room, decided)
        return enough - decided if enough < len(sums) else _IMPOSSIBLE

    def _must_arrive(self, at: int) -> int:
        """Return how many items must still leave home to fill bins that would stay too empty.

        All bins together have little room left over, and no single bin may have more than that.
        """
        room = self.room
        left_over = sum(room)
        if max(room) <= left_over:
            return 0
        if at + 1 == len(self.order):
            return 0
        heaviest = self.order[at + 1].weight
        return sum(ceil((each - left_over) / heaviest) for each in room if each > left_over)

    def _tightest_first(self, home: int, weight: float) -> list[int]:
        """Return the bins other than the home: first those with room, the tightest fit first."""
        others = [
            (room < weight, abs(room - weight), number)
            for number, room in enumerate(self.room)
            if number != home
        ]
        others.sort()
        return [number for _, _, number in others]
