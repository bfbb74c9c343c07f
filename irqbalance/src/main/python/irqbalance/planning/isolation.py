"""The interrupts that still fire on CPUs that ``--isolate`` empties, and why. Pure."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ..loads.irqs import Irq
from ..settings.model import Selection
from ..status import Status
from .plan import Decision, Plan

_TIMER = re.compile(r"timer|clock comparator", re.I)
_IPI = re.compile(
    r"\bIPI|reschedul|resched[0-9]|function call|callfunc|TLB shootdown|IRQ work|doorbell"
    r"|external call|emergency signal",
    re.I,
)
"""Words in rows of interrupts that CPUs send each other.

Source: show_interrupts of arch/{x86,arm64,powerpc,s390,riscv}, drivers/xen/events."""


class Remaining(NamedTuple):
    """An IRQ that stays on a CPU of the isolated ones, and its load on each of them, by rising CPU.

    ``kind`` is ``timer``, ``IPI``, ``per-CPU`` (another one of each CPU's own), ``managed``,
    ``banned``, ``fixed`` (there is no affinity to write), ``refused``, ``pending`` (it leaves at
    its next interrupt), or ``kept`` (no move was left for it). ``reason`` says why it stays; a row
    without a number has the kernel's own words.
    """

    irq: Irq
    kind: str
    reason: str
    loads: tuple[float, ...]


def stricter(irqs: Iterable[Irq], isolated: frozenset[int]) -> tuple[Irq, ...]:
    """Return the IRQs so that an idle one whose place nobody knows leaves the `isolated` CPUs.

    Its affinity lets it arrive there. Only some interrupt controllers hide the place.
    """
    return tuple(
        irq._replace(mask=irq.mask & isolated) if irq.mask & isolated else irq for irq in irqs
    )


def remaining(plan: Plan, isolated: tuple[int, ...], selection: Selection) -> tuple[Remaining, ...]:
    """Return all that stays on the `isolated` CPUs; an idle IRQ that stays there has no load."""
    return tuple(_remaining(plan, isolated, selection))


def _remaining(plan: Plan, isolated: tuple[int, ...], selection: Selection) -> Iterator[Remaining]:
    for decision in plan.decisions:
        irq = decision.irq
        if decision.moves or irq.row.is_subtotal:
            continue
        loads = tuple(irq.placed.get(cpu, 0.0) for cpu in isolated)
        if any(loads) or (not irq.own and not set(irq.present).isdisjoint(isolated)):
            text = "" if irq.row.is_numbered else irq.row.description.text
            yield Remaining(irq, _kind(decision, selection), text or decision.reason, loads)


def _kind(decision: Decision, selection: Selection) -> str:
    irq, says = decision.irq, decision.irq.kernel
    if irq.own:
        text = f"{irq.irq} {irq.row.description.text}"
        if _IPI.search(text):
            return "IPI"
        return "timer" if _TIMER.search(text) else "per-CPU"
    if decision.status == Status.REFUSED:
        return "refused"
    if decision.status == Status.KEPT:
        return "kept" if irq.heading is None else "pending"
    if says.exists and not says.writable:
        return "managed"
    if selection.why_fixed(irq.row):
        return "banned"
    return "fixed" if says.problem or not says.exists else "managed"
