"""The search for a placement: least load on the busiest CPU, then fewest moves. Pure.

The problem (see placement.py) is NP-hard, so several small heuristics run, and the best result is
taken:

- largest first from scratch (LPT: Graham 1969), then local search;
- from the present placement: take off what overflows a target, put it where it fits best, then
  local search (after Aggarwal, Motwani and Zhu, "The load rebalancing problem", 2003);
- local search: moves and swaps off the fullest bin, and two bins dealt out anew.

Nothing here is random or looks at a clock: the same problem always gives the same answer.
"""

from collections.abc import Iterable, Sequence
from heapq import heapify, heapreplace

from .exact import fewest_moves, least_target
from .fewmoves import CLOSE_ENOUGH, few_moves, fewest_that_can_do, give_back, limited
from .placement import Placement, Problem, lower_bound
from .regroup import regrouped
from .reunion import Budget, reunite
from .steps import LARGE, improve

TOLERANCE = 0.002
"""Placements within this share of the best target are as good; the fewest moves decide."""

_NEARLY = 0.999
"""How much of the tolerance a plan takes, so that rounding does not take it beyond."""

# How much work is put into fewer moves: plans looked at, and entries for each (see reunion.py).
_REUNITED = 8
_ENTRIES = 40_000
_ENTRIES_IF_LARGE = 10_000

# Up to so many items: each item in turn is kept at home, for so many entries in all, of which a
# plan to begin with counts as some.
_SMALL = 64
_ENTRIES_KEPT = 80_000
_ENTRIES_A_PLAN = 1_500

# Up to so many items: branch and bound for the fewest moves, and for the least target.
_FEW = 24
_NODES = 20_000

# Up to so many bins, and as many items as above: groups of bins dealt out anew.
_FEW_BINS = 10
_NODES_REGROUPED = 60_000


def solve(
    problem: Problem, max_moves: int | None = None, known: Sequence[int] | None = None
) -> list[int]:
    """Gives a bin for each item: the least target that is found, in the fewest moves to get there.

    Items without a home are placed first, the heaviest first, and are moves as well. Where
    `max_moves` does not suffice for them, the rest stays in -1. `known` are bins that an earlier
    search found to be good: the target is at least as good as theirs, where items may be there.
    """
    seated = seat(problem, max_moves)
    if max_moves is not None and seated.moves() >= max_moves:
        return seated.bins
    if seated.target() <= lower_bound(problem) * (1 + TOLERANCE):
        return seated.bins
    best = _least(problem, seated)
    if known is not None and _all_may(problem, known):
        best = min(best, Placement(problem, known), key=Placement.target)
    if seated.target() <= best.target() * (1 + TOLERANCE):
        return seated.bins
    # what is within the tolerance of the bound is so of the best there is, found or not
    target = max(best.target(), lower_bound(problem)) * (1 + TOLERANCE * _NEARLY)
    found = [plan for plan in few_moves(seated, target) if plan.target() <= target]
    found.append(give_back(best.copy(), target))
    found.sort(key=lambda plan: (plan.moves(), plan.target()))
    chosen = _fewer_moves(seated, found, target)
    if max_moves is None or chosen.moves() <= max_moves:
        return chosen.bins
    return limited(seated, chosen, max_moves).bins


def _fewer_moves(seated: Placement, found: list[Placement], target: float) -> Placement:
    """Gives a placement in fewer moves than those found at `target`, as far as the work allows."""
    items, least = len(seated.bins), fewest_that_can_do(seated, target)
    for plan in found[: 1 if items > LARGE else _REUNITED]:
        if plan.moves() > least:
            entries = _ENTRIES_IF_LARGE if items > LARGE else _ENTRIES
            reunite(plan, target, Budget(entries))
    chosen = min(found, key=lambda plan: (plan.moves(), plan.target()))
    if items <= _FEW and chosen.moves() > least:
        chosen, _ = fewest_moves(chosen, target, _NODES)
    if items <= _SMALL and len(seated.loads) <= _FEW_BINS and chosen.moves() > least:
        chosen = regrouped(chosen, target, _NODES_REGROUPED)
    if items <= _SMALL and chosen.moves() > least:
        chosen = _kept_home(seated.problem, chosen, target)
    return chosen


def _kept_home(problem: Problem, best: Placement, target: float) -> Placement:
    """Searches again with one item kept at home that the best plan moves, each in turn.

    The lightest come first: the target is easiest to reach without them.
    """
    homes = problem.homes
    budget = Budget(_ENTRIES_KEPT)
    tried: set[int] = set()
    while budget.left > 0:
        moved = [
            item
            for item, bin_ in enumerate(best.bins)
            if bin_ != homes[item] and homes[item] >= 0 and item not in tried
        ]
        if not moved:
            break
        item = min(moved, key=lambda each: (problem.weights[each], each))
        tried.add(item)
        allowed = list(problem.allowed)
        allowed[item] = frozenset({homes[item]})
        kept = problem._replace(allowed=allowed)
        for plan in few_moves(seat(kept), target):
            budget.spend(_ENTRIES_A_PLAN)
            if plan.target() <= target:
                reunite(plan, target, budget)
                if plan.moves() < best.moves():
                    best, tried = Placement(problem, plan.bins), set()
    return best


def _all_may(problem: Problem, bins: Sequence[int]) -> bool:
    pairs = zip(bins, problem.allowed, strict=True)
    return all(bin_ >= 0 and (allowed is None or bin_ in allowed) for bin_, allowed in pairs)


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
    best = min(scratch, local, key=Placement.target)
    if len(best.bins) <= _FEW and best.target() > bound:
        return least_target(problem, best, _NODES)
    return best


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
