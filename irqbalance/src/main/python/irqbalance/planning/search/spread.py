"""Decide what the objective leaves open: where an item goes that moves anyway. Pure.

Every bin qualifies that can hold the item while the fullest bin gets no fuller. The best of them
has the fewest items of the same device, then the fewest on its core's other threads. After that
the less loaded core is better, and then the bin with fewer items. Items of a device that share a
bin for want of room elsewhere swap bins with other items that moved.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from .placement import ROUNDING, Placement

_LARGEST = 2000
"""The search spreads at most so many items: each looks at every bin."""

_MOST_SWAPS = 20_000
"""How many swaps the search looks at."""


class Neighbours(NamedTuple):
    """The device of each item (``""`` for none), and the bins that share a core with each bin."""

    devices: Sequence[str]
    siblings: Sequence[Sequence[int]]


def spread(placement: Placement, neighbours: Neighbours) -> None:
    """Put items that moved into better bins, one by one, without a higher target.

    No item that is at home leaves it, so the number of moves does not grow.
    """
    homes, weights = placement.problem.homes, placement.problem.weights
    moved = [item for item, bin_ in enumerate(placement.bins) if bin_ >= 0 and bin_ != homes[item]]
    if not moved or len(moved) > _LARGEST:
        return
    moved.sort(key=lambda item: (-weights[item], item))
    spreading = _Spreading(placement, neighbours)
    for item in moved:
        spreading.settle(item)
    spreading.swap(moved)


class _Spreading:
    """The placement, with the number of items of each device in each bin kept up to date."""

    def __init__(self, placement: Placement, neighbours: Neighbours) -> None:
        self._placement, self._devices = placement, neighbours.devices
        self._siblings = neighbours.siblings or [()] * len(placement.loads)
        self._counts: list[Counter[str]] = [
            Counter(self._devices[item] for _, item in members if self._devices[item])
            for members in placement.members
        ]
        target = placement.target() * (1 + ROUNDING)
        self._limits = [target * speed for speed in placement.problem.speeds]

    def settle(self, item: int) -> None:
        """Put one item into the best of the bins that have room for it."""
        placement, here = self._placement, self._placement.bins[item]
        weight, device = placement.problem.weights[item], self._devices[item]
        self._put(item, -1)
        best = min(
            (
                (*self._cost(device, bin_), bin_ != here, bin_)
                for bin_, limit in enumerate(self._limits)
                if placement.loads[bin_] + weight <= limit and placement.may(item, bin_)
            ),
            default=(here,),
        )
        self._put(item, best[-1])

    def _cost(self, device: str, bin_: int) -> tuple[int, int, float, int]:
        loads, threads = self._placement.loads, self._siblings[bin_]
        near = sum(self._counts[thread][device] for thread in threads)
        core = loads[bin_] + sum(loads[thread] for thread in threads)
        return self._counts[bin_][device], near, core, len(self._placement.members[bin_])

    def swap(self, moved: Sequence[int]) -> None:
        """Let items that share a bin with their device's swap it with others, where that helps."""
        left = _MOST_SWAPS
        for item in moved:
            if self._rivals(item, self._placement.bins[item]) < 1:
                continue
            if left < len(moved):
                return
            left -= len(moved)
            partner = next((other for other in moved if self._helps(item, other)), None)
            if partner is not None:
                here, there = self._placement.bins[item], self._placement.bins[partner]
                self._put(item, there)
                self._put(partner, here)

    def _rivals(self, item: int, bin_: int) -> int:
        """Return how many other items of its device are in a bin."""
        device = self._devices[item]
        return self._counts[bin_][device] - (self._placement.bins[item] == bin_) if device else 0

    def _helps(self, item: int, other: int) -> bool:
        """Return whether fewer items share a bin with their device's if these two swap bins."""
        placement, weights = self._placement, self._placement.problem.weights
        here, there = placement.bins[item], placement.bins[other]
        if here == there or self._devices[item] == self._devices[other]:
            return False
        more = weights[other] - weights[item]
        return (
            self._rivals(item, there) + self._rivals(other, here)
            < self._rivals(item, here) + self._rivals(other, there)
            and placement.loads[here] + more <= self._limits[here]
            and placement.loads[there] - more <= self._limits[there]
            and placement.may(item, there)
            and placement.may(other, here)
        )

    def _put(self, item: int, bin_: int) -> None:
        device, here = self._devices[item], self._placement.bins[item]
        self._placement.put(item, bin_)
        if device and here >= 0:
            self._counts[here][device] -= 1
        if device and bin_ >= 0:
            self._counts[bin_][device] += 1
