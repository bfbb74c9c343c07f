"""A failure on the way becomes the exception of `errors` that explains it. Pure.

requests and urllib3 wrap the cause up to four times, so it is searched for in all of them.
"""

import http.client
import os
import socket
import ssl
from collections.abc import Iterator, Mapping
from typing import NamedTuple, TypeVar
from urllib.parse import parse_qsl, urlsplit

import requests
import urllib3

from ..errors import (
    AnswerError,
    NotAllowedError,
    ProblemError,
    ServerError,
    ShapeError,
    TimeLimitError,
    UnknownNameError,
    UnreachableError,
)
from .json_fields import parse_object

LONGEST_REASON = 500
"""Characters of a server's own words that are shown."""

_NO_HTTP = (http.client.HTTPException, urllib3.exceptions.InvalidHeader)
_TEMPORARY_STATUSES = (502, 503, 504)


class Peer(NamedTuple):
    """The advice about failures that a kind of server needs."""

    not_ours: str
    """About an answer of something else."""
    running: str
    """About no answer."""
    by_status: Mapping[int, str]
    """About an error that the server reports."""
    types: tuple[str, ...] = ("application/json",)
    """The types of an answer that are JSON."""


_ADVICE = {
    401: "--token-file names the file with the server's token",
    403: "that takes a server started with --allow-affinity, and a token that may write",
    404: "irq_client irqs and irq_client cpus list what there is",
    409: "try other CPUs, or a moment later; a managed IRQ is placed by the kernel alone",
    421: "ask by the server's address, or start it with --allow-hosts NAME",
    503: "try again in a moment",
}
IRQ_SERVER = Peer("is that an irq_server?", "is irq_server running there?", _ADVICE)
_NO_AFFINITY = "irq_client irqs shows which IRQs have an affinity"

_Error = TypeVar("_Error", bound=BaseException)


def is_worth_a_retry(error: ServerError) -> bool:
    """Return True if a retry may succeed a moment later."""
    if isinstance(error, ProblemError):
        return error.status in _TEMPORARY_STATUSES
    return isinstance(error, UnreachableError) and error.is_temporary


def connection_error(
    url: str, error: Exception, limit: TimeLimitError, peer: Peer = IRQ_SERVER
) -> ServerError:
    """Return the exception for a request that brought no answer, or a broken one.

    `limit` is returned if the cause is a time limit.
    """
    causes = list(causes_of(error))
    if isinstance(error, requests.exceptions.ProxyError):
        return UnreachableError(url, f"the proxy failed: {_reason(causes)}", "see HTTP_PROXY")
    if isinstance(error, requests.Timeout) or _first(causes, TimeoutError):
        return limit
    if tls := _first(causes, ssl.SSLError):
        reason = getattr(tls, "verify_message", "") or getattr(tls, "reason", "") or str(tls)
        advice = "REQUESTS_CA_BUNDLE names the file of trusted certificates"
        return UnreachableError(url, f"no trusted TLS connection: {reason}", advice)
    if isinstance(error, requests.exceptions.ContentDecodingError):
        return AnswerError(url, "the answer cannot be unpacked", "try again")
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return AnswerError(url, "the answer broke off before its end", "try again")
    if _first(causes, socket.gaierror):
        return UnreachableError(url, "the server's name is not known", "check how it is written")
    if _first(causes, http.client.RemoteDisconnected):
        return _lost(url, "the connection was closed without an answer", peer)
    if any(isinstance(each, _NO_HTTP) for each in causes):
        return AnswerError(url, "what answers there does not speak HTTP", peer.not_ours)
    return _lost(url, _reason(causes), peer)


def problem_error(
    url: str, status: int, content_type: str, body: bytes, peer: Peer = IRQ_SERVER
) -> ServerError:
    """Return the exception for an answer with a status of 400 or more.

    Show the `detail` or `title` of a problem+json body (RFC 9457), or the `error` of Prometheus'
    JSON. A 404 of any other form comes from something that is no irq_server. One for a URL that
    names no IRQ and no CPU says nothing about these.
    """
    words = _problem_words(content_type, body)
    if status == 404 and words is None:
        return AnswerError(url, "what answers there does not know the question", peer.not_ours)
    reason = words or http.client.responses.get(status, "an error")
    if status in (401, 403, 409):
        return NotAllowedError(url, reason, peer.by_status.get(status, ""), status=status)
    if status == 404 and _names_irq_or_cpu(url):
        advice = _NO_AFFINITY if _asks_for_affinity(url) else _ADVICE[404]
        return UnknownNameError(url, reason, advice, status=status)
    known = peer.by_status.get(status, "") if status != 404 else ""
    advice = peer.not_ours if words is None else known
    return ProblemError(url, reason, advice, status=status)


def _lost(url: str, reason: str, peer: Peer) -> UnreachableError:
    return UnreachableError(url, reason, peer.running, is_temporary=True)


def _problem_words(content_type: str, body: bytes) -> str | None:
    """Return a server's own words about an error, None if the body has another form."""
    keys = {"application/problem+json": ("detail", "title"), "application/json": ("error",)}
    if content_type not in keys:
        return None
    try:
        problem = parse_object(body)
    except ShapeError:
        return None
    for key in keys[content_type]:
        try:
            text = problem.text(key).strip()
        except ShapeError:
            continue
        if text:
            return text[:LONGEST_REASON]
    return "" if content_type == "application/problem+json" else None


def _asks_for_affinity(url: str) -> bool:
    """Return True if a URL of ours is that of one IRQ's affinity."""
    return urlsplit(url).path.endswith("/affinity")


def _names_irq_or_cpu(url: str) -> bool:
    """Return True if a URL of ours names an IRQ or a CPU, in its path or its query."""
    parts = urlsplit(url)
    _, _, route = parts.path.partition("/api/v1/")
    names = {name for name, _ in parse_qsl(parts.query)}
    return "/" in route or bool(names & {"irq", "cpu"})


def causes_of(error: BaseException) -> Iterator[BaseException]:
    """Return an exception and those that it wraps, each once, the outermost first."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        each = waiting.pop(0)
        if isinstance(each, BaseException) and id(each) not in seen:
            seen.add(id(each))
            yield each
            waiting += [*each.args, getattr(each, "reason", None), each.__cause__, each.__context__]


def _first(causes: list[BaseException], kind: type[_Error]) -> _Error | None:
    return next((each for each in causes if isinstance(each, kind)), None)


def _reason(causes: list[BaseException]) -> str:
    """Return the system's words for the innermost system error, else the innermost words."""
    numbers = [each.errno for each in causes if isinstance(each, OSError) and each.errno]
    if numbers:
        return os.strerror(numbers[-1]).lower()
    return str(causes[-1]) or type(causes[-1]).__name__
