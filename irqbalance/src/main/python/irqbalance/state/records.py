"""The two records that are kept by IRQ: affinities to undo, and IRQs that the kernel keeps.

::

    undo.json       {"irqs": {"36": {"chip": …, "hwirq": …, "device": …,
                                     "before": "0-3", "written": "1"}}}
    refusals.json   {"irqs": {"24": {"chip": …, "hwirq": …, "device": …, "reason": …}}}

A record belongs to an IRQ only while chip, hardware IRQ and device are those that it was made for.
``before`` is the affinity that stood before the first write, ``written`` the last one written.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, NamedTuple, TypeVar

from ..errors import CpuSetError
from ..kernel.cpuset import format_list, parse_list
from ..kernel.interrupts import Row
from ..loads.irqs import Irq
from .folder import REFUSALS, UNDO, StateFolder

_Record = TypeVar("_Record", "Undo", "Refusal")


class Identity(NamedTuple):
    """The device behind an IRQ number."""

    chip: str
    hwirq: str
    device: str


class Undo(NamedTuple):
    """The affinity of an IRQ before irqbalance wrote it, and the one that was written last."""

    identity: Identity
    before: frozenset[int]
    written: frozenset[int]


class Attempt(NamedTuple):
    """The affinity of an IRQ when a run began, and after a move that did not come about.

    None, or empty, if nobody knows.
    """

    start: frozenset[int] | None
    now: frozenset[int] | None


class Refusal(NamedTuple):
    """The reason why the kernel does not let an IRQ go."""

    identity: Identity
    reason: str


def identity(row: Row) -> Identity:
    """Return the device that has this row's number now."""
    description = row.description
    return Identity(description.chip, description.hwirq, description.device)


def load_undo(folder: StateFolder) -> dict[str, Undo]:
    """Return the undo records by IRQ; none if the file cannot be used."""
    return _load(folder, UNDO, _undo)


def load_refusals(folder: StateFolder, rows: Mapping[str, Row]) -> dict[str, str]:
    """Return why earlier runs could not move IRQs, for those that are still the same device."""
    return {irq: each.reason for irq, each in _refusals(folder, rows).items()}


def record_undo(folder: StateFolder, moves: Iterable[tuple[Irq, int]]) -> None:
    """Save the affinities that stand before `moves`. Call it before the first of them is written.

    An affinity that somebody else wrote since the last run is theirs. An undo goes back to it.
    """
    records = load_undo(folder)
    for irq, cpu in moves:
        now, device = irq.kernel.affinity, identity(irq.row)
        if not now:
            continue
        old = records.get(irq.irq)
        is_ours = old is not None and old.identity == device and old.written == now
        before = old.before if old is not None and is_ours else now
        records[irq.irq] = Undo(device, before, frozenset({cpu}))
    _save_undo(folder, records)


def correct_undo(
    folder: StateFolder, attempts: Mapping[str, Attempt], earlier: Mapping[str, Undo]
) -> None:
    """Correct the records of IRQs that did not move; `earlier` are those from before the run.

    An IRQ that stands where it stood gets its earlier record back, or has none if it had none. If
    the kernel made another affinity of the one that was written, the record holds that one.
    """
    records = load_undo(folder) if attempts else {}
    corrected = dict(records)
    for irq, (start, now) in attempts.items():
        made = records.get(irq)
        if made is None:
            continue
        if irq in earlier and (not now or now == start):
            corrected[irq] = earlier[irq]
        elif now == made.before:
            del corrected[irq]
        elif now:
            corrected[irq] = made._replace(written=now)
    if corrected != records:
        _save_undo(folder, corrected)


def forget_undo(folder: StateFolder, irqs: Collection[str]) -> None:
    """Drop the undo records of `irqs`, whose affinities are as they were before."""
    if irqs:
        records = load_undo(folder)
        _save_undo(folder, {irq: each for irq, each in records.items() if irq not in irqs})


def remember_refusals(
    folder: StateFolder, reasons: Mapping[str, str], rows: Mapping[str, Row]
) -> None:
    """Add IRQs that the kernel does not let go, and drop those whose device is gone."""
    if not reasons:
        return
    records = _refusals(folder, rows)
    for irq, reason in reasons.items():
        records[irq] = Refusal(identity(rows[irq]), reason)
    entries = {
        irq: {**each.identity._asdict(), "reason": each.reason} for irq, each in records.items()
    }
    folder.save(REFUSALS, {"irqs": entries})


def _refusals(folder: StateFolder, rows: Mapping[str, Row]) -> dict[str, Refusal]:
    return {
        irq: each
        for irq, each in _load(folder, REFUSALS, _refusal).items()
        if irq in rows and each.identity == identity(rows[irq])
    }


def _save_undo(folder: StateFolder, records: Mapping[str, Undo]) -> None:
    entries = {
        irq: {
            **each.identity._asdict(),
            "before": format_list(each.before),
            "written": format_list(each.written),
        }
        for irq, each in records.items()
    }
    folder.save(UNDO, {"irqs": entries})


def _load(
    folder: StateFolder, name: str, record: Callable[[dict[str, Any]], _Record]
) -> dict[str, _Record]:
    content = folder.load(name)
    if content is None:
        return {}
    try:
        return {_number(irq): record(entry) for irq, entry in content["irqs"].items()}
    except (AttributeError, CpuSetError, KeyError, TypeError, ValueError):
        folder.distrust(name)
        return {}


def _number(irq: str) -> str:
    if not (irq.isdecimal() and irq.isascii()):
        raise ValueError(irq)
    return irq


def _undo(entry: dict[str, Any]) -> Undo:
    before, written = parse_list(_text(entry, "before")), parse_list(_text(entry, "written"))
    if not before or not written:
        raise ValueError("an empty CPU list")
    return Undo(_identity(entry), before, written)


def _refusal(entry: dict[str, Any]) -> Refusal:
    return Refusal(_identity(entry), _text(entry, "reason"))


def _identity(entry: dict[str, Any]) -> Identity:
    return Identity(_text(entry, "chip"), _text(entry, "hwirq"), _text(entry, "device"))


def _text(entry: dict[str, Any], field: str) -> str:
    value = entry[field]
    if not isinstance(value, str):
        raise ValueError(field)
    return value
