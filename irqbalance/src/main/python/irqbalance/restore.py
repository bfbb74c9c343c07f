"""Put back the affinities that stood before irqbalance wrote them."""

from collections.abc import Callable
from typing import NamedTuple

from .kernel.affinity import Writer
from .kernel.cpuset import format_list
from .kernel.interrupts import Row
from .kernel.procfs import Machine
from .state.folder import StateFolder
from .state.records import Undo, forget_undo, identity, load_undo
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
    rows = {row.irq: row for row in machine.interrupts()[1].rows}
    return [
        _decide(irq, undo, rows.get(irq), machine.affinity(irq), force)
        for irq, undo in sorted(load_undo(folder).items(), key=lambda pair: (len(pair[0]), pair[0]))
    ]


def _decide(
    irq: str, undo: Undo, row: Row | None, now: frozenset[int] | None, force: bool
) -> Restored:
    restored = Restored(irq, undo.identity.device, now, undo.before, Status.KEPT, "")
    if row is None or identity(row) != undo.identity or now is None:
        return restored._replace(reason="skipped: the IRQ is gone, or another device's now")
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

    The undo record keeps what was refused and what others wrote. All else leaves it.
    """
    result = []
    for each in restored:
        if each.status == Status.PLANNED:
            outcome = writer.write(each.irq, each.before)
            is_applied = outcome.status == Status.APPLIED
            status = Status.APPLIED if is_applied else Status.REFUSED
            each = each._replace(status=status, reason=outcome.reason or each.reason)
            report(f"IRQ {each.irq} ({each.device}): {each.reason}")
        result.append(each)
    forget_undo(folder, [each.irq for each in result if not _stays_in_record(each)])
    return result


def _stays_in_record(restored: Restored) -> bool:
    return restored.status == Status.REFUSED or restored.others
