"""Decide what the objective leaves open: where an item goes that moves anyway. Pure.

Every bin qualifies that can hold the item while the fullest bin gets no fuller. The best of them
has the fewest items of the same device, then the fewest on its core's other threads. After that
the less loaded core is better, and then the bin with fewer items.
"""

from collections.abc import Sequence
from typing import NamedTuple

from .placement import ROUNDING, Placement

_LARGEST = 200
"""The search spreads at most so many items: each looks at every bin."""


class Neighbours(NamedTuple):
    """The device of each item (``""`` for none), and the bins that share a core with each bin."""

    devices: Sequence[str]
    siblings: Sequence[Sequence[int]]


def spread(placement: Placement, neighbours: Neighbours) -> None:
    """Put items that moved into better bins, one by one, without a higher target.

    No item that is at home leaves it, so the number of moves does not grow.
    """
    homes = placement.problem.homes
    moved = [item for item, bin_ in enumerate(placement.bins) if bin_ >= 0 and bin_ != homes[item]]
    if len(moved) > _LARGEST:
        return
    target = placement.target() * (1 + ROUNDING)
    limits = [target * speed for speed in placement.problem.speeds]
    for item in sorted(moved, key=lambda item: (-placement.problem.weights[item], item)):
        _settle(placement, neighbours, item, limits)


def _settle(placement: Placement, neighbours: Neighbours, item: int, limits: list[float]) -> None:
    """Put one item into the best of the bins that have room for it."""
    weight, here = placement.problem.weights[item], placement.bins[item]
    placement.put(item, -1)
    fitting = [
        bin_
        for bin_, limit in enumerate(limits)
        if placement.may(item, bin_) and placement.loads[bin_] + weight <= limit
    ]
    best = min(
        fitting,
        key=lambda bin_: (*_cost(placement, neighbours, item, bin_), bin_ != here, bin_),
        default=here,
    )
    placement.put(item, best)


def _cost(
    placement: Placement, neighbours: Neighbours, item: int, bin_: int
) -> tuple[int, int, float, int]:
    device = neighbours.devices[item]
    threads = neighbours.siblings[bin_] if neighbours.siblings else ()
    members = placement.members[bin_]
    beside = [other for thread in threads for _, other in placement.members[thread]]
    same = sum(1 for _, other in members if device and neighbours.devices[other] == device)
    near = sum(1 for other in beside if device and neighbours.devices[other] == device)
    core = placement.loads[bin_] + sum(placement.loads[thread] for thread in threads)
    return same, near, core, len(members)
