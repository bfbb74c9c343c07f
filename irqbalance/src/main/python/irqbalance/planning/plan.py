"""The values of a plan: limits, decisions, balances, and the plan itself. Pure."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ..loads.irqs import Irq
from ..status import Status


class Limits(NamedTuple):
    """When to act: the least gain on the busiest CPU, and the most moves (None for any number).

    ``seconds`` is the time over which rates were measured. It is None for loads that are no rates:
    these count as exact.
    """

    threshold_percent: float = 5.0
    max_moves: int | None = None
    seconds: float | None = None


class Decision(NamedTuple):
    """The decision on one IRQ, and the reason. ``to`` is the CPU where it then is, if known."""

    irq: Irq
    to: int | None
    status: Status
    reason: str

    @property
    def moves(self) -> bool:
        """Return whether the IRQ goes, or went, to another CPU."""
        return self.status in (Status.PLANNED, Status.APPLIED)


class Balance(NamedTuple):
    """The load of each usable CPU, in the order of ``Plan.cpus``."""

    loads: tuple[float, ...]

    @property
    def max(self) -> float:
        """Return the load of the busiest CPU."""
        return max(self.loads)

    @property
    def mean(self) -> float:
        """Return the mean load."""
        return sum(self.loads) / len(self.loads)

    @property
    def imbalance(self) -> float:
        """Return the busiest CPU's load over the mean; 1.0 for an idle machine."""
        return self.max / self.mean if self.mean else 1.0


class Plan(NamedTuple):
    """A decision for every IRQ, and the loads of the usable CPUs (by number, rising) around it.

    ``own`` holds the CPUs' own interrupts (ticks, IPIs), which are in none of those loads.
    ``limit`` is a sentence on load that no placement helps, ``""`` if there is none.
    """

    cpus: tuple[int, ...]
    decisions: tuple[Decision, ...]
    before: Balance
    after: Balance
    lower_bound: float
    own: tuple[float, ...]
    limit: str = ""

    @property
    def moves(self) -> tuple[Decision, ...]:
        """Return the IRQs that move, the busiest first."""
        moving = (decision for decision in self.decisions if decision.moves)
        return tuple(sorted(moving, key=lambda decision: -decision.irq.load))


class FollowUp(NamedTuple):
    """The imbalance before the last run's moves, the one that it predicted, and the one since."""

    before: float
    predicted: float
    measured: float

    def sentence(self) -> str:
        """Return it as a person reads it."""
        return (
            f"The last run's moves: imbalance {self.before:.2f}, "
            f"predicted {self.predicted:.2f}, measured {self.measured:.2f}"
        )


def balance(usable: tuple[int, ...], places: Iterable[tuple[Irq, int | None]]) -> Balance:
    """Return the loads with each IRQ wholly on the CPU beside it, or left in place for None.

    A CPU's own interrupts are in no load.
    """
    loads = dict.fromkeys(usable, 0.0)
    for irq, cpu in places:
        if irq.own:
            continue
        if cpu is None:
            _add(loads, irq)
        elif cpu in loads:  # a move that is pending may go to a CPU that may not be used
            loads[cpu] += irq.load
    return Balance(tuple(loads.values()))


def own_interrupts(usable: tuple[int, ...], irqs: Iterable[Irq]) -> tuple[float, ...]:
    """Return the own interrupts of each usable CPU."""
    loads = dict.fromkeys(usable, 0.0)
    for irq in irqs:
        if irq.own:
            _add(loads, irq)
    return tuple(loads.values())


def _add(loads: dict[int, float], irq: Irq) -> None:
    for cpu, load in irq.placed.items():
        if cpu in loads:
            loads[cpu] += load


def revised(plan: Plan, changes: Mapping[str, Decision]) -> Plan:
    """Return the plan with other decisions on some IRQs, and the loads that follow from them."""
    decisions = tuple(changes.get(each.irq.irq, each) for each in plan.decisions)
    places = [(each.irq, _place_after(each)) for each in decisions]
    return plan._replace(decisions=decisions, after=balance(plan.cpus, places))


def _place_after(decision: Decision) -> int | None:
    """Return the CPU that the whole IRQ is on afterwards; None if nothing changes for it."""
    if decision.moves:
        return decision.to
    return decision.irq.heading if decision.status == Status.KEPT else None
