"""The store and its sampler as the settings say: open, start, stop."""

import logging
import threading
import time
from typing import Self

from ..errors import StoreError
from ..events import Event, Kind
from ..kernel.networks import InterfaceWatch
from ..kernel.procfs import Procfs
from ..settings.table import Settings
from ..store.history import interval_detail
from ..store.schedule import Schedule
from ..store.segments.tier_shape import shapes_of
from ..store.store import Store
from ..times import format_duration
from .sampler import Sampler

_log = logging.getLogger("irq_server")

SURVEY_SECONDS = 1.0
"""How long a stop waits for the segment that is being surveyed."""

CLOSE_SECONDS = 3.0
"""How long a stop waits for the disk."""


class Recording:
    """One server's history while it grows, from __enter__ to __exit__."""

    def __init__(self, settings: Settings, procfs: Procfs) -> None:
        """Open the store; start nothing. Raise StoreError."""
        self._settings = settings
        self.store = Store(
            settings.data_dir,
            interval_seconds=settings.interval,
            whole_seconds=has_whole_seconds(settings),
            retention_seconds=settings.retention,
            tiers=shapes_of(settings.retention),
            max_bytes=settings.max_size,
            sync=settings.fsync,
        )
        self.sampler = Sampler(
            procfs,
            self.store,
            schedule=_schedule_of(settings),
            interfaces=InterfaceWatch(settings.sysfs),
        )
        self._ending = threading.Event()
        self._warming = threading.Thread(
            target=self.store.warm, args=(self._ending,), name="survey", daemon=True
        )
        self._closing = threading.Thread(target=self._close, name="closing", daemon=True)
        self._refusal: Exception | None = None  # written before the closing thread ends

    def __enter__(self) -> Self:
        """Start to sample, and to survey the segments recorded before."""
        interval = self._settings.interval
        self._record_interval(interval)
        self._record(Kind.START, interval_detail(interval))
        self.sampler.start()
        self._warming.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Finish the sample in hand, and stop. Each wait has a limit. Raise StoreError."""
        self._ending.set()
        if not self.sampler.stop():
            _log.error("the sampler did not stop; its sample in hand may be lost")
            return
        self._warming.join(SURVEY_SECONDS)
        if self._warming.is_alive():
            _log.error("the survey of older segments hangs; the process ends without it")
        self._closing.start()
        self._closing.join(CLOSE_SECONDS)
        if self._closing.is_alive():
            words = "the disk has not taken the end of the history within %g s; it may be lost"
            _log.error(words, CLOSE_SECONDS)
            return
        if self._refusal is not None:
            raise self._refusal
        _log.info("stopped")

    def _close(self) -> None:
        """Record the stop and close the store."""
        try:
            self._record(Kind.STOP)
            self.store.close()
        except Exception as error:  # noqa: BLE001 - the thread that waits raises it
            self._refusal = error

    def _record_interval(self, interval: float) -> None:
        """Record a changed interval."""
        before = self.store.history.interval_at(time.time())
        if before != interval:
            self._record(Kind.INTERVAL, f"{format_duration(before)} -> {format_duration(interval)}")

    def _record(self, event: Kind, detail: str = "") -> None:
        moment = self.store.time_as_written(time.time())
        try:
            self.store.record(Event(moment, event, detail=detail))
        except StoreError as error:
            _log.error("the event %s is not recorded: %s", event, error)


def _schedule_of(settings: Settings) -> Schedule:
    return Schedule(settings.interval, settings.intervals)


def has_whole_seconds(settings: Settings) -> bool:
    """Return whether every sample falls on a whole second."""
    tick = _schedule_of(settings).tick_seconds
    return all(each == round(each) for each in (tick, settings.interval))
