"""The API of one irq_server becomes values.

Guarantees: a call ends within its time limit, whatever the server does. An answer is either whole
and as promised, or an error of `errors`. A write is sent once. A redirect is an error, so that the
token goes to no other host. Requests to loopback use no proxy of the environment.

Caveats: a server that drips its header lines holds a thread of this process, not its caller, until
the connection ends. One Client serves one thread at a time.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar
from urllib.parse import quote, urlencode

from ..errors import AnswerError, ServerError, ShapeError
from . import authors, model
from .address import is_socket
from .failures import NOT_OURS, is_worth_a_retry
from .http import MAX_ANSWER_BYTES, Transport
from .json_fields import JsonObject, parse_object
from .request import Request

T = TypeVar("T")

Query = Request | Sequence[tuple[str, str]]
"""A Request, or query parameters as other programs give them: ``[("period", "15m")]``."""

DEFAULT_TIMEOUT_SECONDS = 10.0

ATTEMPTS = 3
"""Attempts of a read if no answer comes, or if the server says that it is busy."""

FIRST_WAIT_SECONDS = 0.2
"""The pause before the second attempt; it then doubles."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """A value, and the bytes of JSON that it was read from, as they came."""

    value: T
    text: bytes


class Client:
    """One irq_server, by its URL (``http://127.0.0.1:5000``, or ``unix:/path``), over one session.

    `timeout_seconds` is the limit for one call, retries included; `wait` sleeps between them.

    Every method that asks raises a ServerError: UnreachableError if no answer came, TimeLimitError
    if it did not come in time, ProblemError if the server reports an error, AnswerError if the
    answer is not an irq_server's.
    """

    def __init__(
        self,
        server: str,
        *,
        token: str | None = None,
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self.server = server.rstrip("/")
        self._timeout_seconds = timeout_seconds
        self._wait = wait
        socket_server = self.server if is_socket(self.server) else ""
        self._transport = Transport(token, max_answer_bytes, socket_server)

    def __enter__(self) -> "Client":
        """Return itself; leaving the block closes its connections."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def interrupts(self, query: Query = ()) -> Answer[model.Interrupts]:
        """Return IRQ by CPU counts in a window."""
        return self._read("/interrupts", query, model.read_interrupts)

    def irqs(self, query: Query = ()) -> Answer[model.Irqs]:
        """Return all IRQs in a window."""
        return self._read("/irqs", query, model.read_irqs)

    def irq(self, irq: str, query: Query = ()) -> Answer[model.OneIrq]:
        """Return one IRQ in a window; UnknownNameError if the server never saw it."""
        return self._read(f"/irqs/{_segment(irq)}", query, model.read_one_irq)

    def cpus(self, query: Query = ()) -> Answer[model.Cpus]:
        """Return all CPUs in a window."""
        return self._read("/cpus", query, model.read_cpus)

    def cpu(self, cpu: int, query: Query = ()) -> Answer[model.OneCpu]:
        """Return one CPU in a window; UnknownNameError if the server never saw it."""
        return self._read(f"/cpus/{cpu}", query, model.read_one_cpu)

    def series(self, query: Query = ()) -> Answer[model.Series]:
        """Return counts per step of a window; `step` and `by` are parameters."""
        return self._read("/series", query, model.read_series)

    def events(self, query: Query = ()) -> Answer[model.Events]:
        """Return the events of a window, with the author of each change of an affinity.

        Ask a second time, for the seconds before the window, if the author may be found there.
        """
        deadline = time.monotonic() + self._timeout_seconds
        answer = self._read("/events", query, model.read_events)
        events = answer.value.events
        within_seconds = authors.notice_seconds(answer.value.window)
        found = authors.attributed(events, within_seconds)
        edges = authors.unknown_before(found, within_seconds)
        if edges is not None:
            start, end = edges
            window = Request(start=start, end=end).encoded()
            filters = [each for each in _pairs(query) if each[0] not in ("start", "end", "period")]
            earlier = self._read(
                "/events", [*window, *filters], model.read_events, deadline - time.monotonic()
            )
            known = set(events)
            before = [each for each in earlier.value.events if each not in known]
            found = authors.attributed([*before, *events], within_seconds)[len(before) :]
        return Answer(replace(answer.value, events=found), answer.text)

    def status(self) -> Answer[model.Status]:
        """Return how the sampler and the store are doing."""
        return self._read("/status", (), model.read_status)

    def affinity(self, irq: str) -> Answer[model.Affinity]:
        """Return the CPUs that an IRQ may go to."""
        return self._read(f"/irqs/{_segment(irq)}/affinity", (), model.read_affinity)

    def set_affinity(self, irq: str, cpus: str) -> Answer[model.Affinity]:
        """Let an IRQ go only to the CPUs of a list (``0-3``); return the affinity after that.

        The request is sent once. After a TimeLimitError `affinity` shows if the change was made.
        Raise NotAllowedError if the server or the kernel refuses.
        """
        url = self._url(f"/irqs/{_segment(irq)}/affinity", ())
        text = self._transport.exchange("PUT", url, self._timeout_seconds, body={"cpus": cpus})
        return _checked(url, text, model.read_affinity)

    def _url(self, path: str, query: Query) -> str:
        encoded = urlencode(_pairs(query))
        return f"{self.server}/api/v1{path}" + (f"?{encoded}" if encoded else "")

    def _read(
        self,
        path: str,
        query: Query,
        reader: Callable[[JsonObject], T],
        within_seconds: float | None = None,
    ) -> Answer[T]:
        """Ask until an answer comes, or until the attempts or the time are used up.

        `within_seconds` is the time; by default that of a whole call.
        """
        url = self._url(path, query)
        left = self._timeout_seconds if within_seconds is None else within_seconds
        deadline = time.monotonic() + left
        pause, attempt = FIRST_WAIT_SECONDS, 1
        while True:
            try:
                return _checked(url, self._transport.exchange("GET", url, left), reader)
            except ServerError as error:
                left = deadline - time.monotonic() - pause
                if attempt == ATTEMPTS or left <= 0 or not is_worth_a_retry(error):
                    raise
                _log.info("%s; trying again in %.1f s", error, pause)
            self._wait(pause)
            pause *= 2
            attempt += 1


def _pairs(query: Query) -> list[tuple[str, str]]:
    """Return names and values of query parameters."""
    return query.encoded() if isinstance(query, Request) else list(query)


def _segment(name: str) -> str:
    """Return a name as one segment of a path: ``THR#2`` is ``THR%232``, ``I/O`` is ``I%2FO``."""
    return quote(name, safe="")


def _checked(url: str, text: bytes, reader: Callable[[JsonObject], T]) -> Answer[T]:
    try:
        return Answer(reader(parse_object(text)), text)
    except ShapeError as error:
        raise AnswerError(url, str(error), NOT_OURS) from error
