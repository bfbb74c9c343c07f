"""The token file: private or refused, and read again."""

import os
import struct
from pathlib import Path

import mock
import pytest

from irq_server.daemon.token_file import TokenFile, may_others
from irq_server.errors import SettingsError

TOKEN = "s3cret-token"  # noqa: S105 - a test's own


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "tokens"
    file.write_text(f"{TOKEN}\n")
    file.chmod(0o600)
    return file


def open_tokens(path: Path) -> TokenFile:
    return TokenFile(path, {os.geteuid()})


def may_write(tokens: TokenFile, presented: str) -> bool | None:
    token = tokens.find(presented)
    return token.may_write if token else None


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
def test_a_private_file_is_read(path: Path, mode: int):
    path.chmod(mode)

    assert may_write(open_tokens(path), TOKEN) is True


@pytest.mark.parametrize("mode", [0o640, 0o620, 0o604, 0o602, 0o666, 0o610, 0o644])
def test_a_file_that_others_may_use_is_refused(path: Path, mode: int):
    path.chmod(mode)

    with pytest.raises(SettingsError, match=f"chmod 600 .its mode is {mode:04o}") as caught:
        open_tokens(path)
    assert str(path) in str(caught.value)
    assert TOKEN not in str(caught.value)


def test_a_file_of_another_user_is_refused(path: Path):
    with pytest.raises(SettingsError, match=f"its owner is {os.geteuid()}"):
        TokenFile(path, {os.geteuid() + 1})


def test_a_symbolic_link_counts_as_what_it_leads_to(path: Path, tmp_path: Path):
    link = tmp_path / "link"
    link.symlink_to(path)
    assert may_write(open_tokens(link), TOKEN) is True

    path.chmod(0o644)
    with pytest.raises(SettingsError, match="0644"):
        open_tokens(link)


def test_a_pipe_is_refused_without_waiting_for_a_writer(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe", 0o600)

    with pytest.raises(SettingsError, match="a regular file"):
        open_tokens(tmp_path / "pipe")


@pytest.mark.parametrize("name", ["", "missing", "file/below"])
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str):
    (tmp_path / "file").touch()

    with pytest.raises(
        SettingsError, match=r"^--token-file: expected a (file that can be|regular)"
    ):
        open_tokens(tmp_path / name)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "a token in a line"),
        (b"ro\n", "in line 1"),
        (b"\xff\xfe\x00", "visible ASCII"),
        (b"#" * 65537, "at most 64 KiB"),
    ],
)
def test_odd_contents_are_refused(path: Path, content: bytes, expected: str):
    path.write_bytes(content)

    with pytest.raises(SettingsError, match=expected):
        open_tokens(path)


def test_a_reload_takes_new_tokens_and_drops_old_ones(path: Path):
    tokens = open_tokens(path)
    path.write_text("ro another-token\n")

    tokens.prepare(path)()

    assert may_write(tokens, TOKEN) is None
    assert may_write(tokens, "another-token") is False


def test_a_reload_that_fails_keeps_the_tokens(path: Path):
    tokens = open_tokens(path)
    path.chmod(0o666)

    with pytest.raises(SettingsError):
        tokens.prepare(path)()
    path.chmod(0o600)
    with (
        mock.patch("os.open", side_effect=OSError(5, "Input/output error")),
        pytest.raises(SettingsError, match="Input/output error"),
    ):
        tokens.prepare(path)()

    assert may_write(tokens, TOKEN) is True


READ, NOTHING, NOBODYS = 4, 0, 0xFFFFFFFF
USER_OBJ, USER, GROUP_OBJ, GROUP, MASK, OTHER = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20


def acl(*more: tuple[int, int, int], group: int = NOTHING, other: int = NOTHING) -> bytes:
    """Return an access control list as the kernel keeps it: the owner reads, and `more`."""
    entries = [
        (USER_OBJ, READ, NOBODYS),
        *more,
        (GROUP_OBJ, group, NOBODYS),
        (MASK, READ, NOBODYS),
        (OTHER, other, NOBODYS),
    ]
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *each) for each in entries)


@pytest.mark.parametrize(
    ("given", "others"),
    [
        (acl(), False),
        (acl((USER, READ, 61184)), False),
        (acl((USER, READ, 61184), (USER, NOTHING, 1000)), False),
        (acl((USER, READ, 61184), (USER, READ, 1000)), True),
        (acl((GROUP, READ, 4)), True),
        (acl(group=READ), True),
        (acl(other=READ), True),
    ],
)
def test_an_access_control_list_may_name_the_servers_user_and_nobody_else(
    given: bytes, others: bool
):
    assert may_others(given, {0, 61184}) is others


def test_a_credential_that_a_service_manager_hands_over_is_read(
    path: Path, monkeypatch: pytest.MonkeyPatch
):
    path.chmod(0o440)
    monkeypatch.setattr(os, "getxattr", lambda *_: acl((USER, READ, os.geteuid())))
    assert may_write(open_tokens(path), TOKEN) is True

    monkeypatch.setattr(os, "getxattr", lambda *_: acl((USER, READ, os.geteuid() + 1)))
    with pytest.raises(SettingsError, match="its mode is 0440"):
        open_tokens(path)
