"""argv becomes an exit status. All errors become exit statuses here, and nowhere else."""

import io
import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from .console import Console, say, visible
from .errors import AtWorkError, CpuSetError, IrqbalanceError, OldOptionError, SettingError
from .settings.command_line import settings_of
from .settings.model import Settings
from .settings.table import COMMANDS
from .status import Status

if TYPE_CHECKING:  # a run imports the modules that it needs, and no other
    from .loads.measure import Clock
    from .report.report import Report

DONE, FAILED, WRONG_USAGE, SOME_REFUSED, AT_WORK, WOULD_ACT = 0, 1, 2, 3, 4, 5
INTERRUPTED = 130
"""A shell shows this for a command that SIGINT ended: 128 + 2."""


def main(argv: Sequence[str] | None = None, clock: "Clock | None" = None) -> int:
    """Run the command with the arguments of `argv`, or of the process; return its exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # device names are any bytes, and cron has no locale
            stream.reconfigure(errors="backslashreplace")
    try:
        return _run(argv, clock)
    except SystemExit as exit_:
        # argparse has printed its help, or what is wrong
        return _flushed(exit_.code if isinstance(exit_.code, int) else FAILED)
    except (SettingError, CpuSetError, OldOptionError) as error:
        return _failed(error, WRONG_USAGE)
    except AtWorkError as error:
        return _failed(error, AT_WORK)
    except IrqbalanceError as error:
        return _failed(error, FAILED)
    except KeyboardInterrupt:
        return INTERRUPTED


def _run(argv: Sequence[str] | None, clock: "Clock | None") -> int:
    words = sys.argv[1:] if argv is None else argv
    if words and any(words[0] == command.name for command in COMMANDS):
        return _run_command(words[0], words[1:])
    settings = settings_of(words, os.environ)
    log = settings.log != "none" and settings.writes
    console = Console(settings.verbose, settings.quiet, log)
    try:
        text, status = _outcome(settings, console, clock)
    except IrqbalanceError as error:
        console.log_failure(str(error))
        raise
    try:
        # JSON escapes by itself, and is read by programs
        console.result(text if settings.format == "json" else visible(text))
    except OSError as error:
        return _lost_output(error, status)
    return status


def _run_command(name: str, words: Sequence[str]) -> int:
    """Run a command of the table; import its module only now. Return the exit status."""
    from importlib import import_module

    text, status = import_module(f"{__package__}.commands.{name}").main(words)
    try:
        Console().result(text)
    except OSError as error:
        return _lost_output(error, status)
    return int(status)


def _outcome(settings: Settings, console: Console, clock: "Clock | None") -> tuple[str, int]:
    """Do what the settings say; return the text to print, and the exit status."""
    if settings.from_file is not None:
        from .offline import plan_from_files

        report = plan_from_files(settings, settings.from_file, console)
        return _text(settings, console, report), _status(settings, report)
    from . import run
    from .loads.measure import Clock

    clock = clock or Clock()
    if settings.restore:
        from .report.restored import as_text

        restored = run.restore_machine(settings, console, clock)
        refused = {each.irq: each.reason for each in restored if each.status == Status.REFUSED}
        _name_refused(console, refused)
        return as_text(restored, settings.format), SOME_REFUSED if refused else DONE
    report = run.balance_machine(settings, console, clock)
    _name_refused(console, report.refused)
    return _text(settings, console, report), _status(settings, report)


def _name_refused(console: Console, refused: Mapping[str, str]) -> None:
    for irq, reason in refused.items():
        console.failure(f"IRQ {irq} is refused: {reason}")


def _status(settings: Settings, report: "Report") -> int:
    if report.refused:
        return FAILED if report.not_permitted else SOME_REFUSED
    if settings.check and report.plan.moves:
        return WOULD_ACT
    return DONE


def _text(settings: Settings, console: Console, report: "Report") -> str:
    if settings.format == "table":
        from .report.table import as_table

        return as_table(report, settings.verbose, console.width)
    from .report.machine_readable import as_csv, as_json

    return as_json(report) if settings.format == "json" else as_csv(report)


def _flushed(status: int) -> int:
    """Write out what was printed, so that a full disk or a closed pipe is noticed here."""
    try:
        sys.stdout.flush()
    except OSError as error:
        return _lost_output(error, status)
    return status


def _lost_output(error: OSError, status: int) -> int:
    """Return the status after a failed print. A reader that stops (``| head``) is no failure."""
    # the rest of the buffer must not fail again when Python ends
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if isinstance(error, BrokenPipeError):
        return status
    return status or _failed(f"cannot print the report: {error.strerror}", FAILED)


def _failed(problem: object, status: int) -> int:
    say(str(problem))
    return status
