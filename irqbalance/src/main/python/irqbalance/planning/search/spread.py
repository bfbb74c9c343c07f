"""Decide what the objective leaves open: where an item goes that moves anyway. Pure.

Every bin qualifies that can hold the item while the fullest bin gets no fuller. The best of them
has the fewest items of the same device, then the fewest on its core's other threads. After that
the less loaded core is better, and then the bin with fewer items. Items of a device that share a
bin for want of room elsewhere swap bins with other items that moved.
"""

from collections.abc import Callable, Sequence
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
        bins = range(len(placement.loads))
        self._siblings = neighbours.siblings or [()] * len(bins)
        self._counts = {device: [0] * len(bins) for device in {"", *self._devices}}
        for bin_ in bins:
            for _, item in placement.members[bin_]:
                self._count(item, bin_, 1)
        target = placement.target() * (1 + ROUNDING)
        self._limits = [target * speed for speed in placement.problem.speeds]

    def settle(self, item: int) -> None:
        """Put one item into the best of the bins that have room for it."""
        placement, here = self._placement, self._placement.bins[item]
        weight, counts = placement.problem.weights[item], self._counts[self._devices[item]]
        self._put(item, -1)
        rooms = zip(placement.loads, self._limits, strict=True)
        bins = [bin_ for bin_, (load, limit) in enumerate(rooms) if load + weight <= limit]
        allowed = placement.problem.allowed[item]
        if allowed is not None:
            bins = [bin_ for bin_ in bins if bin_ in allowed]
        bins = _least(bins, counts.__getitem__)
        bins = _least(bins, lambda bin_: sum(counts[thread] for thread in self._siblings[bin_]))
        bins = _least(bins, self._load_of_core)
        members = placement.members
        best = min(((len(members[bin_]), bin_ != here, bin_) for bin_ in bins), default=(here,))
        self._put(item, best[-1])

    def _load_of_core(self, bin_: int) -> float:
        loads = self._placement.loads
        return loads[bin_] + sum(loads[thread] for thread in self._siblings[bin_])

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
        here = self._placement.bins[item] == bin_
        return self._counts[device][bin_] - here if device else 0

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
        self._count(item, self._placement.bins[item], -1)
        self._placement.put(item, bin_)
        self._count(item, bin_, 1)

    def _count(self, item: int, bin_: int, number: int) -> None:
        if self._devices[item] and bin_ >= 0:
            self._counts[self._devices[item]][bin_] += number


def _least(bins: list[int], cost: Callable[[int], float]) -> list[int]:
    """Return those of `bins` that have the least cost."""
    costs = list(map(cost, bins))
    least = min(costs, default=0.0)
    return [bin_ for bin_, its in zip(bins, costs, strict=True) if its == least]
