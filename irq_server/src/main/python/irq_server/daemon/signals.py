"""Signals, noted for the main thread, which acts between two requests.

SIGTERM and SIGINT end the process, however often they come. SIGHUP makes it read its settings
again. Python itself ignores SIGPIPE: after a client left, one write fails.
"""

import signal
from collections.abc import Callable

_ENDING = (signal.SIGTERM, signal.SIGINT)
_ALL = (*_ENDING, signal.SIGHUP)


class Signals:
    """The signals that came since install()."""

    def __init__(self) -> None:
        self._ending = False
        self._reload = False
        self._wake: Callable[[], None] = lambda: None

    def install(self) -> None:
        """Take the signals over; only the main thread can."""
        for number in _ALL:
            signal.signal(number, self._note)

    def wake_by(self, wake: Callable[[], None]) -> None:
        """Call `wake` after each signal from now on, and now if one came already."""
        self._wake = wake
        if self._ending or self._reload:
            wake()

    def ignore(self) -> None:
        """Ignore signals from now on: the process is ending already."""
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
            self._ending = True
        self._wake()


def restore() -> None:
    """Give the signals their default meaning back, for a process that only waits."""
    for number in _ALL:
        signal.signal(number, signal.SIG_DFL)
