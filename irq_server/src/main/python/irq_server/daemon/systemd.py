"""Report to systemd by sd_notify's protocol: datagrams of ``NAME=value`` lines.

::

    READY=1
    STATUS=sampling every 10 s, listening on http://127.0.0.1:5000

Source: sd_notify(3), sd_watchdog_enabled(3). Written here: it is one datagram, and
Python's package for it has not been maintained since 2017.
"""

import logging
import socket
import time
from collections.abc import Callable, Mapping

from .log_format import one_line

_log = logging.getLogger(__name__)

_MICROSECONDS = 1_000_000


class Notifier:
    """The service manager, if one listens."""

    def __init__(self, environment: Mapping[str, str], process: int) -> None:
        self._address = _address_of(environment.get("NOTIFY_SOCKET", ""))
        self._status = ""
        for_us = environment.get("WATCHDOG_PID", str(process)) == str(process)
        period = environment.get("WATCHDOG_USEC", "")
        self.watchdog_seconds: float | None = None
        """The longest time without a sign of life; None if the manager wants none."""
        if self._address is not None and for_us and period.isdecimal() and int(period):
            self.watchdog_seconds = int(period) / _MICROSECONDS

    @property
    def is_heard(self) -> bool:
        """Return whether somebody listens."""
        return self._address is not None

    def ready(self) -> None:
        """Report that the service has started, or has reloaded its settings."""
        self._send("READY=1")

    def reloading(self) -> None:
        """Report that the service reads its settings again; ready() ends that."""
        now = time.clock_gettime(time.CLOCK_MONOTONIC)
        self._send(f"RELOADING=1\nMONOTONIC_USEC={int(now * _MICROSECONDS)}")

    def stopping(self) -> None:
        """Report that the service stops."""
        self._send("STOPPING=1")

    def alive(self) -> None:
        """Send the sign of life that the watchdog waits for."""
        self._send("WATCHDOG=1")

    def status(self, text: str) -> None:
        """Report the service's state in words, if they differ from the last ones."""
        if text != self._status:
            self._status = text
            self._send(f"STATUS={one_line(text)}")

    def _send(self, message: str) -> None:
        if self._address is None:
            return
        kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
        try:
            with socket.socket(socket.AF_UNIX, kind) as sender:
                sender.sendto(message.encode(errors="backslashreplace"), self._address)
        except OSError as error:
            _log.debug("cannot send %r to systemd: %s", message, error)


def _address_of(name: str) -> str | None:
    """Return the address of a socket in the file system or, with ``@``, in the abstract space."""
    if name.startswith("@"):
        return "\0" + name[1:]
    return name if name.startswith("/") else None


class Watchdog:
    """Signs of life for the manager while `is_well`, and the service's state in `words`."""

    def __init__(
        self,
        notifier: Notifier,
        is_well: Callable[[], bool],
        words: Callable[[], str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._notifier = notifier
        self._is_well = is_well
        self._words = words
        self._clock = clock
        # twice in the manager's time, as sd_watchdog_enabled(3) recommends
        self._period_seconds = min(
            (notifier.watchdog_seconds or STATUS_SECONDS * 2) / 2, STATUS_SECONDS
        )
        self._due = clock()

    def turn(self) -> float:
        """Report what is due; return the seconds until the next call is due."""
        now = self._clock()
        if not self._notifier.is_heard:
            return STATUS_SECONDS
        if now >= self._due:
            self._due = now + self._period_seconds
            self._notifier.status(self._words())
            if self._notifier.watchdog_seconds is not None and self._is_well():
                self._notifier.alive()
        return self._due - now


STATUS_SECONDS = 10.0
"""How often the words are compared."""
