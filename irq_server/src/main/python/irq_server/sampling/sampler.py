"""The thread that samples: wait for the next tick, read, count, append, until stop().

Ticks are the multiples of the interval on the wall clock, so samples of several machines and days
line up, and nothing drifts. After a failure the next tick tries again. Nothing can end a sample
that hangs in a read of /proc or on a disk: a second thread notices and logs it.
"""

import logging
import threading
import time
from dataclasses import dataclass
from typing import Protocol

from ..errors import IrqServerError
from ..events import Event, Kind
from ..kernel.affinity_watch import AffinityWatch
from ..kernel.interrupts import Parser, Snapshot
from ..kernel.networks import InterfaceWatch
from ..kernel.procfs import Procfs
from ..store.schedule import Schedule
from ..store.segments.tier_shape import GAP_INTERVALS
from ..store.store import Store

_log = logging.getLogger(__name__)

STOP_SECONDS = 3.0
"""How long stop() waits for the sample in hand: a hanging disk must not hold the process."""

JUMP_SECONDS = 1.0
"""How far the two clocks may differ between two samples without an event."""

_EARLY_SECONDS = 0.05  # two clocks never agree: a wait may end this much before its tick


class Clock(Protocol):
    """The sampler's clock."""

    def now(self) -> float:
        """Return the moment, Unix seconds."""

    def monotonic(self) -> float:
        """Return seconds from some start, which never jump."""

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        """Wait until `stop` is set or `seconds` are over; return whether it is set."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        """Return the moment, Unix seconds."""
        return time.time()

    def monotonic(self) -> float:
        """Return seconds from some start, which never jump."""
        return time.monotonic()

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        """Wait until `stop` is set or `seconds` are over; return whether it is set."""
        return stop.wait(seconds)


@dataclass(frozen=True, slots=True)
class SamplerStatus:
    """The sampler's state: running, failing (also while it hangs) or stopped.

    This process appended ``samples``. Of these, ``late`` came more than half an interval behind
    their tick, or after a tick without a sample. ``errors`` ticks gave none. ``last_sample`` is a
    moment.
    """

    state: str
    interval_seconds: float
    last_sample: float | None
    samples: int
    late: int
    errors: int
    last_error: str | None


class Sampler:
    """Samples one machine into one store."""

    def __init__(
        self,
        procfs: Procfs,
        store: Store,
        clock: Clock | None = None,
        schedule: Schedule | None = None,
        interfaces: InterfaceWatch | None = None,
    ) -> None:
        """Take the machine, the store, the clock and the rows' intervals; start nothing.

        Without `interfaces`, those of IRQs are not known.
        """
        self._interfaces = interfaces
        self._procfs = procfs
        self._store = store
        self._clock = clock or SystemClock()
        self._parser = Parser()
        self._watch = AffinityWatch(procfs, store.interval_seconds)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._samples = 0
        self._late = 0
        self._errors = 0
        self._last_sample: float | None = None
        self._last_tick: int | None = None
        self._last_moment: float | None = None
        self._last_monotonic: float | None = None
        self._last_error: str | None = None
        self._failing = False
        self._last_sign: float | None = None
        self._schedule = schedule or Schedule(store.interval_seconds, {})
        self._interval_ms = max(round(self._schedule.tick_seconds * 1000), 1)
        self._stuck_seconds = max(GAP_INTERVALS * store.interval_seconds, 1.0)

    @property
    def status(self) -> SamplerStatus:
        """The status of now."""
        stuck = self._stuck()
        state = "failing" if self._failing or stuck else "running"
        state = state if self.is_alive else "stopped"
        return SamplerStatus(
            state=state,
            interval_seconds=self._store.interval_seconds,
            last_sample=self._last_sample,
            samples=self._samples,
            late=self._late,
            errors=self._errors,
            last_error=stuck or self._last_error,
        )

    def _stuck(self) -> str | None:
        """Return that the sample in hand hangs, and for how long; None if it does not.

        The steady clock decides, as somebody may set the other one.
        """
        silent = self._clock.monotonic() - self._last_sign if self._last_sign is not None else 0.0
        if silent <= self._stuck_seconds:
            return None
        return f"stuck for {silent:.0f} s: a read below /proc or the disk does not return"

    @property
    def watch(self) -> AffinityWatch:
        """The watch that notices changed affinities; a writer of one holds its lock."""
        return self._watch

    @property
    def is_stuck(self) -> bool:
        """Return whether the sample in hand hangs."""
        return self._stuck() is not None

    @property
    def is_alive(self) -> bool:
        """Return whether the thread runs."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Start the thread, which samples at once and then at every tick, and its watchman."""
        self._last_sign = self._clock.monotonic()
        self._thread = threading.Thread(target=self.run, name="sampler", daemon=True)
        self._thread.start()
        threading.Thread(target=self.watch_over, name="watchman", daemon=True).start()

    def watch_over(self) -> None:
        """Log each hanging sample once, until stop()."""
        logged, stop = False, self._stop
        while not self._clock.wait(stop, self._stuck_seconds / 2):
            stuck = self._stuck()
            if stuck and not logged:
                _log.error("cannot sample: %s", stuck)
            logged = stuck is not None

    def stop(self) -> bool:
        """Let the thread finish the sample in hand; return whether it has ended."""
        self._stop.set()
        if self._thread is None:
            return True
        self._thread.join(STOP_SECONDS)
        return not self._thread.is_alive()

    def run(self) -> None:
        """Sample until stop()."""
        tick = round(self._clock.now() * 1000)
        while not self._stop.is_set():
            self.sample(tick)
            now = self._clock.now()
            tick = (int(now * 1000) // self._interval_ms + 1) * self._interval_ms
            self._clock.wait(self._stop, max(tick / 1000 - now, 0.0))

    def sample(self, tick: int) -> None:
        """Take the sample of a tick, Unix milliseconds. Never raise: status shows a failure.

        A sample that comes a little early, as waits do, has its tick's time.
        """
        self._last_sign = self._clock.monotonic()
        try:
            snapshot, moment, monotonic = self._procfs.read_again(self._read)
            if 0 <= tick / 1000 - moment < _EARLY_SECONDS:
                moment = tick / 1000
            boot_id = self._procfs.read_boot_id()
            seconds = self._seconds_since_last(moment, monotonic)
            elapsed, due = self._schedule.turn(tick, monotonic)
            watch, rows = self._interfaces, snapshot.rows
            interfaces = watch.look(rows, monotonic) if watch is not None else None
            sample = self._store.append(snapshot, boot_id, moment, seconds, elapsed, interfaces)
            self._schedule.done(tick, monotonic, due)
            jump = self._jump(moment, seconds)
            self._last_moment, self._last_monotonic = moment, monotonic
            self._record_changes(sample.time, monotonic, jump)
        except Exception as error:  # noqa: BLE001 - the thread must outlive every fault, also ours
            self._fail(error)
            return
        finally:
            self._last_sign = self._clock.monotonic()
        self._count_late(tick, moment)
        self._samples += 1
        self._last_sample = sample.time
        if self._failing:
            _log.info("sampling again")
        self._failing, self._last_error = False, None

    def _read(self) -> tuple[Snapshot, float, float]:
        """Return a snapshot, its moment, and the seconds of the steady clock then."""
        moment, monotonic = self._clock.now(), self._clock.monotonic()
        return self._parser.parse(self._procfs.read_interrupts()), moment, monotonic

    def _jump(self, moment: float, seconds: float) -> float:
        """Return by how much the wall clock left the steady one since the last sample."""
        return 0.0 if self._last_moment is None else moment - self._last_moment - seconds

    def _record_changes(self, time: float, monotonic: float, jump: float) -> None:
        """Record a clock that was set, a machine that slept, and changed affinities.

        All at once: the next sample brings the events that the disk refuses.
        """
        events = []
        if abs(jump) > JUMP_SECONDS:
            events.append(Event(time, Kind.CLOCK, detail=f"{jump:+.3f} s"))
        events += self._watch.look(self._store.rows.numbered, time, monotonic)
        if events:
            self._store.record(*events)

    def _seconds_since_last(self, moment: float, monotonic: float) -> float:
        if self._last_monotonic is not None:
            return monotonic - self._last_monotonic
        last = self._store.last_time
        return max(moment - last, 0.0) if last is not None else 0.0

    def _count_late(self, tick: int, moment: float) -> None:
        behind = moment * 1000 - tick > self._interval_ms / 2
        missed = self._last_tick is not None and tick - self._last_tick > 1.5 * self._interval_ms
        self._late += behind or missed
        self._last_tick = tick

    def _fail(self, error: Exception) -> None:
        text = str(error)
        if isinstance(error, OSError) and error.strerror:
            text = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
        elif not isinstance(error, (OSError, IrqServerError)):
            text = f"unexpected {type(error).__name__}: {text}"
            _log.debug("where it came from", exc_info=error)
        if not self._failing or text != self._last_error:
            _log.error("cannot sample: %s", text)
        self._errors += 1
        self._failing, self._last_error = True, text
