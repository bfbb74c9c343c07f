"""The API of one irq_server becomes values.

Guarantees: a call ends within its time limit, whatever the server does. An answer is either whole
and as promised, or an error of `errors`. A write is sent once. A redirect is an error, so that the
token goes to no other host. Requests to loopback use no proxy of the environment.

Caveats: a server that drips its header lines holds a thread of this process, not its caller, until
the connection ends. One Client serves one thread at a time.
"""

import contextlib
import logging
import math
import time
from collections.abc import Callable
from typing import Self, TypeVar, Unpack
from urllib.parse import quote, urlencode

from ..errors import AnswerError, ServerError, ShapeError, UnknownNameError
from . import model
from .failures import IRQ_SERVER, Peer, is_worth_a_retry
from .http import MAX_ANSWER_BYTES, Transport
from .json_fields import JsonObject, parse_object
from .names import NUMBER, find_irqs, resolve
from .request import Parameters, Request

A = TypeVar("A")
T = TypeVar("T")

_ALL = Request()

DEFAULT_TIMEOUT_SECONDS = 10.0

ATTEMPTS = 3
"""Attempts of a read if no answer comes, or if the server says that it is busy."""

FIRST_WAIT_SECONDS = 0.2
"""The pause before the second attempt; it then doubles."""

NAMES_SECONDS = 60.0
"""A name means the same IRQs for that long; a long run then asks again which the server has."""

_Names = tuple[tuple[str, ...], str]
"""Names of IRQs, and a device."""

_log = logging.getLogger(__name__)


class Client:
    """One irq_server, by its URL (``http://127.0.0.1:5000``, or ``unix:/path``), over one session.

    `timeout_seconds` is the limit for one call, retries included; `wait` sleeps between them.
    `name` is what people call the server, by default its URL without the scheme.

    A question takes a Request, or its fields as values or as a person writes them: ``irqs(period=
    "15m", top=5)``. It returns a value of `model`, whose `text` is the JSON as it came.

    IRQs and devices are named as `names` says; for other names than numbers the server is first
    asked which IRQs it has, once a minute. Every question raises UsageError for a field that cannot
    be, before anything is sent, NoMatchError for a name that nothing has, else a ServerError:
    UnreachableError if no answer came, TimeLimitError if it did not come in time, ProblemError if
    the server reports an error, AnswerError if the answer is not an irq_server's.
    """

    names_changes = True
    """False if affinity changes are only counted, by somebody who does not know the IRQs."""

    def __init__(
        self,
        server: str,
        *,
        token: str | None = None,
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
        wait: Callable[[float], None] = time.sleep,
        name: str = "",
        peer: Peer = IRQ_SERVER,
    ) -> None:
        self.server = server.rstrip("/")
        self.name = name or self.server.partition("://")[2] or self.server
        self._timeout_seconds = timeout_seconds
        self._wait = wait
        self._resolved_names: dict[_Names, tuple[float, _Names]] = {}
        self._peer = peer
        self._transport = Transport(self.server, token, max_answer_bytes, peer)

    def __enter__(self) -> Self:
        """Return itself; leaving the block closes its connections."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def interrupts(self, request: Request = _ALL, **fields: Unpack[Parameters]) -> model.Interrupts:
        """Return IRQ by CPU counts in a window."""
        return self._read("/interrupts", request.updated(**fields), model.read_interrupts)

    def irqs(self, request: Request = _ALL, **fields: Unpack[Parameters]) -> model.Irqs:
        """Return all IRQs in a window."""
        return self._read("/irqs", request.updated(**fields), model.read_irqs)

    def irq(self, irq: str, request: Request = _ALL, **fields: Unpack[Parameters]) -> model.OneIrq:
        """Return one IRQ in a window; UnknownNameError if the server never saw it."""
        path = f"/irqs/{_segment(irq)}"
        return self._read(path, request.updated(**fields), model.read_one_irq, (irq,))

    def cpus(self, request: Request = _ALL, **fields: Unpack[Parameters]) -> model.Cpus:
        """Return all CPUs in a window."""
        return self._read("/cpus", request.updated(**fields), model.read_cpus)

    def cpu(self, cpu: int, request: Request = _ALL, **fields: Unpack[Parameters]) -> model.OneCpu:
        """Return one CPU in a window; UnknownNameError if the server never saw it."""
        return self._read(f"/cpus/{cpu}", request.updated(**fields), model.read_one_cpu)

    def series(self, request: Request = _ALL, **fields: Unpack[Parameters]) -> model.Series:
        """Return counts per step of a window; `step` and `by` are fields."""
        return self._read("/series", request.updated(**fields), model.read_series)

    def events(self, request: Request = _ALL, **fields: Unpack[Parameters]) -> model.Events:
        """Return the events of a window, oldest first."""
        return self._read("/events", request.updated(**fields), model.read_events)

    def status(self) -> model.Status:
        """Return how the sampler and the store are doing."""
        return self._read("/status", _ALL, model.read_status)

    def affinity(self, irq: str) -> model.Affinity:
        """Return the CPUs that an IRQ may go to."""
        return self._read(f"/irqs/{_segment(irq)}/affinity", _ALL, model.read_affinity, (irq,))

    def named(self, name: str, request: Request = _ALL) -> tuple[model.Irq, ...]:
        """Return the IRQs that a name means in the window of a request, in the server's order."""
        return find_irqs(name, self._irqs_of(request))

    def names(self, name: str, request: Request = _ALL) -> tuple[str, ...]:
        """Return the IRQs' own names; for a number without a question."""
        if NUMBER.fullmatch(name):
            return (name,)
        return tuple(irq.irq for irq in self.named(name, request))

    def set_affinity(self, irq: str, cpus: str) -> model.Affinity:
        """Let an IRQ go only to the CPUs of a list (``0-3``); return the affinity after that.

        The request is sent once. After a TimeLimitError `affinity` shows if the change was made.
        Raise NotAllowedError if the server or the kernel refuses.
        """
        url = self._url(f"/irqs/{_segment(irq)}/affinity", _ALL)
        text = self._transport.exchange("PUT", url, self._timeout_seconds, body={"cpus": cpus})
        return self._whole(url, text, lambda answer: model.read_affinity(parse_object(answer)))

    def _url(self, path: str, request: Request) -> str:
        encoded = urlencode(request.encoded())
        return f"{self.server}/api/v1{path}" + (f"?{encoded}" if encoded else "")

    def _irqs_of(self, request: Request) -> tuple[model.Irq, ...]:
        """Return the IRQs of a request's window."""
        window = Request(start=request.start, end=request.end, period=request.period)
        return self._ask("/irqs", window, model.read_irqs).irqs

    def _resolved(self, request: Request) -> Request:
        """Return a request with the server's own names of IRQs, and a pattern or no device."""
        if not request.device and all(map(NUMBER.fullmatch, request.irqs)):
            return request
        asked = (request.irqs, request.device)
        now = time.monotonic()
        since, (irqs, device) = self._resolved_names.get(asked, (-math.inf, asked))
        if now - since >= NAMES_SECONDS:
            irqs, device = resolve(*asked, self._irqs_of(request))
            self._resolved_names[asked] = (now, (irqs, device))
        return request._replace(irqs=irqs, device=device)

    def _read(
        self,
        path: str,
        request: Request,
        reader: Callable[[JsonObject], A],
        names: tuple[str, ...] = (),
    ) -> A:
        """Ask by the server's own names. Of names that it never saw, raise the error of `named`."""
        try:
            return self._ask(path, self._resolved(request), reader)
        except UnknownNameError:
            with contextlib.suppress(ServerError):
                for name in names or request.irqs:
                    self.named(name, request)
            raise

    def _ask(self, path: str, request: Request, reader: Callable[[JsonObject], A]) -> A:
        """Ask for one route, and return the value of its answer."""
        url = self._url(path, request)
        deadline = time.monotonic() + self._timeout_seconds
        return self._get(url, lambda text: reader(parse_object(text)), deadline)

    def _get(self, url: str, read: Callable[[bytes], T], deadline: float) -> T:
        """Ask until an answer comes, or until the attempts or the time are used up.

        `read` returns the value of an answer's bytes. It raises ShapeError.
        """
        left = max(deadline - time.monotonic(), 0.001)
        pause, attempt = FIRST_WAIT_SECONDS, 1
        while True:
            try:
                return self._whole(url, self._transport.exchange("GET", url, left), read)
            except ServerError as error:
                left = deadline - time.monotonic() - pause
                if attempt == ATTEMPTS or left <= 0 or not is_worth_a_retry(error):
                    raise
                _log.info("%s; trying again in %.1f s", error, pause)
            self._wait(pause)
            pause *= 2
            attempt += 1

    def _whole(self, url: str, text: bytes, read: Callable[[bytes], T]) -> T:
        try:
            return read(text)
        except ShapeError as error:
            raise AnswerError(url, str(error), self._peer.not_ours) from error


def _segment(name: str) -> str:
    """Return a name as one segment of a path: ``THR#2`` is ``THR%232``, ``I/O`` is ``I%2FO``."""
    return quote(name, safe="")
