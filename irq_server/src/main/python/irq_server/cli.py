"""argv -> exit status."""

import argparse
import logging
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from . import __version__, commands
from .commands import DONE, FAILED, USAGE
from .daemon.log import Log, place_of
from .daemon.log_format import one_line
from .daemon.privileges import acting_as
from .daemon.signals import END_SECONDS, Signals
from .daemon.systemd import Notifier
from .errors import IrqServerError, SettingsError
from .settings.load import file_of, load
from .settings.table import SETTINGS, Setting, Settings

_UMASK = 0o022
INSTALLATION = ("install", "uninstall")

_log = logging.getLogger("irq_server")

_EPILOG = """\
durations: 20ms, 90s, 15m, 2h, 7d, 1w; seconds without a unit
sizes: bytes, or with K, M, G, T (1000) or Ki, Mi, Gi, Ti (1024): 500MB, 1GiB

Every setting is also an environment variable, and a key of the file that
--config names, with _ for -; the option wins, then the variable, then the
file. SIGHUP reads those of tokens and the log again.

example:
  irq_server --interval 1s --data-dir ~/interrupts --port 5000
  then: curl 'http://127.0.0.1:5000/api/v1/cpus?period=10s&format=csv'

on a data directory, without a server (each has a --help of its own):
  irq_server verify | repair | export | ship | import
a service of systemd that runs this very program, and its end:
  irq_server install | uninstall

exit status: 0 stopped by SIGTERM or SIGINT, 1 failed, 2 wrong usage
"""


Report = Callable[[int, str], None]
"""A function that reports the start: a status, 0 if the server answers requests, and words."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    os.umask(os.umask(_UMASK) | _UMASK)  # root refuses a data directory that others may write
    if arguments and arguments[0] in commands.COMMANDS:
        return commands.main(arguments)
    if arguments and arguments[0] in INSTALLATION:
        from .installation import command

        return command.main(arguments)
    options = vars(parser().parse_args(arguments))
    file = file_of(options, os.environ)
    read_settings = partial(load, options, os.environ, file, _start_folder())
    signals = Signals(END_SECONDS)
    signals.install()
    try:
        settings = read_settings()
    except SettingsError as error:
        _complain(str(error))
        return USAGE
    report: Report = _report_to_terminal
    if settings.daemon:
        from .daemon.detach import detach  # its libraries are for daemons alone

        report = detach()
    with Log(os.environ) as log:
        try:
            with acting_as(settings.user):  # the user that opens it again later
                log.use(settings)
            _serve(settings, read_settings, signals, log, report)
        except Exception as error:  # noqa: BLE001 - a bug too ends in one line
            _report_failure(log, report, error)
            return USAGE if isinstance(error, SettingsError) else FAILED
        finally:
            signals.ignore()
    return DONE


def _start_folder() -> Path | None:
    with suppress(FileNotFoundError):  # it was removed
        return Path.cwd()
    return None


def _serve(
    settings: Settings,
    read_settings: Callable[[], Settings],
    signals: Signals,
    log: Log,
    report: Report,
) -> None:
    # only a server imports the web framework: --help takes half the time
    from .daemon.service import Surroundings, serve

    def ready(url: str) -> None:
        report(DONE, f"listening on {url}, process {os.getpid()}{_lost_log(settings)}")

    notifier = Notifier(os.environ, os.getpid())
    serve(settings, Surroundings(signals, log, notifier, read_settings, ready))


def _lost_log(settings: Settings) -> str:
    if place_of(settings) != "nowhere":
        return ""
    return "; there is no syslog for its log, --log-file keeps one"


def _report_failure(log: Log, report: Report, error: Exception) -> None:
    """Report a failure to the starter, and to the log if that is another place."""
    is_bug = not isinstance(error, IrqServerError)
    on_terminal = log.place == "stderr"
    if is_bug:
        _log.critical("a bug ended the server", exc_info=error)
    elif not on_terminal:
        _log.error("%s", error)
    if not (is_bug and on_terminal):
        report(FAILED, f"a bug: {error!r}" if is_bug else str(error))


def _report_to_terminal(status: int, words: str) -> None:
    """Print why a server in the foreground fails. The log has the rest."""
    if status != DONE:
        _complain(words)


def _complain(words: str) -> None:
    with suppress(OSError, AttributeError):  # it was closed, or has no reader
        sys.stderr.write(f"irq_server: {one_line(words)}\n")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line. An option that is not given is None."""
    made = argparse.ArgumentParser(
        prog="irq_server",
        description="Records this machine's interrupts in plain CSV and answers what fired where.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    volume = made.add_mutually_exclusive_group()
    for setting in SETTINGS:
        _add_option(volume if setting.name == "log-level" else made, setting)
    for names, level, text in VOLUMES:
        volume.add_argument(*names, dest="log_level", action="store_const", const=level, help=text)
    for name, metavar, text in OTHERS:
        made.add_argument(name, metavar=metavar, help=text)
    made.add_argument("--version", action="version", version=f"irq_server {__version__}")
    return made


VOLUMES = (
    (("-v", "--verbose"), "debug", "log all: --log-level debug"),
    (("-q", "--quiet"), "warning", "log warnings and errors only: --log-level warning"),
)
OTHERS = (
    ("--config", "FILE", "take settings from this TOML file (default: none; IRQ_SERVER_CONFIG)"),
)


def _add_option(made: argparse._ActionsContainer, setting: Setting) -> None:
    text = f"{setting.help} (default: {setting.default or 'none'}; {setting.variable})"
    if setting.metavar is None:
        made.add_argument(f"--{setting.name}", action="store_const", const="true", help=text)
    else:
        made.add_argument(f"--{setting.name}", metavar=setting.metavar, help=text)
