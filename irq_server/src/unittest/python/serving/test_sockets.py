"""The socket that is listened on."""

import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from irq_server.errors import ListenError
from irq_server.serving.sockets import listen, listen_at_path, url_of


@pytest.mark.parametrize("mode", [0o600, 0o660, 0o666])
def test_a_unix_socket_has_its_mode_and_goes_with_its_end(tmp_path: Path, mode: int):
    path = tmp_path / "socket"
    before = os.umask(0o022)
    try:
        with listen_at_path(path, mode) as bound:
            assert stat.S_IMODE(path.stat().st_mode) == mode
            assert url_of(bound) == f"unix:{path}"
            assert os.umask(0o022) == 0o022
    finally:
        os.umask(before)

    assert not path.exists()


def test_a_socket_that_nobody_listens_on_is_replaced(tmp_path: Path):
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))

    with listen_at_path(path, 0o600) as bound:
        bound.listen()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))


def test_a_socket_that_somebody_listens_on_is_not(tmp_path: Path):
    path = tmp_path / "socket"
    with listen_at_path(path, 0o600) as bound:
        bound.listen()
        with pytest.raises(ListenError, match=f"^cannot listen on {path}: Address already in use"):
            listen_at_path(path, 0o600)
        assert path.exists()


def test_what_is_no_socket_is_left_alone(tmp_path: Path):
    path = tmp_path / "notes"
    path.write_text("mine")
    link = tmp_path / "link"
    link.symlink_to(path)

    for each in (path, link):
        with pytest.raises(ListenError, match="it exists and is no socket"):
            listen_at_path(each, 0o600)
    assert path.read_text() == "mine"


@pytest.mark.parametrize("name", ["missing/socket", "x" * 200])
def test_a_path_that_cannot_be_bound_is_named(tmp_path: Path, name: str):
    with pytest.raises(ListenError, match=r"^cannot listen on "):
        listen_at_path(tmp_path / name, 0o600)


def test_a_path_that_another_server_took_stays(tmp_path: Path):
    path = tmp_path / "socket"
    first = listen_at_path(path, 0o600)
    path.unlink()
    with listen_at_path(path, 0o600):
        first.close()
        assert path.exists()


def test_a_path_that_went_already_is_no_error(tmp_path: Path):
    path = tmp_path / "socket"
    with listen_at_path(path, 0o600):
        path.unlink()


@pytest.fixture
def bound() -> Iterator[socket.socket]:
    with listen("127.0.0.1", 0) as one:
        yield one


def test_port_0_takes_a_free_one(bound: socket.socket):
    host, port = bound.getsockname()

    assert host == "127.0.0.1"
    assert url_of(bound) == f"http://127.0.0.1:{port}"


def test_the_url_of_an_ipv6_address_has_brackets():
    with listen("::1", 0) as bound:
        assert url_of(bound) == f"http://[::1]:{bound.getsockname()[1]}"


def test_an_address_in_use_is_named(bound: socket.socket):
    bound.listen()
    port = bound.getsockname()[1]

    with pytest.raises(ListenError, match=f"^cannot listen on 127.0.0.1:{port}: Address already"):
        listen("127.0.0.1", port)


def test_a_host_that_does_not_exist_is_named():
    with pytest.raises(ListenError, match=r"^cannot listen on no\.such\.host\.invalid:80: "):
        listen("no.such.host.invalid", 80)
