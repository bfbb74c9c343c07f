"""Decide what the objective leaves open: where an item goes that moves anyway. Pure.

Every bin qualifies that can hold the item while the fullest bin gets no fuller. The best of them
has the fewest items of the same device, then the fewest on its core's other threads, then the
fewest in its cache. After that the less loaded core is better, and then the bin with fewer items.
Items of a device that share a bin or a cache for want of room elsewhere swap bins with other items
that moved.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from .placement import ROUNDING, Placement

_LARGEST = 2000
"""The search spreads at most so many items: each looks at every bin."""

_MOST_SWAPS = 20_000
"""How many swaps the search looks at."""


class Neighbours(NamedTuple):
    """The device of each item (``""`` for none), and what bins share.

    ``siblings`` has the bins that share a core with each bin, ``caches`` the number of its cache,
    from 0. Both may be empty.
    """

    devices: Sequence[str]
    siblings: Sequence[Sequence[int]]
    caches: Sequence[int] = ()


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
        self._cache = neighbours.caches or [0] * len(bins)
        self._caches = max(self._cache, default=0) + 1
        self._counts = {device: [0] * len(bins) for device in {"", *self._devices}}
        self._in_cache = {device: [0] * self._caches for device in self._counts}
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
        if self._caches > 1:
            in_cache = self._in_cache[self._devices[item]]
            bins = _least(bins, lambda bin_: in_cache[self._cache[bin_]])
        bins = _least(bins, self._load_of_core)
        members = placement.members
        best = min(((len(members[bin_]), bin_ != here, bin_) for bin_ in bins), default=(here,))
        self._put(item, best[-1])

    def _load_of_core(self, bin_: int) -> float:
        loads = self._placement.loads
        return loads[bin_] + sum(loads[thread] for thread in self._siblings[bin_])

    def swap(self, moved: Sequence[int]) -> None:
        """Let items that share a bin or a cache with their device's swap it, where that helps."""
        left = _MOST_SWAPS
        for crowded in (self._shares_bin, self._shares_cache):
            for item in moved:
                if not crowded(item):
                    continue
                if left < len(moved):
                    return
                left -= len(moved)
                partner = next((other for other in moved if self._helps(item, other)), None)
                if partner is not None:
                    here, there = self._placement.bins[item], self._placement.bins[partner]
                    self._put(item, there)
                    self._put(partner, here)

    def _shares_bin(self, item: int) -> bool:
        return self._rivals(item, self._placement.bins[item])[0] > 0

    def _shares_cache(self, item: int) -> bool:
        """Return whether a cache has so few items of its device that it had better be there."""
        in_cache = self._in_cache[self._devices[item]]
        return in_cache[self._cache[self._placement.bins[item]]] > min(in_cache) + 1

    def _rivals(self, item: int, bin_: int) -> tuple[int, int]:
        """Return how many other items of its device are in a bin, and in the bin's cache."""
        device, cache = self._devices[item], self._cache
        here = self._placement.bins[item]
        in_bin = self._counts[device][bin_] - (here == bin_)
        in_cache = self._in_cache[device][cache[bin_]] - (cache[here] == cache[bin_])
        return (in_bin, in_cache) if device else (0, 0)

    def _helps(self, item: int, other: int) -> bool:
        """Return whether two items share less with their devices' if they swap bins."""
        placement, weights = self._placement, self._placement.problem.weights
        here, there = placement.bins[item], placement.bins[other]
        if here == there or self._devices[item] == self._devices[other]:
            return False
        more = weights[other] - weights[item]
        return (
            placement.loads[here] + more <= self._limits[here]
            and placement.loads[there] - more <= self._limits[there]
            and self._both(item, there, other, here) < self._both(item, here, other, there)
            and placement.may(item, there)
            and placement.may(other, here)
        )

    def _both(self, item: int, bin_: int, other: int, its: int) -> tuple[int, int]:
        """Return the rivals of two items together, each in a bin."""
        in_bin, in_cache = self._rivals(item, bin_)
        in_its_bin, in_its_cache = self._rivals(other, its)
        return in_bin + in_its_bin, in_cache + in_its_cache

    def _put(self, item: int, bin_: int) -> None:
        self._count(item, self._placement.bins[item], -1)
        self._placement.put(item, bin_)
        self._count(item, bin_, 1)

    def _count(self, item: int, bin_: int, number: int) -> None:
        device = self._devices[item]
        if device and bin_ >= 0:
            self._counts[device][bin_] += number
            self._in_cache[device][self._cache[bin_]] += number


def _least(bins: list[int], cost: Callable[[int], float]) -> list[int]:
    """Return those of `bins` that have the least cost."""
    costs = list(map(cost, bins))
    least = min(costs, default=0.0)
    return [bin_ for bin_, its in zip(bins, costs, strict=True) if its == least]
