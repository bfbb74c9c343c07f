"""The token file: private or refused, and read again."""

import os
from pathlib import Path

import mock
import pytest

from irq_server.errors import SettingsError
from irq_server.tokenfile import TokenFile

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

    tokens.reload()

    assert may_write(tokens, TOKEN) is None
    assert may_write(tokens, "another-token") is False


def test_a_reload_that_fails_keeps_the_tokens(path: Path):
    tokens = open_tokens(path)
    path.chmod(0o666)

    with pytest.raises(SettingsError):
        tokens.reload()
    path.chmod(0o600)
    with (
        mock.patch("os.open", side_effect=OSError(5, "Input/output error")),
        pytest.raises(SettingsError, match="Input/output error"),
    ):
        tokens.reload()

    assert may_write(tokens, TOKEN) is True
