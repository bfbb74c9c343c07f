"""IRQs and usable CPUs become a plan: which IRQ moves where, which stays, and why. Pure.

An IRQ on a CPU that it may not use is moved off it in any case, also an idle one. Every other idle
IRQ is kept. All others move only if the policy finds the plan worth it.
"""

from collections.abc import Callable, Iterable, Sequence

from ..kernel.topology import Topology
from ..loads.irqs import Irq
from ..status import Status
from .caches import beside_cpus, cache_numbers, why_apart
from .idle import place_idle
from .nodes import rings, with_nodes
from .plan import Balance, Decision, Limits, Plan, balance, own_interrupts
from .policy import Task, choose
from .reasons import (
    PENDING,
    load_that_no_placement_helps,
    may_use,
    mover,
    why_it_stays,
    why_kept,
)
from .search.placement import Problem, lower_bound
from .search.spread import Neighbours

_NOTHING_KNOWN = Topology()


def make_plan(
    irqs: Sequence[Irq], cpus: Iterable[int], limits: Limits, topology: Topology = _NOTHING_KNOWN
) -> Plan:
    """Return the plan for `irqs` on the usable `cpus`, of which there is at least one."""
    usable = tuple(sorted(cpus))
    every = frozenset(usable)
    irqs = beside_cpus(with_nodes(irqs, topology, every), topology, every)
    reasons = [why_kept(irq, every) for irq in irqs]
    movable = [index for index, irq in enumerate(irqs) if not reasons[index] and irq.load]
    idle = [index for index, irq in enumerate(irqs) if not reasons[index] and not irq.load]
    task = _task(irqs, movable, usable, topology)
    left, idle = _left_for(task, limits, idle)
    choice = choose(task, left)
    targets = {
        index: usable[bin_] for index, bin_ in zip(movable, choice.bins, strict=True) if bin_ >= 0
    }
    before = balance(usable, [(irq, None) for irq in irqs])
    after = balance(usable, [(irq, targets.get(index)) for index, irq in enumerate(irqs)])
    going = frozenset(idle)
    others = [(irq, targets.get(n)) for n, irq in enumerate(irqs) if n not in going]
    cpus_of_idle = place_idle([irqs[n] for n in idle], others, usable, after, topology)
    targets.update(zip(idle, cpus_of_idle, strict=True))
    moving = bool(idle) or choice.bins != list(task.problem.homes)
    stays = why_it_stays(choice, limits, moving)
    places = [targets.get(index) for index in range(len(irqs))]
    explain = mover(usable, before, after, why_apart(irqs, places, topology))
    decisions = (
        _decide(irq, reasons[index], targets.get(index), stays, explain)
        for index, irq in enumerate(irqs)
    )
    return Plan(
        usable,
        tuple(decisions),
        before,
        after,
        _lower_bound(irqs, usable, before),
        own_interrupts(usable, irqs),
        load_that_no_placement_helps(irqs, usable, before),
    )


def _left_for(task: Task, limits: Limits, idle: list[int]) -> tuple[Limits, list[int]]:
    """Return the moves left for the search, and the idle IRQs that move.

    All moves that must be made come first: those of IRQs with load, then those of idle ones.
    """
    if limits.max_moves is None:
        return limits, idle
    loaded = sum(1 for home in task.problem.homes if home < 0)
    idle = idle[: max(0, limits.max_moves - loaded)]
    return limits._replace(max_moves=limits.max_moves - len(idle)), idle


def _task(
    irqs: Sequence[Irq], indexes: Sequence[int], usable: tuple[int, ...], topology: Topology
) -> Task:
    """Return the task of moving the IRQs of these `indexes`, the others staying where they are."""
    bin_of = {cpu: index for index, cpu in enumerate(usable)}
    movable = [irqs[index] for index in indexes]
    moves = frozenset(indexes)
    staying = [irq for index, irq in enumerate(irqs) if index not in moves]
    siblings = [
        [bin_of[other] for other in sorted(topology.siblings.get(cpu, ())) if other in bin_of]
        for cpu in usable
    ]
    neighbours = Neighbours(
        [topology.device(irq.irq, irq.group) for irq in movable],
        [[other for other in its if other != bin_] for bin_, its in enumerate(siblings)],
        cache_numbers(usable, topology),
    )
    problem = _problem(movable, staying, usable, topology.speeds(usable))
    every = frozenset(usable)
    kinds = {(irq.near, may_use(irq, every)) for irq in movable}
    found = {(near, may): rings(near, may, bin_of) for near, may in kinds}
    near = [found[irq.near, may_use(irq, every)] for irq in movable]
    task = Task(problem, near, neighbours)
    growth = _growth(movable)
    if growth is None:
        return task
    last = [irq.load if irq.last is None else irq.last * growth for irq in movable]
    then = [_as_last(irq, growth) for irq in staying if irq.load]
    last_fixed = balance(usable, [(irq, None) for irq in then]).loads
    return task._replace(last=last, last_fixed=last_fixed)


def _growth(irqs: Sequence[Irq]) -> float | None:
    """Return today's load over the last run's, of the IRQs that it knew; None if it knew none."""
    known = [(irq.last, irq.load) for irq in irqs if irq.last is not None]
    then = sum(last for last, _ in known)
    return sum(load for _, load in known) / then if then else None


def _as_last(irq: Irq, growth: float) -> Irq:
    """Return an IRQ in its place, with the load of the last run: none if that measured none."""
    share = (irq.last or 0.0) * growth / irq.load
    placed = {cpu: load * share for cpu, load in irq.placed.items()}
    return irq._replace(load=irq.load * share, placed=placed)


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
        allowed.append(None if len(may) == len(every) else frozenset(map(bin_of.__getitem__, may)))
    fixed = balance(usable, [(irq, None) for irq in staying]).loads
    return Problem([irq.load for irq in movable], homes, fixed, speeds, allowed)


def _lower_bound(irqs: Sequence[Irq], usable: tuple[int, ...], before: Balance) -> float:
    """Return a load that no assignment of the movable IRQs can bring the busiest CPU below."""
    every = frozenset(usable)
    stays = [irq for irq in irqs if irq.fixed or not may_use(irq, every)]
    free = [irq for irq in irqs if not why_kept(irq, every)]
    bound = lower_bound(_problem(free, stays, usable, [1.0] * len(usable)))
    # load that comes from an unusable CPU raises the mean, and nothing lowers it
    return max(bound, before.mean)


def _decide(
    irq: Irq, reason: str, to: int | None, stays: str, explain: Callable[[Irq, int], str]
) -> Decision:
    if irq.fixed:
        return Decision(irq, None, Status.FIXED, irq.fixed)
    here = irq.home if irq.home is not None else next(iter(irq.present), None)
    if reason:
        return Decision(irq, here, Status.KEPT, reason)
    if to is None:
        reason = "may not stay there, but --max-moves leaves no move for it"
        return Decision(irq, here, Status.KEPT, reason)
    if irq.heading == to:
        return Decision(irq, to, Status.KEPT, PENDING)
    if irq.home == to:
        return Decision(irq, to, Status.KEPT, stays)
    return Decision(irq, to, Status.PLANNED, explain(irq, to))
