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
    to be exact. ``follows`` says whether a CPU's own interrupts are taken to follow the work;
    ``last_own`` is what they were in the last run, by CPU, None where that is not known.
    """

    threshold_percent: float = 5.0
    max_moves: int | None = None
    seconds: float | None = None
    follows: bool = False
    last_own: Mapping[int, float] | None = None


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

    ``own`` is what the CPUs' own interrupts (ticks, IPIs) make of those loads. ``limit`` says what
    no placement can help, ``""`` where there is nothing of the kind.
    """

    cpus: tuple[int, ...]
    decisions: tuple[Decision, ...]
    before: Balance
    after: Balance
    lower_bound: float
    own: Balance
    limit: str = ""

    @property
    def moves(self) -> tuple[Decision, ...]:
        """The IRQs that move, the busiest first."""
        moving = (decision for decision in self.decisions if decision.moves)
        return tuple(sorted(moving, key=lambda decision: -decision.irq.load))

    def of_devices(self, balance: Balance) -> Balance:
        """Gives a balance of this plan without the CPUs' own interrupts."""
        pairs = zip(balance.loads, self.own.loads, strict=True)
        return Balance(tuple(max(0.0, load - own) for load, own in pairs))


def balance(usable: tuple[int, ...], places: Iterable[tuple[Irq, int | None]]) -> Balance:
    """The loads where each IRQ is wholly on the CPU beside it, or stays as it is for None."""
    loads = dict.fromkeys(usable, 0.0)
    for irq, cpu in places:
        if cpu is not None:
            loads[cpu] += irq.load
            continue
        for present, load in irq.placed.items():
            if present in loads:
                loads[present] += load
    return Balance(tuple(loads.values()))


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
