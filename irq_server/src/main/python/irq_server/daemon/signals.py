"""What signals ask of the process, noted for the main thread to do between two requests.

SIGTERM and SIGINT end it, however often they come; SIGHUP makes it read its settings again. Python
itself ignores SIGPIPE: a client that goes away is an error of one write.
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
        """Take the signals over; must be called in the main thread."""
        for number in _ALL:
            signal.signal(number, self._note)

    def wake_by(self, wake: Callable[[], None]) -> None:
        """Call `wake` after each signal from now on, and now if one came already."""
        self._wake = wake
        if self._ending or self._reload:
            wake()

    def ignore(self) -> None:
        """Let no signal change how a process ends that is ending already."""
        for number in _ALL:
            signal.signal(number, signal.SIG_IGN)

    @property
    def ending(self) -> bool:
        """Whether SIGTERM or SIGINT came."""
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
    """Return the signals their first meaning back, as for a process that only waits."""
    for number in _ALL:
        signal.signal(number, signal.SIG_DFL)
