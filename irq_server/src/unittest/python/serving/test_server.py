"""Serving: room for connections, and the end."""

import errno
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import pairwise
from typing import Any

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
        """Report that a request is here, and answer it when the test says so."""
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
    serving = threading.Thread(target=server.run, daemon=True)
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
    serving = threading.Thread(target=server.run, daemon=True)
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
    serving = threading.Thread(target=server.run, daemon=True)
    serving.start()
    with socket.create_connection(bound.getsockname(), timeout=SECONDS) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert slow.entered.wait(SECONDS)
        server.stop()
        serving.join(SECONDS)
        assert not serving.is_alive()
        assert client.recv(100) == b""
    slow.let_go.set()


def test_a_server_whose_workers_are_all_at_work_still_says_that_it_is_well(bound: socket.socket):
    slow = Slow()
    slow.app.add_url_rule("/healthz", view_func=lambda: "well")
    server = WebServer(slow.app, bound)
    serving = threading.Thread(target=server.run, daemon=True)
    serving.start()
    with ExitStack() as held:
        held.callback(serving.join, SECONDS)
        held.callback(server.stop)
        held.callback(slow.let_go.set)
        for _ in range(2 * module.THREADS):
            client = held.enter_context(socket.create_connection(bound.getsockname()))
            client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert slow.entered.wait(SECONDS)

        for _ in range(3):
            answer = requests.get(f"{url_of(bound)}/healthz", timeout=SECONDS / 2)
            assert answer.text == "well"


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

    serving = threading.Thread(target=server.run, args=(chores,), daemon=True)
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


def test_where_no_file_is_left_nothing_is_accepted_for_a_moment_and_the_log_says_so_once(
    bound: socket.socket, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(module, "PAUSE_SECONDS", 0.05)
    turns = []
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: "whole")
    server = WebServer(app, bound)
    full = 3
    refused: list[float] = []
    accept = socket.socket.accept

    def refuse_some(listening: socket.socket) -> Any:
        if len(refused) < full:
            refused.append(time.monotonic())
            raise OSError(errno.EMFILE, "Too many open files")
        return accept(listening)

    def chores() -> float:
        turns.append(1)
        return SECONDS

    monkeypatch.setattr(socket.socket, "accept", refuse_some)
    serving = threading.Thread(target=server.run, args=(chores,), daemon=True)
    serving.start()
    answer = requests.get(url_of(bound), timeout=SECONDS)
    server.stop()
    serving.join(SECONDS)

    assert answer.text == "whole"
    waits = [later - sooner for sooner, later in pairwise(refused)]
    assert min(waits) >= 0.05
    assert len(turns) < 20  # no busy loop
    assert caplog.messages == [
        "no further connection is accepted for now, beside 0 open ones: Too many open files"
    ]


def test_where_no_file_is_left_the_longest_silent_connection_goes(
    bound: socket.socket, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "PAUSE_SECONDS", 0.05)
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: "whole")
    server = WebServer(app, bound)
    serving = threading.Thread(target=server.run, daemon=True)
    serving.start()
    accept = socket.socket.accept
    most = 2

    def accept_few(listening: socket.socket) -> Any:
        if len(server._server.active_channels) >= most:
            raise OSError(errno.ENFILE, "Too many open files in system")
        return accept(listening)

    monkeypatch.setattr(socket.socket, "accept", accept_few)
    with ExitStack() as held:
        silent = [
            held.enter_context(socket.create_connection(bound.getsockname(), timeout=SECONDS))
            for _ in range(most)
        ]
        assert requests.get(url_of(bound), timeout=SECONDS).text == "whole"
        assert silent[0].recv(1) == b""
    server.stop()
    serving.join(SECONDS)


def test_a_server_whose_workers_all_hang_says_so(
    bound: socket.socket, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(module, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(workers, "STUCK_SECONDS", 0.1)
    slow = Slow()
    slow.app.add_url_rule("/healthz", view_func=lambda: "well")
    server = WebServer(slow.app, bound)
    serving = threading.Thread(target=server.run, daemon=True)
    serving.start()
    with ExitStack() as held:
        for _ in range(module.THREADS):
            assert not server.is_stuck
            client = held.enter_context(
                socket.create_connection(bound.getsockname(), timeout=SECONDS)
            )
            client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")

        def is_noticed() -> bool:
            """Return whether it is, though a monitor finds all the time that the process lives."""
            assert requests.get(f"{url_of(bound)}/healthz", timeout=SECONDS).text == "well"
            return server.is_stuck and "no request is answered" in caplog.text

        wait_until(is_noticed)
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
