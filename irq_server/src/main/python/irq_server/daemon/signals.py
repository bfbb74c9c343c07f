"""Signals, noted for the main thread, which acts between two requests.

SIGTERM and SIGINT end the process, however often they come. If it has not ended within END_SECONDS,
because a disk hangs, it ends anyway and logs where it hung. SIGHUP makes it read its settings
again. Python itself ignores SIGPIPE: after a client left, one write fails.
"""

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType

_log = logging.getLogger("irq_server")

END_SECONDS = 12.0
"""How long an end may take; each part of it has a shorter limit of its own."""

_LOG_SECONDS = 1.0  # the log may lie on the disk that hangs

_ENDING = (signal.SIGTERM, signal.SIGINT)
_ALL = (*_ENDING, signal.SIGHUP)


class Signals:
    """The signals that came since install()."""

    def __init__(self, end_seconds: float | None = None) -> None:
        """Take after how many seconds an end is forced; None forces none."""
        self._end_seconds = end_seconds
        self._ending = False
        self._reload = False
        self._wake: Callable[[], None] = lambda: None

    def install(self) -> None:
        """Take the signals over; only the main thread can."""
        for number in _ALL:
            signal.signal(number, self._note)
        if self._end_seconds is not None:
            signal.signal(signal.SIGALRM, self._end_anyway)

    def wake_by(self, wake: Callable[[], None]) -> None:
        """Call `wake` after each signal from now on, and now if one came already."""
        self._wake = wake
        if self._ending or self._reload:
            wake()

    def ignore(self) -> None:
        """Ignore signals from now on: the process has ended all but itself."""
        if self._end_seconds is not None:
            signal.setitimer(signal.ITIMER_REAL, 0)
        for number in _ALL:
            signal.signal(number, signal.SIG_IGN)

    @property
    def ending(self) -> bool:
        """Return whether SIGTERM or SIGINT came."""
        return self._ending

    def take_reload(self) -> bool:
        """Return whether SIGHUP came since the last call."""
        came, self._reload = self._reload, False
        return came

    def _note(self, number: int, _: object) -> None:
        if number == signal.SIGHUP:
            self._reload = True
        else:
            if self._end_seconds is not None and not self._ending:
                signal.setitimer(signal.ITIMER_REAL, self._end_seconds)
            self._ending = True
        self._wake()

    def _end_anyway(self, _: int, frame: FrameType | None) -> None:
        """Log where the process hangs, and end it. A call that hangs is interrupted for this."""
        words = "the process did not end within %g s, so it ends at once; it hung in %s"
        arguments = (words, self._end_seconds, _whereabouts(frame))
        logging_it = threading.Thread(target=_log.critical, args=arguments, daemon=True)
        logging_it.start()
        logging_it.join(_LOG_SECONDS)
        os._exit(1)


def _whereabouts(main: FrameType | None) -> str:
    """Return each thread's innermost function of this program: ``sampler: store.files.append``."""
    frames = sys._current_frames()
    found = []
    for thread in threading.enumerate():
        is_main = thread is threading.main_thread()
        frame = main if is_main else frames.get(thread.ident or 0)
        while frame is not None and not frame.f_globals.get("__name__", "").startswith(
            "irq_server"
        ):
            frame = frame.f_back
        if frame is not None:
            module = frame.f_globals["__name__"].removeprefix("irq_server.")
            found.append(f"{thread.name}: {module}.{frame.f_code.co_name}")
    return ", ".join(found)


def restore() -> None:
    """Give the signals their default meaning back, for a process that only waits."""
    for number in _ALL:
        signal.signal(number, signal.SIG_DFL)
