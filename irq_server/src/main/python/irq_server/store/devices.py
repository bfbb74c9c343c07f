"""What a store knows of the rows of /proc/interrupts: those of now and those that are gone.

The store's writer adds to it; any number of threads ask, and none waits. ``irqs.csv`` has a line
for each time that a row appeared or that its device changed::

    time,irq,chip,hwirq,trigger,device,interface
    1767225600,24,PCI-MSIX-0000:00:02.0,1,edge,virtio1-input.0,eth0

``interface`` is the network interface of the device, the last one that is known; the interfaces if
it has several (``eth0, eth1``).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..kernel.interrupts import Snapshot
from .counts import MACHINE_WIDE_LABELS, KnownRow, cpus_in
from .history import History, Sample
from .segments.segment import State
from .totals import Identity, Memory, Totals

IRQ_FIELDS = ("time", "irq", "chip", "hwirq", "trigger", "device", "interface")


@dataclass(frozen=True, slots=True)
class Appearance:
    """A row that appeared at ``time``, or got another device."""

    time: float
    identity: Identity


class Rows:
    """The rows of one machine, by their names in its store."""

    def __init__(
        self, totals: Totals, appearances: Iterable[Appearance], history: History, state: State
    ) -> None:
        """Take the totals, the appearances of rows, the samples, and the state that was found."""
        self._totals = totals
        self._history = history
        self._appearances = tuple(appearances)
        self._first_times = _first_times(self._appearances)
        self._cpus = frozenset(cpus_in(state))
        self._snapshot: Snapshot | None = None
        self._labels: list[str] = []
        self._memory: Memory | None = None
        self._numbered: Mapping[str, str] = {}
        self._version = 0

    @property
    def version(self) -> int:
        """Return a number that rises after each change of what the rows are."""
        return self._version

    def take(self, snapshot: Snapshot, is_news: bool = True) -> None:
        """Note a snapshot that was counted, also if the disk does not take its sample.

        `is_news`: a row is new, or has another device.
        """
        cpus, numbered = self._cpus, self._numbered
        if not self._cpus.issuperset(snapshot.cpus):
            self._cpus = self._cpus.union(snapshot.cpus)
        labels, memory = [row.irq for row in snapshot.rows], self._totals.memory
        if labels != self._labels or memory is not self._memory:
            owners = memory.owners
            self._numbered = {owners[irq]: irq for irq in labels if irq.isdecimal()}
            self._labels, self._memory = labels, memory
        self._snapshot = snapshot
        if is_news or self._cpus is not cpus or self._numbered is not numbered:
            self._version += 1

    def add(self, appeared: Sequence[Appearance]) -> None:
        """Add the rows that a sample showed for the first time."""
        if appeared:
            self._appearances = (*self._appearances, *appeared)
            self._first_times = _first_times(self._appearances)
            self._version += 1

    def forget(self, kept: Iterable[Appearance]) -> None:
        """Keep only these appearances."""
        self._appearances = tuple(kept)

    @property
    def snapshot(self) -> Snapshot | None:
        """Return the last snapshot that was counted; None before the first of this process."""
        return self._snapshot

    @property
    def identities(self) -> Mapping[str, Identity]:
        """Return every row that was ever seen, by its name in the store."""
        return self._totals.identities

    @property
    def appearances(self) -> Sequence[Appearance]:
        """Return the moments when each row appeared or got another device."""
        return self._appearances

    @property
    def numbered(self) -> Mapping[str, str]:
        """Return the numbered IRQs of the last snapshot: the number of each name in the store.

        It is the same object until an IRQ comes or goes.
        """
        return self._numbered

    @property
    def cpus(self) -> frozenset[int]:
        """Return every CPU that was ever seen. Raise NoSampleError if there was none."""
        if not self._cpus:
            _ = self._history.latest
        return self._cpus

    @property
    def online(self) -> Collection[int]:
        """Return the CPUs of the last snapshot; before the first of this process all of `cpus`."""
        return self._snapshot.cpus if self._snapshot else self.cpus

    def at(self, end: Sample, asked_for: Collection[str] = ()) -> list[KnownRow]:
        """Return the rows for an answer about a window up to `end`.

        First those of the machine as it is, in its order, then those that are gone. One belongs in
        with a count of zero too if it is there now and was at `end`, or is one of `asked_for`.
        """
        rows = self._snapshot.rows if self._snapshot else ()
        present = {self._totals.name_of(row): row for row in rows}
        first_times, state = self._first_times, self._history.latest.state
        known = []
        for irq in dict.fromkeys([*present, *self.identities]):
            row = present.get(irq)
            has_cpus = row.counts is not None if row else _has_cpus(irq, state)
            is_later = first_times.get(irq, end.time) > end.time
            here = irq in asked_for or (not is_later and (row is not None or not present))
            words = "" if row is None or row.is_numbered else row.description.text
            known.append(KnownRow(self.identities[irq], here, has_cpus, words))
        return known


def _first_times(appearances: Iterable[Appearance]) -> dict[str, float]:
    first: dict[str, float] = {}
    for each in appearances:
        irq = each.identity.irq
        first[irq] = min(first.get(irq, each.time), each.time)
    return first


def _has_cpus(irq: str, state: State) -> bool:
    return f"{irq}," not in state and irq not in MACHINE_WIDE_LABELS


def read_appearances(rows: Iterable[Sequence[str]]) -> list[Appearance]:
    """Return the lines of irqs.csv as values."""
    return [Appearance(float(row[0]), Identity(*row[1:])) for row in rows]


def first_and_last(appearances: Iterable[Appearance]) -> list[Appearance]:
    """Return the first and the last appearance of each row, in the order of `appearances`."""
    every = list(appearances)
    last = {each.identity.irq: number for number, each in enumerate(every)}
    first = {each.identity.irq: number for number, each in reversed(list(enumerate(every)))}
    return [every[number] for number in sorted({*first.values(), *last.values()})]


def identity_row(time: str, identity: Identity) -> tuple[str, ...]:
    """Return the line of irqs.csv for an identity."""
    names = (identity.irq, identity.chip, identity.hwirq, identity.trigger, identity.device)
    return (time, *names, identity.interface)
