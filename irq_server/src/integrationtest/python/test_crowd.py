"""Many connections at once: idle, trickling, busy. What is counted is answers and samples."""

import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
import requests

from conftest import REQUEST_SECONDS, Server, Tree

Start = Callable[..., Server]
CROWD = 1900  # the server lets in 2,000, and the test itself asks beside them
SOFT_LIMIT = ("prlimit", "--nofile=1024:8192")  # as a shell or a service manager has it
ASK = b"GET /api/v1/cpus?period=60s HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture(autouse=True)
def many_files() -> Iterator[None]:
    """Lets the test itself open as many connections as it makes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 3 * CROWD
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def connect(server: Server) -> socket.socket:
    host, port = server.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=REQUEST_SECONDS)


def read_answer(client: socket.socket) -> bytes:
    """Read one whole answer over a connection that stays open, return its first line."""
    received = b""
    while b"\r\n\r\n" not in received:
        part = client.recv(65536)
        assert part, received
        received += part
    head, _, body = received.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    while len(body) < length:
        part = client.recv(65536)
        assert part, body
        body += part
    return head.partition(b"\r\n")[0]


def sampler(server: Server) -> dict[str, int]:
    found: dict[str, int] = server.json("/api/v1/status")["sampler"]
    return found


@pytest.mark.parametrize("begin", [b"", b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "])
def test_silent_or_trickling_connections_beyond_the_soft_limit_stop_nothing(
    tree: Tree, start: Start, begin: bytes
):
    for number in range(1000, 1600):
        tree.texts[f"{number}"] = f"PCI-MSIX-0000:00:03.0   {number}-edge      eth1-{number}"
        tree.cells[f"{number}"] = [0, 0]
        tree.set_affinity(f"{number}", "0-1", "1")
    tree.show()
    server = start("--procfs", tree.root, "--interval", "1s", under=SOFT_LIMIT)
    with ExitStack() as held:
        clients = [held.enter_context(connect(server)) for _ in range(CROWD)]
        for part in (begin, begin and b"x", begin and b"y"):
            for client in clients:
                client.sendall(part)
            server.wait_for_samples(1)
            assert server.get("/readyz").status_code == 200
        for client in clients:
            client.setblocking(False)
            with pytest.raises(BlockingIOError):  # nobody was turned out to make room
                client.recv(1)
    assert not [line for line in server.log if "ERROR" in line or "WARNING" in line]
    assert server.stop() == 0


def test_with_few_files_allowed_the_silent_make_room(tree: Tree, start: Start):
    limit = ("prlimit", "--nofile=300:300")  # as a service manager may have it
    server = start("--procfs", tree.root, "--interval", "1s", under=limit)
    with ExitStack() as held:
        for _ in range(600):
            held.enter_context(connect(server))
        server.wait_for_samples()
        assert server.get("/readyz").status_code == 200
    assert not [line for line in server.log if "ERROR" in line or "WARNING" in line]


@pytest.mark.slow
def test_two_hundred_connections_for_ten_seconds_lose_no_answer_and_no_sample(
    tree: Tree, start: Start
):
    server = start("--procfs", tree.root, "--interval", "1s")
    server.wait_for_samples()
    late = sampler(server)["late"]
    ending = time.monotonic() + 10.0
    answers, failures = [0] * 20, []

    def ask(number: int) -> None:
        try:
            with ExitStack() as held:
                clients = [held.enter_context(connect(server)) for _ in range(10)]
                while time.monotonic() < ending:
                    for client in clients:
                        client.sendall(ASK)
                    for client in clients:
                        line = read_answer(client)
                        assert line == b"HTTP/1.1 200 OK", line
                        answers[number] += 1
        except (OSError, AssertionError) as error:
            failures.append(repr(error))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert all(answers)
    assert sampler(server)["late"] == late


def test_a_stop_with_two_hundred_connections_open_answers_what_was_asked(tree: Tree, start: Start):
    server = start("--procfs", tree.root, "--interval", "1s")
    server.wait_for_samples()
    with ExitStack() as held:
        idle = [held.enter_context(connect(server)) for _ in range(150)]
        for client in idle:
            client.sendall(ASK)
            read_answer(client)
        asking = [held.enter_context(connect(server)) for _ in range(50)]
        for client in asking:
            client.sendall(ASK)

        began = time.monotonic()
        assert server.stop() == 0
        spent = time.monotonic() - began

        for client in asking:
            assert read_answer(client) == b"HTTP/1.1 200 OK"
        for client in idle:
            assert client.recv(1) == b""
    assert spent < 2.0


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 20000 + b"\r\n\r\n", 431),
        (b"PUT / HTTP/1.1\r\nContent-Length: 100000\r\n\r\n" + b"x" * 100_000, 413),
    ],
)
def test_what_is_no_request_is_a_problem(tree: Tree, start: Start, sent: bytes, status: int):
    server = start("--procfs", tree.root)
    with connect(server) as client:
        client.sendall(sent)
        answer = b"".join(iter(lambda: client.recv(65536), b""))

    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.split()[1] == str(status).encode()
    assert b"\r\nContent-Type: application/problem+json" in head
    assert f'"status": {status}'.encode() in body
    assert requests.get(f"{server.url}/healthz", timeout=REQUEST_SECONDS).status_code == 200
