"""Connections that are slow, silent, many or wrong: what the web server does about them."""

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, request, send_file

from irq_server.serving import budget, connection
from irq_server.serving import server as module
from irq_server.serving.server import WebServer
from irq_server.serving.sockets import listen

SECONDS = 10.0
BIG = 24 * 2**20
"""More than sockets' buffers hold, and more than waitress by default lets wait in memory."""


class Site:
    """A served application, and how to talk to it by bytes."""

    def __init__(self, bound: socket.socket) -> None:
        """Serve from now on."""
        app = self.app = Flask(__name__)
        app.add_url_rule("/", endpoint="whole", view_func=lambda: "whole")
        app.add_url_rule("/big", endpoint="big", view_func=lambda: b"x" * BIG)
        app.add_url_rule("/stream", view_func=self.stream)
        app.add_url_rule("/take", methods=["PUT"], view_func=lambda: str(len(request.data)))
        self.address = bound.getsockname()
        self.web = WebServer(app, bound)
        self.serving = threading.Thread(target=self.web.run)
        self.serving.start()

    @staticmethod
    def stream() -> Iterator[bytes]:
        """Return as much in parts."""
        return (b"x" * 2**20 for _ in range(BIG // 2**20))

    def connect(self) -> socket.socket:
        """Return a new connection."""
        return socket.create_connection(self.address, timeout=SECONDS)

    def ask(self, sent: bytes) -> bytes:
        """Send bytes over a new connection, and return all that comes until it is closed."""
        with self.connect() as client:
            client.sendall(sent)
            return read_all(client)

    def answers(self) -> bool:
        """Whether a new request is answered."""
        return self.ask(b"GET / HTTP/1.0\r\n\r\n").endswith(b"whole")


WHOLE = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


def ask_on(client: socket.socket) -> None:
    """Asks over an open connection that stays open, and reads the answer."""
    client.sendall(WHOLE)
    answer = b""
    while not answer.endswith(b"whole"):
        part = client.recv(4096)
        assert part, answer
        answer += part
    assert answer.startswith(b"HTTP/1.1 200")


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until `condition` holds, and fail if it does not in time."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def read_all(client: socket.socket) -> bytes:
    return b"".join(iter(lambda: client.recv(2**20), b""))


def problem_of(answer: bytes) -> tuple[int, dict[str, Any]]:
    """Return the status and the problem of an answer, whose head has to say what it is."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"\r\nContent-Type: application/problem+json" in head
    assert b"\r\nX-Content-Type-Options: nosniff" in head
    assert b"\r\nServer: irq_server\r\n" in head + b"\r\n"
    problem = json.loads(body)
    assert int(head.split()[1]) == problem["status"]
    return problem["status"], problem


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A site that looks after its connections often."""
    monkeypatch.setattr(module, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(module, "_POLL_SECONDS", 0.01)
    with listen("127.0.0.1", 0) as bound:
        made = Site(bound)
        yield made
        made.web.stop()
        made.serving.join(SECONDS)
        assert not made.serving.is_alive()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET /\r\n x\r\n\r\n", 400),
        (b"get / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nA: b\nC: d\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", 400),
        (b"PUT /take HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400),
        (b"PUT /take HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n", 400),
        (b"PUT /take HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 16384 + b"\r\n\r\n", 431),
        (b"GET /" + b"x" * 20000 + b" HTTP/1.1\r\n\r\n", 431),
        (b"PUT /take HTTP/1.1\r\nContent-Length: 65537\r\n\r\n", 413),
        (b"PUT /take HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", 413),
        (
            b"PUT /take HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n10001\r\n"
            + b"x" * 65537
            + b"\r\n0\r\n\r\n",
            413,
        ),
    ],
)
def test_what_is_no_request_is_a_problem(site: Site, sent: bytes, status: int):
    found, problem = problem_of(site.ask(sent))

    assert found == status
    assert problem["detail"]
    assert site.answers()


def test_no_part_of_a_header_comes_back(site: Site):
    line = b"Authorization: Bearer s3cret-token"
    for torn in (line + b"\nX: y", b" " + line, line.replace(b":", b"")):
        answer = site.ask(b"GET / HTTP/1.1\r\n" + torn + b"\r\n\r\n")

        assert problem_of(answer)[0] == 400
        assert b"s3cret" not in answer


def test_a_head_and_a_body_of_the_largest_size_are_taken(site: Site):
    head = b"GET / HTTP/1.0\r\nX: "

    assert site.ask(head + b"x" * (16383 - len(head) - 4) + b"\r\n\r\n").endswith(b"whole")
    assert site.ask(b"PUT /take HTTP/1.0\r\nContent-Length: 65536\r\n\r\n" + b"x" * 65536).endswith(
        b"65536"
    )


def test_a_client_that_sends_all_of_a_long_body_still_reads_why_it_is_refused(site: Site):
    body = b"x" * BIG
    head = b"PUT /take HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body)

    with site.connect() as client:
        sender = threading.Thread(target=lambda: client.sendall(head + body))
        sender.start()
        answer = read_all(client)
        sender.join(SECONDS)

    assert problem_of(answer)[0] == 413


@pytest.mark.parametrize(
    "part",
    [
        b"G",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX:",
        b"PUT /take HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nx",
        b"PUT /take HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\nab",
    ],
)
def test_a_request_that_trickles_in_is_ended(
    site: Site, part: bytes, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(connection, "REQUEST_SECONDS", 0.3)
    ended = threading.Event()

    def trickle(client: socket.socket) -> None:
        while not ended.wait(0.02):
            try:
                client.send(b"x")
            except OSError:
                return

    with site.connect() as client:
        client.sendall(part)
        trickling = threading.Thread(target=trickle, args=(client,))
        trickling.start()
        try:
            head = client.recv(4096)
        finally:
            ended.set()
            trickling.join()

    assert head.split()[1] == b"408"
    assert b"application/problem+json" in head


def test_the_next_request_of_a_connection_has_its_own_time(
    site: Site, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(connection, "REQUEST_SECONDS", 1.0)
    with site.connect() as client:
        until = time.monotonic() + 1.1
        while time.monotonic() < until:
            ask_on(client)
        client.sendall(WHOLE[:20])
        time.sleep(0.1)  # many looks at the connection
        client.sendall(WHOLE[20:])
        assert client.recv(4096).startswith(b"HTTP/1.1 200")
        client.sendall(WHOLE[:20])
        assert b"HTTP/1.0 408" in read_all(client)


@pytest.mark.parametrize(
    ("limit", "before"),
    [("REQUEST_SECONDS", b""), ("IDLE_SECONDS", WHOLE)],
)
def test_a_silent_connection_is_closed(
    site: Site, limit: str, before: bytes, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(connection, limit, 0.05)
    with site.connect() as client:
        client.sendall(before)
        answer = read_all(client)

    assert answer.endswith(b"whole" if before else b"")


@pytest.mark.parametrize("path", [b"/big", b"/stream"])
def test_a_client_that_takes_nothing_is_let_go_with_its_thread(
    site: Site, path: bytes, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(connection, "STALL_SECONDS", 0.2)
    with ExitStack() as held:
        for _ in range(module.THREADS):
            client = held.enter_context(site.connect())
            client.sendall(b"GET %b HTTP/1.0\r\n\r\n" % path)
            assert client.recv(1)

        assert site.answers()
        wait_until(lambda: not site.web._server.active_channels)

        wait_until(lambda: not site.web._server.task_dispatcher.active_count)


@pytest.mark.parametrize("path", [b"/", b"/big", b"/stream"])
def test_of_requests_that_come_at_once_the_first_is_answered(site: Site, path: bytes):
    one = b"GET %b HTTP/1.1\r\nHost: localhost\r\n\r\n" % path

    for sent in (one * 20, one + b"GET / HT", one + b"nonsense\r\n\r\n"):
        head, _, _ = (answer := site.ask(sent)).partition(b"\r\n\r\n")

        assert answer.count(b"HTTP/1.1 200 OK") == 1
        assert b"\r\nConnection: close" in head
        assert len(answer) > BIG or path == b"/"


def test_an_empty_line_behind_a_request_is_no_second_one(site: Site):
    with site.connect() as client:
        client.sendall(WHOLE + b"\r\n")
        ask_on(client)


@pytest.mark.parametrize("path", [b"/big", b"/stream"])
def test_clients_that_read_nothing_hold_no_worker(site: Site, path: bytes):
    one = b"GET %b HTTP/1.1\r\nHost: localhost\r\n\r\n" % path
    with ExitStack() as held:
        for sent in (one * 20, one):
            for _ in range(module.THREADS + 1):
                held.enter_context(site.connect()).sendall(sent)

        assert site.answers()
        wait_until(lambda: not site.web._server.task_dispatcher.active_count)


def test_a_file_is_closed_before_its_client_has_read_it(site: Site, tmp_path: Path):
    (tmp_path / "file").write_bytes(b"x" * BIG)
    opened = []

    def answer() -> Any:
        opened.append((tmp_path / "file").open("rb"))
        return send_file(opened[0], mimetype="text/plain")

    site.app.add_url_rule("/file", view_func=answer)
    with site.connect() as client:
        client.sendall(b"GET /file HTTP/1.0\r\n\r\n")
        wait_until(lambda: bool(opened) and opened[0].closed)


def test_a_client_that_breaks_off_leaves_no_stack_trace(
    site: Site, caplog: pytest.LogCaptureFixture
):
    abort = struct.pack("ii", 1, 0)  # close() sends a reset
    for _ in range(20):
        with site.connect() as client:
            client.sendall(b"GET /big HTTP/1.0\r\n\r\n")
            assert client.recv(1)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, abort)
    wait_until(lambda: not site.web._connections())
    assert [each.message for each in caplog.records if each.exc_info] == []


def test_bodies_that_do_not_end_are_bounded_together(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(budget, "REQUESTS_BYTES", 100_000)
    part = b"PUT /take HTTP/1.1\r\nContent-Length: 65536\r\n\r\n" + b"x" * 20_000
    with ExitStack() as held:
        clients = [held.enter_context(site.connect()) for _ in range(20)]
        for client in clients:
            client.sendall(part)
        wait_until(lambda: len(site.web._server.active_channels) <= 4)

        clients[0].settimeout(SECONDS)
        with suppress(ConnectionResetError):
            assert clients[0].recv(1) == b""  # the oldest one went
        assert site.answers()
        clients[-1].sendall(b"x" * 45_536)
        assert clients[-1].recv(4096).startswith(b"HTTP/1.1 200 OK")
    assert sum("held too much memory" in line for line in caplog.messages) == 1


def test_answers_that_nobody_takes_are_bounded_together(
    site: Site, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(budget, "ANSWERS_BYTES", 3 * BIG)
    with ExitStack() as held:
        clients = [held.enter_context(site.connect()) for _ in range(10)]
        for client in clients:
            client.sendall(b"GET /big HTTP/1.0\r\n\r\n")
            assert client.recv(1)
        wait_until(lambda: sum(each.answer_bytes for each in site.web._connections()) <= 3 * BIG)
        assert site.answers()
        received = []
        for client in clients:
            with suppress(ConnectionResetError):
                received.append(len(read_all(client)))
        assert max(received) >= BIG  # not all were closed


@pytest.mark.parametrize("path", [b"/big", b"/small-parts"])
def test_an_open_connection_keeps_no_answer_that_was_taken(site: Site, path: bytes):
    def parts() -> Response:
        return Response((b"x" * 8192 for _ in range(BIG // 8192)), headers={"Content-Length": BIG})

    site.app.add_url_rule("/small-parts", view_func=parts)
    with site.connect() as client:
        client.sendall(b"GET %b HTTP/1.1\r\nHost: localhost\r\n\r\n" % path)
        count = 0
        while count < BIG:
            count += len(client.recv(2**20))
        (connection,) = site.web._connections()
        wait_until(lambda: not connection.total_outbufs_len)

        assert len(connection.outbufs[-1].getfile().getbuffer()) <= 65536
        ask_on(client)


def test_an_answer_larger_than_the_budget_is_given_if_it_is_alone(
    site: Site, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(budget, "ANSWERS_BYTES", BIG // 2)

    assert len(site.ask(b"GET /big HTTP/1.0\r\n\r\n")) > BIG


def test_a_client_that_takes_its_answer_steadily_gets_all_of_it(
    site: Site, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(connection, "STALL_SECONDS", 0.5)
    with site.connect() as client:
        client.sendall(b"GET /big HTTP/1.0\r\n\r\n")
        count = 0
        while part := client.recv(2**17):
            count += len(part)
            time.sleep(0.01)  # the client's own slowness
    assert count > BIG


def test_where_there_is_no_room_the_longest_silent_connection_goes(site: Site):
    site.web._server.max_connections = 3
    with ExitStack() as held:
        clients = [held.enter_context(site.connect()) for _ in range(3)]
        clients[0].sendall(b"GET / HTTP/1.1\r\n")
        for client in clients[1:]:
            ask_on(client)

        assert site.answers()

        assert clients[0].recv(1) == b""
        ask_on(clients[2])


def test_a_connection_whose_request_is_being_answered_does_not_go(site: Site):
    site.web._server.max_connections = 1
    with site.connect() as busy:
        busy.sendall(b"GET /big HTTP/1.0\r\n\r\n")
        received = len(busy.recv(1))
        with site.connect() as waits:
            waits.sendall(b"GET / HTTP/1.0\r\n\r\n")
            received += len(read_all(busy))
            assert read_all(waits).endswith(b"whole")

    assert received > BIG


def test_a_stop_closes_idle_connections_and_answers_what_was_sent(
    site: Site, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "DRAIN_SECONDS", SECONDS)
    with ExitStack() as held:
        idle = [held.enter_context(site.connect()) for _ in range(200)]
        for client in idle[:100]:
            ask_on(client)
        asking = [held.enter_context(site.connect()) for _ in range(20)]
        for client in asking:
            client.sendall(WHOLE)

        began = time.monotonic()
        site.web.stop()
        site.serving.join(SECONDS)
        spent = time.monotonic() - began

        for client in idle:
            assert client.recv(4096) == b""
        for client in asking:
            assert read_all(client).endswith(b"whole")
    assert spent < SECONDS / 2  # nothing was waited for


def test_waitresss_own_clock_is_not_used(site: Site, monkeypatch: pytest.MonkeyPatch):
    with site.connect() as client:
        client.sendall(b"GET / HTTP/1.1\r\n")
        assert site.answers()
        later = time.time() + 86400.0
        monkeypatch.setattr("waitress.server.time.time", lambda: later)
        assert site.answers()
        client.sendall(b"Host: localhost\r\n\r\n")
        assert client.recv(4096).startswith(b"HTTP/1.1 200")


def test_addresses_of_ipv4_look_the_same_wherever_they_come_through():
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: str(request.remote_addr))
    with listen("::", 0) as bound:
        web = WebServer(app, bound)
        serving = threading.Thread(target=web.run)
        serving.start()
        port = bound.getsockname()[1]
        answers = []
        for address in ("127.0.0.1", "::1"):
            with socket.create_connection((address, port), timeout=SECONDS) as client:
                client.sendall(b"GET / HTTP/1.0\r\n\r\n")
                answers.append(read_all(client).rpartition(b"\r\n")[2])
        web.stop()
        serving.join(SECONDS)

    assert answers == [b"127.0.0.1", b"::1"]
