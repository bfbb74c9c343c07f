"""The sentences of a plan: why an IRQ moves or stays, and load that no placement helps. Pure."""

from collections.abc import Callable, Sequence

from ..kernel.cpuset import format_list
from ..loads.irqs import Irq
from .plan import Balance, Limits
from .policy import Choice, Verdict

TOO_LARGE = 1.1
"""An IRQ, or load that cannot move, is named from this many times a CPU's share on."""

PENDING = "pending: written already, it moves at its next interrupt"


def why_kept(irq: Irq, usable: frozenset[int]) -> str:
    """Return why an IRQ is not part of the problem; ``""`` if it is."""
    if irq.fixed:
        return irq.fixed
    may = may_use(irq, usable)
    if not irq.load:
        return _why_idle_kept(irq, may)
    if not may:
        return f"{_rule_of(irq)}, none of them usable"
    if irq.home is None and may.issuperset(irq.present):
        return "arrives on several CPUs, so it is spread already"
    return ""


def _why_idle_kept(irq: Irq, may: frozenset[int]) -> str:
    """Return why an idle IRQ stays; ``""`` if it is where it may not be, and can leave."""
    if irq.heading in may and not may.issuperset(irq.present):
        return PENDING
    place = _place_of_idle(irq)
    lost = not place and irq.mask and irq.mask.isdisjoint(may)
    return "" if may and (lost or not may.issuperset(place)) else "idle: nothing to gain"


def _place_of_idle(irq: Irq) -> frozenset[int]:
    """Return the CPUs where an idle IRQ will arrive, if it ever does."""
    return frozenset(irq.present if irq.heading is None else (irq.heading,))


def why_idle_moves(irq: Irq, usable: frozenset[int]) -> str:
    """Return the reason of an idle IRQ that moves."""
    place = _place_of_idle(irq)
    if unusable := place - usable:
        return f"idle on CPU {format_list(unusable)}, which may not be used"
    if irq.allowed is not None and not irq.allowed.issuperset(place):
        return f"idle, and {_rule_of(irq)}"
    where = f"CPU {format_list(irq.mask)}, which may not be used"
    return f"idle, and its affinity lets it arrive on {where}"


def may_use(irq: Irq, usable: frozenset[int]) -> frozenset[int]:
    """Return the usable CPUs that an IRQ may go to."""
    return usable if irq.allowed is None else usable & irq.allowed


def _rule_of(irq: Irq) -> str:
    """Return the words for the rule that gives an IRQ its CPUs."""
    cpus = format_list(irq.allowed or ())
    if irq.beside:
        return f"its rule keeps it near CPUs {format_list(irq.beside)}, on CPUs {cpus}"
    return f"its rule gives it CPUs {cpus}"


def why_it_stays(choice: Choice, limits: Limits, moving: bool) -> str:
    """Return the reason of the movable IRQs that the plan leaves alone."""
    if limits.max_moves == 0:
        return "--max-moves 0 allows no move"
    if limits.max_moves is not None and moving:
        return f"the best plan that --max-moves {limits.max_moves} allows does not move it"
    if moving:
        return "well placed: the plan does not need to move it"
    best = f"the best plan lowers the busiest CPU's load by {100 * choice.gain:.1f}%, "
    unsure = "but not by the last run's loads; waiting to see if it lasts"
    return {
        Verdict.ACTS: "well placed: the plan does not need to move it",
        Verdict.NO_GAIN: "well placed: no move was found that lowers the busiest CPU's load",
        Verdict.BELOW_THRESHOLD: f"{best}less than the threshold of {limits.threshold_percent:g}%",
        Verdict.WITHIN_NOISE: f"{best}less than the {100 * choice.needed:.1f}% that rates scatter",
        Verdict.NOT_IN_LAST_RUN: best + unsure,
    }[choice.verdict]


def mover(
    usable: tuple[int, ...], before: Balance, after: Balance, why_apart: Callable[[Irq, int], str]
) -> Callable[[Irq, int], str]:
    """Return the function that says why an IRQ moves to a CPU.

    `why_apart` returns the same of its cache, or ``""``.
    """
    was = dict(zip(usable, before.loads, strict=True))
    will = dict(zip(usable, after.loads, strict=True))

    def explain(irq: Irq, cpu: int) -> str:
        if not irq.load:
            return why_idle_moves(irq, frozenset(was))
        unusable = [present for present in irq.present if present not in was]
        if unusable:
            return f"arrives on CPU {format_list(unusable)}, which may not be used"
        if irq.allowed is not None and not irq.allowed.issuperset(irq.present):
            return _rule_of(irq)
        source = irq.present[0]
        if irq.local and source not in irq.local and cpu in irq.local:
            words = "to its device's own node"
            return f"takes {figure(irq.load)} off CPU {source}, {words}{why_apart(irq, cpu)}"
        if any(source not in cpus and cpu in cpus for cpus in irq.near):
            words = "to a node nearer to its device"
            return f"takes {figure(irq.load)} off CPU {source}, {words}{why_apart(irq, cpu)}"
        if was[source] < will[source]:
            return f"makes room on CPU {source}"
        return (
            f"takes {figure(irq.load)} off CPU {source} "
            f"({figure(was[source])} -> {figure(will[source])}){why_apart(irq, cpu)}"
        )

    return explain


def load_that_no_placement_helps(
    irqs: Sequence[Irq], usable: tuple[int, ...], before: Balance
) -> str:
    """Return a sentence on one IRQ, or fixed load, that fills a CPU alone; ``""`` if none does."""
    share = before.mean
    if len(usable) < 2 or not share:
        return ""
    every = frozenset(usable)
    alone = [irq for irq in irqs if _is_one_irq_here(irq, every)]
    largest = max(alone, key=lambda irq: irq.load, default=None)
    if largest is not None and largest.load > TOO_LARGE * share:
        name = f" ({largest.device})" if largest.device else ""
        return (
            f"IRQ {largest.irq}{name} alone is {largest.load / share:.1f} times a CPU's share: "
            "no placement helps; add queues to its device, or use RPS"
        )
    stuck = dict.fromkeys(usable, 0.0)
    for irq in irqs:
        if irq.fixed and not irq.own:
            for cpu in stuck.keys() & irq.placed.keys():
                stuck[cpu] += irq.placed[cpu]
    cpu = max(stuck, key=lambda each: stuck[each])
    if stuck[cpu] > TOO_LARGE * share:
        return (
            f"the load that cannot be moved off CPU {cpu} is {stuck[cpu] / share:.1f} times "
            "a CPU's share: no placement helps"
        )
    return ""


def _is_one_irq_here(irq: Irq, usable: frozenset[int]) -> bool:
    """Return whether an IRQ is a device's and loads one usable CPU, or will."""
    if irq.own or not irq.load or len(irq.present) > 1:
        return False
    return not irq.fixed or not usable.isdisjoint(irq.present)


def figure(value: float) -> str:
    """Return a load in four digits or more: ``5604``, ``34.97``, ``0.0125``."""
    if value == int(value) or value >= 1000:
        return f"{value:.0f}"
    return f"{value:.4g}"
