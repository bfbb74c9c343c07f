"""The two records of the state directory that are kept by IRQ: undo and refusals. Pure.

A record belongs to an IRQ only while chip, hardware IRQ and device are those it was made for.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from ..errors import CpuSetError
from ..kernel.cpuset import format_list, parse_list
from ..kernel.interrupts import Row

UNDO_FIELDS = ("chip", "hwirq", "device", "before", "written")
REFUSAL_FIELDS = ("chip", "hwirq", "device", "reason")


class Undo(NamedTuple):
    """What an IRQ's affinity was before irqbalance wrote it, and what was written last."""

    before: frozenset[int]
    written: frozenset[int]


def belongs(entry: Mapping[str, str], row: Row) -> bool:
    """Whether a record was made for the device that has this row's number now."""
    return all(entry[key] == value for key, value in _identity(row).items())


def undo_of(entry: Mapping[str, str]) -> Undo:
    """Gives the CPU sets of an undo record that read_entries let pass."""
    return Undo(parse_list(entry["before"]), parse_list(entry["written"]))


def undo_entry(row: Row, undo: Undo) -> dict[str, str]:
    """Gives the undo record of an IRQ."""
    before, written = format_list(undo.before), format_list(undo.written)
    return {**_identity(row), "before": before, "written": written}


def refusal_entry(row: Row, reason: str) -> dict[str, str]:
    """Gives the record of an IRQ that the kernel does not let go."""
    return {**_identity(row), "reason": reason}


def read_entries(
    content: Mapping[str, Any] | None, fields: tuple[str, ...]
) -> dict[str, dict[str, str]]:
    """Gives the records of a file's content by IRQ; raises ValueError for what is no record."""
    if content is None:
        return {}
    irqs = content.get("irqs")
    if not isinstance(irqs, dict):
        raise ValueError("irqs")
    if not all(irq.isdecimal() and irq.isascii() for irq in irqs):
        raise ValueError("IRQs")
    for entry in irqs.values():
        if not isinstance(entry, dict) or not all(isinstance(entry.get(f), str) for f in fields):
            raise ValueError("fields")
        if "before" in fields:
            _check_cpus(entry)
    return irqs


def _check_cpus(entry: Mapping[str, str]) -> None:
    try:
        undo = undo_of(entry)
    except CpuSetError as error:
        raise ValueError(str(error)) from error
    if not undo.before or not undo.written:
        raise ValueError("an empty CPU list")


def _identity(row: Row) -> dict[str, str]:
    description = row.description
    return {"chip": description.chip, "hwirq": description.hwirq, "device": description.device}
