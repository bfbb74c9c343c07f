"""The counts between two states, by IRQ and by CPU. Pure.

The count of a cell in a window is its running total at the end less that at the start.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import add, sub

from ..kernel.interrupts import SUBTOTAL_LABELS
from .pattern import Pattern
from .segments.segment import State
from .totals import Identity

MACHINE_WIDE_LABELS = frozenset({"ERR", "MIS", "Err", "BAD"})
"""Rows with one figure for the machine, if no snapshot shows it. Source: arch/*/kernel/irq.c."""


@dataclass(frozen=True, slots=True)
class Filters:
    """The filters of a request; None and False leave nothing out.

    ``irqs`` are names, ``cpus`` CPU numbers, ``device`` a shell pattern on any action name, all of
    them or a network interface. ``interfaces`` are others that the pattern means: those below the
    bond or VLAN that it matches. ``nonzero`` and ``top`` (that many of the busiest) shorten the
    list of IRQs, and leave the totals alone.
    """

    irqs: frozenset[str] | None = None
    cpus: frozenset[int] | None = None
    device: Pattern | None = None
    interfaces: frozenset[str] = frozenset()
    nonzero: bool = False
    top: int | None = None

    def take(self, identity: Identity) -> bool:
        """Return whether the IRQ passes ``irqs`` and ``device``."""
        if self.irqs is not None and identity.irq not in self.irqs:
            return False
        if self.device is None:
            return True
        interfaces = identity.interface.split(", ")
        names = (identity.device, *identity.device.split(", "), *interfaces)
        if not self.interfaces.isdisjoint(interfaces):
            return True
        return any(map(self.device.matches, dict.fromkeys(filter(None, names))))


@dataclass(frozen=True, slots=True)
class KnownRow:
    """A row that the store knows.

    A row that ``is_present`` is in an answer even with a count of zero. One that ``has_cpus`` has a
    cell per CPU, not one figure for the machine or none. ``description`` is the kernel's text of a
    row that no device owns, "" if the row is gone.
    """

    identity: Identity
    is_present: bool
    has_cpus: bool
    description: str = ""


@dataclass(frozen=True, slots=True)
class IrqCounts:
    """One IRQ in a window: its counts on each CPU, in the order of ``Counts.cpus``.

    ``counts`` is None for a row without CPUs; ``total`` is then the machine's one figure.
    """

    irq: str
    device: str
    counts: tuple[int, ...] | None
    total: int
    interface: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """The counts of a window. ``totals`` are per CPU, ``total`` is of all of them.

    ``devices`` is the part of ``totals`` that devices asked for, and not the CPUs themselves.
    Subtotals of other rows and machine-wide figures are in no total.
    """

    cpus: tuple[int, ...]
    irqs: tuple[IrqCounts, ...]
    totals: tuple[int, ...]
    devices: tuple[int, ...]
    total: int


def count(
    start: State,
    end: State,
    rows: Iterable[KnownRow],
    cpus: Iterable[int],
    filters: Filters,
) -> Counts:
    """Return the counts from the state `start` to the state `end`.

    `rows` are the IRQs that the store knows, in the order of the answer; `cpus` its CPUs.
    """
    columns = tuple(sorted(filters.cpus if filters.cpus is not None else cpus))
    texts = [str(cpu) for cpu in columns]
    fired = _fired(start, end)
    irqs, totals = [], [0] * len(columns)
    own = totals
    for row in rows:
        cells = fired.get(row.identity.irq, {})
        if not cells and (filters.nonzero or not row.is_present):
            continue
        if not filters.take(row.identity) or (not row.has_cpus and filters.cpus is not None):
            continue
        item = _irq_counts(row, cells, texts)
        if not item.total and (filters.nonzero or not row.is_present):
            continue
        irqs.append(item)
        if item.total and item.counts is not None and item.irq not in SUBTOTAL_LABELS:
            totals = list(map(add, totals, item.counts))
            if row.identity.is_own:
                own = list(map(add, own, item.counts))
    if filters.top is not None:
        irqs = sorted(irqs, key=lambda each: -each.total)[: filters.top]
    devices = tuple(map(sub, totals, own))
    return Counts(columns, tuple(irqs), tuple(totals), devices, sum(totals))


def _fired(start: State, end: State) -> dict[str, dict[str, int]]:
    """Return the count of each cell, by IRQ and then by CPU as text, without zeros."""
    fired: dict[str, dict[str, int]] = {}
    get = start.get
    for key, total in end.items():
        more = total - get(key, 0)
        if more:
            irq, _, cpu = key.rpartition(",")
            fired.setdefault(irq, {})[cpu] = more
    return fired


def _irq_counts(row: KnownRow, cells: Mapping[str, int], cpus: Sequence[str]) -> IrqCounts:
    """Return a row's counts from its cells that fired, by CPU as text."""
    irq, device, interface = row.identity.irq, row.identity.device, row.identity.interface
    if not row.has_cpus:
        return IrqCounts(irq, device, None, cells.get("", 0), interface, row.description)
    counts = tuple([cells.get(cpu, 0) for cpu in cpus]) if cells else (0,) * len(cpus)
    return IrqCounts(irq, device, counts, sum(counts), interface, row.description)


def cpus_in(state: State) -> set[int]:
    """Return the CPUs of a state's cells."""
    texts = {key.rpartition(",")[2] for key in state}
    return {int(text) for text in texts if text}


def keys(counts: Counts, by: str) -> list[str]:
    """Return all keys that a point of the same filters can have."""
    return list(point(0.0, 0.0, counts, by).counts)


@dataclass(frozen=True, slots=True)
class Point:
    """One step of a series: the times of the samples used, and counts by key.

    Keys are CPU numbers, IRQs, ``IRQ,CPU`` or ``total``, without IRQs that did not fire. ``total``
    is of all that pass the filters.
    """

    start: float
    end: float
    total: int
    counts: dict[str, int]


def point(
    start: float, end: float, counts: Counts, by: str, shown: Collection[str] | None = None
) -> Point:
    """Return the point of a step from its counts. `by` is total, cpu, irq or ``irq,cpu``.

    If `shown` is given, only its IRQs have keys; the total is of all.
    """
    irqs = [each for each in counts.irqs if shown is None or each.irq in shown]
    if by == "total":
        keyed = {"total": counts.total}
    elif by == "cpu":
        keyed = {str(cpu): n for cpu, n in zip(counts.cpus, counts.totals, strict=True)}
    elif by == "irq":
        keyed = {each.irq: each.total for each in irqs if each.total}
    else:
        cells = ((each.irq, zip(counts.cpus, each.counts or (), strict=False)) for each in irqs)
        keyed = {f"{irq},{cpu}": n for irq, row in cells for cpu, n in row if n}
    return Point(start, end, counts.total, keyed)
