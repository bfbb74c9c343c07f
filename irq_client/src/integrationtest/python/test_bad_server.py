"""The installed command at servers that are away, slow, strange or hostile."""

import gzip
import json
import signal
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

import machine
from conftest import COMMAND, Done
from leftovers import running
from service import Request, WebService, json_reply, problem, reply

GARBAGE = {
    "not json": reply(b"garbage"),
    "an empty body": reply(b""),
    "a list": reply(b"[]"),
    "an empty object": reply(b"{}"),
    "wrong types": json_reply(machine.CPUS | {"cpus": "many"}),
    "a negative count": json_reply(machine.CPUS | {"total": -1}),
    "not a number": reply(b'{"total": NaN}'),
    "deep": reply(b"[" * 200_000),
    "not utf-8": reply(b'{"total": "\xff"}'),
    "html": machine.HTML,
    "no type": reply(json.dumps(machine.CPUS).encode(), kind=""),
    "text/plain": reply(json.dumps(machine.CPUS).encode(), kind="text/plain"),
    "half of gzip": reply(b"\x1f\x8b", more="Content-Encoding: gzip\r\n"),
    "no gzip": reply(b"garbage", more="Content-Encoding: gzip\r\n"),
    "a gzip bomb": reply(gzip.compress(bytes(100 * 2**20)), more="Content-Encoding: gzip\r\n"),
    "another encoding": reply(b"garbage", more="Content-Encoding: br\r\n"),
    "truncated": json_reply(machine.CPUS)[:-40],
    "ssh": b"SSH-2.0-OpenSSH_9.2p1\r\n",
    "no content": reply(b"", status=204),
    "an html 404": reply(b"<html>", status=404, kind="text/html"),
    "an html 500": reply(b"<html>", status=500, kind="text/html"),
    "a redirect": reply(b"", status=302, more="Location: http://192.0.2.1/\r\n"),
}


def is_one_line(done: Done, url: str) -> bool:
    """Return True if one line reports a failure of a server, and nothing else was written."""
    line, server = done.stderr.removesuffix("\n"), url.partition("://")[2]
    return done.stdout == "" and line.isprintable() and line.startswith(f"irq_client: {server}")


@pytest.mark.parametrize("answer", GARBAGE.values(), ids=GARBAGE.keys())
@pytest.mark.parametrize("form", ["table", "json"])
def test_an_answer_that_is_not_ours_is_one(run, answer: bytes, form: str):
    with WebService(lambda _, __: answer) as service:
        done = run("cpus", "--server", service.url, "--format", form)

    assert done.returncode == 1
    assert is_one_line(done, service.url)


@pytest.mark.parametrize(
    ("status", "exit_status"),
    [
        (400, 1),
        (401, 4),
        (403, 4),
        (404, 3),
        (405, 1),
        (409, 4),
        (413, 1),
        (415, 1),
        (421, 1),
        (500, 1),
        (503, 1),
    ],
)
def test_a_problem_is_told_in_the_servers_words(run, status: int, exit_status: int):
    with WebService(lambda _, __: problem(status, "what is\n\x1b[2Jwrong")) as service:
        done = run("irq", "36", "--server", service.url)

    assert done.returncode == exit_status
    assert done.stdout == ""
    assert r"what is\n\x1b[2Jwrong" in done.stderr
    assert (service.url[7:] in done.stderr) == (status >= 500)
    assert done.stderr.count("\n") == 1


def drip(service: WebService, _: Request) -> Iterator[bytes]:
    """Send a header line that never ends."""
    yield b"HTTP/1.1 200 OK\r\nX: "
    while not service.stopping.wait(0.05):
        yield b"x"


def drip_body(service: WebService, _: Request) -> Iterator[bytes]:
    """Send a body of known length, byte by byte."""
    yield b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n"
    while not service.stopping.wait(0.05):
        yield b" "


def silent(service: WebService, _: Request) -> Iterator[bytes]:
    """Send nothing."""
    service.stopping.wait()
    yield b""


@pytest.mark.parametrize("answer", [drip, drip_body, silent], ids=lambda answer: answer.__name__)
def test_a_slow_server_holds_nobody_longer_than_the_time_limit(run, answer):
    with WebService(answer) as service:
        started = time.monotonic()
        done = run("cpus", "--server", service.url, "--timeout", "500ms")
        spent = time.monotonic() - started

    assert done.returncode == 5
    assert is_one_line(done, service.url)
    assert "--timeout" in done.stderr
    assert spent < 10


def test_a_flood_is_stopped(run):
    def flood(service: WebService, _: Request) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
        while not service.stopping.is_set():
            yield b" " * 1_000_000

    with WebService(flood) as service:
        done = run("cpus", "--server", service.url)

    assert done.returncode == 1
    assert is_one_line(done, service.url)
    assert "longer than 67,108,864 bytes" in done.stderr


def test_a_connection_closed_at_once_is_five(run):
    with WebService(lambda _, __: b"") as service:
        done = run("cpus", "--server", service.url)

    assert done.returncode == 5
    assert is_one_line(done, service.url)
    assert len(service.requests) == 3


@pytest.mark.parametrize("argv", [["cpus"], ["affinity", "36", "1"]])
def test_a_server_that_is_away_is_five(run, argv: list[str]):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"

    done = run(*argv, "--server", url)

    assert done.returncode == 5
    assert is_one_line(done, url)
    assert "connection refused; is irq_server running there?" in done.stderr


def test_a_name_that_nobody_knows_is_five(run):
    done = run("cpus", "--server", "http://irq.invalid", "--timeout", "5")

    assert done.returncode == 5
    assert is_one_line(done, "http://irq.invalid")


def test_a_redirect_takes_no_token_elsewhere(run, tmp_path: Path):
    token = tmp_path / "token"
    token.write_text("s3cret")
    token.chmod(0o600)
    with WebService(machine.answer_well) as elsewhere:
        answer = reply(b"", status=307, more=f"Location: {elsewhere.url}/api/v1/cpus\r\n")
        with WebService(lambda _, __: answer) as service:
            done = run("cpus", "--server", service.url, "--token-file", str(token))

    assert done.returncode == 1
    assert f"redirects to {elsewhere.url}" in done.stderr
    assert elsewhere.requests == []


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Return an authority that no machine trusts, made for these tests."""
    return trustme.CA()


@pytest.fixture
def trust(authority: trustme.CA, tmp_path: Path) -> dict[str, str]:
    """Return the environment in which it is trusted."""
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    return {"REQUESTS_CA_BUNDLE": str(tmp_path / "authority.pem")}


def tls(certificate: trustme.LeafCert) -> ssl.SSLContext:
    """Return what a server with that certificate needs."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def test_a_certificate_of_an_unknown_authority_is_five(run, authority: trustme.CA):
    with WebService(machine.answer_well, tls(authority.issue_cert("127.0.0.1"))) as service:
        done = run("cpus", "--server", service.url)

    assert done.returncode == 5
    assert is_one_line(done, service.url)
    assert "unable to get local issuer certificate" in done.stderr
    assert "REQUESTS_CA_BUNDLE" in done.stderr
    assert service.requests == []


def test_a_certificate_of_another_host_is_five(run, authority: trustme.CA, trust: dict[str, str]):
    with WebService(machine.answer_well, tls(authority.issue_cert("irq.example.org"))) as service:
        done = run("cpus", "--server", service.url, **trust)

    assert done.returncode == 5
    assert is_one_line(done, service.url)
    assert "certificate is not valid for '127.0.0.1'" in done.stderr
    assert service.requests == []


def test_a_certificate_that_is_no_longer_valid_is_five(
    run, authority: trustme.CA, trust: dict[str, str]
):
    yesterday = datetime.now(UTC) - timedelta(days=1)
    certificate = authority.issue_cert("127.0.0.1", not_after=yesterday)
    with WebService(machine.answer_well, tls(certificate)) as service:
        done = run("cpus", "--server", service.url, **trust)

    assert done.returncode == 5
    assert is_one_line(done, service.url)
    assert "certificate has expired" in done.stderr
    assert service.requests == []


def test_a_certificate_that_is_trusted_will_do(run, authority: trustme.CA, trust: dict[str, str]):
    with WebService(machine.answer_well, tls(authority.issue_cert("127.0.0.1"))) as service:
        done = run("cpus", "--server", service.url, **trust)

    assert (done.returncode, done.stderr) == (0, "")


def test_proxies_are_not_asked_for_loopback(run, good):
    done = run("cpus", "--server", good.url, HTTP_PROXY="http://127.0.0.1:1", http_proxy="x")

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "argv",
    [
        ["overview", "--period", "5x"],
        ["overview", "--start", "2026-01-01 25:00"],
        ["overview", "--start", "-5m", "--end", "-15m"],
        ["overview", "--start", "1", "--end", "2", "--period", "3"],
        ["overview", "--cpu", "3-1"],
        ["overview", "--top", "0"],
        ["overview", "--format", "xml"],
        ["overview", "--frob"],
        ["irq", ""],
        ["cpu", "x"],
        ["affinity", "36", "all"],
        ["history", "--by", "moon"],
        ["frobnicate"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_two_and_nothing_is_sent(run, good, argv: list[str]):
    done = run(*argv, IRQ_CLIENT_SERVER=good.url)

    assert done.returncode == 2
    assert is_one_line(done, "")
    assert good.requests == []


def test_control_c_is_quiet(environment):
    asked = threading.Event()

    def hold(service: WebService, _: Request) -> Iterator[bytes]:
        asked.set()
        service.stopping.wait()
        yield b""

    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with (
        WebService(hold) as service,
        running(COMMAND, "cpus", "--server", service.url, env=environment, **pipes) as process,
    ):
        assert asked.wait(30)
        process.send_signal(signal.SIGINT)

        assert process.communicate(timeout=30) == (b"", b"")
        assert process.returncode == 130
