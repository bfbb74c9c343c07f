"""Problems so small that every placement can be looked at, in figures that add up exactly."""

import random
from collections.abc import Iterator
from itertools import product

from irqbalance.planning.search.placement import Placement, Problem


def problem(
    weights: list[float],
    homes: list[int],
    fixed: list[float],
    speeds: list[float] | None = None,
    allowed: dict[int, set[int]] | None = None,
) -> Problem:
    """Return a problem in which only the items of `allowed` are confined to some bins."""
    only = allowed or {}
    may = [frozenset(only[item]) if item in only else None for item in range(len(weights))]
    return Problem(weights, homes, fixed, speeds or [1.0] * len(fixed), may)


def problems(
    many: int, items: int, bins: int, *, free: bool = False, first: int = 0
) -> Iterator[Problem]:
    """Yield problems of whole weights: with fixed loads, fast and slow bins, confined items.

    If `free`, every item may be anywhere. Their seeds follow `first`.
    """
    for seed in range(first, first + many):
        chance = random.Random(seed)
        most, number = chance.choice([6, 30]), chance.randint(2, bins)
        weights = [float(chance.randint(1, most)) for _ in range(chance.randint(2, items))]
        speeds = [chance.choice([1.0, 1.0, 0.5]) for _ in range(number)]
        fixed = [float(chance.choice([0, 0, chance.randint(1, most)])) for _ in range(number)]
        allowed = {
            item: set(chance.sample(range(number), chance.randint(1, number)))
            for item in range(len(weights))
            if not free and chance.random() < 0.3
        }
        homes = [chance.randrange(-1, number) for _ in weights]
        homes = [home if home in allowed.get(n, {home}) else -1 for n, home in enumerate(homes)]
        yield problem(weights, homes, fixed, speeds, allowed)


def placements(given: Problem) -> list[Placement]:
    """Return every placement there is."""
    each = [sorted(allowed or range(len(given.fixed))) for allowed in given.allowed]
    return [Placement(given, bins) for bins in product(*each)]


def anyhow(given: Problem, seed: int) -> Placement:
    """Return some placement that is allowed."""
    chance = random.Random(seed)
    bins = range(len(given.fixed))
    return Placement(given, [chance.choice(sorted(only or bins)) for only in given.allowed])


def check(placement: Placement) -> None:
    """Fail unless every item is in one bin where it may be, and the loads add up."""
    again = Placement(placement.problem, placement.bins)
    assert placement.loads == again.loads
    assert placement.members == again.members
    assert all(placement.may(item, bin_) for item, bin_ in enumerate(placement.bins))
