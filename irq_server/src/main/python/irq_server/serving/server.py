"""Serve the application with waitress until stop(); then answer the requests in flight.

waitress is one process of pure Python, with one thread for all connections and a few for requests.
A thousand idle connections cost a thousand descriptors and no thread. waitress lacks deadlines and
room for new connections: this module and connection.py add them.
"""

import logging
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.server import TcpWSGIServer, UnixWSGIServer

from ..web.limits import MAX_ANSWER_BYTES, MAX_BODY_BYTES
from .budget import Budget
from .connection import MAX_HEAD_BYTES, Connection
from .descriptors import MAX_CONNECTIONS, NONE_LEFT, connections_allowed
from .workers import Dispatcher, Workers

_log = logging.getLogger(__name__)

THREADS = 4
DRAIN_SECONDS = 1.0
"""How long a stop waits for the requests in flight."""

PAUSE_SECONDS = 1.0
"""How long no connection is accepted after the process had no file left for one."""

_EPISODE_SECONDS = 60.0  # such faults belong together and are logged once if none is longer apart

_ACCEPTS = 64  # connections accepted in one turn
_LOOK_SECONDS = 1.0
_COUNT_SECONDS = 0.05
_POLL_SECONDS = 30.0
_DRAIN_POLL_SECONDS = 0.02


class _Accepting:
    """Mixed into both kinds of waitress's servers: make room for new connections."""

    channel_class: Any = Connection
    draining = False
    workers: Workers
    max_connections = MAX_CONNECTIONS

    # waitress's own, of the server beside this class; its types differ
    active_channels: Any
    socket: Any

    _paused_until: float | None = None
    _full_at: float | None = None

    def readable(self) -> bool:
        """Return whether the serving thread waits for new connections."""
        if self._paused_until is not None and time.monotonic() < self._paused_until:
            return False
        self._paused_until = None
        return bool(super().readable()) and self._has_room()  # type: ignore[misc]  # see above

    @property
    def is_paused(self) -> bool:
        """Return whether no connection is accepted for a moment."""
        return self._paused_until is not None

    def accept(self) -> Any:
        """Return a new connection and its address; None if there is none, or no file for it."""
        try:
            return super().accept()  # type: ignore[misc]  # see above
        except OSError as error:
            if error.errno not in NONE_LEFT:
                raise
            self._pause(error)
            return None

    def _pause(self, error: OSError) -> None:
        """Accept nothing for a moment, as the waiting connection would wake the loop at once."""
        now = time.monotonic()
        self._paused_until = now + PAUSE_SECONDS
        if self._full_at is None or now - self._full_at >= _EPISODE_SECONDS:
            count = len(self.active_channels)
            words = "no further connection is accepted for now, beside %d open ones: %s"
            _log.error(words, count, error.strerror)
        self._full_at = now
        self._close_silent()

    def maintenance(self, now: float) -> None:
        """Do nothing: waitress's own time limits follow a clock that somebody may set."""

    def handle_accept(self) -> None:
        """Accept the waiting connections; if there are too many, close an older one for each."""
        for _ in range(_ACCEPTS):
            before = len(self.active_channels)
            if not self._has_room():
                return
            super().handle_accept()  # type: ignore[misc]  # see above
            if len(self.active_channels) <= before:
                return
            if before >= self.max_connections:
                self._close_silent()

    def _close_silent(self) -> None:
        """Close the connection that has been silent for longest, if one may go."""
        silent = [each for each in self.active_channels.values() if each.can_go]
        if silent:
            min(silent, key=lambda each: each.idle_since).handle_close()

    def _has_room(self) -> bool:
        if len(self.active_channels) < self.max_connections:
            return True
        return any(each.can_go for each in self.active_channels.values())


class _TcpServer(_Accepting, TcpWSGIServer):
    """Listens on an address."""

    def fix_addr(self, addr: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return a client's address, an IPv4 one as such even if IPv6 carries it."""
        return (addr[0].removeprefix("::ffff:"), *addr[1:])


class _UnixServer(_Accepting, UnixWSGIServer):
    """Listens on a Unix socket."""

    def fix_addr(self, addr: Any) -> Any:  # noqa: ARG002 - it has no name
        """Return the name that stands for a client's address."""
        return ("unix", None)


class WebServer:
    """The application behind a bound socket, which accepts from now on; run() answers."""

    def __init__(self, app: Callable[..., Any], bound: socket.socket) -> None:
        self._map: dict[int, Any] = {}
        kind = _UnixServer if bound.family == socket.AF_UNIX else _TcpServer
        # Any: waitress has no types
        self._server: Any = kind(
            app,
            self._map,
            True,
            bound,
            dispatcher=Dispatcher(THREADS),
            adj=_adjustments(),
            sockinfo=(bound.family, bound.type, bound.proto, bound.getsockname()),
            bind_socket=False,
        )
        self._server.max_connections = connections_allowed()
        self._workers = self._server.workers = Workers(THREADS)
        self._stop = threading.Event()
        self._closed = False
        self._waking = threading.RLock()  # a signal's handler may run while its thread has the lock
        self._next_look = 0.0
        self._budget = Budget()
        self._next_count = 0.0

    def stop(self) -> None:
        """Make run() return; any thread and a signal's handler may call this."""
        self._stop.set()
        self._server.draining = True  # each answer from now on ends its connection
        self.wake()

    def wake(self) -> None:
        """Make run() call its chores now; any thread and a signal's handler may call this."""
        with self._waking:
            if not self._closed:
                self._server.pull_trigger()

    @property
    def is_stuck(self) -> bool:
        """Return whether nothing is answered: every worker has had the same request for long."""
        return self._workers.are_stuck(time.monotonic())

    def run(self, chores: Callable[[], float] = lambda: _POLL_SECONDS) -> None:
        """Answer requests until stop(), then those in flight; return.

        Between requests it calls `chores`, which returns the seconds until its next call is due.
        """
        while not self._stop.is_set():
            self._turn(min(chores(), self._look()))
            self._keep_budget()
        deadline = time.monotonic() + DRAIN_SECONDS
        self._drain(deadline)
        self._server.task_dispatcher.shutdown(timeout=max(deadline - time.monotonic(), 0.1))
        with self._waking:
            self._closed = True
            wasyncore.close_all(self._map)

    def _turn(self, timeout: float) -> None:
        wasyncore.loop(timeout=timeout, use_poll=True, map=self._map, count=1)

    def _keep_budget(self) -> None:
        """Close connections that hold too much memory; after a turn, but not after every one."""
        now = time.monotonic()
        if now >= self._next_count:
            self._next_count = now + _COUNT_SECONDS
            self._budget.keep(self._connections(), now)

    def _connections(self) -> list[Connection]:
        return list(self._server.active_channels.values())

    def _look(self) -> float:
        """End connections that take too long; return the seconds until the next look."""
        now = time.monotonic()
        if now >= self._next_look:
            self._next_look = now + _LOOK_SECONDS
            self._workers.look(now)
            for each in self._connections():
                each.look(now)
        if self._server.is_paused:
            return PAUSE_SECONDS
        return _LOOK_SECONDS if self._server.active_channels else _POLL_SECONDS

    def _drain(self, deadline: float) -> None:
        """Take the requests that have arrived, no more; end each connection with its answer."""
        self._server.handle_accept()
        self._turn(0)
        wasyncore.dispatcher.close(self._server)  # the socket; the trigger is still needed
        while time.monotonic() < deadline:
            for each in self._connections():
                if not each.is_busy:
                    each.handle_close()
            if not self._server.active_channels:
                return
            self._turn(_DRAIN_POLL_SECONDS)


def _adjustments() -> Adjustments:
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a queue is no fault
    return Adjustments(
        listen="",  # the socket is bound already: no name to look up
        ident="irq_server",
        threads=THREADS,
        max_request_header_size=MAX_HEAD_BYTES,
        max_request_body_size=MAX_BODY_BYTES + 1,
        # no worker waits until a client takes its answer, and no answer takes a file
        outbuf_high_watermark=2 * MAX_ANSWER_BYTES,
        outbuf_overflow=2 * MAX_ANSWER_BYTES,
        connection_limit=1_000_000,  # _Accepting has its own
        clear_untrusted_proxy_headers=False,  # the application reads none; proxy.py does
    )
