"""argv -> exit status. The one place that prints, and that turns errors into exit statuses."""

import io
import os
import sys
from collections.abc import Callable, Sequence

from .console import Tellers
from .errors import AtWorkError, CpuSetError, IrqbalanceError, SettingError
from .loads.measure import Clock
from .offline import Report, offline
from .report.machine_readable import as_csv, as_json
from .settings.command_line import settings_of
from .settings.model import Settings

DONE, FAILED, WRONG_USAGE, SOME_REFUSED, AT_WORK, WOULD_ACT = 0, 1, 2, 3, 4, 5
INTERRUPTED = 130
"""What a shell shows for a command that SIGINT ended: 128 + 2."""


def main(argv: Sequence[str] | None = None, clock: Clock | None = None) -> int:
    """Runs the command with the arguments of `argv`, or of the process; gives its exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # device names are any bytes, and cron has no locale
            stream.reconfigure(errors="backslashreplace")
    try:
        return _run(argv, clock or Clock())
    except SystemExit as exit_:
        # argparse has said what is wrong, or has shown its help
        return _flushed(exit_.code if isinstance(exit_.code, int) else FAILED)
    except (SettingError, CpuSetError) as error:
        return _failed(error, WRONG_USAGE)
    except AtWorkError as error:
        return _failed(error, AT_WORK)
    except IrqbalanceError as error:
        return _failed(error, FAILED)
    except KeyboardInterrupt:
        return INTERRUPTED


def _run(argv: Sequence[str] | None, clock: Clock) -> int:
    settings = settings_of(argv)
    tellers = _tellers(settings)
    if settings.log == "none" or not settings.writes:
        return _run_with(settings, tellers, clock)
    tellers, failed = _logging(tellers)
    try:
        return _run_with(settings, tellers, clock)
    except IrqbalanceError as error:
        failed(str(error))
        raise


def _run_with(settings: Settings, tellers: Tellers, clock: Clock) -> int:
    if settings.restore:
        return _run_restore(settings, tellers, clock)
    if settings.from_file is not None:
        report = offline(settings, settings.from_file)
    else:
        # imported here, so that a plan from files does not pay for it
        from .run import on_machine

        report = on_machine(settings, tellers, clock)
    status = _status(settings, report)
    for irq, reason in report.refused.items():
        tellers.failed(f"IRQ {irq} is refused: {reason}")
    return _show(settings, _text(settings, report), status)


def _status(settings: Settings, report: Report) -> int:
    if report.refused:
        return FAILED if report.refused_as_not_permitted else SOME_REFUSED
    if settings.check and report.plan.moves:
        return WOULD_ACT
    return DONE


def _text(settings: Settings, report: Report) -> str:
    if settings.format == "json":
        return as_json(report.plan, report.context)
    if settings.format == "csv":
        return as_csv(report.plan)
    from .report.table import as_table

    return as_table(report.plan, report.context, settings.verbose)


def _run_restore(settings: Settings, tellers: Tellers, clock: Clock) -> int:
    from .report.restored import as_text
    from .run import restoring

    restored = restoring(settings, tellers, clock)
    refused = [each for each in restored if each.status == "refused"]
    for each in refused:
        tellers.failed(f"IRQ {each.irq} is refused: {each.reason}")
    return _show(settings, as_text(restored, settings.format), SOME_REFUSED if refused else DONE)


def _show(settings: Settings, text: str, status: int) -> int:
    """Prints the report unless the run is quiet; gives the status, FAILED where printing fails."""
    if settings.quiet:
        return status
    try:
        sys.stdout.write(text)
    except OSError as error:
        return _lost_output(error, status)
    return _flushed(status)


def _flushed(status: int) -> int:
    """Brings out what was printed, so that a full disk or a closed pipe is noticed here."""
    try:
        sys.stdout.flush()
    except OSError as error:
        return _lost_output(error, status)
    return status


def _lost_output(error: OSError, status: int) -> int:
    """A reader that has seen enough (``| head``) is no failure; anything else is."""
    # what is left in the buffer must not fail again when Python ends
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if isinstance(error, BrokenPipeError):
        return status
    return status or _failed(f"cannot print the report: {error.strerror}", FAILED)


def _failed(problem: object, status: int) -> int:
    _say(str(problem))
    return status


def _say(text: str) -> None:
    try:
        print(f"irqbalance: {text}", file=sys.stderr, flush=True)  # noqa: T201 - this module prints
    except OSError:
        return


def _logging(tellers: Tellers) -> tuple[Tellers, Callable[[str], None]]:
    """Gives the tellers with the system's log beside them, and what tells the log of a failure."""
    from .journal import Journal

    journal = Journal()

    def both(first: Callable[[str], None], second: Callable[[str], None]) -> Callable[[str], None]:
        def tell(text: str) -> None:
            first(text)
            second(text)

        return tell

    logged = tellers._replace(
        told=both(tellers.told, journal.changed),
        failed=both(tellers.failed, journal.failed),
    )
    return logged, journal.failed


def _tellers(settings: Settings) -> Tellers:
    def silent(_text: str) -> None:
        return

    def when(condition: bool) -> Callable[[str], None]:
        return _say if condition else silent

    return Tellers(
        failed=_say,
        warned=when(not settings.quiet),
        told=when(settings.verbose),
        progress=when(not settings.quiet and sys.stderr.isatty()),
    )
