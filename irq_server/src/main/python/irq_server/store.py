"""The store: a bounded history of running totals in plain CSV, exact at every sample.

Format
    ``raw/``, ``1m/`` and ``1h/`` hold segments (see segment.py): every sample, the first of every
    minute, the first of every hour. ``irqs.csv`` and ``events.csv`` (see ledger.py) tell what the
    rows are and what happened. ``state.json`` holds what a restart needs beyond them: the boot's
    id and the offsets of totals.py. ``lock`` is locked by the one process that writes.

Guarantees
    Totals never fall, over wraps, resets, boots, hotplug and restarts. A sample that was appended
    is either whole or not there. A window's counts are the state at its end less the state at its
    start, both looked up by file name and byte offset. Readers never wait for the writer.

Caveats
    What fired between the last sample before a boot and that boot is lost. Without state.json
    nobody knows what fired since the last sample: counting goes on at the next, and a gap says so.
    A start cuts the unfinished tail of the newest segment off, and logs how much that was.
"""

import logging
import math
import os
import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .errors import StoreError
from .files import Files
from .history import NOT_COUNTED, History, Sample
from .interrupts import Snapshot
from .ledger import (
    EVENT_FIELDS,
    IRQ_FIELDS,
    Appearance,
    Event,
    Ledger,
    event_row,
    identity_row,
    read_appearances,
    read_events,
)
from .memory import Lock, read_memory, write_memory
from .schedule import Elapsed
from .segment import State, format_time
from .tier import Tier
from .tiershape import GAP_INTERVALS, RAW, TIERS, TierShape
from .times import format_moment
from .totals import Identity, Totals, Update
from .window import MACHINE_WIDE_LABELS, KnownRow, cpus_in

_log = logging.getLogger(__name__)

MAX_SEGMENT_BYTES = 8 * 2**20
_MIN_SEGMENT_BYTES = 4096


@dataclass(frozen=True, slots=True)
class StoreStatus:
    """How full the store is. Times are Unix seconds; None where nothing is known yet.

    ``damaged_bytes`` are those that the start cut off, and those in the segments read or surveyed
    since that nobody believes.
    """

    size_bytes: int
    max_bytes: int
    oldest: float | None
    newest: float | None
    holds_seconds: float | None
    damaged_bytes: int


class Store:
    """One data directory. One thread appends samples; any number ask its history."""

    def __init__(
        self,
        folder: Path,
        *,
        interval_seconds: float = 10.0,
        retention_seconds: Mapping[str, float] | None = None,
        max_bytes: int = 2**30,
        sync: str = "segment",
        files: Files | None = None,
        whole_seconds: bool | None = None,
        tiers: Sequence[TierShape] = TIERS,
    ) -> None:
        """Opens, and makes where it is missing, the data directory `folder`, for this process.

        `tiers` are kept, the finest first; `retention_seconds` gives the age at which a tier's
        segments go, by the tier's name; `sync` is ``never``, ``segment`` or ``sample``; times are
        whole seconds where the interval is, unless `whole_seconds` says. Raises StoreLockedError,
        StoreError.
        """
        self._folder = folder
        self._files = files or Files()
        self._interval_seconds = interval_seconds
        self._whole = interval_seconds == round(interval_seconds)
        if whole_seconds is not None:
            self._whole = whole_seconds
        self._retention = dict(retention_seconds or {})
        self._max_bytes = max_bytes
        self._tiers = tuple(Tier(folder, shape, self._files, sync) for shape in tiers)
        self._irqs = Ledger(folder / "irqs.csv", IRQ_FIELDS, self._files)
        self._events = Ledger(folder / "events.csv", EVENT_FIELDS, self._files)
        self._described: list[Identity] = []
        self._noticed: list[Event] = []
        self._recording = threading.Lock()  # requests record events too
        self._damaged_bytes = 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = Lock(folder)
            try:
                self._open()
            except BaseException:
                self._lock.close()
                raise
        except OSError as error:
            raise _store_error(folder, error) from error

    def _open(self) -> None:
        for tier in self._tiers:
            cut = tier.load()
            self._damaged_bytes += cut
            if cut:
                _log.warning("%s: dropped an unfinished tail of %d bytes", tier.shape.name, cut)
        self._appearances = read_appearances(self._irqs.load())
        events = read_events(self._events.load())
        self.history = History(self._tiers, events, self._interval_seconds)
        last = self._find_newest()
        if last is not None:
            self.history.set_latest(last)
        self._last = last.time if last else None
        state = last.state if last else {}
        for unfinished in self._folder.glob(".state.json.*"):
            unfinished.unlink()
        self._memory = read_memory(self._folder / "state.json")
        identities = {each.identity.irq: each.identity for each in self._appearances}
        for key in state:
            irq = key.rpartition(",")[0]
            identities.setdefault(irq, Identity(irq))
        # without totals there is nothing that the offsets belong to
        self._memory = self._memory if state else None
        self._is_counting = self._memory is not None or last is None
        self._totals = Totals(state, identities.values(), self._memory)
        self._measure()
        self._snapshot: Snapshot | None = None

    def _find_newest(self) -> Sample | None:
        """Gives the newest sample of all tiers, the finest where several hold it."""
        found = [(tier.find(math.inf), tier.shape) for tier in self._tiers]
        samples = [Sample(*each, shape) for each, shape in found if each is not None]
        return max(samples, key=lambda sample: sample.time, default=None)

    def _measure(self) -> None:
        """Learns the folder's size from the disk: it falls when segments are packed or go."""
        self._segments_measured = [tier.segments for tier in self._tiers]
        self._size_bytes = _size_of(self._folder)

    @property
    def interval_seconds(self) -> float:
        """The sampling interval that is set now."""
        return self._interval_seconds

    @property
    def identities(self) -> Mapping[str, Identity]:
        """Every row that was ever seen, by its name in the store."""
        return self._totals.identities

    @property
    def last_time(self) -> float | None:
        """The time of the newest sample, of whatever process; None where there is none."""
        return self._last

    @property
    def snapshot(self) -> Snapshot | None:
        """The last snapshot that was counted; None before the first of this process."""
        return self._snapshot

    @property
    def numbered_now(self) -> set[str]:
        """The numbered IRQs of the last snapshot, by their names in the store."""
        rows = self._snapshot.rows if self._snapshot else ()
        return {self._totals.name_of(row) for row in rows if row.is_numbered}

    @property
    def cpus(self) -> set[int]:
        """Every CPU that was ever seen."""
        online = set(self._snapshot.cpus) if self._snapshot else set()
        return online | cpus_in(self.history.latest.state)

    def rows(self, end: Sample, asked_for: Collection[str] = ()) -> list[KnownRow]:
        """Gives the rows that an answer about a window up to `end` knows.

        First those of the machine as it is, in its order, then those that are gone. One belongs in
        with a count of zero too if it is there now and was at `end`, or is one of `asked_for`.
        """
        present = {
            self._totals.name_of(row): row
            for row in (self._snapshot.rows if self._snapshot else ())
        }
        later = {each.identity.irq for each in self._appearances if each.time > end.time}
        later -= {each.identity.irq for each in self._appearances if each.time <= end.time}
        state = self.history.latest.state
        known = []
        for irq in dict.fromkeys([*present, *self.identities]):
            row = present.get(irq)
            has_cpus = row.counts is not None if row else _has_cpus(irq, state)
            here = irq in asked_for or (irq not in later and (row is not None or not present))
            known.append(KnownRow(self.identities[irq], here, has_cpus))
        return known

    @property
    def appearances(self) -> Sequence[Appearance]:
        """When each row appeared or got another device."""
        return self._appearances

    def append(
        self,
        snapshot: Snapshot,
        boot_id: str,
        moment: float,
        seconds: float,
        elapsed: Elapsed | None = None,
    ) -> Sample:
        """Counts `snapshot`, taken at `moment`, and appends the sample.

        `moment` is raised where it would not lie after the last sample; `seconds` passed since
        then; `elapsed` tells which rows are counted, as Totals.update() has it. Raises
        StoreError where the disk refuses: the counts stay in memory and reach the disk with the
        next sample that it takes.
        """
        moment = self._time_after_last(moment)
        update = self._totals.update(snapshot, boot_id, seconds, elapsed)
        self._described += update.described
        self._noticed += _events_of(update, moment)
        sample = Sample(moment, update.state, RAW)
        try:
            self._keep_rest(moment)
            self._keep(sample, snapshot)
            self._record(self._noticed)
            self._noticed = []
            self._bound(moment)
        except OSError as error:
            raise _store_error(self._folder, error) from error
        return sample

    def time_as_written(self, moment: float) -> float:
        """Gives `moment` as the files have it: whole seconds, or milliseconds."""
        return float(math.floor(moment)) if self._whole else round(moment, 3)

    def _time_after_last(self, moment: float) -> float:
        """Gives `moment` as the file will have it, after the last sample: times always rise."""
        step = 1.0 if self._whole else 0.001
        moment = self.time_as_written(moment)
        if self._last is None or moment > self._last:
            return moment
        return math.floor(self._last) + step if self._whole else round(self._last + step, 3)

    def _keep_rest(self, moment: float) -> None:
        """Writes what a restart needs beside the sample, before it.

        With a memory that is newer than the last sample, counting still goes on exactly.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        memory, path = self._totals.memory, self._folder / "state.json"
        if memory != self._memory or not path.exists():
            self._files.replace(path, write_memory(memory))
            self._memory = memory
        described = self._described if self._irqs.exists() else list(self.identities.values())
        if described:
            time = format_time(moment, self._whole)
            self._size_bytes += self._irqs.append([identity_row(time, each) for each in described])
            seen = [Appearance(moment, each) for each in self._described]
            self._appearances, self._described = [*self._appearances, *seen], []

    def _keep(self, sample: Sample, snapshot: Snapshot) -> None:
        """Appends the sample to each tier that keeps it; with the finest it is the newest."""
        limit = max(min(MAX_SEGMENT_BYTES, self._max_bytes // 16), _MIN_SEGMENT_BYTES)
        gap = self._gap_before(sample.time)
        for tier in self._tiers:
            if tier.is_due(sample.time):
                self._size_bytes += tier.append(sample.time, self._whole, sample.state, limit)
            if tier.shape == RAW:
                self._noticed = [*([gap] if gap else []), *self._noticed]
                self._snapshot, self._last, self._is_counting = snapshot, sample.time, True
                self.history.set_latest(sample)

    def _gap_before(self, moment: float) -> Event | None:
        """Gives the event of the gap that ends at `moment`, if there is one."""
        if self._last is None:
            return None
        since = f"since {format_moment(self._last)}"
        if not self._is_counting:
            return Event(moment, "gap", detail=f"{since}, {NOT_COUNTED}")
        if moment - self._last > GAP_INTERVALS * self._interval_seconds:
            return Event(moment, "gap", detail=since)
        return None

    def record(self, event: Event) -> None:
        """Appends an event; any thread may. Raises StoreError."""
        try:
            self._record([event])
        except OSError as error:
            raise _store_error(self._folder, error) from error

    def _record(self, events: Sequence[Event]) -> None:
        if events:
            rows = [event_row(f"{each.time:.3f}".removesuffix(".000"), each) for each in events]
            with self._recording:
                self._size_bytes += self._events.append(rows)
                self.history.add_events(events)

    def _bound(self, moment: float) -> None:
        """Drops what is too old, and the oldest of the finest tier while the whole is too large."""
        for tier in self._tiers:
            age = self._retention.get(tier.shape.name)
            if age is not None:
                tier.drop_before(moment - age)
        changed = self._segments_measured != [tier.segments for tier in self._tiers]
        if changed or self._size_bytes > self._max_bytes:
            self._measure()
        for tier in self._tiers:
            while self._size_bytes > self._max_bytes and tier.drop_oldest():
                self._measure()

    def warm(self, stop: threading.Event) -> None:
        """Surveys every closed segment, so that no later window has to; ends early at `stop`."""
        for tier in self._tiers:
            tier.warm(stop)

    def close(self) -> None:
        """Waits for the disk as the policy says, and lets another process write."""
        try:
            for tier in self._tiers:
                tier.sync()
        except OSError as error:
            raise _store_error(self._folder, error) from error
        finally:
            self._lock.close()

    def status(self) -> StoreStatus:
        """Tells how full the store is, and how long a history the cap holds at the present rate."""
        oldest = min((tier.first for tier in self._tiers if tier.first is not None), default=None)
        newest = self._last
        holds = None
        if oldest is not None and newest is not None and newest > oldest and self._size_bytes:
            holds = round(self._max_bytes * (newest - oldest) / self._size_bytes, 1)
        return StoreStatus(
            size_bytes=self._size_bytes,
            max_bytes=self._max_bytes,
            oldest=oldest,
            newest=newest,
            holds_seconds=holds,
            damaged_bytes=self._damaged_bytes + sum(tier.damaged_bytes for tier in self._tiers),
        )


def _has_cpus(irq: str, state: State) -> bool:
    return f"{irq}," not in state and irq not in MACHINE_WIDE_LABELS


def _store_error(folder: Path, error: OSError) -> StoreError:
    path = Path(error.filename) if isinstance(error.filename, str) else folder
    return StoreError(path, error.strerror or str(error))


def _events_of(update: Update, moment: float) -> list[Event]:
    events = [Event(moment, "boot")] if update.booted else []
    events += [Event(moment, "reset", irq=irq) for irq in update.resets]
    events += [Event(moment, "cpu_offline", cpu=cpu) for cpu in update.went_offline]
    events += [Event(moment, "cpu_online", cpu=cpu) for cpu in update.came_online]
    return events


def _size_of(folder: Path) -> int:
    """Gives the bytes of all files below `folder`; one that goes meanwhile counts nothing."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(parent) / name).lstat().st_size
            except FileNotFoundError:
                continue
    return total
