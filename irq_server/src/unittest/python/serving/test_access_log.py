"""The access log: one line a request, over a real socket."""

import json
import logging
import re
import socket
import threading
from collections.abc import Iterator
from itertools import repeat

import pytest
from flask import Flask, Response

from irq_server.daemon.log_format import JsonFormatter
from irq_server.serving import access_log
from irq_server.serving.access_log import FIELDS
from irq_server.serving.server import WebServer
from irq_server.serving.sockets import listen

SECONDS = 10.0


class Site:
    """A server of a small application, and its access log."""

    def __init__(self, bound: socket.socket, caplog: pytest.LogCaptureFixture) -> None:
        """Serve from now on."""
        app = Flask(__name__)
        app.add_url_rule("/", "hello", view_func=lambda: "hello", methods=["GET", "POST"])
        app.add_url_rule("/stream", "stream", view_func=lambda: Response(iter([b"ab", b"cde"])))
        app.add_url_rule("/endless", "endless", view_func=lambda: Response(repeat(b"x" * 65536)))
        app.add_url_rule("/bug", "bug", view_func=lambda: str(1 / 0))
        self._caplog = caplog
        self._address = bound.getsockname()
        self._server = WebServer(app, bound)
        self._serving = threading.Thread(target=self._server.run)
        self._serving.start()

    def ask(self, *texts: str) -> None:
        """Send requests one after another, and wait until their connection is closed."""
        with socket.create_connection(self._address, timeout=SECONDS) as client:
            for text in texts:
                client.sendall(text.encode("latin-1"))
                answer = b""
                while not answer.endswith(b"hello") and (part := client.recv(65536)):
                    answer += part
            while client.recv(65536):
                pass

    def leave(self, target: str) -> None:
        """Asks for a target, and goes away with its first byte."""
        with socket.create_connection(self._address, timeout=SECONDS) as client:
            client.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            assert client.recv(1)

    def get(self, target: str, method: str = "GET") -> None:
        """Asks for a target, and closes."""
        self.ask(f"{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")

    def stop(self) -> None:
        """End the server."""
        self._server.stop()
        self._serving.join(SECONDS)
        assert not self._serving.is_alive()

    def records(self) -> list[logging.LogRecord]:
        """Return the records, once the server has ended: a line comes after its answer."""
        self.stop()
        return [each for each in self._caplog.records if each.name == "irq_server.access"]

    def lines(self) -> list[str]:
        """Return the logged lines."""
        return [each.getMessage() for each in self.records()]


@pytest.fixture
def site(caplog: pytest.LogCaptureFixture) -> Iterator[Site]:
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.WARNING)
    access_log.enable(True)
    with listen("127.0.0.1", 0) as bound:
        made = Site(bound, caplog)
        yield made
        made.stop()
    access_log.enable(False)
    root.setLevel(level)


@pytest.mark.parametrize(
    ("method", "target", "logged"),
    [
        ("GET", "/", '"GET /" 200 5 bytes'),
        ("HEAD", "/", '"HEAD /" 200 0 bytes'),
        ("GET", "/?a=%0A&b=2", '"GET /?a=%0A&b=2" 200 5 bytes'),
        ("GET", "/stream", '"GET /stream" 200 5 bytes'),
        ("GET", "/none", '"GET /none" 404 207 bytes'),
    ],
)
def test_a_request_is_one_line_whatever_the_logs_level(
    site: Site, method: str, target: str, logged: str
):
    site.get(target, method)

    (line,) = site.lines()
    assert re.fullmatch(rf"127\.0\.0\.1 {re.escape(logged)} [0-9]+\.[0-9] ms", line)


def test_a_request_that_is_no_http_has_its_line(site: Site):
    site.ask("NONSENSE\r\n\r\n")

    (line,) = site.lines()
    assert line.startswith('127.0.0.1 "- -" 400 ')


def test_an_error_of_the_application_is_one_line(site: Site):
    site.get("/bug")

    assert [line.split(" bytes")[0] for line in site.lines()] == ['127.0.0.1 "GET /bug" 500 265']


def test_a_client_that_goes_away_has_its_line(site: Site):
    site.leave("/endless")

    (line,) = site.lines()
    assert line.startswith('127.0.0.1 "GET /endless" 200 ')


def test_each_request_of_a_connection_has_its_line(site: Site):
    one = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    last = "POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    site.ask(one, one, last)

    assert [line.split('"')[1] for line in site.lines()] == ["GET /", "GET /", "POST /"]


def test_json_has_the_requests_fields(site: Site):
    site.get("/")

    (record,) = site.records()
    values = json.loads(JsonFormatter().format(record))
    assert values.pop("milliseconds") >= 0
    fields = {name: values[name] for name in ("address", "method", "path", "status", "bytes")}
    assert fields == {
        "address": "127.0.0.1",
        "method": "GET",
        "path": "/",
        "status": 200,
        "bytes": 5,
    }
    assert set(getattr(record, FIELDS)) == {*fields, "milliseconds"}


def test_it_can_be_off(site: Site):
    access_log.enable(False)

    site.get("/")

    assert site.lines() == []
