"""Wires a server: opens the store, starts the sampler, answers, and stops all of it in order."""

import logging
import os
import socket
import threading
import time

from . import signals
from .app import create_app
from .config import Settings
from .errors import StoreError
from .guard import Rules
from .history import interval_detail
from .hosts import Hosts, is_loopback
from .ledger import Event
from .listening import listen, url_of
from .procfs import Procfs
from .sampler import Sampler
from .schedule import Schedule
from .serve import WebServer
from .store import Store
from .tiershape import shapes_of
from .times import format_duration
from .tokenfile import TokenFile

_log = logging.getLogger("irq_server")


def serve(settings: Settings) -> None:
    """Samples and answers until SIGTERM or SIGINT.

    Raises SettingsError, ListenError, StoreError.
    """
    tokens = TokenFile(settings.token_file, {0, os.geteuid()}) if settings.token_file else None
    bound = listen(settings.host, settings.port)
    with bound:
        schedule = Schedule(settings.interval, settings.intervals)
        whole = all(each == round(each) for each in (schedule.tick_seconds, settings.interval))
        store = Store(
            settings.data_dir,
            interval_seconds=settings.interval,
            whole_seconds=whole,
            retention_seconds=settings.retention,
            tiers=shapes_of(settings.retention),
            max_bytes=settings.max_size,
            sync=settings.fsync,
        )
        procfs = Procfs(settings.procfs)
        sampler = Sampler(procfs, store, schedule=schedule)
        app = create_app(store, sampler, procfs, rules=_rules(settings, bound, tokens))
        web = WebServer(app, bound)
        signals.on_end(web.stop)
        _tell_start(store, settings.interval)
        sampler.start()
        stopping = threading.Event()
        warming = threading.Thread(target=store.warm, args=(stopping,), name="survey", daemon=True)
        warming.start()
        _log.info("sampling every %g s into %s", settings.interval, settings.data_dir)
        _log.info("listening on %s", url_of(bound))
        try:
            web.run()
        finally:
            stopping.set()
            warming.join()
            _stop(sampler, store)


def _rules(settings: Settings, bound: socket.socket, tokens: TokenFile | None) -> Rules:
    return Rules(
        hosts=Hosts([settings.host, bound.getsockname()[0]], settings.allow_hosts),
        tokens=tokens,
        reads_need_token=not is_loopback(settings.host),
        writes_allowed=settings.allow_affinity,
        cors_origins=settings.cors_origins,
    )


def _stop(sampler: Sampler, store: Store) -> None:
    if not sampler.stop():
        _log.error("the sampler did not stop; its sample in hand may be lost")
        return
    _tell(store, Event(store.time_as_written(time.time()), "stop"))
    store.close()
    _log.info("stopped")


def _tell_start(store: Store, interval: float) -> None:
    """Records the start, and that another interval than before is set."""
    moment = store.time_as_written(time.time())
    before = store.history.interval_at(moment)
    if before != interval:
        change = f"{format_duration(before)} -> {format_duration(interval)}"
        _tell(store, Event(moment, "interval", detail=change))
    _tell(store, Event(moment, "start", detail=interval_detail(interval)))


def _tell(store: Store, event: Event) -> None:
    try:
        store.record(event)
    except StoreError as error:
        _log.error("the event %s is not recorded: %s", event.event, error)
