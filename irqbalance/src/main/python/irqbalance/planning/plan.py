"""The values that a plan is made of: limits, decisions, balances, the plan itself. Pure."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ..loads.irqs import Irq

OBJECTIVE = (
    "allowed CPUs only",
    "least load on the busiest CPU (load over capacity), NUMA-local first",
    "fewest moves",
    "queues and siblings apart",
    "fewer IRQs per CPU",
)
"""What every plan is made for, what comes first standing first. targets.py is where it is done."""

PLANNED, APPLIED, REFUSED, KEPT, FIXED = "planned", "applied", "refused", "kept", "fixed"


class Limits(NamedTuple):
    """When to act: the least gain on the busiest CPU, and how many moves (None for any number).

    ``seconds`` is how long rates were measured, None where loads are no rates: they are then taken
    to be exact.
    """

    threshold_percent: float = 5.0
    max_moves: int | None = None
    seconds: float | None = None


class Decision(NamedTuple):
    """What is done with one IRQ, and why. ``to`` is the CPU where it then is, None if unknown."""

    irq: Irq
    to: int | None
    status: str
    reason: str

    @property
    def moves(self) -> bool:
        """Whether the IRQ goes, or went, to another CPU."""
        return self.status in (PLANNED, APPLIED)


class Balance(NamedTuple):
    """The load of each usable CPU, in the order of ``Plan.cpus``."""

    loads: tuple[float, ...]

    @property
    def max(self) -> float:
        """The load of the busiest CPU."""
        return max(self.loads)

    @property
    def mean(self) -> float:
        """The mean load."""
        return sum(self.loads) / len(self.loads)

    @property
    def imbalance(self) -> float:
        """The busiest CPU's load over the mean; 1.0 for an idle machine."""
        return self.max / self.mean if self.mean else 1.0


class Plan(NamedTuple):
    """A decision for every IRQ, and the loads of the usable CPUs (by number, rising) around it.

    ``own`` holds the CPUs' own interrupts (ticks, IPIs), which are in none of those loads.
    ``limit`` says what no placement can help, ``""`` if there is no such thing.
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
        """The IRQs that move, the busiest first."""
        moving = (decision for decision in self.decisions if decision.moves)
        return tuple(sorted(moving, key=lambda decision: -decision.irq.load))


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
        else:
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
    """Gives the plan with other decisions on some IRQs, and the loads that follow from them."""
    decisions = tuple(changes.get(each.irq.irq, each) for each in plan.decisions)
    places = [(each.irq, _place_after(each)) for each in decisions]
    return plan._replace(decisions=decisions, after=balance(plan.cpus, places))


def _place_after(decision: Decision) -> int | None:
    """The CPU that the whole IRQ is on afterwards; None where nothing changes for it."""
    if decision.moves:
        return decision.to
    return decision.irq.heading if decision.status == KEPT else None
