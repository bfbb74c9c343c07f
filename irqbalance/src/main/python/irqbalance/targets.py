"""Chooses the CPU of every IRQ that may move: the objective, written down. Pure.

In this order: what each IRQ is allowed; the least relative load (load over capacity) on the busiest
CPU, on the CPUs of the device's own node where these are not clearly busier for it; the fewest
moves; then queues of one device and busy threads of one core apart, and fewer IRQs per CPU.

A CPU's own interrupts (ticks, IPIs) follow the work that the scheduler gives the CPU, and that
follows the room that devices leave. Where they were measured (``Limits.follows``), the load that
devices make is decided by. What was counted is shown, and it is the busiest CPU as it was counted
that a plan must lower by the threshold.
"""

from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

from .decisions import Limits
from .planning.search.placement import Placement, Problem, with_homes
from .planning.search.search import seat, solve
from .planning.search.spread import Neighbours, spread

CLEARLY_BUSIER = 1.1
"""Local CPUs are clearly busier where they would take this many times what all CPUs could do."""

NOISE_DEVIATIONS = 3.0
"""How many standard deviations of the two busiest CPUs' counts a gain must be to be no noise."""

SURE = 3.0
"""A gain of this many times what it takes is acted on, whatever the last run measured."""

_SETTLING_ROUNDS = (True, True, False, False, False, False)
"""Whether each round starts anew."""
_TRIES = 3
_ROUNDING = 1e-9


class Task(NamedTuple):
    """What is to be decided: the items and bins as counted, and what is known of both.

    ``own`` is the part of each bin's fixed load that is the CPU's own; ``local`` the bins on each
    item's own node, None for all. ``last`` are the weights that the last run measured, as much in
    all as those of now, None where it left none; ``last_fixed`` is what devices had fixed then, and
    ``last_own`` what was the CPUs' own.
    """

    counted: Problem
    own: Sequence[float]
    local: Sequence[frozenset[int] | None]
    neighbours: Neighbours
    last: Sequence[float] | None = None
    last_fixed: Sequence[float] = ()
    last_own: Sequence[float] | None = None


class Choice(NamedTuple):
    """A bin for each item (-1: no move was left for it), what that gains and what was needed.

    Both are shares of the busiest CPU's load; ``of_devices`` says whether of the part of it that
    devices make. ``acts`` is whether more is done than must be.
    """

    bins: list[int]
    gain: float
    needed: float
    of_devices: bool
    acts: bool


def choose(task: Task, limits: Limits) -> Choice:
    """Gives the choice for a task. Choosing again after the moves moves nothing.

    Where the search finds a better target when it starts from its own result, it starts anew from
    where the items are, knowing that target; in the end it goes on from the result until that
    stands.
    """
    choice = _choose(task, limits)
    if limits.max_moves is not None:
        return choice
    for anew in _SETTLING_ROUNDS:
        settled = task._replace(counted=with_homes(task.counted, choice.bins))
        again = _choose(settled, limits)
        if again.bins == choice.bins:
            break
        choice = _choose(task, limits, again.bins) if anew else choice._replace(bins=again.bins)
    return choice


def _choose(task: Task, limits: Limits, known: Sequence[int] | None = None) -> Choice:
    """The choice with ticks that follow the work, if it is one by what was counted as well.

    Where it leaves CPUs too busy as they were counted, nothing more goes to these, and in the end
    it is chosen by what was counted alone, if that is worth it by what the last run counted too.
    """
    most = seat(task.counted, limits.max_moves).target()
    enough = most * (1 - limits.threshold_percent / 100)
    problem, worth_it = _of_devices(task), False
    for _ in range(_TRIES if limits.follows else 0):
        choice = _best_enough(task, problem, task.last_fixed, limits, known)
        choice = choice._replace(of_devices=True)
        worth_it = worth_it or choice.acts
        limit = (enough if choice.acts else most) + most * _ROUNDING
        relative = Placement(task.counted, choice.bins).relative()
        too_busy = frozenset(bin_ for bin_, load in enumerate(relative) if load > limit)
        if not too_busy:
            if choice.acts or not worth_it:
                return choice
            break
        problem = _without(problem, too_busy)
    choice = _best_enough(task, task.counted, task.counted.fixed, limits, known)
    if choice.acts and not _was_worth_it(task, choice):
        return choice._replace(bins=seat(task.counted, limits.max_moves).bins, acts=False)
    return choice


def _was_worth_it(task: Task, choice: Choice) -> bool:
    """Whether a choice gains enough by all that the last run counted, if that is known.

    However much it gains: where the CPUs' own interrupts are, they may not be in the next run.
    """
    if task.last is None or task.last_own is None:
        return True
    fixed = [load + own for load, own in zip(task.last_fixed, task.last_own, strict=True)]
    then = task.counted._replace(weights=task.last, fixed=fixed)
    return _gains(then, task.counted, choice.bins, choice.needed)


def _without(problem: Problem, bins: frozenset[int]) -> Problem:
    """The problem where no item goes to `bins` that is not there, unless it has no other."""
    every = frozenset(range(len(problem.fixed)))
    allowed = [
        ((may or every) - bins | ({home} if home >= 0 else frozenset())) or may
        for may, home in zip(problem.allowed, problem.homes, strict=True)
    ]
    return problem._replace(allowed=allowed)


def _of_devices(task: Task) -> Problem:
    """The problem without the CPUs' own interrupts."""
    pairs = zip(task.counted.fixed, task.own, strict=True)
    return task.counted._replace(fixed=[max(0.0, load - own) for load, own in pairs])


def _best_enough(
    task: Task,
    problem: Problem,
    last_fixed: Sequence[float],
    limits: Limits,
    known: Sequence[int] | None,
) -> Choice:
    """The first candidate that gains enough, else the least that must be done.

    A gain that is not sure must have been one in the last run too, with `last_fixed` on the bins:
    loads that go to and fro between two runs would have IRQs follow them for nothing.
    """
    then = None if task.last is None else problem._replace(weights=task.last, fixed=last_fixed)
    seated = seat(problem, limits.max_moves)
    least = seated.target()
    needed = _needed(least, limits)
    best = 0.0
    for bins in _candidates(task, problem, limits, known):
        gain = 1 - Placement(problem, bins).target() / least if least else 0.0
        best = max(best, gain)
        if (
            gain > _ROUNDING
            and gain >= needed - _ROUNDING
            and (gain >= SURE * needed or then is None or _gains(then, problem, bins, needed))
        ):
            spread_out = Placement(_on_own_node(task, problem, bins), bins)
            spread(spread_out, task.neighbours)
            return Choice(spread_out.bins, gain, needed, of_devices=False, acts=True)
    return Choice(seated.bins, best, needed, of_devices=False, acts=False)


def _on_own_node(task: Task, problem: Problem, bins: Sequence[int]) -> Problem:
    """The problem where every item that `bins` has on its own node stays on it."""
    allowed = [
        may if not local or bin_ not in local else local if may is None else may & local
        for may, local, bin_ in zip(problem.allowed, task.local, bins, strict=True)
    ]
    return problem._replace(allowed=allowed)


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


def _candidates(
    task: Task, problem: Problem, limits: Limits, known: Sequence[int] | None
) -> list[list[int]]:
    """Plans in the order of preference: on local CPUs, else with the fewest IRQs away from them."""
    anywhere = solve(problem, limits.max_moves, known)
    if not any(task.local):
        return [anywhere]
    near = solve(_near(task, problem, limits.max_moves is not None), limits.max_moves, known)
    wanted = Placement(problem, anywhere).target() * CLEARLY_BUSIER
    if Placement(problem, near).target() <= wanted:
        return [near, anywhere]
    if limits.max_moves is not None:
        return [anywhere]
    return [solve(with_homes(problem, near)), anywhere]


def _near(task: Task, problem: Problem, may_stay: bool) -> Problem:
    """The problem with every item on its own node, or where it is if it `may_stay` there."""
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
