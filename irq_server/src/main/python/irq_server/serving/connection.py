"""A connection of the web server, with the limits that waitress lacks.

A request must be whole within REQUEST_SECONDS of its first byte; otherwise the answer is 408. A
client must take its answer at MIN_BYTES_PER_SECOND. A connection without a request closes after
IDLE_SECONDS, and one that never had any after REQUEST_SECONDS.

A request that never reaches the application gets a problem as its answer, too. After that answer
the server reads on for LINGER_SECONDS: the kernel would otherwise withdraw the answer from a client
that still sends.

A connection has one request at a time. If bytes of a second one come with the first, the answer to
the first ends the connection: pipelined requests would hold a worker until somebody takes their
answers. No worker waits for a client: an answer waits in memory, and the serving thread sends it.
"""

import socket
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from http import HTTPStatus
from typing import Any

from waitress.channel import HTTPChannel
from waitress.task import ErrorTask, WSGITask
from waitress.utilities import Error

from ..web.access.guard import DATA_POLICY, HEADERS
from ..web.limits import MAX_BODY_BYTES
from ..web.problem import problem_text
from .access_log import Logged
from .workers import asks_for_health

REQUEST_SECONDS = 30.0
IDLE_SECONDS = 120.0
STALL_SECONDS = 30.0
"""How long a client's rate is measured."""

MIN_BYTES_PER_SECOND = 4096
LINGER_SECONDS = 2.0

MAX_HEAD_BYTES = 16 * 1024

_SMALL_BYTES = 64 * 1024

_DETAILS = {
    HTTPStatus.REQUEST_TIMEOUT: f"the request was not whole within {REQUEST_SECONDS:g} s",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: f"a body has at most {MAX_BODY_BYTES} bytes",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: (
        f"a request has at most {MAX_HEAD_BYTES} bytes before its body"
    ),
    HTTPStatus.INTERNAL_SERVER_ERROR: "the server failed; its log says why",
}


class RequestTimeoutError(Error):
    """A request was not whole in time."""

    code = HTTPStatus.REQUEST_TIMEOUT.value


class _ProblemTask(Logged, ErrorTask):
    """Answers with a problem a request that the application may not see."""

    # waitress's own, which its types lack
    request: Any
    channel: Any
    response_headers: Any

    def execute(self) -> None:
        """Write the answer; the connection ends with it."""
        error = self.request.error
        # 501: a transfer coding other than chunked; RFC 9112, 6.3, has 400 for it
        status = HTTPStatus(400 if error.code == 501 else error.code)
        # the quoted part may be a header with a token
        reason = error.body.partition('"')[0].strip()
        detail = _DETAILS.get(status, f"this is no request that can be read: {reason}")
        body = problem_text(status, detail).encode()
        self.status = f"{status.value} {status.phrase}"
        self.response_headers.append(("Content-Type", "application/problem+json"))
        self.response_headers.append(("Content-Security-Policy", DATA_POLICY))
        self.response_headers.extend(HEADERS.items())
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)
        self.channel.lingers = True


class _Task(Logged, WSGITask):
    """Answers by the application. While the server stops, each answer ends its connection."""

    channel: Any  # waitress's own; its types do not know it as a Connection

    def build_response_header(self) -> bytes:
        """Return the head of the answer."""
        if self.channel.server.draining or self.channel.has_last_request():
            self.set_close_on_finish()
        return super().build_response_header()

    def get_environment(self) -> dict[str, Any]:
        """Return the WSGI environment, where no file can be handed over.

        waitress would keep such a file open until the client has taken all of it.
        """
        environ: dict[str, Any] = super().get_environment()
        environ.pop("wsgi.file_wrapper", None)
        return environ


class Connection(HTTPChannel):
    """One client's connection. Only service() runs outside the serving thread."""

    task_class = _Task
    error_task_class = _ProblemTask

    # waitress's own, which its types lack
    request: Any
    requests: Any
    requests_lock: Any
    server: Any
    socket: Any
    _flush_exception: Callable[..., Any]
    outbufs: Any

    lingers = False

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        # received() holds it around waitress's own, which takes it too
        self.requests_lock = threading.RLock()
        self._is_last = False
        now = time.monotonic()
        self.began = now  # of the unfinished request, or of the connection
        self._reading: object | None = None  # that request
        self._served = False
        self.idle_since = now  # nothing came or went since
        self._sent_bytes = 0
        self._answer_bytes = 0  # in memory: sent ones too, until all are sent
        self.taken_at = now  # a part of its answer, by the client
        self._measured: tuple[float, int] | None = None
        self._linger_until: float | None = None

    @property
    def is_busy(self) -> bool:
        """Return whether a request comes in or has no answer yet, or whether the answer waits."""
        return bool(self.requests or self.total_outbufs_len or self.request)

    @property
    def can_go(self) -> bool:
        """Return whether the connection may close to make room: it owes no answer."""
        return not self.requests and not self.total_outbufs_len

    @property
    def request_bytes(self) -> int:
        """Return how many bytes of requests are in memory."""
        request = self.request or next(iter(self.requests), None)
        if request is None:
            return 0
        return int(request.header_bytes_received + request.body_bytes_received)

    @property
    def answer_bytes(self) -> int:
        """Return how many bytes of an answer are in memory until the client has taken all."""
        return self._answer_bytes if self.total_outbufs_len else 0

    def _flush_some(self, do_close: bool = True) -> bool:
        """Send what the network takes; free the memory of an answer that was sent to its end."""
        flush = super()._flush_some  # type: ignore[misc]  # its types lack it
        sent = bool(flush(do_close=do_close))
        is_sent = self.connected and not self.total_outbufs_len
        if is_sent and self._answer_bytes > _SMALL_BYTES:
            self.outbufs[-1].prune()  # waitress would keep all of it for the connection's life
            self._answer_bytes = 0
        return sent

    def write_soon(self, data: Any) -> int:
        """Take a part of an answer, in a worker; return its bytes."""
        if not self.total_outbufs_len:
            self.taken_at = time.monotonic()
        self._answer_bytes += len(data)
        return int(super().write_soon(data))

    def received(self, data: bytes) -> bool:
        """Take received bytes, and note when their request began."""
        self.idle_since = time.monotonic()
        with self.requests_lock:
            taken = bool(super().received(data))
            self._drop_second_request()
        if self.request is not self._reading:
            self._reading, self.began = self.request, self.idle_since
        return taken

    def _drop_second_request(self) -> None:
        """Keep one request. If a second one has begun, the first is the connection's last."""
        begun = self.request
        if not self.requests or (len(self.requests) == 1 and begun is None):
            return
        self.request = None
        if len(self.requests) == 1 and not begun.header_plus.strip():
            return  # an empty line after a body, which RFC 9112, 2.2, lets a client send
        for each in [*self.requests[1:], *([begun] if begun else [])]:
            each.close()
        del self.requests[1:]
        self._is_last = self.lingers = True

    def has_last_request(self) -> bool:
        """Return whether the connection ends with the answer to its request; any thread may ask."""
        with self.requests_lock:  # the serving thread may be about to see a second request
            return self._is_last

    def send(self, data: bytes, do_close: bool = True) -> int:
        """Send a part of an answer; return how many bytes the network took."""
        sent: int = super().send(data, do_close)
        self._sent_bytes += sent
        if sent:
            self.taken_at = time.monotonic()
        return sent

    def service(self) -> None:
        """Answer one request, in a thread of its own."""
        health = asks_for_health(self)
        with nullcontext() if health else self.server.workers.at_work():
            super().service()
        self._served, self.idle_since = True, time.monotonic()

    def readable(self) -> bool:
        """Return whether the serving thread waits for bytes of the client."""
        return self._linger_until is not None or super().readable()

    def writable(self) -> bool:
        """Return whether the serving thread waits until the client takes more."""
        return self._linger_until is None and bool(super().writable())

    def handle_read(self) -> None:
        """Read the client's bytes; after a last answer, discard them."""
        if self._linger_until is None:
            super().handle_read()
            return
        try:
            self.recv(self.adj.recv_bytes)  # closes if the client has closed
        except OSError:
            self.handle_close()

    def handle_write(self) -> None:
        """Send as much as the network takes."""
        if not (self.lingers and self.close_when_flushed):
            super().handle_write()
            return
        self._flush_exception(self._flush_some)
        if self.will_close:
            self.handle_close()
        elif self.connected and not self.total_outbufs_len:
            self._linger()

    def _linger(self) -> None:
        """Signal the end to the client, and wait until it closes, or for a while."""
        self.close_when_flushed = False
        self._linger_until = time.monotonic() + LINGER_SECONDS
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            self.handle_close()

    def look(self, now: float) -> None:
        """End the connection if it takes too long, at the monotonic moment `now`."""
        if not self.total_outbufs_len:
            self._measured = None
        if self._linger_until is not None:
            expired = now >= self._linger_until
        elif self.total_outbufs_len:
            expired = self._is_stalled(now)
        elif self.requests:
            expired = False  # the application bounds the time of an answer
        elif self.request is not None:
            expired = False
            if now - self.began >= REQUEST_SECONDS:
                self._refuse()
        else:
            limit = IDLE_SECONDS if self._served else REQUEST_SECONDS
            expired = now - self.idle_since >= limit
        if expired:
            self.handle_close()

    def _is_stalled(self, now: float) -> bool:
        """Return whether the client takes its answer too slowly."""
        since, sent_bytes = self._measured = self._measured or (now, self._sent_bytes)
        if now - since < STALL_SECONDS:
            return False
        self._measured = now, self._sent_bytes
        return self._sent_bytes - sent_bytes < MIN_BYTES_PER_SECOND * (now - since)

    def _refuse(self) -> None:
        """Answer a request that was not whole in time."""
        with self.requests_lock:
            request, self.request = self.request, None
            if not request.headers_finished:
                request.parse_header(b"GET / HTTP/1.0\r\n")  # as waitress does for a long head
            request.error = RequestTimeoutError("")
            request.completed = True
            self.requests.append(request)
        self.server.add_task(self)
