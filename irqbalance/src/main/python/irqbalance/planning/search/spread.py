"""Decide what the objective leaves open: where an item goes that moves anyway. Pure.

Every bin qualifies that can hold the item while the fullest bin gets no fuller. The best of them
has the fewest items of the same device, then the fewest on its core's other threads, then the
fewest in its cache. After that the less loaded core is better, and then the bin with fewer items.

Equal items first change places, so that each device gets many bins and caches. Items of a device
that still share a bin or a cache for want of room swap bins with other items.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from .placement import ROUNDING, Placement

_LARGEST = 2000
"""The search spreads at most so many items: each looks at every bin."""

_MOST_SWAPS, _MOST_SWAPS_WITH_HOME = 12_000, 4_000
"""The most swaps to try: among items that moved, and of these with others at home."""

_NEAREST = (240, 60, 60)
"""The most partners for a swap, heavier and as many lighter: to leave a bin, a core, a cache."""


class Neighbours(NamedTuple):
    """The device of each item (``""`` for none), and what bins share.

    ``siblings`` has the other bins on the core of each bin, ``caches`` the number of its cache,
    from 0. Both may be empty.
    """

    devices: Sequence[str]
    siblings: Sequence[Sequence[int]]
    caches: Sequence[int] = ()


def spread(placement: Placement, neighbours: Neighbours) -> None:
    """Put items that moved into better bins, one by one, without a higher target.

    An item leaves its home only if another item of that home returns, so the number of moves does
    not grow.
    """
    moved = _moved(placement)
    if not moved or len(moved) > _LARGEST:
        return
    homes = placement.problem.homes
    left = {homes[item] for item in moved}
    at_home = (item for item, bin_ in enumerate(placement.bins) if bin_ == homes[item])
    others = _heaviest_first(placement, [*moved, *(i for i in at_home if homes[i] in left)])
    spreading = _Spreading(placement, neighbours)
    spreading.deal_equals(others, with_home=True)
    spreading.deal_equals(_moved(placement), with_home=False)
    for item in _moved(placement):
        spreading.settle(item)
    spreading.swap(_moved(placement), _MOST_SWAPS)
    spreading.swap(others, _MOST_SWAPS_WITH_HOME)


def _moved(placement: Placement) -> list[int]:
    """Return the items that are in a bin and not at home, the heaviest first."""
    pairs = enumerate(zip(placement.bins, placement.problem.homes, strict=True))
    return _heaviest_first(placement, (item for item, (bin_, home) in pairs if -1 != bin_ != home))


def _heaviest_first(placement: Placement, items: Iterable[int]) -> list[int]:
    weights = placement.problem.weights
    return sorted(sorted(items), key=weights.__getitem__, reverse=True)


class _Level:
    """The bins in groups, and how many items of each device are in each group.

    ``pairs`` grows with the number of pairs of items of a device in the same group.
    """

    def __init__(self, group_of: Sequence[int], devices: Iterable[str]) -> None:
        self.group_of = group_of
        number = max(group_of, default=0) + 1
        self.counts = {device: [0] * number for device in devices}
        self.pairs = 0

    def count(self, device: str, bin_: int, number: int) -> None:
        """Add 1 item to a bin, or -1."""
        counts, group = self.counts[device], self.group_of[bin_]
        self.pairs += 2 * number * counts[group] + 1
        counts[group] += number

    def is_crowded(self, device: str, bin_: int) -> bool:
        """Return whether an item of a device had better be in another group."""
        counts = self.counts[device]
        here = counts[self.group_of[bin_]]
        return here > 1 and here > min(counts) + 1


class _Spreading:
    """The placement, with the number of items of each device in each bin, core and cache."""

    def __init__(self, placement: Placement, neighbours: Neighbours) -> None:
        several = {each for each, number in Counter(neighbours.devices).items() if number > 1}
        # a device with one queue has none to be kept apart
        self._placement = placement
        self._devices = [each if each in several else "" for each in neighbours.devices]
        bins = list(range(len(placement.loads)))
        self._siblings = neighbours.siblings or [()] * len(bins)
        self._cores = [min(bin_, *its) if its else bin_ for bin_, its in enumerate(self._siblings)]
        self._caches = neighbours.caches or [0] * len(bins)
        groups = [bins, self._cores, self._caches]
        self._levels = [_Level(each, {"", *several}) for each in groups]
        for bin_ in bins:
            for _, item in placement.members[bin_]:
                self._count(item, bin_, 1)
        target = placement.target() * (1 + ROUNDING)
        self._limits = [target * speed for speed in placement.problem.speeds]

    def deal_equals(self, items: Iterable[int], with_home: bool) -> None:
        """Let items with equal weights change places, if fewer then share with their device's.

        `with_home`: only if they have the same home, too. One item may then stay for another.
        """
        problem, bins = self._placement.problem, self._placement.bins
        equals: dict[object, list[int]] = {}
        for item in items:
            home = problem.homes[item] if with_home else -1
            equals.setdefault((problem.weights[item], problem.allowed[item], home), []).append(item)
        for group in equals.values():
            if len({self._devices[item] for item in group}) > 1:
                group.sort(key=lambda item: (self._devices[item], item))
                old, before = [bins[item] for item in group], self._pairs()
                self._put_all(group, self._in_turn(old))
                if self._pairs() >= before:
                    self._put_all(group, old)

    def _in_turn(self, bins: Iterable[int]) -> list[int]:
        """Return `bins` in an order in which neighbours differ: in bin, in core and in cache."""
        times, threads, places = Counter[int](), Counter[int](), Counter[tuple[int, int, int]]()
        thread_of: dict[int, int] = {}
        found = []
        for bin_ in sorted(bins):
            if bin_ not in thread_of:
                thread_of[bin_] = threads[self._cores[bin_]]
                threads[self._cores[bin_]] += 1
            cache = self._caches[bin_]
            turn = times[bin_], thread_of[bin_], cache
            found.append((*turn[:2], places[turn], cache, bin_))
            places[turn] += 1
            times[bin_] += 1
        return [place[-1] for place in sorted(found)]

    def _pairs(self) -> list[int]:
        return [level.pairs for level in self._levels]

    def settle(self, item: int) -> None:
        """Put one item into the best of the bins that have room for it."""
        placement, here = self._placement, self._placement.bins[item]
        weight, device = placement.problem.weights[item], self._devices[item]
        self._put(item, -1)
        loads, limits = placement.loads, self._limits
        may = placement.problem.allowed[item] or range(len(loads))
        bins = [bin_ for bin_ in may if loads[bin_] + weight <= limits[bin_]]
        for level in self._levels:
            counts, group_of = level.counts[device], level.group_of
            bins = _least(bins, [counts[group_of[bin_]] for bin_ in bins])
        bins = _least(bins, list(map(self._load_of_core, bins)))
        members = placement.members
        best = min(((len(members[bin_]), bin_ != here, bin_) for bin_ in bins), default=(here,))
        self._put(item, best[-1])

    def _load_of_core(self, bin_: int) -> float:
        loads = self._placement.loads
        return loads[bin_] + sum(map(loads.__getitem__, self._siblings[bin_]))

    def swap(self, items: Sequence[int], most_looks: int) -> None:
        """Let items that share with their device's swap bins, where that helps.

        They are in the order of their weights: the nearest in weight fits best.
        """
        placement, devices, limits = self._placement, self._devices, self._limits
        bins, loads, weights = placement.bins, placement.loads, placement.problem.weights
        left = most_looks if len(set(devices)) > 1 else 0
        for level, most in zip(self._levels, _NEAREST, strict=True):
            for at, item in enumerate(items):
                device, here, weight = devices[item], bins[item], weights[item]
                if not level.is_crowded(device, here):
                    continue
                room = limits[here] - loads[here]
                for partner in _nearest(items, at, most):
                    if not left:
                        return
                    left -= 1
                    if devices[partner] == device:
                        continue
                    there, more = bins[partner], weights[partner] - weight
                    fits = more <= room and loads[there] - more <= limits[there]
                    if fits and self._helps(item, partner):
                        self._put_all((item, partner), (there, here))
                        break

    def _helps(self, item: int, other: int) -> bool:
        """Return whether two items may swap bins, and then share less with their device's."""
        may, bins, homes = self._placement.may, self._placement.bins, self._placement.problem.homes
        here, there = bins[item], bins[other]
        return (
            self._fewer_rivals(item, other)
            and (homes[item] != there) + (homes[other] != here)
            <= (homes[item] != here) + (homes[other] != there)
            and may(item, there)
            and may(other, here)
        )

    def _fewer_rivals(self, item: int, other: int) -> bool:
        """Return whether a swap helps items of two devices on the first level that it changes."""
        here, there = self._placement.bins[item], self._placement.bins[other]
        for level in self._levels:
            old, new = level.group_of[here], level.group_of[there]
            if old != new:
                one, two = level.counts[self._devices[item]], level.counts[self._devices[other]]
                more = one[new] - (one[old] - 1) + two[old] - (two[new] - 1)
                if more:
                    return more < 0
        return False

    def _put_all(self, items: Sequence[int], bins: Sequence[int]) -> None:
        for item, bin_ in zip(items, bins, strict=True):
            self._put(item, bin_)

    def _put(self, item: int, bin_: int) -> None:
        self._count(item, self._placement.bins[item], -1)
        self._placement.put(item, bin_)
        self._count(item, bin_, 1)

    def _count(self, item: int, bin_: int, number: int) -> None:
        device = self._devices[item]
        if device and bin_ >= 0:
            for level in self._levels:
                level.count(device, bin_, number)


def _nearest(items: Sequence[int], at: int, most: int) -> Iterator[int]:
    """Yield the other items, the nearest to a place first, up to a number on either side."""
    for distance in range(1, most + 1):
        if at - distance >= 0:
            yield items[at - distance]
        if at + distance < len(items):
            yield items[at + distance]
        elif at - distance < 0:
            return


def _least(bins: list[int], costs: list[float] | list[int]) -> list[int]:
    """Return those of `bins` that have the least of these costs."""
    least = min(costs, default=0)
    return [bin_ for bin_, its in zip(bins, costs, strict=True) if its == least]
