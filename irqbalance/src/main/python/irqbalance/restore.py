"""Put back the affinities that stood before irqbalance wrote them."""

from collections.abc import Callable
from typing import NamedTuple

from .kernel.affinity import Outcome, Writer
from .kernel.cpuset import format_list
from .kernel.interrupts import Row
from .kernel.procfs import KernelSays, Machine
from .state.folder import StateFolder
from .state.records import Attempt, Undo, correct_undo, forget_undo, identity, load_undo
from .status import Status


class Restored(NamedTuple):
    """The decision on one IRQ of the undo record: CPU sets of now and from before, and why.

    ``others`` marks one that is kept because somebody else wrote it: --force may still restore it.
    """

    irq: str
    device: str
    now: frozenset[int] | None
    before: frozenset[int]
    status: Status
    reason: str
    others: bool = False


def plan_restore(machine: Machine, folder: StateFolder, force: bool) -> list[Restored]:
    """Return the IRQs to put back, and those to skip with the reason; in numerical order."""
    records = load_undo(folder)
    says = machine.kernel_says(records)
    rows = {row.irq: row for row in machine.interrupts()[1].rows}
    return [
        _decide(irq, undo, rows.get(irq), says[irq], force)
        for irq, undo in sorted(records.items(), key=lambda pair: (len(pair[0]), pair[0]))
    ]


def _decide(irq: str, undo: Undo, row: Row | None, says: KernelSays, force: bool) -> Restored:
    now = says.affinity
    restored = Restored(irq, undo.identity.device, now, undo.before, Status.KEPT, "")
    if row is None or identity(row) != undo.identity or not says.exists:
        return restored._replace(reason="skipped: the IRQ is gone, or another device's now")
    if says.problem or now is None:
        return restored._replace(reason=f"skipped: {says.problem}")
    if now == undo.before:
        return restored._replace(reason="it is as it was before")
    if now != undo.written and not force:
        reason = f"skipped: somebody wrote {format_list(now)} since (--force overrides)"
        return restored._replace(reason=reason, others=True)
    return restored._replace(status=Status.PLANNED, reason=f"back to {format_list(undo.before)}")


def carry_out(
    restored: list[Restored], writer: Writer, folder: StateFolder, report: Callable[[str], None]
) -> list[Restored]:
    """Put back what is planned, and `report` each; return the outcome.

    An IRQ leaves the undo record only if its affinity is as it was before.
    """
    result = []
    for each in restored:
        if each.status == Status.PLANNED:
            outcome = writer.put(each.irq, each.before)
            each = each._replace(
                status=_status_after(outcome), reason=outcome.reason or each.reason
            )
            report(f"IRQ {each.irq} ({each.device}): {each.reason}")
        result.append(each)
    refused = [each for each in result if each.status == Status.REFUSED]
    attempts = {each.irq: Attempt(each.now, writer.affinity(each.irq)) for each in refused}
    correct_undo(folder, attempts, load_undo(folder) if attempts else {})
    as_before = [
        each.irq for each in result if each.status == Status.APPLIED or each.now == each.before
    ]
    forget_undo(folder, as_before)
    return result


def _status_after(outcome: Outcome) -> Status:
    if outcome.is_gone:
        return Status.KEPT
    return Status.APPLIED if outcome.status == Status.APPLIED else Status.REFUSED
