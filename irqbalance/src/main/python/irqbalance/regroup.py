"""Sends items of a placement home by dealing a few bins out anew, by branch and bound. Pure.

Four bins at a time, then five and six, those first where most items are away that would be at home
in another of them. The work is counted, and ends with its nodes, so that the same problem always
gives the same answer.
"""

from itertools import combinations

from .exact import fewest_moves
from .placement import Placement, Problem

_SIZES = (4, 5, 6)
_NODES_A_GROUP = 4_000


def regrouped(best: Placement, target: float, nodes: int) -> Placement:
    """Gives a placement at `target` with fewer moves than `best`, if it finds one."""
    placement, again = best.copy(), True
    while again and nodes > 0:
        again = False
        for bins in _groups(placement):
            fewer, left = fewest_moves(_part(placement, bins), target, min(nodes, _NODES_A_GROUP))
            nodes -= min(nodes, _NODES_A_GROUP) - left
            again = _deal(placement, bins, fewer)
            if again or nodes <= 0:
                break
    return placement


def _groups(placement: Placement) -> list[tuple[int, ...]]:
    """The groups of bins where two items or more could go home, the most promising first."""
    pairs = list(zip(placement.bins, placement.problem.homes, strict=True))
    away = [{bin_, home} for bin_, home in pairs if bin_ != home and home >= 0]
    groups = []
    for size in _SIZES:
        for bins in combinations(range(len(placement.loads)), size):
            among = sum(1 for pair in away if pair.issubset(bins))
            if among > 1:
                groups.append((size, -among, bins))
    return [bins for _, _, bins in sorted(groups)]


def _items(placement: Placement, bins: tuple[int, ...]) -> list[int]:
    return [item for bin_ in bins for _, item in placement.members[bin_]]


def _part(placement: Placement, bins: tuple[int, ...]) -> Placement:
    """The part of a placement that these bins are; an item whose home is elsewhere has none."""
    problem, number = placement.problem, {bin_: index for index, bin_ in enumerate(bins)}
    items = _items(placement, bins)
    allowed = [problem.allowed[item] for item in items]
    part = Problem(
        [problem.weights[item] for item in items],
        [number.get(problem.homes[item], -1) for item in items],
        [problem.fixed[bin_] for bin_ in bins],
        [problem.speeds[bin_] for bin_ in bins],
        [may and frozenset(number[bin_] for bin_ in may if bin_ in number) for may in allowed],
    )
    return Placement(part, [number[placement.bins[item]] for item in items])


def _deal(placement: Placement, bins: tuple[int, ...], part: Placement) -> bool:
    """Puts the items where they are in the part; whether one goes elsewhere."""
    again = False
    for item, index in zip(_items(placement, bins), part.bins, strict=True):
        if placement.bins[item] != bins[index]:
            placement.put(item, bins[index])
            again = True
    return again
