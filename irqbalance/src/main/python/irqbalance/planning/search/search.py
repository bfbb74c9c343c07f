"""The search for a placement: least load on the busiest CPU, then fewest moves. Pure.

The problem (see placement.py) is NP-hard, so the search looks for a good answer, not for a proof:

1. Least load. It starts from scratch with the heaviest items first, and from the present placement,
   where it first spills what is far above. Moves and swaps take items off the fullest bin. If no
   move or swap helps, the search deals the items of the fullest bin and of a few others afresh.
2. Fewest moves within TOLERANCE of that load. It takes off the present bins what overflows, puts it
   where it fits, and sends home what need not be away. Then it deals small groups of bins afresh in
   fewer moves, until that helps no more.

The search uses neither chance nor a clock: the same problem always gets the same answer.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from .deal import Budget, Deal
from .local import descend, emptiest_first, heaviest_first, largest_first, repair, send_home
from .placement import Placement, Problem, fewest_moves, lower_bound

TOLERANCE = 0.002
"""Placements within this share of the best target are as good; the fewest moves decide."""

CLOSE_ENOUGH = 0.0004
"""The search for a target ends within this share of the best that there can be."""

_AS_GOOD = 1 + 0.999 * TOLERANCE
"""The share of the best target that a plan takes: rounding must not take it beyond TOLERANCE."""

_FAR_ABOVE = 1.5
"""Single steps begin at this many times the target found from scratch."""

# Work, in nodes (see deal.py). Less load: in all, and for one group of bins. Fewer moves: the same,
# and for each group that the search makes.
_NODES_FOR_LOAD, _NODES_A_LOAD = 4_000, 300
_NODES_FOR_MOVES, _NODES_A_GROUP, _NODES_A_GROWTH = 20_000, 3_000, 4

_LARGEST_GROUP = 6
"""How many bins a group has at most."""

_WHOLE = 8
"""A machine of so few bins is one group in the end."""

_MOST_GROUPS = 300
"""How many groups of one size the search looks at, those that most items tie together first."""

_TIES, _ROOMY = 8, 3
"""How many bins may join a group: those that most items tie to it, the emptiest among them."""


def solve(
    problem: Problem, max_moves: int | None = None, known: Sequence[int] | None = None
) -> list[int]:
    """Return a bin for each item: the least target found, in the fewest moves to get there.

    Items without a home come first, the heaviest first, and are moves as well. If `max_moves` does
    not suffice for them, the rest stays in -1. `known` are bins that an earlier search found good:
    the target is at least as good as theirs, if the items may be there.
    """
    present, bound = seat(problem, max_moves), lower_bound(problem)
    if max_moves is not None and present.moves() >= max_moves:
        return present.bins
    best = _least_load(present, bound, known)
    if best is present:
        return present.bins
    plan = _fewest_moves(present, best, max(best.target(), bound) * _AS_GOOD, _NODES_FOR_MOVES)
    if max_moves is not None and plan.moves() > max_moves:
        plan = _in_at_most(max_moves, present, plan)
    return plan.bins


def least_load(problem: Problem, known: Sequence[int] | None = None) -> Placement:
    """Return a placement with the least target found, in any number of moves.

    It is the present placement if that is as good. `known` is the same as for solve().
    """
    return _least_load(seat(problem), lower_bound(problem), known)


def seat(problem: Problem, max_moves: int | None = None) -> Placement:
    """Return the present placement, with the items that have no home where most room is."""
    placement = Placement(problem, problem.homes)
    homeless = [item for item in heaviest_first(problem) if problem.homes[item] < 0]
    largest_first(placement, homeless[:max_moves])
    return placement


def _least_load(present: Placement, bound: float, known: Sequence[int] | None) -> Placement:
    problem, enough = present.problem, bound * (1 + CLOSE_ENOUGH)
    if present.target() <= enough * _AS_GOOD:
        return present
    best = _search_least_load(present, enough)
    if known is not None and _all_may(problem, known):
        best = min(best, Placement(problem, known), key=Placement.target)
    return present if present.target() <= max(best.target(), bound) * _AS_GOOD else best


def _search_least_load(present: Placement, enough: float) -> Placement:
    """Return the placement with the least target found, down to what is `enough`."""
    problem = present.problem
    scratch = Placement(problem, [-1] * len(problem.weights))
    largest_first(scratch, heaviest_first(problem))
    if descend(scratch, enough):
        return scratch
    near = present.copy()
    # steps take long to bring down a bin that holds hundreds of items
    repair(near, _FAR_ABOVE * scratch.target())
    if descend(near, enough):
        return near
    for placement in sorted((near, scratch), key=Placement.target):
        if _lower(placement, enough, Budget(_NODES_FOR_LOAD)):
            return placement
    return min(near, scratch, key=Placement.target)


def _lower(placement: Placement, target: float, budget: Budget) -> bool:
    """Lower the load until `target` is reached or nothing helps; return if it was reached."""
    while not descend(placement, target):
        if not _deal_fullest(placement, target, budget):
            return False
    return True


def _deal_fullest(placement: Placement, target: float, budget: Budget) -> bool:
    """Deal the fullest bin and up to four others afresh; return if it is less full."""
    relative = placement.relative()
    worst = max(relative)
    full = relative.index(worst)
    target, here = max(target, worst * (1 - CLOSE_ENOUGH)), placement.bins[:]
    others = emptiest_first(relative, full)
    for size in (1, 2, 3, 4):
        for group in combinations(others, size):
            if budget.left <= 0:
                return False
            part = budget.part(_NODES_A_LOAD)
            if Deal(placement, (full, *group), here, target, part).run():
                return True
            budget.left += part.left
    return False


def _fewest_moves(present: Placement, best: Placement, target: float, nodes: int) -> Placement:
    """Return a placement within `target` in few moves; `best` is within it in any number."""
    plan = present.copy()
    repair(plan, target)
    if not _lower(plan, target, Budget(_NODES_A_GROUP)):
        plan = best.copy()
    send_home(plan, target)
    _deal_groups(plan, target, Budget(nodes), fewest_moves(present, target))
    return plan


def _deal_groups(placement: Placement, target: float, budget: Budget, least: int) -> None:
    """Deal groups of bins afresh in fewer moves, pairs first, until that helps no more.

    No placement within the target has fewer moves than `least`.
    """
    tried: set[frozenset[int]] = set()
    # any() ends with the first size of group that helped: pairs cost the least
    while placement.moves() > least and any(
        _deal_each(placement, groups, target, budget, tried)
        for groups in _groups_by_size(placement, budget)
    ):
        pass


def _deal_each(
    placement: Placement,
    groups: Iterable[frozenset[int]],
    target: float,
    budget: Budget,
    tried: set[frozenset[int]],
) -> bool:
    """Deal each group afresh that has changed since it was tried; return if one has fewer moves."""
    homes, fewer = placement.problem.homes, False
    for bins in groups:
        if bins in tried or budget.left <= 0:
            continue
        away = sum(1 for bin_ in bins for _, item in placement.members[bin_] if homes[item] != bin_)
        part = budget.part(_NODES_A_GROUP)
        if Deal(placement, bins, homes, target, part, fewer_than=away).run():
            tried -= {each for each in tried if not each.isdisjoint(bins)}
            fewer = True
        tried.add(bins)
        budget.left += part.left
    return fewer


def _groups_by_size(placement: Placement, budget: Budget) -> Iterator[Collection[frozenset[int]]]:
    """Yield pairs of bins that items away from home tie together, then larger groups."""
    tied = _ties(placement)
    relative = placement.relative()
    roomy = sorted(range(len(relative)), key=relative.__getitem__)[:_ROOMY]
    groups = {frozenset({bin_}): 0 for bin_ in tied}
    for _ in range(_LARGEST_GROUP - 1):
        if budget.left <= 0:
            return
        groups = _grown(groups, tied, roomy)
        budget.left -= _NODES_A_GROWTH * len(groups)
        yield groups
    if len(relative) <= _WHOLE:
        yield [frozenset(range(len(relative)))]


def _ties(placement: Placement) -> dict[int, Counter[int]]:
    """Return for each bin how many items away from home tie it to each other bin."""
    tied: defaultdict[int, Counter[int]] = defaultdict(Counter)
    for bin_, home in zip(placement.bins, placement.problem.homes, strict=True):
        if bin_ != home and home >= 0:
            tied[bin_][home] += 1
            tied[home][bin_] += 1
    return tied


def _grown(
    groups: Mapping[frozenset[int], int], tied: Mapping[int, Counter[int]], roomy: Iterable[int]
) -> dict[frozenset[int], int]:
    """Return groups with one more bin and the items that tie them, those with most items first."""
    grown = {}
    for group, items in groups.items():
        others = dict.fromkeys(roomy, 0)
        for bin_ in group:
            for other, more in tied.get(bin_, {}).items():
                others[other] = others.get(other, 0) + more
        bins = sorted(others.keys() - group)
        for bin_ in sorted(bins, key=others.__getitem__, reverse=True)[:_TIES]:
            grown[group | {bin_}] = items + others[bin_]
    return dict(sorted(grown.items(), key=lambda pair: (-pair[1], sorted(pair[0])))[:_MOST_GROUPS])


def _in_at_most(max_moves: int, present: Placement, goal: Placement) -> Placement:
    """Return the least target in at most so many moves, by bisection."""
    low, high, best = goal.target(), present.target(), present
    while high - low > CLOSE_ENOUGH * high:
        middle = (low + high) / 2
        plan = _fewest_moves(present, goal, middle, _NODES_A_GROUP)
        if plan.moves() <= max_moves:
            best, high = plan, plan.target()
        else:
            low = middle
    return best


def _all_may(problem: Problem, bins: Sequence[int]) -> bool:
    pairs = zip(bins, problem.allowed, strict=True)
    return all(bin_ >= 0 and (allowed is None or bin_ in allowed) for bin_, allowed in pairs)
