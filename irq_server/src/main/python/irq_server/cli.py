"""argv -> exit status. Owns the threads: starts the sampler, serves, stops both."""

import argparse
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from . import __version__, config, offline
from .app import create_app
from .errors import IrqServerError, SettingsError, StoreError
from .history import interval_detail
from .ledger import Event
from .procfs import Procfs
from .sampler import Sampler
from .schedule import Schedule
from .serve import WebServer, listen, url_of
from .store import Store
from .tiershape import shapes_of
from .times import format_duration

DONE, FAILED, USAGE = 0, 1, 2

_log = logging.getLogger("irq_server")

_EXAMPLE = """\
example:
  irq_server --interval 1s --data-dir /tmp/interrupts --port 5000
  then: irq_client overview --period 10s

on a data directory, without a server: irq_server verify | repair | export | import, with --help

exit status: 0 stopped by SIGTERM or SIGINT, 1 failed, 2 wrong usage
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command and gives its exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments and arguments[0] in offline.COMMANDS:
        return offline.main(arguments)
    options = vars(_parser().parse_args(arguments))
    level = logging.DEBUG if options["verbose"] else logging.INFO
    _log_to_standard_error(logging.WARNING if options["quiet"] else level)
    try:
        settings = config.load(options, os.environ, options["config"])
    except SettingsError as error:
        sys.stderr.write(f"irq_server: {error}\n")
        return USAGE
    try:
        return serve(settings)
    except IrqServerError as error:
        sys.stderr.write(f"irq_server: {error}\n")
        return FAILED


def serve(settings: config.Settings) -> int:
    """Samples and answers until SIGTERM or SIGINT. Raises ListenError, StoreError."""
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
        app = create_app(store, sampler, procfs, host=settings.host, names=settings.allow_hosts)
        web = WebServer(app, bound)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: web.stop())
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
    return DONE


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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="irq_server",
        description="Records this machine's interrupts in plain CSV and answers what fired where.",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    for setting in config.SETTINGS:
        text = f"{setting.help} (default: {setting.default or 'none'}; {setting.variable})"
        if setting.metavar is None:
            parser.add_argument(f"--{setting.name}", action="store_const", const="true", help=text)
        else:
            parser.add_argument(f"--{setting.name}", metavar=setting.metavar, help=text)
    parser.add_argument("--config", metavar="FILE", type=Path, help="a TOML file of settings")
    volume = parser.add_mutually_exclusive_group()
    volume.add_argument("-v", "--verbose", action="store_true", help="log more")
    volume.add_argument("-q", "--quiet", action="store_true", help="log warnings and errors only")
    parser.add_argument("--version", action="version", version=f"irq_server {__version__}")
    return parser


def _log_to_standard_error(level: int) -> None:
    logging.basicConfig(
        level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr
    )
    logging.getLogger("waitress").setLevel(logging.WARNING)
