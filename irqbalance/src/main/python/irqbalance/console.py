"""How a run speaks: its result, failures, warnings, writes, progress, and the system's log."""

import os
import sys
from types import ModuleType


class Console:
    """Standard output and standard error, as verbose as the settings say, and the system's log.

    The log has the name irqbalance and the facility daemon. If no log listens at /dev/log, the text
    is lost. Source: syslog(3).
    """

    def __init__(self, verbose: bool = False, quiet: bool = False, log: bool = False) -> None:
        self._verbose = verbose
        self._quiet = quiet
        self._syslog: ModuleType | None = None
        if log:
            import syslog  # few runs need it

            syslog.openlog("irqbalance", syslog.LOG_PID, syslog.LOG_DAEMON)
            self._syslog = syslog

    def failure(self, text: str) -> None:
        """Print and log a failure."""
        say(text)
        self.log_failure(text)

    def log_failure(self, text: str) -> None:
        """Log a failure that the command prints itself."""
        if self._syslog:
            self._syslog.syslog(self._syslog.LOG_ERR, _line(text))

    def warning(self, text: str) -> None:
        """Print a warning, unless the run is quiet."""
        if not self._quiet:
            say(text)

    def written(self, text: str) -> None:
        """Log an affinity that was written or refused; print it if the run is verbose."""
        if self._verbose:
            say(text)
        if self._syslog:
            self._syslog.syslog(self._syslog.LOG_NOTICE, _line(text))

    def progress(self, text: str) -> None:
        """Print what the run waits for, on a terminal only."""
        if not self._quiet and sys.stderr.isatty():
            say(text)

    @property
    def width(self) -> int:
        """Return the columns of the terminal on standard output; 0 if it is none."""
        try:
            return os.get_terminal_size(sys.stdout.fileno()).columns
        except (OSError, ValueError):
            return 0

    def result(self, text: str) -> None:
        """Print the report, unless the run is quiet; raise OSError if that fails."""
        if not self._quiet:
            sys.stdout.write(text)
            sys.stdout.flush()


def visible(text: str) -> str:
    """Return a text without characters that a terminal obeys: each is shown as Python writes it.

    A driver, or a device that is plugged in, may have any name. Line ends stay.
    """
    if text.replace("\n", "").isprintable():
        return text
    return "".join(
        each if each.isprintable() or each == "\n" else each.encode("unicode_escape").decode()
        for each in text
    )


def _line(text: str) -> str:
    """Return a text as one line, visible as above."""
    return visible(text).replace("\n", "\\n")


def say(text: str) -> None:
    """Print a message on standard error, and ignore a failure: there is nowhere to report it."""
    try:
        sys.stderr.write(f"irqbalance: {_line(text)}\n")
        sys.stderr.flush()
    except OSError:
        return
