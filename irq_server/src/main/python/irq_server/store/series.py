"""The points of a series: the counts between neighbouring states, key by key. Pure.

They are those of point(count()) in counts.py. A Tally finds out once where each cell counts, so
that a step costs one dictionary look-up for each of its cells.
"""

from collections.abc import Collection, Iterable

from ..kernel.interrupts import SUBTOTAL_LABELS
from .counts import Filters, KnownRow, Point
from .segments.segment import State

_Place = tuple[bool, str | None]
"""For a cell: it counts in the total or not, and its key in the point."""


class Tally:
    """Counts the steps of one series."""

    def __init__(
        self,
        rows: Iterable[KnownRow],
        cpus: Iterable[int],
        filters: Filters,
        by: str,
        shown: Collection[str] | None = None,
    ) -> None:
        """Take the arguments of count() and point(); ignore `nonzero` and `top` of the filters."""
        self._by = by
        self._shown = shown
        columns = sorted(filters.cpus if filters.cpus is not None else cpus)
        self._columns = {str(cpu): number for number, cpu in enumerate(columns)}
        taken = (row for row in rows if filters.take(row.identity))
        self._rows = {
            row.identity.irq: (number, row.has_cpus)
            for number, row in enumerate(taken)
            if row.has_cpus or filters.cpus is None
        }
        self._places: dict[str, _Place] = {}
        self._ranks: dict[str, tuple[int, int]] = {}
        self._zeros = dict.fromkeys(self._columns, 0) if by == "cpu" else {}

    def point(self, start: float, end: float, before: State, after: State) -> Point:
        """Return the point from the state `before`, at `start`, to the state `after`, at `end`."""
        total, keyed = 0, dict(self._zeros)
        get, places = before.get, self._places
        for cell, count in after.items():
            more = count - get(cell, 0)
            if more:
                counts, key = places.get(cell) or self._place(cell)
                if counts:
                    total += more
                if key is not None:
                    keyed[key] = keyed.get(key, 0) + more
        if self._by == "total":
            keyed = {"total": total}
        elif self._by != "cpu":
            ranks = self._ranks
            keyed = {key: keyed[key] for key in sorted(keyed, key=ranks.__getitem__)}
        return Point(start, end, total, keyed)

    def _place(self, cell: str) -> _Place:
        irq, _, cpu = cell.rpartition(",")
        number, has_cpus = self._rows.get(irq, (-1, False))
        column = self._columns.get(cpu, -1)
        if number < 0 or (column < 0 if has_cpus else cpu != ""):
            found: _Place = (False, None)
        else:
            counts = has_cpus and irq not in SUBTOTAL_LABELS
            found = (counts, self._key(irq, cpu, counts))
            if found[1] is not None:
                self._ranks[found[1]] = (number, column)
        self._places[cell] = found
        return found

    def _key(self, irq: str, cpu: str, counts: bool) -> str | None:
        if self._by == "cpu":
            return cpu if counts else None
        if self._by == "total" or (self._shown is not None and irq not in self._shown):
            return None
        if self._by == "irq":
            return irq
        return f"{irq},{cpu}" if cpu else None
