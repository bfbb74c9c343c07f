"""Serving: room for connections, and the end."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
import requests
from flask import Flask

from irq_server.serving import server as module
from irq_server.serving import workers
from irq_server.serving.server import WebServer
from irq_server.serving.sockets import listen, url_of

SECONDS = 10.0


class Slow:
    """An application whose one route waits until it is let go."""

    def __init__(self) -> None:
        """Lets nobody go yet."""
        self.entered = threading.Event()
        self.let_go = threading.Event()
        self.app = Flask(__name__)
        self.app.add_url_rule("/", view_func=self.answer)

    def answer(self) -> str:
        """Tells that a request is here, and answers when it may."""
        self.entered.set()
        assert self.let_go.wait(SECONDS)
        return "whole"


@pytest.fixture
def bound() -> Iterator[socket.socket]:
    with listen("127.0.0.1", 0) as one:
        yield one


def test_a_stop_answers_the_request_in_flight(bound: socket.socket):
    slow = Slow()
    server = WebServer(slow.app, bound)
    serving = threading.Thread(target=server.run)
    serving.start()
    answers: list[requests.Response] = []
    url = url_of(bound)
    asking = threading.Thread(target=lambda: answers.append(requests.get(url, timeout=SECONDS)))
    asking.start()
    assert slow.entered.wait(SECONDS)

    server.stop()
    slow.let_go.set()
    asking.join(SECONDS)
    serving.join(SECONDS)

    assert not serving.is_alive()
    assert [answer.text for answer in answers] == ["whole"]
    assert answers[0].headers["Connection"] == "close"


def test_a_stop_waits_for_an_answer_that_the_network_has_not_taken_yet(
    bound: socket.socket, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "DRAIN_SECONDS", SECONDS)
    app = Flask(__name__)
    size = 16 * 2**20  # more than the sockets' buffers hold
    app.add_url_rule("/", view_func=lambda: b"x" * size)
    server = WebServer(app, bound)
    serving = threading.Thread(target=server.run)
    serving.start()
    with socket.create_connection(bound.getsockname(), timeout=SECONDS) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        received = client.recv(1)

        server.stop()
        parts = [received, *iter(lambda: client.recv(2**20), b"")]

    serving.join(SECONDS)
    assert not serving.is_alive()
    _, _, body = b"".join(parts).partition(b"\r\n\r\n")
    assert len(body) == size


def test_a_stop_does_not_wait_for_ever(bound: socket.socket, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "DRAIN_SECONDS", 0.05)
    slow = Slow()
    server = WebServer(slow.app, bound)
    serving = threading.Thread(target=server.run)
    serving.start()
    with socket.create_connection(bound.getsockname(), timeout=SECONDS) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert slow.entered.wait(SECONDS)
        server.stop()
        serving.join(SECONDS)
        assert not serving.is_alive()
        assert client.recv(100) == b""
    slow.let_go.set()


def test_a_stop_without_requests_is_at_once(bound: socket.socket):
    server = WebServer(Flask(__name__), bound)
    server.stop()

    server.run()


def test_chores_are_called_in_the_serving_thread_when_they_want_and_when_woken(
    bound: socket.socket,
):
    calls: list[threading.Thread] = []
    server = WebServer(Flask(__name__), bound)

    def chores() -> float:
        calls.append(threading.current_thread())
        if len(calls) == 1:
            return 0.001  # comes back by itself
        if len(calls) == 2:
            server.wake()  # comes back because it was woken: nobody else wakes it for 30 s
            return 1000.0
        server.stop()
        return 1000.0

    serving = threading.Thread(target=server.run, args=(chores,))
    serving.start()
    serving.join(SECONDS)

    assert not serving.is_alive()
    assert calls == [serving] * 3


def test_a_stop_or_a_wake_after_the_end_does_nothing(bound: socket.socket):
    server = WebServer(Flask(__name__), bound)
    server.stop()
    server.run()
    reader, writer = socket.socketpair()  # takes the numbers of the closed descriptors
    with reader, writer:
        server.wake()
        server.stop()

        reader.setblocking(False)
        with pytest.raises(BlockingIOError):
            reader.recv(1)


def test_connections_fit_into_the_files_that_the_process_may_open(
    monkeypatch: pytest.MonkeyPatch,
):
    limits: list[tuple[int, int]] = []
    monkeypatch.setattr(module.resource, "setrlimit", lambda _, pair: limits.append(pair))
    unlimited = module.resource.RLIM_INFINITY

    def with_limits(soft: int, hard: int) -> int:
        monkeypatch.setattr(module.resource, "getrlimit", lambda _: (soft, hard))
        return module.allow_connections()

    assert with_limits(1024, 4096) == 2000
    assert with_limits(1024, unlimited) == 2000
    assert limits == [(2128, 4096), (2128, unlimited)]
    assert with_limits(4096, 4096) == 2000
    assert with_limits(unlimited, unlimited) == 2000
    assert len(limits) == 2
    assert with_limits(512, 512) == 384
    assert with_limits(64, 64) == 16


def test_where_the_limit_of_files_stays_fewer_connections_fit(monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(module.resource, "getrlimit", lambda _: (1024, 4096))
    monkeypatch.setattr(module.resource, "setrlimit", refuse)

    assert module.allow_connections() == 896


def test_a_server_whose_workers_all_hang_says_so(
    bound: socket.socket, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(module, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(workers, "STUCK_SECONDS", 0.1)
    slow = Slow()
    server = WebServer(slow.app, bound)
    serving = threading.Thread(target=server.run)
    serving.start()
    with ExitStack() as held:
        for _ in range(module.THREADS):
            assert not server.is_stuck
            client = held.enter_context(
                socket.create_connection(bound.getsockname(), timeout=SECONDS)
            )
            client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        wait_until(lambda: server.is_stuck and "no request is answered" in caplog.text)
        slow.let_go.set()
        wait_until(lambda: not server.is_stuck)
        server.stop()
        serving.join(SECONDS)
    assert not serving.is_alive()


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until `condition` holds, and fail if it does not in time."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)
