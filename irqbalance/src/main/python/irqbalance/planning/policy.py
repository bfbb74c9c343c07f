"""Chooses the CPU of every IRQ that may move: the objective, written down. Pure.

In this order: what each IRQ is allowed; the least relative load (load over capacity) on the busiest
CPU, on the CPUs of the device's own node where these are not clearly busier for it; the fewest
moves; then queues of one device and busy threads of one core apart, and fewer IRQs per CPU.

A CPU's own interrupts (ticks, IPIs) follow the work that the scheduler gives the CPU. They are no
load, and decide nothing.
"""

from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

from ..placement import Placement, Problem, with_homes
from ..search import seat, solve
from ..ties import Neighbours, spread
from .plan import Limits

CLEARLY_BUSIER = 1.1
"""Local CPUs are clearly busier where they would take this many times what all CPUs could do."""

NOISE_DEVIATIONS = 3.0
"""How many standard deviations of the two busiest CPUs' counts a gain must be to be no noise."""

SURE = 3.0
"""A gain of this many times what it takes is acted on, whatever the last run measured."""

_SETTLING_ROUNDS = (True, True, False, False, False, False)
"""Whether each round starts from the homes again."""
_ROUNDING = 1e-9


class Task(NamedTuple):
    """What is to be decided: the items and bins, and what is known of both.

    ``local`` are the bins on each item's own node, None for all. ``last`` are the weights that the
    last run measured, scaled to the sum of today's, None if it left none; ``last_fixed`` are the
    loads that were fixed then.
    """

    problem: Problem
    local: Sequence[frozenset[int] | None]
    neighbours: Neighbours
    last: Sequence[float] | None = None
    last_fixed: Sequence[float] = ()


class Choice(NamedTuple):
    """A bin for each item (-1: no move was left for it), what that gains and what was needed.

    Both are shares of the busiest CPU's load. ``acts`` is whether more is done than must be.
    """

    bins: list[int]
    gain: float
    needed: float
    acts: bool


def choose(task: Task, limits: Limits) -> Choice:
    """Return the choice for a task. Choosing again after the moves moves nothing.

    If the search finds a better target from its own result, it starts again from where the items
    are, knowing that target. In the last rounds it goes on from the result until that stands.
    """
    choice = _choose(task, limits)
    if limits.max_moves is not None:
        return choice
    for from_homes in _SETTLING_ROUNDS:
        settled = task._replace(problem=with_homes(task.problem, choice.bins))
        again = _choose(settled, limits)
        if again.bins == choice.bins:
            break
        if from_homes:
            choice = _choose(task, limits, again.bins)
        else:
            choice = choice._replace(bins=again.bins)
    return choice


def _choose(task: Task, limits: Limits, known: Sequence[int] | None = None) -> Choice:
    """Return the first candidate that gains enough, else the least that must be done.

    A gain that is not sure must have been one in the last run too: otherwise IRQs would follow
    loads that go to and fro.
    """
    problem = task.problem
    then = None
    if task.last is not None:
        then = problem._replace(weights=task.last, fixed=task.last_fixed)
    seated = seat(problem, limits.max_moves)
    least = seated.target()
    needed = _needed(least, limits)
    best = 0.0
    for bins in _candidates(task, limits, known):
        gain = 1 - Placement(problem, bins).target() / least if least else 0.0
        best = max(best, gain)
        if (
            gain > _ROUNDING
            and gain >= needed - _ROUNDING
            and (gain >= SURE * needed or then is None or _gains(then, problem, bins, needed))
        ):
            spread_out = Placement(_on_own_node(task, bins), bins)
            spread(spread_out, task.neighbours)
            return Choice(spread_out.bins, gain, needed, acts=True)
    return Choice(seated.bins, best, needed, acts=False)


def _on_own_node(task: Task, bins: Sequence[int]) -> Problem:
    """The problem where every item that `bins` has on its own node stays on it."""
    allowed = [
        may if not local or bin_ not in local else local if may is None else may & local
        for may, local, bin_ in zip(task.problem.allowed, task.local, bins, strict=True)
    ]
    return task.problem._replace(allowed=allowed)


def _gains(then: Problem, now: Problem, bins: Sequence[int], needed: float) -> bool:
    """Whether `bins` gain what is needed by the loads of `then`, over what must be done now."""
    least = Placement(then, seat(now).bins).target()
    return Placement(then, bins).target() <= least * (1 - needed + _ROUNDING)


def _needed(least: float, limits: Limits) -> float:
    """The gain, as a share of the busiest CPU's load, from which on to act: the threshold.

    Rates are counts, which scatter by their square root even where nothing changes: a gain within
    that would be undone by the next run. Scatter asks for twice the threshold at most.
    """
    threshold = limits.threshold_percent / 100
    if not limits.seconds or not least:
        return threshold
    noise = NOISE_DEVIATIONS * sqrt(2 * least * limits.seconds) / (least * limits.seconds)
    return max(threshold, min(2 * threshold, noise))


def _candidates(task: Task, limits: Limits, known: Sequence[int] | None) -> list[list[int]]:
    """Plans in the order of preference: on local CPUs, else with the fewest IRQs away from them."""
    problem = task.problem
    anywhere = solve(problem, limits.max_moves, known)
    if not any(task.local):
        return [anywhere]
    near = solve(_near(task, limits.max_moves is not None), limits.max_moves, known)
    wanted = Placement(problem, anywhere).target() * CLEARLY_BUSIER
    if Placement(problem, near).target() <= wanted:
        return [near, anywhere]
    if limits.max_moves is not None:
        return [anywhere]
    return [solve(with_homes(problem, near)), anywhere]


def _near(task: Task, may_stay: bool) -> Problem:
    """The problem with every item on its own node, or where it is if it `may_stay` there."""
    problem = task.problem
    allowed: list[frozenset[int] | None] = []
    homes = list(problem.homes)
    for item, (may, local) in enumerate(zip(problem.allowed, task.local, strict=True)):
        both = may if not local else local if may is None else may & local
        home = problem.homes[item]
        if local and may_stay and home >= 0:
            both = (both or frozenset()) | {home}
        if local and not both:
            both = may
        if both is not None and home not in both:
            homes[item] = -1
        allowed.append(both)
    return problem._replace(homes=homes, allowed=allowed)
