"""One request and its answer, over a real connection."""

import gzip
import threading
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from irq_client.errors import AnswerError, NotAllowedError, TimeLimitError, UnreachableError
from irq_client.server.http import Transport, is_local
from service import Request, WebService, problem, reply


def ask(url: str, *, seconds: float = 10.0, token: str | None = None, most: int = 1000) -> bytes:
    """Ask once."""
    transport = Transport(url, token, most)
    try:
        return transport.exchange("GET", url, seconds)
    finally:
        transport.close()


def ask_service(answer: bytes, *, most: int = 1000) -> bytes:
    """Ask a service that always answers so."""
    with WebService(lambda _, __: answer) as service:
        return ask(service.url, most=most)


def test_an_answer_is_its_bytes():
    assert ask_service(reply(b'{"a":  1}\n', kind="application/json; charset=utf-8")) == (
        b'{"a":  1}\n'
    )


def test_a_request_says_who_asks_and_what_it_takes():
    with WebService(lambda _, __: reply(b"{}")) as service:
        ask(service.url + "/x?y=1", token="s3cret")  # noqa: S106 - made up

    (request,) = service.requests
    assert request.headers["authorization"] == "Bearer s3cret"
    assert request.headers["user-agent"].startswith("irq_client/")
    assert request.target == "/x?y=1"


def test_without_a_token_nothing_stands_in_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))

    with WebService(lambda _, __: reply(b"{}")) as service:
        ask(service.url)

    assert "authorization" not in service.requests[0].headers


def test_a_write_carries_json():
    with WebService(lambda _, __: reply(b"{}")) as service:
        Transport(service.url, None, 1000).exchange("PUT", service.url, 10.0, body={"cpus": "0-3"})

    (request,) = service.requests
    assert request.method == "PUT"
    assert request.headers["content-type"] == "application/json"
    assert request.body == b'{"cpus": "0-3"}'


def test_loopback_is_asked_without_the_proxies_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    assert ask_service(reply(b"{}")) == b"{}"


def test_other_hosts_are_asked_by_the_proxies_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
):
    with WebService(lambda _, __: reply(b"{}")) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        ask("http://irq.invalid/x")

    assert proxy.requests[0].target == "http://irq.invalid/x"


def test_a_proxy_that_is_away_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")

    with pytest.raises(UnreachableError, match="the proxy failed: connection refused"):
        ask("http://irq.invalid/x")


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("http://localhost:5000", True),
        ("http://irq.localhost", True),
        ("http://127.0.0.1:5000", True),
        ("http://127.9.9.9", True),
        ("http://[::1]:5000", True),
        ("unix:/run/irq_server/socket", True),
        ("http://192.0.2.1", False),
        ("http://localhost.example.org", False),
    ],
)
def test_this_machine_is_known_by_name_and_by_number(url: str, loopback: bool):
    assert is_local(url) is loopback


@pytest.mark.parametrize(
    "answer",
    [
        reply(b"{}", kind="[" * 5000),
        reply(b"", status=302, more=f"Location: http://{'a' * 5000}/\r\n"),
        reply(b"{}", more=f"Content-Encoding: {'b' * 5000}\r\n"),
    ],
)
def test_of_a_long_header_an_error_shows_the_beginning(answer: bytes):
    with pytest.raises(AnswerError) as caught:
        ask_service(answer)

    assert len(caught.value.reason) < 200


@pytest.mark.parametrize("target", [b"\xff /elsewhere", b"http://[", b"http://a:x/", b""])
def test_a_redirect_to_nonsense_is_an_error_too(target: bytes):
    answer = reply(b"", status=302, more="Location: @\r\n").replace(b"@", target)

    with pytest.raises(AnswerError) as caught:
        ask_service(answer)

    assert caught.value.reason.startswith("redirects to ")


def test_a_redirect_is_an_error_and_the_token_stays_here():
    with WebService(lambda _, __: reply(b"{}")) as elsewhere:

        def redirect(_: WebService, __: Request) -> bytes:
            return reply(b"", status=302, more=f"Location: {elsewhere.url}/x\r\n")

        with WebService(redirect) as service, pytest.raises(AnswerError) as caught:
            ask(service.url, token="s3cret")  # noqa: S106 - made up

    assert caught.value.reason == f"redirects to {elsewhere.url}/x"
    assert elsewhere.requests == []


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (reply(b"<html>", kind="text/html"), "answered text/html, not JSON"),
        (reply(b"{}", kind=""), "answered without a type, not JSON"),
        (reply(b"", status=204), "answered with status 204"),
        (reply(b"x", more="Content-Encoding: br\r\n"), "in br, which was not asked for"),
        (reply(b"x" * 20, more="Content-Encoding: gzip\r\n"), "cannot be unpacked"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "does not speak HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n", "does not speak HTTP"),
        (reply(b"{}", more="Content-Length: 3\r\n"), "does not speak HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", "broke off"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "broke off"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "not JSON"),
    ],
)
def test_an_answer_that_is_not_ours_is_an_error(answer: bytes, words: str):
    with pytest.raises(AnswerError, match=words):
        ask_service(answer)


def test_an_error_that_is_kept_keeps_no_connection_open():
    def sockets() -> int:
        links = [path for path in Path("/dev/fd").iterdir() if path.is_symlink()]
        return sum(str(path.readlink()).startswith("socket:") for path in links)

    before, kept = sockets(), []
    for _ in range(3):
        with pytest.raises(AnswerError) as caught:
            ask_service(reply(b"{}", more="Content-Length: 3\r\n"))
        kept.append(caught)

    assert sockets() == before


def test_a_problem_is_told():
    with pytest.raises(NotAllowedError, match="no token"):
        ask_service(problem(401, "no token"))


def test_an_answer_may_be_as_long_as_the_limit_and_no_longer():
    assert ask_service(reply(b"x" * 1000), most=1000) == b"x" * 1000
    with pytest.raises(AnswerError, match="longer than 1,000 bytes"):
        ask_service(reply(b"x" * 1001), most=1000)


def packed(body: bytes) -> bytes:
    """Return an answer whose body is gzipped."""
    return reply(gzip.compress(body), more="Content-Encoding: gzip\r\n")


def test_a_packed_answer_is_unpacked():
    assert ask_service(packed(b'{"a": 1}')) == b'{"a": 1}'


def test_the_limit_of_a_packed_answer_counts_what_it_unpacks_to():
    assert ask_service(packed(b"x" * 1000), most=1000) == b"x" * 1000
    with pytest.raises(AnswerError, match="longer than 1,000 bytes"):
        ask_service(packed(b"x" * 1001), most=1000)


def test_a_small_answer_that_unpacks_to_a_huge_one_is_left_at_the_limit():
    huge = packed(bytes(200_000_000))
    assert len(huge) < 250_000

    tracemalloc.start()
    with pytest.raises(AnswerError, match="longer than 1,000,000 bytes"):
        ask_service(huge, most=1_000_000)
    _, most_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert most_bytes < 100_000_000


def test_packed_answers_are_wanted_of_other_hosts_and_of_them_alone(
    monkeypatch: pytest.MonkeyPatch,
):
    with WebService(lambda _, __: packed(b"{}")) as service:
        ask(service.url)
        monkeypatch.setenv("http_proxy", service.url)
        assert ask("http://irq.invalid/x") == b"{}"

    near, far = service.requests
    assert near.headers["accept-encoding"] == "identity"
    assert far.headers["accept-encoding"] == "gzip"


def test_an_answer_without_an_end_is_not_read_to_its_end():
    def flood(service: WebService, _: Request) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
        while not service.stopping.is_set():
            yield b"x" * 65_536

    with WebService(flood) as service, pytest.raises(AnswerError, match="longer than"):
        ask(service.url, most=1_000_000)


def drip(head: bytes):
    """Return a service's answer: a head, then a byte now and then, as long as anybody listens."""

    def answer(service: WebService, _: Request) -> Iterator[bytes]:
        yield head
        while not service.stopping.wait(0.02):
            yield b"x"

    return answer


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nX: ",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n",
    ],
    ids=["status line", "header line", "body", "body of known length"],
)
def test_a_server_that_drips_is_left_in_time(head: bytes):
    with WebService(drip(head)) as service:
        started = time.monotonic()
        with pytest.raises(TimeLimitError, match=r"in time \(0.3 s\)"):
            ask(service.url, seconds=0.3)

        assert time.monotonic() - started < 3


def test_a_server_that_sends_long_pieces_slowly_is_left_in_time():
    def answer(service: WebService, _: Request) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
        while not service.stopping.wait(0.01):
            yield b" " * 65_536

    with WebService(answer) as service, pytest.raises(TimeLimitError):
        ask(service.url, seconds=0.3, most=10**9)


def test_a_server_that_says_nothing_is_left_in_time():
    def silent(service: WebService, _: Request) -> Iterator[bytes]:
        service.stopping.wait()
        yield b""

    with WebService(silent) as service, pytest.raises(TimeLimitError):
        ask(service.url, seconds=0.3)


def test_a_server_that_is_away_is_unreachable():
    with WebService(lambda _, __: b"") as service:
        url = service.url

    with pytest.raises(UnreachableError, match="connection refused"):
        ask(url)


def test_a_connection_closed_at_once_is_unreachable():
    with pytest.raises(UnreachableError, match="closed without an answer"):
        ask_service(b"")


def test_a_name_that_cannot_be_is_unreachable():
    with pytest.raises(UnreachableError):
        ask("http://a..b/")


def test_a_plain_server_behind_https_is_unreachable():
    with (
        WebService(lambda _, __: reply(b"{}")) as service,
        pytest.raises(UnreachableError, match="no trusted TLS"),
    ):
        ask(service.url.replace("http:", "https:"))


def test_no_thread_outlives_an_answer():
    before = threading.active_count()

    ask_service(reply(b"{}"))

    assert threading.active_count() <= before
