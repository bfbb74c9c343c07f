"""Serves the application with waitress until told to stop, then answers what it has begun."""

import logging
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from flask import Flask
from waitress import wasyncore
from waitress.server import create_server

from .errors import ListenError

_log = logging.getLogger(__name__)

THREADS = 8
DRAIN_SECONDS = 1.0
"""How long a stop waits for the requests in flight."""

_POLL_SECONDS = 30.0
_DRAIN_POLL_SECONDS = 0.02


def listen(host: str, port: int) -> socket.socket:
    """Gives a socket bound to the first address of `host`. Raises ListenError."""
    address = f"{host}:{port}"
    try:
        family, kind, protocol, _, sockaddr = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ListenError(address, error.strerror or str(error)) from error
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(sockaddr)
    except OSError as error:
        bound.close()
        raise ListenError(address, error.strerror or str(error)) from error
    return bound


def url_of(bound: socket.socket) -> str:
    """Gives the URL that a bound socket is reached at."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class WebServer:
    """The application behind a bound socket."""

    def __init__(self, app: Flask, bound: socket.socket) -> None:
        """Takes both; connections are accepted from now on and answered by run()."""
        self._map: dict[int, Any] = {}
        # Any: the stubs do not know that one socket makes one server
        self._server: Any = create_server(
            app, map=self._map, sockets=[bound], threads=THREADS, ident="irq_server"
        )
        self._stop = threading.Event()
        self._closed = threading.Event()

    def stop(self) -> None:
        """Makes run() return; may be called by a signal's handler and by any thread."""
        self._stop.set()
        self.wake()

    def wake(self) -> None:
        """Has run() call its chores now; may be called by a signal's handler and by any thread."""
        if not self._closed.is_set():
            self._server.pull_trigger()

    def run(self, chores: Callable[[], float] = lambda: _POLL_SECONDS) -> None:
        """Answers requests until stop() is called, then those in flight, then returns.

        Between them it calls `chores`, which gives the seconds after which it is to be called
        again, at the latest.
        """
        while not self._stop.is_set():
            timeout = min(chores(), _POLL_SECONDS)
            wasyncore.loop(timeout=timeout, use_poll=True, map=self._map, count=1)
        deadline = time.monotonic() + DRAIN_SECONDS
        while self._is_busy() and time.monotonic() < deadline:
            wasyncore.loop(timeout=_DRAIN_POLL_SECONDS, use_poll=True, map=self._map, count=1)
        self._server.task_dispatcher.shutdown(timeout=max(deadline - time.monotonic(), 0.1))
        self._closed.set()
        wasyncore.close_all(self._map)

    def _is_busy(self) -> bool:
        """Whether a request waits for its answer, or an answer for the network."""
        channels = list(self._server.active_channels.values())
        return any(each.requests or each.total_outbufs_len for each in channels)
