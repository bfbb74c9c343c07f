"""IRQs and usable CPUs -> a Plan: who moves where, who stays, and why. Pure.

The objective, in this order: the constraints (usable CPUs, rules, what is fixed); the least load on
the busiest CPU; the fewest moves among the plans within 0.2% of the least that is found. An idle
IRQ is never touched. An IRQ that arrives on a CPU that it may not use is moved off it in any case;
everything else moves only where the busiest CPU's load falls by the threshold at least.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from .cpuset import format_list
from .irqs import Irq
from .placement import Placement, Problem, lower_bound, with_homes
from .search import seat, solve
from .words import figure

PLANNED, APPLIED, REFUSED, KEPT, FIXED = "planned", "applied", "refused", "kept", "fixed"

_SETTLING_ROUNDS = 6
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Limits:
    """When to act: the least gain on the busiest CPU, and how many moves (None for any number)."""

    threshold_percent: float = 5.0
    max_moves: int | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What is done with one IRQ, and why. ``to`` is the CPU where it then is, None if unknown."""

    irq: Irq
    to: int | None
    status: str
    reason: str

    @property
    def moves(self) -> bool:
        """Whether the IRQ goes, or went, to another CPU."""
        return self.status in (PLANNED, APPLIED)


@dataclass(frozen=True, slots=True)
class Balance:
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


@dataclass(frozen=True, slots=True)
class Plan:
    """A decision for every IRQ, and the loads of the usable CPUs (by number, rising) around it."""

    cpus: tuple[int, ...]
    decisions: tuple[Decision, ...]
    before: Balance
    after: Balance
    lower_bound: float

    @property
    def moves(self) -> tuple[Decision, ...]:
        """The IRQs that move, the busiest first."""
        moving = (decision for decision in self.decisions if decision.moves)
        return tuple(sorted(moving, key=lambda decision: -decision.irq.load))


def make_plan(irqs: Sequence[Irq], cpus: Iterable[int], limits: Limits) -> Plan:
    """Gives the plan for `irqs` on the usable `cpus`, of which there is at least one."""
    usable = tuple(sorted(cpus))
    reasons = [_why_kept(irq, frozenset(usable)) for irq in irqs]
    movable = [index for index, reason in enumerate(reasons) if not reason]
    staying = [irq for irq, reason in zip(irqs, reasons, strict=True) if reason]
    problem = _problem([irqs[index] for index in movable], staying, usable)
    bins, gain = _settle(problem, limits)
    targets = {index: usable[bin_] for index, bin_ in zip(movable, bins, strict=True) if bin_ >= 0}
    before = _balance(usable, [(irq, None) for irq in irqs])
    after = _balance(usable, [(irq, targets.get(index)) for index, irq in enumerate(irqs)])
    stays = _why_it_stays(gain, limits, moving=bool(_moving(problem, bins)))
    explain = _mover(usable, before, after)
    decisions = (
        _decide(irq, reasons[index], targets.get(index), stays, explain)
        for index, irq in enumerate(irqs)
    )
    return Plan(usable, tuple(decisions), before, after, _lower_bound(irqs, usable, before))


def revised(plan: Plan, changes: Mapping[str, Decision]) -> Plan:
    """Gives the plan with other decisions on some IRQs, and the loads that follow from them."""
    decisions = tuple(changes.get(each.irq.irq, each) for each in plan.decisions)
    places = [(each.irq, _place_after(each)) for each in decisions]
    return replace(plan, decisions=decisions, after=_balance(plan.cpus, places))


def _place_after(decision: Decision) -> int | None:
    """The CPU that the whole IRQ is on afterwards; None where nothing changes for it."""
    if decision.moves:
        return decision.to
    return decision.irq.heading if decision.status == KEPT else None


def _why_kept(irq: Irq, usable: frozenset[int]) -> str:
    """Why an IRQ is not part of the problem; ``""`` where it is."""
    if irq.fixed:
        return irq.fixed
    if not irq.load:
        return "idle: nothing to gain"
    may = _may_use(irq, usable)
    if not may:
        return f"its rule gives it CPUs {format_list(irq.allowed or ())}, none of them usable"
    if irq.home is None and may.issuperset(irq.present):
        return "arrives on several CPUs by turns, so it is spread already"
    return ""


def _may_use(irq: Irq, usable: frozenset[int]) -> frozenset[int]:
    return usable if irq.allowed is None else usable & irq.allowed


def _problem(movable: Sequence[Irq], staying: Iterable[Irq], usable: tuple[int, ...]) -> Problem:
    bin_of = {cpu: index for index, cpu in enumerate(usable)}
    every = frozenset(usable)
    homes, allowed = [], []
    for irq in movable:
        may = _may_use(irq, every)
        home = irq.home
        homes.append(bin_of[home] if home in may else -1)
        allowed.append(None if may == every else frozenset(bin_of[cpu] for cpu in may))
    return Problem(
        weights=[irq.load for irq in movable],
        homes=homes,
        fixed=_balance(usable, [(irq, None) for irq in staying]).loads,
        speeds=[1.0] * len(usable),
        allowed=allowed,
    )


def _settle(problem: Problem, limits: Limits) -> tuple[list[int], float]:
    """The bins of all items, and what they gain as a share of the busiest CPU's load.

    Planning again after the moves must move nothing: the search starts again from its own result
    until that stands.
    """
    bins, gain = _choose(problem, limits)
    if limits.max_moves is not None:
        return bins, gain
    for _ in range(_SETTLING_ROUNDS):
        again, _ = _choose(with_homes(problem, bins), limits)
        if again == bins:
            break
        bins = again
    return bins, gain


def _choose(problem: Problem, limits: Limits) -> tuple[list[int], float]:
    """The bins of the best placement if it gains enough, else of the least that must be done."""
    seated = seat(problem, limits.max_moves)
    least = seated.target()
    bins = solve(problem, limits.max_moves)
    gain = 1 - Placement(problem, bins).target() / least if least else 0.0
    if gain <= _ROUNDING or gain < limits.threshold_percent / 100 - _ROUNDING:
        return seated.bins, gain
    return bins, gain


def _moving(problem: Problem, bins: Sequence[int]) -> list[int]:
    return [item for item, home in enumerate(problem.homes) if bins[item] != home]


def _balance(usable: tuple[int, ...], places: Iterable[tuple[Irq, int | None]]) -> Balance:
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


def _lower_bound(irqs: Sequence[Irq], usable: tuple[int, ...], before: Balance) -> float:
    """A load of the busiest CPU that no assignment of the IRQs that may move can be below."""
    every = frozenset(usable)
    free = [irq for irq in irqs if not _why_kept(irq, every)]
    stays = [irq for irq in irqs if irq.fixed or not _may_use(irq, every)]
    bound = lower_bound(_problem(free, stays, usable))
    return max(bound, before.mean if not any(_is_forced(irq, every) for irq in free) else bound)


def _is_forced(irq: Irq, usable: frozenset[int]) -> bool:
    may = _may_use(irq, usable)
    return irq.home not in may if irq.home is not None else not may.issuperset(irq.present)


def _why_it_stays(gain: float, limits: Limits, moving: bool) -> str:
    """The reason of the movable IRQs that the plan leaves alone."""
    if limits.max_moves is not None and moving:
        return f"not among the {limits.max_moves} moves that help most"
    if moving:
        return "well placed: the plan needs no move of it"
    if gain <= _ROUNDING:
        return "well placed: no move was found that lowers the busiest CPU's load"
    return (
        f"the best plan lowers the busiest CPU's load by {100 * gain:.1f}%, "
        f"less than the threshold of {limits.threshold_percent:g}%"
    )


def _mover(usable: tuple[int, ...], before: Balance, after: Balance) -> Callable[[Irq, int], str]:
    """Gives the function that says why an IRQ moves to a CPU."""
    was = dict(zip(usable, before.loads, strict=True))
    will = dict(zip(usable, after.loads, strict=True))

    def explain(irq: Irq, cpu: int) -> str:
        unusable = [present for present in irq.present if present not in was]
        if unusable:
            return f"arrives on CPU {format_list(unusable)}, which may not be used"
        if irq.allowed is not None and not irq.allowed.issuperset(irq.present):
            return f"its rule gives it CPUs {format_list(irq.allowed)}"
        source = irq.present[0]
        load, old, new = figure(irq.load), figure(was[source]), figure(will[source])
        if was[source] < will[source]:
            return f"takes {load} off CPU {source} to make room there, and on to CPU {cpu}"
        return f"takes {load} off CPU {source}, which goes from {old} to {new}"

    return explain


def _decide(
    irq: Irq, reason: str, to: int | None, stays: str, explain: Callable[[Irq, int], str]
) -> Decision:
    if irq.fixed:
        return Decision(irq, None, FIXED, irq.fixed)
    here = irq.present[0] if irq.present else None
    if reason:
        return Decision(irq, here, KEPT, reason)
    if to is None:
        return Decision(irq, here, KEPT, "may not stay there, but the moves allowed are used up")
    if irq.heading == to:
        return Decision(irq, to, KEPT, "pending: written already, it moves at its next interrupt")
    if irq.home == to:
        return Decision(irq, to, KEPT, stays)
    return Decision(irq, to, PLANNED, explain(irq, to))
