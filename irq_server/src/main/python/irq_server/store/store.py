"""The store: a bounded history of running totals in plain CSV, exact at every sample.

Format
    ``raw/``, ``1m/`` and ``1h/`` hold segments (see segment.py): every sample, the first of every
    minute, the first of every hour. ``cpus-1m/`` and ``cpus-1h/`` hold the sums of the same samples
    for each CPU (see sums.py). ``irqs.csv`` (see devices.py) describes the rows,
    ``events.csv`` (see event_log.py) lists the events. ``state.json`` holds what a restart needs
    beyond them: the boot's id and the offsets of totals.py. ``lock`` is locked by the one process
    that writes.

Guarantees
    Totals never fall, over wraps, resets, boots, hotplug and restarts. A sample that was appended
    is either whole or not there. A window's counts are the state at its end less the state at its
    start, each looked up in one frame of one file. Readers never wait for the writer.

Caveats
    Interrupts between the last sample before a boot and that boot are lost. Without state.json,
    those since the last sample are lost: counting continues at the next one, and a gap says so.
    A start cuts the unfinished tail of the newest segment off, and logs its bytes.
"""

import math
import secrets
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import StoreError
from ..events import Event, Kind
from ..kernel.interrupts import Snapshot
from ..times import format_moment
from .devices import IRQ_FIELDS, Appearance, Rows, first_and_last, identity_row
from .event_log import EventLog
from .history import NOT_COUNTED, History, Sample
from .ledger import Ledger
from .opening import look_into
from .restart import Lock, write_memory
from .retention import BESIDE, Bounds
from .schedule import Elapsed
from .segments.files import Files
from .segments.segment import State, format_time
from .segments.tier import Tier
from .segments.tier_shape import GAP_INTERVALS, RAW, TIERS, TierShape, shapes_in, with_sums
from .sums import Sums
from .totals import Identity, Update, storable

MAX_SEGMENT_BYTES = 8 * 2**20
_MIN_SEGMENT_BYTES = 4096
_EVENTS_PART = 64  # of the cap, one part is for events

MAX_LINES_PER_ROW = 4
"""Lines of irqs.csv that a row may have on average, beside some spare ones."""

_SPARE_LINES = 1000


@dataclass(frozen=True, slots=True)
class StoreStatus:
    """The size of the store. Times are Unix seconds, None if not known yet.

    ``damaged_bytes`` are those that the start cut off, and those without a valid sample in the
    segments that were read or surveyed since.
    """

    size_bytes: int
    max_bytes: int
    oldest: float | None
    newest: float | None
    holds_seconds: float | None
    damaged_bytes: int


class Store:
    """One data directory. One thread appends samples; any number use its history."""

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
        """Open the data directory `folder` for this process; make it if it is missing.

        `tiers` are kept, the finest first. `retention_seconds` is the age at which a tier's
        segments go, by the tier's name. `sync` is ``never``, ``segment`` or ``sample``. Times are
        whole seconds if the interval is, unless `whole_seconds` is given. Raise StoreLockedError,
        StoreError.
        """
        self._folder = folder
        self._id = secrets.token_hex(8)
        self._files = files or Files()
        self._interval_seconds = interval_seconds
        self._whole = interval_seconds == round(interval_seconds)
        if whole_seconds is not None:
            self._whole = whole_seconds
        self._retention = dict(retention_seconds or {})
        self._max_bytes = max_bytes
        self._tiers = tuple(Tier(folder, shape, self._files, sync) for shape in with_sums(tiers))
        self._irqs = Ledger(folder / "irqs.csv", IRQ_FIELDS, self._files)
        self._events = EventLog(folder, self._files, max_bytes // _EVENTS_PART)
        self._described: list[Identity] = []
        self._appeared: list[Appearance] = []
        self._noticed: list[Event] = []
        self._recording = threading.Lock()  # requests record events too
        try:
            self._files.make_folder(folder)
            self._lock = Lock(folder)
            try:
                self._open()
            except BaseException:
                self._lock.close()
                raise
        except OSError as error:
            raise _store_error(folder, error) from error

    def _open(self) -> None:
        found = look_into(self._folder, self._tiers, self._irqs, self._events)
        self._cut_bytes = found.cut_bytes
        self._memory = found.memory
        self._totals = found.totals()
        self._sums = Sums(self._totals.identities)
        self.history = History(self._tiers, found.events, self._interval_seconds, self._sums.of)
        last = found.last
        if last is not None:
            self.history.set_latest(last)
        state = last.state if last else {}
        self.rows = Rows(self._totals, found.appearances, self.history, state)
        self._last = last.time if last else None
        self._is_counting = found.memory is not None or last is None
        self._bounds = Bounds(
            self._folder,
            self._tiers,
            self._events,
            self._retention,
            self._max_bytes,
            self._orphans(),
        )

    def _orphans(self) -> list[Tier]:
        """Return the tiers on the disk that are not kept any more, opened."""
        kept = {tier.shape for tier in self._tiers}
        shapes = [shape for shape in shapes_in(self._folder) if shape not in kept]
        orphans = [Tier(self._folder, shape, self._files, "never") for shape in shapes]
        for tier in orphans:
            tier.load()
        return orphans

    @property
    def folder(self) -> Path:
        """Return the data directory."""
        return self._folder

    def version_of(self, start: float, end: float) -> tuple[object, ...]:
        """Return what changes before what the store holds from `start` to `end` can change.

        Each opening has an id of its own, as no other process writes while the store is open. While
        it is, late events come, retention drops samples and events, and rows come and go.
        """
        firsts = [tier.lookup.first for tier in self._tiers]
        known = [math.inf if first is None else first for first in firsts]
        # a tier answers alike wherever it begins before the window, and nothing if it begins after
        reach = [min(max(first, start), end + 1) for first in known]
        events = self.history.events_version(start, end)
        return self._id, start, end, reach, max(min(known), start), events, self.rows.version

    @property
    def interval_seconds(self) -> float:
        """Return the sampling interval that is set now, in seconds."""
        return self._interval_seconds

    @property
    def last_time(self) -> float | None:
        """Return the time of the newest sample, of any process; None if there is none."""
        return self._last

    def append(
        self,
        snapshot: Snapshot,
        boot_id: str,
        moment: float,
        seconds: float,
        elapsed: Elapsed | None = None,
        interfaces: Mapping[str, str] | None = None,
    ) -> Sample:
        """Count `snapshot`, taken at `moment`, and append the sample.

        A `moment` that is not after the last sample is raised; `seconds` passed since then.
        `elapsed` says which rows are counted, as in Totals.update(). `interfaces` has the network
        interfaces of numbered IRQs, None if they are as before. Raise StoreError if the disk
        refuses: the counts stay in memory and reach the disk with the next sample that it takes.
        """
        moment, snapshot = self._time_after_last(moment), storable(snapshot)
        if interfaces is not None:
            self._totals.know_interfaces(interfaces)
        update = self._totals.update(snapshot, boot_id, seconds, elapsed)
        self.rows.take(snapshot, bool(update.described))
        if update.described:
            self._described += update.described
            self._sums.forget()
        with self._recording:
            self._noticed += _events_of(update, moment)
        sample = Sample(moment, update.state, RAW)
        try:
            self._keep_rest(moment)
            try:
                self._keep(sample)
                self._record([])
            finally:  # readers see a sample after its events, so that no window lacks one
                self._publish(sample)
            self._bound(moment)
            self._keep_irqs_small()
        except OSError as error:
            raise _store_error(self._folder, error) from error
        return sample

    def time_as_written(self, moment: float) -> float:
        """Return `moment` as the files have it: whole seconds, or milliseconds."""
        return float(math.floor(moment)) if self._whole else round(moment, 3)

    def _time_after_last(self, moment: float) -> float:
        """Return `moment` as the file will have it, after the last sample: times always rise."""
        step = 1.0 if self._whole else 0.001
        moment = self.time_as_written(moment)
        if self._last is None or moment > self._last:
            return moment
        return math.floor(self._last) + step if self._whole else round(self._last + step, 3)

    def _keep_rest(self, moment: float) -> None:
        """Write what a restart needs beside the sample, before it.

        Counting continues exactly also from a memory that is newer than the last sample.
        """
        memory, path = self._totals.memory, self._folder / "state.json"
        if not path.exists():  # the directory may be another one than was locked
            self._files.make_folder(self._folder)
            self._lock.renew(self._folder)
            self._memory = None
        if memory != self._memory:
            self._files.replace(path, write_memory(memory))
            self._memory = memory
        identities = self.rows.identities
        described = self._described if self._irqs.exists() else list(identities.values())
        if described:
            time = format_time(moment, self._whole)
            size = self._irqs.append([identity_row(time, each) for each in described])
            self._bounds.grew(BESIDE, size)
            self._appeared += [Appearance(moment, each) for each in self._described]
            self._described = []

    def _keep(self, sample: Sample) -> None:
        """Append the sample to each tier that keeps it."""
        limit = max(min(MAX_SEGMENT_BYTES, self._max_bytes // 16), _MIN_SEGMENT_BYTES)
        gap = self._gap_before(sample.time)
        for tier in self._tiers:
            if tier.is_due(sample.time):
                state = self._sums.of(sample.state) if tier.shape.is_sums else sample.state
                size = tier.append(sample.time, self._whole, state, limit)
                self._bounds.grew(tier.shape.name, size)
            if tier.shape == RAW:
                with self._recording:
                    self._noticed = [*([gap] if gap else []), *self._noticed]
                self._last, self._is_counting = sample.time, True

    def _publish(self, sample: Sample) -> None:
        """Let readers see the sample, if the finest tier has it."""
        if self._last == sample.time:
            self.rows.add(self._appeared)
            self._appeared = []
            self.history.set_latest(sample)

    def _gap_before(self, moment: float) -> Event | None:
        """Return the event of the gap that ends at `moment`; None if there is no gap."""
        if self._last is None:
            return None
        interval = max(self._interval_seconds, self.history.interval_at(self._last))
        is_wide = moment - self._last > GAP_INTERVALS * interval
        if self._is_counting and not is_wide:
            return None
        since = f"since {format_moment(self._last)}"
        detail = since if self._is_counting else f"{since}, {NOT_COUNTED}"
        return Event(moment, Kind.GAP, detail=detail)

    def record(self, *events: Event) -> None:
        """Append events; any thread may. Raise StoreError: then the next sample brings them."""
        try:
            self._record(events)
        except OSError as error:
            raise _store_error(self._folder, error) from error

    def _record(self, events: Sequence[Event]) -> None:
        """Append the events that were noticed and not written yet, and `events`."""
        with self._recording:
            self._noticed += events
            if self._noticed:
                size = self._events.append(self._noticed)
                written, self._noticed = self._noticed, []  # at once: no fault below repeats them
                self.history.add_events(written)
                self._bounds.grew(BESIDE, size)

    def _bound(self, moment: float) -> None:
        """Drop what is too old or too much."""
        with self._recording:
            events_left = self._bounds.apply(moment)
            if events_left is not None:
                self.history.drop_events_before(events_left)

    def _keep_irqs_small(self) -> None:
        """Rewrite irqs.csv, at once, if most of its lines were followed by another.

        Keep the first line of every row, which says when it came, and the last one, which says what
        it is.
        """
        found = self.rows.appearances
        if len(found) <= MAX_LINES_PER_ROW * len(self.rows.identities) + _SPARE_LINES:
            return
        kept = first_and_last(found)
        rows = [identity_row(format_time(each.time, self._whole), each.identity) for each in kept]
        self._irqs.replace(rows)
        self.rows.forget(kept)
        with self._recording:  # no event is on the disk that is counted later
            self._bounds.measure()

    def sums_at(self, sample: Sample) -> State:
        """Return the sums of a sample for each CPU."""
        return sample.state if sample.tier.is_sums else self._sums.of(sample.state)

    def read_beside(self, name: str) -> bytes:
        """Return the file `name` of the data directory. Raises OSError."""
        return self._files.read(self._folder / name)

    def write_beside(self, name: str, data: bytes) -> None:
        """Replace the file `name` of the data directory, at once. Raises OSError."""
        self._files.replace(self._folder / name, data)

    def warm(self, stop: threading.Event) -> None:
        """Survey every closed segment, so that no later window has to; return early at `stop`."""
        for tier in self._tiers:
            tier.lookup.warm(stop)

    def close(self) -> None:
        """Wait for the disk as the policy says, and release the lock."""
        try:
            for tier in self._tiers:
                tier.sync()
        except OSError as error:
            raise _store_error(self._folder, error) from error
        finally:
            self._lock.close()

    def status(self) -> StoreStatus:
        """Return how full the store is, and how many seconds the cap holds at the present rate."""
        firsts = (tier.lookup.first for tier in self._tiers)
        oldest = min((first for first in firsts if first is not None), default=None)
        damaged = sum(tier.lookup.damaged_bytes for tier in self._tiers)
        return StoreStatus(
            size_bytes=self._bounds.size_bytes,
            max_bytes=self._max_bytes,
            oldest=oldest,
            newest=self._last,
            holds_seconds=self._bounds.holds_seconds(),
            damaged_bytes=self._cut_bytes + damaged,
        )


def _store_error(folder: Path, error: OSError) -> StoreError:
    path = Path(error.filename) if isinstance(error.filename, str) else folder
    return StoreError(path, error.strerror or str(error))


def _events_of(update: Update, moment: float) -> list[Event]:
    events = [Event(moment, Kind.BOOT)] if update.booted else []
    events += [Event(moment, Kind.RESET, irq=irq) for irq in update.resets]
    events += [Event(moment, Kind.CPU_OFFLINE, cpu=cpu) for cpu in update.went_offline]
    events += [Event(moment, Kind.CPU_ONLINE, cpu=cpu) for cpu in update.came_online]
    return events
