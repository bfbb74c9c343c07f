"""The search for a placement: least load on the busiest CPU, then fewest moves. Pure.

The problem (see placement.py) is NP-hard, so several small heuristics run, and the best result is
taken:

- largest first from scratch (LPT: Graham 1969), then local search;
- from the present placement: take off what overflows a target, put it where it fits best, then
  local search (after Aggarwal, Motwani and Zhu, "The load rebalancing problem", 2003);
- local search: moves and swaps off the fullest bin, and two bins dealt out anew.

Nothing here is random or looks at a clock: the same problem always gives the same answer.
"""

from collections.abc import Iterable
from heapq import heapify, heapreplace

from .fewmoves import CLOSE_ENOUGH, few_moves, give_back, limited
from .placement import Placement, Problem, lower_bound
from .reunion import Budget, reunite
from .steps import LARGE, improve

TOLERANCE = 0.002
"""Placements within this share of the best target are as good; the fewest moves decide."""

_NEAR = 0.0015
"""How near to the best target other placements are looked for: a little less, as it is a guess."""

_REUNITED = 5
_ENTRIES = 40_000
_ENTRIES_IF_LARGE = 10_000


def solve(problem: Problem, max_moves: int | None = None) -> list[int]:
    """Gives a bin for each item: the least target that is found, in the fewest moves to get there.

    Items without a home are placed first, the heaviest first, and are moves as well. Where
    `max_moves` does not suffice for them, the rest stays in -1.
    """
    seated = seat(problem, max_moves)
    if max_moves is not None and seated.moves() - seated.bins.count(-1) >= max_moves:
        return seated.bins
    if seated.target() <= lower_bound(problem) * (1 + TOLERANCE):
        return seated.bins
    best = _least(problem, seated)
    if seated.target() <= best.target() * (1 + TOLERANCE):
        return seated.bins
    # what is within the tolerance of the bound is so of the best there is, found or not
    target = max(best.target() * (1 + _NEAR), lower_bound(problem) * (1 + TOLERANCE * 0.999))
    found = [plan for plan in few_moves(seated, target) if plan.target() <= target]
    found.append(give_back(best.copy(), target))
    found.sort(key=lambda plan: (plan.moves(), plan.target()))
    large = len(seated.bins) > LARGE
    for plan in found[: 1 if large else _REUNITED]:
        reunite(plan, target, Budget(_ENTRIES_IF_LARGE if large else _ENTRIES))
    chosen = min(found, key=lambda plan: (plan.moves(), plan.target()))
    if max_moves is None or chosen.moves() <= max_moves:
        return chosen.bins
    return limited(seated, chosen, max_moves).bins


def seat(problem: Problem, max_moves: int | None = None) -> Placement:
    """Gives the present placement, with the items that have no home put where most room is."""
    placement = Placement(problem, problem.homes)
    homeless = [item for item, home in enumerate(problem.homes) if home < 0]
    homeless.sort(key=lambda item: (-problem.weights[item], item))
    _place_largest_first(placement, homeless[:max_moves])
    return placement


def _least(problem: Problem, seated: Placement) -> Placement:
    """The placement with the least target, whatever it moves."""
    bound = lower_bound(problem) * (1 + CLOSE_ENOUGH)
    scratch = Placement(problem, [-1] * len(problem.weights))
    order = sorted(range(len(problem.weights)), key=lambda item: (-problem.weights[item], item))
    _place_largest_first(scratch, order)
    improve(scratch, bound)
    if scratch.target() <= bound:
        return scratch
    local = seated.copy()
    improve(local, bound)
    return min(scratch, local, key=Placement.target)


def _place_largest_first(placement: Placement, items: Iterable[int]) -> None:
    """Puts items, given heaviest first, each into the bin that it makes the least full."""
    problem = placement.problem
    items = list(items)
    weights, speeds = problem.weights, problem.speeds
    if len(set(speeds)) == 1 and not any(problem.allowed[item] for item in items):
        heap = [(load, bin_) for bin_, load in enumerate(placement.loads)]
        heapify(heap)
        for item in items:
            load, bin_ = heap[0]
            placement.put(item, bin_)
            heapreplace(heap, (load + weights[item], bin_))
        return
    every = range(len(speeds))
    for item in items:
        bins = sorted(problem.allowed[item] or every)
        filled = [(placement.loads[b] + weights[item]) / speeds[b] for b in bins]
        placement.put(item, bins[filled.index(min(filled))])
