"""Series become the answers of an irq_server, as JSON. Pure."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from ..errors import ShapeError
from ..figures.imbalance import imbalance
from ..figures.rows import is_own
from ..server.request import Request
from .api import Series

OTHER = "other"
"""The row of all cells of a CPU that have no series of their own."""

Json = dict[str, object]
Cells = Mapping[tuple[str, str, str], int]
"""Counters or counts by IRQ, device and CPU. A cell without a CPU is the machine's."""

_UNKNOWN: Json = {"affinity": None, "effective_affinity": None}


class Row(NamedTuple):
    """An IRQ: its device, and its counts by CPU; `machine` is one figure for the machine."""

    irq: str
    device: str
    by_cpu: Mapping[int, int] = {}
    machine: int | None = None

    @property
    def total(self) -> int:
        """Return the count of all CPUs."""
        return sum(self.by_cpu.values()) if self.machine is None else self.machine


class Counts(NamedTuple):
    """Counts of a window of `seconds`; `devices` is the part of each CPU's that devices asked."""

    window: Json
    seconds: float
    rows: Sequence[Row]
    totals: Mapping[int, int]
    devices: Mapping[int, int]
    usable: frozenset[int]

    def chosen(self, request: Request) -> "Counts":
        """Return the counts without the rows that `device`, `nonzero` or `top` leave out."""
        rows = [each for each in self.rows if has_device(each.device, request.device)]
        rows = [each for each in rows if each.total or not request.nonzero]
        if request.top is not None:
            busiest = sorted(rows, key=lambda row: -row.total)[: request.top]
            rows = [each for each in rows if each in busiest]
        return self._replace(rows=rows)

    def interrupts(self) -> Json:
        """Return the answer of `/interrupts`; `devices` is more than an irq_server says."""
        devices = list(self.devices.values())
        return {**self._irqs({}), "totals": list(self.totals.values()), "devices": devices}

    def irqs(self) -> Json:
        """Return the answer of `/irqs`; nobody here knows of affinities."""
        return self._irqs(_UNKNOWN)

    def one_irq(self, irq: str) -> Json:
        """Return the answer of `/irqs/{irq}`, from the counts of that IRQ alone."""
        row = self.rows[0] if self.rows else Row(irq, "")  # on other CPUs alone
        cpus = list(self.totals)
        return {"window": self.window, "cpus": cpus, **self._irq(row), **_UNKNOWN}

    def cpus(self) -> Json:
        """Return the answer of `/cpus`."""
        loads = [count for cpu, count in self.devices.items() if cpu in self.usable]
        rows = [
            {"cpu": cpu, "total": n, "rate": self._rate(n), "devices": self.devices[cpu]}
            for cpu, n in self.totals.items()
        ]
        figure = imbalance(loads) if loads else 1.0
        return {"window": self.window, "cpus": rows, "total": self._total(), "imbalance": figure}

    def one_cpu(self) -> Json:
        """Return the answer of `/cpus/{cpu}`, from the counts of that CPU alone."""
        ((cpu, total),) = self.totals.items()
        names = ("irq", "device", "total", "rate")
        rows = [{name: self._irq(each)[name] for name in names} for each in self.rows]
        rate = self._rate(total)
        return {"window": self.window, "cpu": cpu, "total": total, "rate": rate, "irqs": rows}

    def _irqs(self, more: Json) -> Json:
        rows = [self._irq(each) | more for each in self.rows]
        cpus = list(self.totals)
        return {"window": self.window, "cpus": cpus, "irqs": rows, "total": self._total()}

    def _irq(self, row: Row) -> Json:
        counts = None if row.machine is not None else [row.by_cpu.get(c, 0) for c in self.totals]
        figures = {"counts": counts, "total": row.total, "rate": self._rate(row.total)}
        return {"irq": row.irq, "device": row.device, **figures}

    def _total(self) -> int:
        return sum(self.totals.values())

    def _rate(self, count: int) -> float:
        return count / self.seconds if self.seconds else 0.0


def values(found: Iterable[Series], labels: Sequence[str]) -> Cells:
    """Return the newest values by three labels; of two replicas the one that is further."""
    counted: dict[tuple[str, str, str], int] = {}
    for each in found:
        key = each.keyed(labels)
        counted[key] = max(round(each.value), counted.get(key, 0))
    return counted


def first_values(before: Cells, begun: Cells, after: Cells) -> Cells:
    """Return the value of each counter before the window, else its first one in it.

    The machine's counters are not there while they are 0, and never hidden.
    """
    return {key: before.get(key, begun.get(key, 0) if key[2] else 0) for key in after}


def differences(before: Cells, after: Cells) -> tuple[Cells, bool]:
    """Return how much counters grew, and False if one fell: then its host began a new history."""
    grown = {key: count - before.get(key, 0) for key, count in after.items()}
    whole = min(grown.values(), default=0) >= 0
    return {key: n if n >= 0 else after[key] for key, n in grown.items()}, whole


def rows_of(cells: Cells) -> list[Row]:
    """Return the rows that cells make: numbers first, then labels, `other` last."""
    devices: dict[str, str] = {}
    counted: defaultdict[str, defaultdict[int, int]] = defaultdict(lambda: defaultdict(int))
    rows = []
    for (irq, device, cpu), count in cells.items():
        if cpu:
            devices[irq] = device
            counted[irq][cpu_number(cpu)] += count
        else:
            rows.append(Row(irq, device, machine=count))
    rows += [Row(irq, devices[irq], on_cpus) for irq, on_cpus in counted.items()]
    return sorted(rows, key=lambda row: irq_order(row.irq))


def cpu_number(label: str) -> int:
    """Return the CPU of a label. Raise ShapeError for a label of somebody else's series."""
    if not re.fullmatch("[0-9]{1,5}", label):
        raise ShapeError("the label cpu", "a CPU number", repr(label))
    return int(label)


def irq_order(irq: str) -> tuple[int, int, str]:
    """Return the place of an IRQ among others."""
    number, _, again = irq.partition("#")
    if number.isdecimal():
        return 0, int(number), again
    return 1 + (irq == OTHER), 0, irq


def has_device(device: str, pattern: str) -> bool:
    """Return True if one of the action names matches a shell pattern, or if there is no pattern."""
    names = (device, *device.split(", "))
    return not pattern or any(each and fnmatchcase(each, pattern) for each in names)


def chosen(cells: Cells, device: str) -> Cells:
    """Return the cells whose device matches a shell pattern."""
    if not device:
        return cells
    return {cell: n for cell, n in cells.items() if has_device(cell[1], device)}


def by_cpu(rows: Iterable[Row], cpus: Iterable[int]) -> Mapping[int, int]:
    """Return the sum of the rows on each of the CPUs."""
    rows = list(rows)
    return {cpu: sum(row.by_cpu.get(cpu, 0) for row in rows) for cpu in cpus}


def device_rows(rows: Iterable[Row]) -> list[Row]:
    """Return the rows that are devices': not a CPU's own, and not `other`, which is both."""
    return [each for each in rows if not is_own(each.irq, each.device)]


def keyed(
    cells: Cells, every: Cells, by: str, shown: Collection[str] | None
) -> tuple[int, dict[str, int]]:
    """Return the total of cells, and their sums by the keys of a series.

    Keys are ``cpu``, ``irq``, ``irq,cpu`` or ``total``; `shown` are the IRQs that are keys, None
    for all. By CPU each one of `every` has a key.
    """
    cpus = sorted({cpu_number(cpu) for _, _, cpu in every if cpu}) if by == "cpu" else []
    sums = dict.fromkeys(map(str, cpus), 0)
    total = 0
    for irq, device, cpu in sorted(cells, key=lambda cell: irq_order(cell[0])):
        count = cells[irq, device, cpu]
        total += count if cpu else 0
        key = {"cpu": cpu, "irq": irq, "irq,cpu": cpu and f"{irq},{cpu}"}.get(by)
        if key and count and (shown is None or irq in shown):
            sums[key] = sums.get(key, 0) + count
    return total, {"total": total} if by == "total" else sums
