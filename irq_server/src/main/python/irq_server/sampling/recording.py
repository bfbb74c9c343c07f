"""The store and its sampler as the settings say: open, start, reload, stop."""

import logging
import threading
import time
from typing import Self

from ..errors import SettingsError, StoreError
from ..events import Event
from ..kernel.procfs import Procfs
from ..settings.reload import Commit
from ..settings.table import Settings
from ..store.history import interval_detail
from ..store.schedule import Schedule
from ..store.store import Store
from ..store.tier_shape import shapes_of
from ..times import format_duration
from .sampler import Sampler

_log = logging.getLogger("irq_server")

_FIELDS = ("interval", "intervals", "retention", "max_size", "fsync")


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
        self.sampler = Sampler(procfs, self.store, schedule=_schedule_of(settings))
        self._ending = threading.Event()
        self._warming = threading.Thread(
            target=self.store.warm, args=(self._ending,), name="survey", daemon=True
        )

    def __enter__(self) -> Self:
        """Start to sample, and to survey the segments recorded before."""
        interval = self._settings.interval
        self._record_interval(interval)
        self._record("start", interval_detail(interval))
        self.sampler.start()
        self._warming.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Finish the sample in hand, and stop."""
        self._ending.set()
        stopped = self.sampler.stop()
        self._warming.join()
        if not stopped:
            _log.error("the sampler did not stop; its sample in hand may be lost")
            return
        self._record("stop")
        self.store.close()
        _log.info("stopped")

    def prepare(self, settings: Settings) -> Commit:
        """Return a function that makes `settings` take effect. Raise SettingsError."""
        if shapes_of(settings.retention) != shapes_of(self._settings.retention):
            tiers = ",".join(self._settings.retention)
            raise SettingsError(
                "--retention",
                ",".join(settings.retention),
                f"the tiers {tiers} as at the start: a restart adds others",
            )
        if all(getattr(settings, each) == getattr(self._settings, each) for each in _FIELDS):
            return lambda: None
        return lambda: self._take(settings)

    def _take(self, settings: Settings) -> None:
        """Stop between two samples, and start with other settings."""
        if not self.sampler.stop():
            _log.error("reload: the sampler hangs and goes on as it was")
            return
        self._settings = settings
        self._record_interval(settings.interval)
        self.store.reconfigure(
            interval_seconds=settings.interval,
            whole_seconds=has_whole_seconds(settings),
            retention_seconds=settings.retention,
            max_bytes=settings.max_size,
            sync=settings.fsync,
        )
        self.sampler.restart(_schedule_of(settings))

    def _record_interval(self, interval: float) -> None:
        """Record a changed interval."""
        before = self.store.history.interval_at(time.time())
        if before != interval:
            self._record("interval", f"{format_duration(before)} -> {format_duration(interval)}")

    def _record(self, event: str, detail: str = "") -> None:
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
