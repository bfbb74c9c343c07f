"""A server behind a Unix socket."""

import json
from pathlib import Path

import pytest

import machine
from irq_client import Client
from irq_client.errors import TimeLimitError, UnknownNameError, UnreachableError
from service import Request, WebService


def test_a_server_is_asked_through_its_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    with (
        WebService(machine.answer_well, path=tmp_path / "socket") as service,
        Client(service.url, token="s3cret") as client,  # noqa: S106 - made up
    ):
        cpus = client.cpus(period="15m", irqs=["45#2"]).cpus
        after = client.set_affinity("36", "1")
        with pytest.raises(UnknownNameError) as caught:
            client.cpu(7)

    assert [each.cpu for each in cpus] == [0, 1]
    assert after.affinity == "1"
    assert caught.value.url == f"unix:{tmp_path}/socket/api/v1/cpus/7"
    read, write, unknown = service.requests
    assert read.target == "/api/v1/cpus?period=15m&irq=45%232"
    assert read.headers["host"] == "localhost"
    assert read.headers["authorization"] == "Bearer s3cret"
    assert (write.method, json.loads(write.body)) == ("PUT", {"cpus": "1"})
    assert unknown.target == "/api/v1/cpus/7"


@pytest.mark.parametrize("kind", ["away", "closed", "no socket"])
def test_a_socket_that_nobody_serves_is_unreachable(tmp_path: Path, kind: str):
    path = tmp_path / "socket"
    if kind == "closed":
        with WebService(machine.answer_well, path=path):
            pass
    elif kind == "no socket":
        path.write_text("")
    words = "no such file or directory" if kind == "away" else "connection refused"

    with (
        Client(f"unix:{path}", wait=lambda _: None) as client,
        pytest.raises(
            UnreachableError, match=f"^unix:{path}/api/v1/status: {words}; is irq_server"
        ),
    ):
        client.status()


def test_a_socket_that_says_nothing_is_left_in_time(tmp_path: Path):
    def silent(service: WebService, _: Request) -> bytes:
        service.stopping.wait()
        return b""

    with (
        WebService(silent, path=tmp_path / "socket") as service,
        Client(service.url, timeout_seconds=0.3) as client,
        pytest.raises(TimeLimitError),
    ):
        client.status()
