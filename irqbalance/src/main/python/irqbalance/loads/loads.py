"""The load of each IRQ on each CPU: the difference of two snapshots, or the counts of one. Pure.

A cell of /proc/interrupts is 32 bits wide, and wraps. It starts again from zero when its vector is
freed and allocated again (a link that goes down and up, a driver that is loaded again). Its IRQ
number may then belong to another device. The rules, for each row:

- Another device (other chip or hardware IRQ, or no action name in common), or no such row before:
  the row is new, and all its counts came since.
- A cell fell, and only an implausible growth could have wrapped it: the row started again, and all
  its counts came since.
- Any other cell that fell has wrapped.

A CPU that only the later snapshot has was offline before. The kernel keeps the cells of an offline
CPU, so nobody knows which of its counts are new. None of them counts.
Source: kernel/irq/proc.c (show_interrupts prints online CPUs only), include/linux/irqdesc.h.
"""

from typing import NamedTuple

from ..kernel.interrupts import CELL_MODULUS, Row, Snapshot

LARGEST_GROWTH = CELL_MODULUS // 2
"""A cell that fell counts as wrapped only if it grew by less than this."""

LARGEST_RATE_PER_SECOND = 20_000_000
"""The same as a rate, if the time between the snapshots is known: more than a CPU can take."""


class Load(NamedTuple):
    """The load of one row on each CPU.

    ``by_cpu`` is in the order of ``Measurement.cpus``; None for a row that belongs to no CPU.
    ``total`` is its sum, or the growth of a machine-wide figure. ``history`` is ``""``, ``"new"``
    or ``"reset"``.
    """

    row: Row
    by_cpu: tuple[float, ...] | None
    total: float
    history: str = ""


class Measurement(NamedTuple):
    """The loads of all rows of a machine, and the CPUs (by number, rising) of their cells.

    ``seconds`` is the time between the snapshots, None for captured files: nobody knows it.
    """

    cpus: tuple[int, ...]
    loads: tuple[Load, ...]
    seconds: float | None = None


def since_boot(snapshot: Snapshot) -> Measurement:
    """Return the plain counts of one snapshot as loads."""
    return Measurement(snapshot.cpus, tuple(_new(row, "") for row in snapshot.rows))


def between(earlier: Snapshot, later: Snapshot, seconds: float | None = None) -> Measurement:
    """Return the loads of the rows of `later` since `earlier`, `seconds` before it.

    Loads are interrupts per second, or plain counts if `seconds` is None.
    """
    largest = LARGEST_GROWTH
    if seconds is not None:
        largest = min(largest, int(LARGEST_RATE_PER_SECOND * max(seconds, 1.0)))
    old_rows = {row.irq: row for row in earlier.rows}
    same_cpus = earlier.cpus == later.cpus
    column = {cpu: index for index, cpu in enumerate(earlier.cpus)}
    columns = None if same_cpus else [column.get(cpu) for cpu in later.cpus]
    loads = (_difference(old_rows.get(row.irq), row, columns, largest) for row in later.rows)
    if seconds is None:
        return Measurement(later.cpus, tuple(loads))
    return Measurement(later.cpus, tuple(scaled(load, 1 / seconds) for load in loads), seconds)


def scaled(load: Load, factor: float) -> Load:
    """Return the load times `factor`, cell by cell."""
    if not load.total:
        return load
    if load.by_cpu is None:
        return Load(load.row, None, load.total * factor, load.history)
    cells = tuple(cell * factor for cell in load.by_cpu)
    return Load(load.row, cells, load.total * factor, load.history)


def is_same_device(old: Row, new: Row) -> bool:
    """Return whether two rows of one IRQ number, read at two moments, belong to the same device."""
    if not new.is_numbered or old.description is new.description:
        return True
    before, after = old.description, new.description
    if (before.chip, before.hwirq) != (after.chip, after.hwirq):
        return False
    return old.actions == new.actions or not set(old.actions).isdisjoint(new.actions)


def _new(row: Row, history: str) -> Load:
    total = row.figure or 0 if row.counts is None else sum(row.counts)
    return Load(row, row.counts, total, history)


def _difference(old: Row | None, new: Row, columns: list[int | None] | None, largest: int) -> Load:
    """Return the load of one row. `columns` has the old column of each new one, None if equal."""
    if old is None or not is_same_device(old, new):
        return _new(new, "new")
    if new.counts is None or old.counts is None:
        growth = (new.figure or 0) - (old.figure or 0)
        return _new(new, "reset") if growth < 0 else Load(new, new.counts, growth)
    before = old.counts
    if columns is not None:
        before = tuple(
            count if index is None else old.counts[index]
            for index, count in zip(columns, new.counts, strict=True)
        )
    if before == new.counts:
        return Load(new, (0,) * len(before), 0)
    cells = tuple(map(_growth, before, new.counts))
    triples = zip(cells, new.counts, before, strict=True)
    if any(grown > largest and now < then for grown, now, then in triples):
        return _new(new, "reset")
    return Load(new, cells, sum(cells))


def _growth(before: int, after: int) -> int:
    return (after - before) % CELL_MODULUS
