"""Who may ask a real server for what, over the wire."""

import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from conftest import COMMAND, Server, Tree

Start = Callable[..., Server]
READER, WRITER = "reader-0123456789", "writer-0123456789"
FAST = ("--interval", "50ms")
BY_A_NAME = ("--host", "127.1")
"""Loopback, by a name that the server takes for any other host's: no test listens to others."""
SECONDS = 10


@pytest.fixture
def tokens(tmp_path: Path) -> Path:
    """A token file of one that may read and one that may write."""
    path = tmp_path / "tokens"
    path.touch(0o600)
    path.write_text(f"# a test's\nro {READER}\nrw {WRITER}\n")
    return path


def put(server: Server, token: str | None, **headers: str) -> requests.Response:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if token:
        sent["Authorization"] = f"Bearer {token}"
    url = f"{server.url}/api/v1/irqs/24/affinity"
    return requests.put(url, json={"cpus": "0"}, headers=sent, timeout=SECONDS)


def raw(server: Server, request: bytes) -> bytes:
    """Send bytes and return all that comes back until the server closes."""
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=SECONDS) as client:
        client.sendall(request)
        return b"".join(iter(lambda: client.recv(65536), b""))


@pytest.mark.parametrize("arguments", [("--allow-affinity",), ("--allow-affinity", "--insecure")])
def test_writes_without_a_token_file_are_refused_at_the_start(arguments: tuple[str, ...]):
    done = subprocess.run([COMMAND, *arguments], capture_output=True, text=True, timeout=20)

    assert done.returncode == 2
    assert done.stderr == (
        "irq_server: --allow-affinity: expected a --token-file beside it, found 'none'\n"
    )


@pytest.mark.parametrize("mode", [0o644, 0o660])
def test_a_loose_token_file_is_refused_at_the_start(tokens: Path, mode: int):
    tokens.chmod(mode)

    done = subprocess.run(
        [COMMAND, "--port", "0", "--token-file", tokens], capture_output=True, text=True, timeout=20
    )

    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert f"chmod 600 (its mode is {mode:04o}), found '{tokens}'" in done.stderr
    assert READER not in done.stderr


def test_beyond_loopback_reads_need_a_token_and_health_does_not(
    tree: Tree, start: Start, tokens: Path
):
    server = start("--procfs", tree.root, *FAST, *BY_A_NAME, "--token-file", tokens)

    def status(path: str, token: str | None) -> int:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return requests.get(server.url + path, headers=headers, timeout=SECONDS).status_code

    for path in ("/api/v1/status", "/metrics", "/nothing"):
        assert [status(path, each) for each in (None, "unknown-token")] == [401, 401]
    assert [status("/api/v1/status", each) for each in (READER, WRITER)] == [200, 200]
    assert status("/healthz", None) == 200
    assert READER not in "".join(server.log)


def test_without_a_word_everybody_reads_and_nobody_writes(tree: Tree, start: Start):
    server = start("--procfs", tree.root, *FAST)
    server.wait_for_samples()

    answer = put(server, None)

    assert (answer.status_code, answer.headers["Content-Type"]) == (403, "application/problem+json")
    assert (tree.root / "irq/24/smp_affinity_list").read_text() == "0-1\n"


def test_a_write_needs_a_token_that_may_write(tree: Tree, start: Start, tokens: Path):
    server = start("--procfs", tree.root, *FAST, "--allow-affinity", "--token-file", tokens)
    server.wait_for_samples()
    path = tree.root / "irq/24/smp_affinity_list"

    assert [put(server, each).status_code for each in (None, "unknown-token", READER)] == [
        401,
        401,
        403,
    ]
    assert put(server, None).headers["WWW-Authenticate"] == 'Bearer realm="irq_server"'
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
    ):
        refused = put(server, WRITER, **headers)
        assert refused.status_code == 403
        assert "Access-Control-Allow-Origin" not in refused.headers
    assert put(server, WRITER, Content_Type="text/plain").status_code == 415
    assert path.read_text() == "0-1\n"

    assert put(server, WRITER).status_code == 200
    assert path.read_text().strip() == "0"
    assert not any(token in line for line in server.log for token in (READER, WRITER))


@pytest.mark.parametrize(
    ("request_line", "host", "status"),
    [
        ("GET /healthz HTTP/1.1", "Host: localhost", b"200"),
        ("GET /healthz HTTP/1.1", "Host: localhost:9", b"200"),
        ("GET /healthz HTTP/1.1", "Host: localhost.", b"200"),
        ("GET /healthz HTTP/1.1", "Host: [::1]:5000", b"200"),
        ("GET /healthz HTTP/1.1", "Host: evil.example", b"421"),
        ("GET /healthz HTTP/1.1", "Host: localhost\r\nHost: evil.example", b"400"),
        ("GET /healthz HTTP/1.1", "Host: localhost:port", b"400"),
        ("GET /healthz HTTP/1.1", "Host:", b"400"),
        ("GET /healthz HTTP/1.1", "X-None: ", b"400"),
        ("GET /healthz HTTP/1.0", "X-None: ", b"200"),
        ("GET /healthz HTTP/1.0", "Host: evil.example", b"421"),
        ("GET http://localhost/healthz HTTP/1.1", "Host: localhost", b"200"),
        ("GET http://evil.example/healthz HTTP/1.1", "Host: localhost", b"421"),
        ("GET http://localhost/healthz HTTP/1.1", "Host: evil.example", b"421"),
    ],
)
def test_only_requests_for_this_server_are_answered(
    tree: Tree, start: Start, request_line: str, host: str, status: bytes
):
    server = start("--procfs", tree.root, *FAST)

    answer = raw(server, f"{request_line}\r\n{host}\r\nConnection: close\r\n\r\n".encode())

    assert answer.split()[1] == status
    assert b"\r\nX-Content-Type-Options: nosniff\r\n" in answer
    assert b"\r\nServer: irq_server\r\n" in answer


def test_only_pages_of_a_named_origin_may_ask(tree: Tree, start: Start):
    dashboard = "https://dash.example.org"
    server = start("--procfs", tree.root, *FAST, "--cors-origins", dashboard)

    ours = server.get("/api/v1/status")
    assert "Access-Control-Allow-Origin" not in ours.headers
    question = {"Access-Control-Request-Method": "PUT", "Origin": dashboard}
    url = f"{server.url}/api/v1/irqs/24/affinity"
    answer = requests.options(url, headers=question, timeout=SECONDS)
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (204, dashboard)
