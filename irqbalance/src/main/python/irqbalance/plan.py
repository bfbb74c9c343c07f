"""IRQs and usable CPUs -> a Plan: who moves where, who stays, and why. Pure.

The objective stands in targets.py. An idle IRQ is never touched. An IRQ that arrives on a CPU that
it may not use is moved off it in any case; everything else moves only where the busiest CPU's load
falls by the threshold at least.
"""

from collections.abc import Callable, Iterable, Sequence

from .decisions import FIXED, KEPT, PLANNED, Balance, Decision, Limits, Plan, balance
from .irqs import Irq
from .planning.search.placement import Problem, lower_bound
from .planning.search.spread import Neighbours
from .reasons import may_use, mover, what_no_placement_helps, why_it_stays, why_kept
from .targets import Task, choose
from .topology import Topology, localized

_NOTHING_KNOWN = Topology()


def make_plan(
    irqs: Sequence[Irq], cpus: Iterable[int], limits: Limits, topology: Topology = _NOTHING_KNOWN
) -> Plan:
    """Gives the plan for `irqs` on the usable `cpus`, of which there is at least one."""
    usable = tuple(sorted(cpus))
    irqs = localized(irqs, topology, frozenset(usable))
    reasons = [why_kept(irq, frozenset(usable)) for irq in irqs]
    movable = [index for index, reason in enumerate(reasons) if not reason]
    own = balance(usable, [(irq, None) for irq in irqs if irq.own])
    task = _task(irqs, reasons, usable, topology, own)
    if limits.last_own is not None:
        task = task._replace(last_own=[limits.last_own.get(cpu, 0.0) for cpu in usable])
    choice = choose(task, limits)
    pairs = zip(movable, choice.bins, strict=True)
    targets = {index: usable[bin_] for index, bin_ in pairs if bin_ >= 0}
    before = balance(usable, [(irq, None) for irq in irqs])
    after = balance(usable, [(irq, targets.get(index)) for index, irq in enumerate(irqs)])
    moving = choice.bins != list(task.counted.homes)
    stays = why_it_stays(choice, limits, moving)
    explain = mover(usable, before, after)
    decisions = (
        _decide(irq, reasons[index], targets.get(index), stays, explain)
        for index, irq in enumerate(irqs)
    )
    bound = _lower_bound(irqs, usable, before)
    limit = what_no_placement_helps(irqs, usable, before)
    return Plan(usable, tuple(decisions), before, after, bound, own, limit)


def _task(
    irqs: Sequence[Irq],
    reasons: Sequence[str],
    usable: tuple[int, ...],
    topology: Topology,
    own: Balance,
) -> Task:
    bin_of = {cpu: index for index, cpu in enumerate(usable)}
    movable = [irq for irq, reason in zip(irqs, reasons, strict=True) if not reason]
    staying = [irq for irq, reason in zip(irqs, reasons, strict=True) if reason]
    siblings = [
        [bin_of[other] for other in sorted(topology.siblings.get(cpu, ())) if other in bin_of]
        for cpu in usable
    ]
    neighbours = Neighbours(
        [irq.group for irq in movable],
        [[other for other in its if other != bin_] for bin_, its in enumerate(siblings)],
    )
    problem = _problem(movable, staying, usable, topology.speeds(usable))
    local = [_bins(irq.local, bin_of) for irq in movable]
    task = Task(problem, own.loads, local, neighbours)
    factor = _growth(movable)
    if factor is None:
        return task
    last = [irq.load if irq.last is None else irq.last * factor for irq in movable]
    then = [_as_last(irq, factor) for irq in staying if irq.load and not irq.own]
    last_fixed = balance(usable, [(irq, None) for irq in then]).loads
    return task._replace(last=last, last_fixed=last_fixed)


def _growth(irqs: Sequence[Irq]) -> float | None:
    """How many times the load of the last run that of now is; None where none is known."""
    known = [(irq.last, irq.load) for irq in irqs if irq.last is not None]
    then = sum(last for last, _ in known)
    return sum(load for _, load in known) / then if then else None


def _as_last(irq: Irq, factor: float) -> Irq:
    """An IRQ where it is, with the load of the last run; none, where that measured none."""
    share = (irq.last or 0.0) * factor / irq.load
    placed = {cpu: load * share for cpu, load in irq.placed.items()}
    return irq._replace(load=irq.load * share, placed=placed)


def _bins(cpus: frozenset[int] | None, bin_of: dict[int, int]) -> frozenset[int] | None:
    """The bins of those CPUs that have one; None where that is none of them."""
    return frozenset(bin_of[cpu] for cpu in cpus or () if cpu in bin_of) or None


def _problem(
    movable: Sequence[Irq], staying: Iterable[Irq], usable: tuple[int, ...], speeds: list[float]
) -> Problem:
    bin_of = {cpu: index for index, cpu in enumerate(usable)}
    every = frozenset(usable)
    homes, allowed = [], []
    for irq in movable:
        may = may_use(irq, every)
        home = irq.home
        homes.append(bin_of[home] if home in may else -1)
        allowed.append(None if may == every else _bins(may, bin_of))
    fixed = balance(usable, [(irq, None) for irq in staying]).loads
    return Problem([irq.load for irq in movable], homes, fixed, speeds, allowed)


def _lower_bound(irqs: Sequence[Irq], usable: tuple[int, ...], before: Balance) -> float:
    """A load of the busiest CPU that no assignment of the IRQs that may move can be below."""
    every = frozenset(usable)
    stays = [irq for irq in irqs if irq.fixed or not may_use(irq, every)]
    free = [irq for irq in irqs if not why_kept(irq, every)]
    bound = lower_bound(_problem(free, stays, usable, [1.0] * len(usable)))
    # the load grows where some that arrived elsewhere comes to a usable CPU, and never falls
    return max(bound, before.mean)


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
