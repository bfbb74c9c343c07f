"""A real nginx with the example that is shipped, in front of a real server: TCP and Unix socket."""

import http.client
import json
import os
import re
import socket
import ssl
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme

import needs
from conftest import COMMAND, Server, Tree, wait_until
from leftovers import running

NAME = "irq.example.org"
TOKEN = "a-token-for-tests"  # noqa: S105 - of no real server
EXAMPLE = COMMAND.parent.parent / "share/irq_server/nginx/irq_server.conf"
SECONDS = 20
Start = Callable[..., Server]


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        """The JSON of the body."""
        return json.loads(self.text)


@dataclass
class Site:
    """A server behind nginx."""

    server: Server
    port: int
    authority: trustme.CA

    def ask(
        self,
        path: str,
        method: str = "GET",
        body: object = None,
        host: str = NAME,
        source: str = "127.0.0.1",
        **headers: str,
    ) -> Answer:
        """Asks through nginx, by TLS with a certificate that is checked, from a local address."""
        context = ssl.create_default_context()
        self.authority.configure_trust(context)
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=SECONDS, context=context, source_address=(source, 0)
        )
        sent = {"Host": host, "Authorization": f"Bearer {TOKEN}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        text = None if body is None else json.dumps(body)
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        return answer_of(connection, method, path, text, sent)

    def wait_for_a_sample(self) -> None:
        """Wait until the server has an answer."""
        wait_until(lambda: self.ask("/readyz").status == 200)


def answer_of(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: str | None,
    headers: dict[str, str],
) -> Answer:
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return Answer(answer.status, dict(answer.headers), answer.read().decode())
    finally:
        connection.close()


class AtPath(http.client.HTTPConnection):
    """A connection to a Unix socket."""

    def __init__(self, path: Path) -> None:
        """Take the socket's path."""
        super().__init__("localhost", timeout=SECONDS)
        self._path = path

    def connect(self) -> None:
        """Connect."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(SECONDS)
        self.sock.connect(str(self._path))


@pytest.fixture
def tokens(tmp_path: Path) -> Path:
    """A token file with one token that may write."""
    path = tmp_path / "tokens"
    path.touch(0o600)
    path.write_text(f"{TOKEN}\n")
    return path


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """An authority that nobody else knows."""
    return trustme.CA()


def adapted(folder: Path, authority: trustme.CA, port: int, upstream: str, rate: str) -> str:
    """Return the example with this test's port, certificate and server in the place of its own."""
    certificate = authority.issue_cert("127.0.0.1", NAME)
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    for part in certificate.cert_chain_pems:
        part.write_to_path(folder / "certificate.pem", append=True)
    text = EXAMPLE.read_text()
    for pattern, right in (
        (r"listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;"),
        (r"/etc/ssl/certs/irq\.example\.org\.pem", str(folder / "certificate.pem")),
        (r"/etc/ssl/private/irq\.example\.org\.key", str(folder / "key.pem")),
        (r"server 127\.0\.0\.1:5000;", f"server {upstream};"),
        (r"rate=50r/s", f"rate={rate}"),
    ):
        text, count = re.subn(pattern, lambda _, right=right: right, text)
        assert count == 1, pattern
    return text


@contextmanager
def nginx(folder: Path, example: str) -> Iterator[None]:
    """Run nginx with the example in its http block, until the end of the block."""
    command = needs.program("nginx")
    places = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{each}_temp_path {folder}/{each};\n" for each in places)
    user = "user root;\n" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user}daemon off;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log;\n"
        f"worker_processes 1;\nevents {{}}\nhttp {{\naccess_log off;\n{temporary}{example}\n}}\n"
    )
    with running(command, "-p", folder, "-e", "stderr", "-c", "nginx.conf") as process:
        wait_until(lambda: (folder / "nginx.pid").exists() or process.poll() is not None)
        assert process.poll() is None
        try:
            yield
        finally:
            process.terminate()
            process.wait(SECONDS)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        return bound.getsockname()[1]


@pytest.fixture(params=["tcp", "unix"])
def make(
    request: pytest.FixtureRequest,
    tree: Tree,
    start: Start,
    tokens: Path,
    authority: trustme.CA,
    tmp_path: Path,
) -> Callable[..., Any]:
    """Return a function that runs a server behind nginx, with the example's rate or another."""

    @contextmanager
    def making(rate: str = "50r/s") -> Iterator[Site]:
        arguments = ["--procfs", tree.root, "--interval", "50ms", "--allow-hosts", NAME]
        arguments += ["--token-file", tokens, "--allow-affinity"]
        if request.param == "tcp":
            server = start(*arguments, "--trusted-proxy", "127.0.0.1")
            upstream = server.url.removeprefix("http://")
        else:
            place = tmp_path / "socket"
            server = start(*arguments, "--socket", place, "--trusted-proxy", "unix")
            upstream = f"unix:{place}"
        folder = tmp_path / "nginx"
        folder.mkdir()
        port = free_port()
        with nginx(folder, adapted(folder, authority, port, upstream, rate)):
            site = Site(server, port, authority)
            wait_until(lambda: is_open(port))
            yield site

    return making


def is_open(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=SECONDS).close()
    except ConnectionRefusedError:
        return False
    return True


def test_reads_need_the_token_and_the_name(make: Callable[..., Any]):
    with make() as site:
        site.wait_for_a_sample()

        answer = site.ask("/api/v1/cpus?period=1m")
        assert (answer.status, answer.json["cpus"][0]["cpu"]) == (200, 0)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
        assert answer.headers["Server"] == "nginx"
        refused = site.ask("/api/v1/cpus", Authorization="Bearer another-token")
        assert (refused.status, refused.headers["Content-Type"]) == (
            401,
            "application/problem+json",
        )
        assert site.ask("/healthz", Authorization="").status == 200
        assert site.ask("/healthz", host="evil.example").status == 421


def test_a_change_is_told_with_the_clients_own_address(make: Callable[..., Any], tree: Tree):
    with make() as site:
        site.wait_for_a_sample()

        answer = site.ask(
            "/api/v1/irqs/24/affinity",
            "PUT",
            {"cpus": "1"},
            source="127.0.0.9",
            X_Forwarded_For="198.51.100.66",
        )

        assert (answer.status, answer.json["affinity"]) == (200, "1")
        assert (tree.root / "irq/24/smp_affinity_list").read_text().strip() == "1"
        events = site.ask("/api/v1/events?period=1h&irq=24").json["events"]
        found = [each["detail"] for each in events if "127.0.0.9" in each["detail"]]
        assert found
        assert "198.51.100.66" not in str(events)


def test_a_page_of_the_proxys_own_origin_may_write_and_no_other(make: Callable[..., Any]):
    with make() as site:
        site.wait_for_a_sample()
        path, body = "/api/v1/irqs/24/affinity", {"cpus": "0"}

        assert site.ask(path, "PUT", body, Origin=f"https://{NAME}").status == 200
        assert site.ask(path, "PUT", body, Origin="https://evil.example").status == 403
        assert site.ask(path, "PUT", body, Content_Type="text/plain").status == 415


def test_nginx_bounds_bodies_and_rates(make: Callable[..., Any]):
    with make(rate="1r/m") as site:
        assert site.ask("/api/v1/irqs/24/affinity", "PUT", "x" * 70_000).status == 413

        statuses = [site.ask("/healthz").status for _ in range(110)]

        assert statuses[:90] == [200] * 90
        assert statuses[-1] == 429


def test_only_the_trusted_proxy_is_believed(tree: Tree, start: Start, tokens: Path):
    arguments = ["--token-file", tokens, "--allow-affinity", "--trusted-proxy", "127.0.0.1"]
    server = start("--procfs", tree.root, "--interval", "50ms", *arguments)
    port = int(server.url.rpartition(":")[2])
    headers = {
        "Authorization": f"Bearer {TOKEN}",
        "Content-Type": "application/json",
        "X-Forwarded-For": "198.51.100.66",
    }

    def ask(method: str, path: str, body: str | None = None) -> Answer:
        connection = http.client.HTTPConnection(
            "127.0.0.1", port, timeout=SECONDS, source_address=("127.0.0.2", 0)
        )
        return answer_of(connection, method, path, body, headers)

    wait_until(lambda: ask("GET", "/readyz").status == 200)
    assert ask("PUT", "/api/v1/irqs/24/affinity", '{"cpu": 1}').status == 200

    events = str(ask("GET", "/api/v1/events?period=1h").json["events"])
    assert "127.0.0.2" in events
    assert "198.51.100.66" not in events


@pytest.mark.parametrize("mode", ["0600", "0666"])
def test_a_unix_socket_serves_whom_its_mode_lets_in_and_goes_with_the_server(
    tree: Tree, start: Start, tmp_path: Path, mode: str
):
    place = tmp_path / "socket"
    server = start("--procfs", tree.root, "--socket", place, "--socket-mode", mode)
    assert server.url == f"unix:{place}"
    assert stat.S_IMODE(place.stat().st_mode) == int(mode, 8)

    def status(host: str) -> int:
        return answer_of(AtPath(place), "GET", "/healthz", None, {"Host": host}).status

    assert [status("localhost"), status("127.0.0.1"), status("evil.example")] == [200, 200, 421]
    assert server.stop() == 0
    assert not place.exists()


def test_a_socket_that_a_killed_server_left_is_replaced(tree: Tree, start: Start, tmp_path: Path):
    place = tmp_path / "socket"
    start("--procfs", tree.root, "--socket", place).kill()
    assert place.exists()

    start("--procfs", tree.root, "--socket", place)

    assert answer_of(AtPath(place), "GET", "/healthz", None, {"Host": "localhost"}).status == 200
