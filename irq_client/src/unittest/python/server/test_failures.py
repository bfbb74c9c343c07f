"""Causes of failure, sorted into the exceptions that name them."""

import http.client
import json
import socket
import ssl

import pytest
import requests
import urllib3

from irq_client.errors import (
    AnswerError,
    NotAllowedError,
    ProblemError,
    TimeLimitError,
    UnknownNameError,
    UnreachableError,
)
from irq_client.server.failures import connection_error, is_worth_a_retry, problem_error

URL = "http://h/api/v1/interrupts"
LIMIT = TimeLimitError(URL, "too late")


def wrapped(cause: BaseException) -> requests.ConnectionError:
    """Return a cause as requests does, wrapped twice."""
    return requests.ConnectionError(urllib3.exceptions.ProtocolError("Connection aborted.", cause))


@pytest.mark.parametrize(
    ("error", "reason", "again"),
    [
        (wrapped(ConnectionRefusedError(111, "x")), "connection refused", True),
        (wrapped(OSError(113, "x")), "no route to host", True),
        (wrapped(ConnectionResetError(104, "x")), "connection reset by peer", True),
        (
            wrapped(http.client.RemoteDisconnected("x")),
            "the connection was closed without an answer",
            True,
        ),
        (wrapped(socket.gaierror(-2, "x")), "the server's name is not known", False),
        (
            wrapped(ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number")),
            "no trusted TLS connection: ",
            False,
        ),
        (requests.exceptions.ProxyError("no such proxy"), "the proxy failed: no such", False),
        (urllib3.exceptions.LocationParseError("a..b"), "Failed to parse: a..b", True),
        (requests.ConnectionError(), "ConnectionError", True),
    ],
)
def test_no_answer_is_unreachable_with_the_reason(error: Exception, reason: str, again: bool):
    found = connection_error(URL, error, LIMIT)

    assert type(found) is UnreachableError
    assert found.reason.startswith(reason)
    assert is_worth_a_retry(found) is again


def test_a_certificate_that_is_not_trusted_is_told_in_words():
    cause = ssl.SSLCertVerificationError(1, "x")
    cause.verify_message = "self-signed certificate"

    found = connection_error(URL, wrapped(cause), LIMIT)

    assert found.reason == "no trusted TLS connection: self-signed certificate"
    assert "REQUESTS_CA_BUNDLE" in found.advice


@pytest.mark.parametrize(
    "error",
    [
        requests.ConnectTimeout("x"),
        requests.ReadTimeout("x"),
        wrapped(TimeoutError("x")),
        requests.ConnectionError(urllib3.exceptions.ReadTimeoutError(None, URL, "x")),
    ],
)
def test_every_time_limit_is_the_one(error: Exception):
    if not isinstance(error, requests.Timeout):
        error.args[0].__cause__ = TimeoutError()

    assert connection_error(URL, error, LIMIT) is LIMIT
    assert not is_worth_a_retry(LIMIT)


def test_a_broken_answer_is_an_answer():
    error = requests.exceptions.ChunkedEncodingError("x")

    found = connection_error(URL, error, LIMIT)

    assert type(found) is AnswerError
    assert not is_worth_a_retry(found)


def test_what_does_not_speak_http_is_not_ours():
    found = connection_error(URL, wrapped(http.client.BadStatusLine("SSH-2.0")), LIMIT)

    assert type(found) is AnswerError
    assert "does not speak HTTP" in found.reason


def said(status: int, url: str = URL, **words: object) -> ProblemError:
    """Return the exception for a problem+json answer."""
    return problem_error(url, status, "application/problem+json", json.dumps(words).encode())


@pytest.mark.parametrize(
    ("status", "kind", "exit_status"),
    [
        (400, ProblemError, 1),
        (401, NotAllowedError, 4),
        (403, NotAllowedError, 4),
        (405, ProblemError, 1),
        (409, NotAllowedError, 4),
        (413, ProblemError, 1),
        (421, ProblemError, 1),
        (500, ProblemError, 1),
        (503, ProblemError, 1),
    ],
)
def test_a_problem_is_sorted_by_its_status(status: int, kind: type, exit_status: int):
    error = said(status, title="A title", detail="what is wrong")

    assert type(error) is kind
    assert error.exit_status == exit_status
    assert error.reason == "what is wrong"
    assert f"what is wrong (status {status})" in str(error)
    assert "status" not in error.words


@pytest.mark.parametrize(
    ("status", "url", "advice"),
    [
        (401, URL, "--token-file"),
        (403, URL, "a token that may write"),
        (404, "http://h/api/v1/irqs/36", "irq_client irqs and irq_client cpus list"),
        (404, "http://h/api/v1/irqs/LOC/affinity", "irq_client irqs shows which IRQs have"),
        (409, URL, "try other CPUs"),
        (421, URL, "--allow-hosts"),
        (503, URL, "try again"),
    ],
)
def test_a_problem_says_what_to_try(status: int, url: str, advice: str):
    assert advice in said(status, url, detail="what is wrong").advice


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("http://h/api/v1/irqs/36", UnknownNameError),
        ("http://h/prefix/api/v1/cpus/7", UnknownNameError),
        ("http://h/api/v1/irqs?irq=36&top=3", UnknownNameError),
        ("http://h/api/v1/irqs?cpu=7", UnknownNameError),
        ("http://h/api/v1/irqs?top=3", ProblemError),
        ("http://h/api/v1/events", ProblemError),
    ],
)
def test_a_404_is_about_a_name_only_where_one_was_asked_for(url: str, kind: type):
    assert type(said(404, url, detail="never saw it")) is kind


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/html", b"<html>404</html>"),
        ("application/json", b'{"detail": "no"}'),
        ("application/problem+json", b"garbage"),
        ("application/problem+json", b"[]"),
    ],
)
def test_a_404_in_other_words_is_not_ours(kind: str, body: bytes):
    error = problem_error("http://h/api/v1/irqs/36", 404, kind, body)

    assert type(error) is AnswerError
    assert error.exit_status == 1


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ({"title": "A title"}, "A title"),
        ({"title": "A title", "detail": " "}, "A title"),
        ({"title": 5, "detail": None}, "Internal Server Error"),
        ({}, "Internal Server Error"),
        ({"detail": "x" * 10_000}, "x" * 500),
    ],
)
def test_a_problem_says_the_best_words_it_has(words: dict[str, object], reason: str):
    assert said(500, **words).reason == reason


def test_a_failure_without_words_is_named_by_its_status():
    error = problem_error(URL, 599, "text/html", b"<html>")

    assert error.reason == "an error"
    assert error.advice == "is that an irq_server?"


@pytest.mark.parametrize(("status", "again"), [(502, True), (503, True), (504, True), (500, False)])
def test_a_server_that_is_busy_may_do_better_a_moment_later(status: int, again: bool):
    assert is_worth_a_retry(said(status)) is again
