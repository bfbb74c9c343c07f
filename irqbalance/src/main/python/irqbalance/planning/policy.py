"""The policy: the objective in its order, and when a plan is worth carrying out. Pure.

A run acts on a plan only if all of this holds:

a. The busiest CPU's load falls by the threshold.
b. It falls by more than rates scatter. Counts scatter by their square root even if nothing changes,
   and the next run would undo such a move. Scatter raises the bar to twice the threshold at most.
c. It would have fallen enough by the last run's loads too, unless the gain is SURE times as large
   as needed. Otherwise IRQs would follow loads that go to and fro.
"""

from collections.abc import Sequence
from enum import Enum, auto
from math import sqrt
from typing import NamedTuple

from .nodes import Rings, no_further, plans_by_preference, seat_near
from .plan import Limits
from .search.placement import ROUNDING, Placement, Problem
from .search.spread import Neighbours, spread

OBJECTIVE = (
    "only CPUs that the IRQ may use",
    "the least load on the busiest CPU (load over capacity, if CPUs differ), on the device's own"
    " NUMA node unless its CPUs would be more than 10% busier, then on the nearest nodes",
    "of all plans within 0.2% of that, the fewest moves",
    "an IRQ that moves goes where no queue of its device is, then to another core, then to another"
    " last-level cache, then to the less loaded core, then to fewer IRQs",
)
"""The goals of every plan, the first one first. _round() follows them by number."""

NOISE_DEVIATIONS = 3.0
"""A gain is noise up to this many standard deviations of the two busiest CPUs' counts."""

SURE = 3.0
"""A gain of this many times the needed one is acted on, whatever the last run measured."""

_SETTLING_ROUNDS = (True, True, False, False, False, False)
"""Whether each round starts from the homes again."""


class Task(NamedTuple):
    """The items and bins of a decision, and the known facts of both.

    ``near`` are the bins near each item's device. ``last`` are the weights that the last run
    measured, scaled to the sum of today's, None if it left none; ``last_fixed`` are the loads that
    were fixed then.
    """

    problem: Problem
    near: Sequence[Rings]
    neighbours: Neighbours
    last: Sequence[float] | None = None
    last_fixed: Sequence[float] = ()


class Verdict(Enum):
    """Why a run acts, or does not."""

    ACTS = auto()
    NO_GAIN = auto()
    BELOW_THRESHOLD = auto()
    WITHIN_NOISE = auto()
    NOT_IN_LAST_RUN = auto()


class Choice(NamedTuple):
    """A bin for each item (-1: no move was left for it), the gain of the best plan, and the need.

    Both are shares of the busiest CPU's load. A choice that does not act makes the moves that are
    needed in any case, and no other.
    """

    bins: list[int]
    gain: float
    needed: float
    verdict: Verdict


def choose(task: Task, limits: Limits) -> Choice:
    """Return the choice for a task. Choosing again after the moves moves nothing.

    From its own result the search may find a better target. It then starts from the homes again,
    with that target known. In the last rounds it continues from the result until that stands.
    """
    choice = _round(task, limits)
    if limits.max_moves is not None:
        return choice
    for from_homes in _SETTLING_ROUNDS:
        settled = task._replace(problem=task.problem._replace(homes=choice.bins))
        again = _round(settled, limits)
        if again.bins == choice.bins:
            break
        if from_homes:
            choice = _round(task, limits, again.bins)
        else:
            choice = choice._replace(bins=again.bins)
    return choice


def _round(task: Task, limits: Limits, known: Sequence[int] | None = None) -> Choice:
    """Return the first plan that is worth carrying out, else the moves that must be made."""
    # 1. Only CPUs that the IRQ may use. Those elsewhere take a seat first.
    must = seat_near(task.problem, task.near, limits.max_moves)
    bar = _Bar(task, must.target(), limits)
    best, verdict = 0.0, Verdict.NO_GAIN
    # 2. The least load, near the device. 3. The fewest moves.
    for bins in plans_by_preference(task.problem, task.near, limits.max_moves, known):
        gain = bar.gain(bins)
        found = bar.judge(bins, gain)
        if found is Verdict.ACTS:
            # 4. Queues of a device apart, then fewer IRQs per CPU.
            return Choice(_spread(task, bins), gain, bar.needed, found)
        if gain > best:
            best, verdict = gain, found
    return Choice(_spread(task, must.bins), best, bar.needed, verdict)


def _spread(task: Task, bins: Sequence[int]) -> list[int]:
    placement = Placement(no_further(task.problem, task.near, bins), bins)
    spread(placement, task.neighbours)
    return placement.bins


class _Bar:
    """The gain that a plan needs: rules a, b and c of this module."""

    def __init__(self, task: Task, least: float, limits: Limits) -> None:
        self._task = task
        self._least = least
        self._threshold = limits.threshold_percent / 100
        self.needed = max(self._threshold, min(2 * self._threshold, _noise(least, limits.seconds)))

    def gain(self, bins: Sequence[int]) -> float:
        """Return the share of the busiest CPU's load that `bins` take away."""
        if not self._least:
            return 0.0
        return 1 - Placement(self._task.problem, bins).target() / self._least

    def judge(self, bins: Sequence[int], gain: float) -> Verdict:
        """Return whether a plan with this gain is worth carrying out, and why not."""
        if gain <= ROUNDING:
            return Verdict.NO_GAIN
        if gain < self._threshold - ROUNDING:
            return Verdict.BELOW_THRESHOLD
        if gain < self.needed - ROUNDING:
            return Verdict.WITHIN_NOISE
        if gain < SURE * self.needed and not self._gained_in_last_run(bins):
            return Verdict.NOT_IN_LAST_RUN
        return Verdict.ACTS

    def _gained_in_last_run(self, bins: Sequence[int]) -> bool:
        """Return whether `bins` gain enough by the last run's loads, if these are known."""
        task = self._task
        if task.last is None:
            return True
        then = task.problem._replace(weights=task.last, fixed=task.last_fixed)
        least = Placement(then, seat_near(task.problem, task.near).bins).target()
        return Placement(then, bins).target() <= least * (1 - self.needed + ROUNDING)


def _noise(least: float, seconds: float | None) -> float:
    """Return the scatter of the busiest CPU's counts, as a share of them."""
    if not seconds or not least:
        return 0.0
    return NOISE_DEVIATIONS * sqrt(2 * least * seconds) / (least * seconds)
