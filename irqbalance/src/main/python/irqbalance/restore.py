"""Puts back the affinities from before irqbalance wrote them."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from .apply import load_entries
from .kernel.affinity import APPLIED, Writer
from .kernel.cpuset import format_list
from .kernel.interrupts import Row
from .kernel.procfs import Machine
from .planning.plan import KEPT, PLANNED, REFUSED
from .state.folder import UNDO, StateFolder
from .state.records import UNDO_FIELDS, Undo, belongs, undo_of


class Restored(NamedTuple):
    """What is done with one IRQ of the undo record: CPU sets from before and of now, and why."""

    irq: str
    device: str
    now: frozenset[int] | None
    before: frozenset[int]
    status: str
    reason: str
    errno: int = 0


def plan_restore(machine: Machine, folder: StateFolder, force: bool) -> list[Restored]:
    """Gives what is to be put back, and what is skipped with the reason; in numerical order."""
    rows = {row.irq: row for row in machine.interrupts()[1].rows}
    entries = load_entries(folder, UNDO, UNDO_FIELDS)
    return [
        _decide(irq, entry, rows.get(irq), machine.affinity(irq), force)
        for irq, entry in sorted(entries.items(), key=lambda pair: (len(pair[0]), pair[0]))
    ]


def _decide(
    irq: str,
    entry: Mapping[str, str],
    row: Row | None,
    now: frozenset[int] | None,
    force: bool,
) -> Restored:
    undo = undo_of(entry)
    status, reason = KEPT, ""
    if row is None or not belongs(entry, row) or now is None:
        reason = "skipped: the IRQ is gone, or another device's now"
    elif now == undo.before:
        reason = "it is as it was before"
    elif now != undo.written and not force:
        reason = f"skipped: somebody wrote {format_list(now)} since (--force overrides)"
    else:
        status, reason = PLANNED, _what_to_do(undo)
    return Restored(irq, entry["device"], now, undo.before, status, reason)


def _what_to_do(undo: Undo) -> str:
    return f"back to {format_list(undo.before)}"


def carry_out(
    restored: list[Restored], writer: Writer, folder: StateFolder, tell: Callable[[str], None]
) -> list[Restored]:
    """Writes what is to be put back; gives what came of it. What is done leaves the record."""
    result = []
    for each in restored:
        if each.status == PLANNED:
            outcome = writer.write(each.irq, each.before)
            status = APPLIED if outcome.status == APPLIED else REFUSED
            reason = outcome.reason or each.reason
            each = each._replace(status=status, reason=reason, errno=outcome.errno)
            tell(f"IRQ {each.irq} ({each.device}): {each.reason}")
        result.append(each)
    if restored:
        entries = load_entries(folder, UNDO, UNDO_FIELDS)
        open_ = {each.irq for each in result if each.status == REFUSED or _is_others(each)}
        folder.save(UNDO, {"irqs": {irq: entries[irq] for irq in entries if irq in open_}})
    return result


def _is_others(restored: Restored) -> bool:
    """Whether it was skipped for what somebody else wrote, so that --force may still restore it."""
    return restored.status == KEPT and "--force" in restored.reason
