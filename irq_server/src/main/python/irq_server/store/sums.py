"""The sums of a state for each CPU: IRQ `all`, its total, and `devices`, its load. Pure.

The tiers of sums keep them beside the coarser tiers, in the same format, for requests that name no
IRQ and no device: some hundred cells in the place of thousands.
"""

from collections.abc import Iterable, Mapping

from ..kernel.interrupts import SUBTOTAL_LABELS
from .counts import Counts, Filters, Point
from .segments.segment import State
from .totals import Identity

ALL, DEVICES = "all", "devices"


def serves(filters: Filters, by: str) -> bool:
    """Return whether the sums hold all that a series with these filters needs."""
    return by in ("total", "cpu") and filters.irqs is None and filters.device is None


def count_sums(start: State, end: State, cpus: Iterable[int], filters: Filters) -> Counts:
    """Return the counts from the sums `start` to the sums `end`, without IRQs."""
    columns = tuple(sorted(filters.cpus if filters.cpus is not None else cpus))

    def counted(row: str) -> tuple[int, ...]:
        keys = [f"{row},{cpu}" for cpu in columns]
        return tuple([end.get(key, 0) - start.get(key, 0) for key in keys])

    totals = counted(ALL)
    return Counts(columns, (), totals, counted(DEVICES), sum(totals))


class SumsTally:
    """Makes points of sums, as a Tally makes them of states."""

    def __init__(self, cpus: Iterable[int], filters: Filters, by: str) -> None:
        """Take the store's CPUs, filters that the sums serve, and ``cpu`` or ``total``."""
        columns = sorted(filters.cpus if filters.cpus is not None else cpus)
        self._keys = [(str(cpu), f"{ALL},{cpu}") for cpu in columns]
        self._by = by

    def point(self, start: float, end: float, before: State, after: State) -> Point:
        """Return the point from the sums `before`, at `start`, to the sums `after`, at `end`."""
        first, last = before.get, after.get
        counts = {cpu: last(key, 0) - first(key, 0) for cpu, key in self._keys}
        total = sum(counts.values())
        return Point(start, end, total, counts if self._by == "cpu" else {"total": total})


_Place = tuple[str | None, str | None]
"""The two keys that a cell is added to; None for none."""


class Sums:
    """Sums the states of one machine. Any number of threads may use it."""

    def __init__(self, identities: Mapping[str, Identity]) -> None:
        """Take what each row is, by its name in the store."""
        self._identities = identities
        self._places: dict[str, _Place] = {}

    def forget(self) -> None:
        """Look the rows up again, as one of them became another device's."""
        self._places = {}

    def of(self, state: State) -> State:
        """Return the sums of a state."""
        sums: State = {}
        get, places = sums.get, self._places
        for cell, count in state.items():
            total, load = places.get(cell) or self._place(cell)
            if total is not None:
                sums[total] = get(total, 0) + count
            if load is not None:
                sums[load] = get(load, 0) + count
        return sums

    def _place(self, cell: str) -> _Place:
        irq, _, cpu = cell.rpartition(",")
        found: _Place = (None, None)
        if cpu and irq not in SUBTOTAL_LABELS:
            found = (f"{ALL},{cpu}", f"{DEVICES},{cpu}" if self._is_device(irq) else None)
        self._places[cell] = found
        return found

    def _is_device(self, irq: str) -> bool:
        """Return whether a row's interrupts are a device's, not a CPU's own."""
        return not self._identities.get(irq, Identity(irq)).is_own
