"""Tells systemd how the service does: sd_notify's protocol, datagrams of ``NAME=value`` lines.

::

    READY=1
    STATUS=sampling every 10 s, listening on http://127.0.0.1:5000

Source: sd_notify(3), sd_watchdog_enabled(3). Written here, as it is one datagram, and the package
that does it for Python alone has not been kept since 2017.
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
        """Within which the manager wants a sign of life; None where it wants none."""
        if self._address is not None and for_us and period.isdecimal() and int(period):
            self.watchdog_seconds = int(period) / _MICROSECONDS

    @property
    def is_heard(self) -> bool:
        """Whether somebody listens."""
        return self._address is not None

    def ready(self) -> None:
        """Report that the service has started, or has taken its settings anew."""
        self._send("READY=1")

    def reloading(self) -> None:
        """Report that the settings are being read again; ready() ends that."""
        now = time.clock_gettime(time.CLOCK_MONOTONIC)
        self._send(f"RELOADING=1\nMONOTONIC_USEC={int(now * _MICROSECONDS)}")

    def stopping(self) -> None:
        """Report that the service stops."""
        self._send("STOPPING=1")

    def alive(self) -> None:
        """Return the sign of life that the watchdog waits for."""
        self._send("WATCHDOG=1")

    def status(self, text: str) -> None:
        """Report, in words, how the service does; only what is new is sent."""
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
            _log.debug("systemd was not told %r: %s", message, error)


def _address_of(name: str) -> str | None:
    """Return the address of a socket in the file system or, with ``@``, in the abstract space."""
    if name.startswith("@"):
        return "\0" + name[1:]
    return name if name.startswith("/") else None


class Watchdog:
    """Signs of life and words for the manager, as long as all is well."""

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
        # twice in the time that the manager allows, as sd_watchdog_enabled(3) has it
        self._period_seconds = min(
            (notifier.watchdog_seconds or STATUS_SECONDS * 2) / 2, STATUS_SECONDS
        )
        self._due = clock()

    def turn(self) -> float:
        """Report what is due, and return the seconds until it wants to be called again."""
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
"""How often the words are looked at."""
