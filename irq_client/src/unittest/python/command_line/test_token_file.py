"""The file with the server's token."""

from pathlib import Path

import pytest

from irq_client.command_line.token_file import read_token
from irq_client.errors import TokenFileError


def token_file(folder: Path, content: bytes, mode: int = 0o600) -> str:
    """Return the path of a new file."""
    path = folder / "token"
    path.write_bytes(content)
    path.chmod(mode)
    return str(path)


@pytest.mark.parametrize("content", [b"s3cret", b"s3cret\n", b"  s3cret\r\n\n"])
def test_a_token_is_stripped(tmp_path: Path, content: bytes):
    assert read_token(token_file(tmp_path, content)) == ("s3cret", False)


@pytest.mark.parametrize(("mode", "told"), [(0o600, False), (0o640, False), (0o644, True)])
def test_a_file_that_every_user_may_read_is_told(tmp_path: Path, mode: int, told: bool):
    assert read_token(token_file(tmp_path, b"s3cret", mode)) == ("s3cret", told)


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"one\ntwo", b"one two", b"s\xc3\xa4", b"a\x00b", b"x" * 8193]
)
def test_what_is_not_one_line_of_visible_ascii_is_no_token(tmp_path: Path, content: bytes):
    path = token_file(tmp_path, content)

    with pytest.raises(TokenFileError) as caught:
        read_token(path)

    assert caught.value.path == path
    assert "one" not in caught.value.reason.removeprefix("expected one line")


def test_a_file_that_is_not_there_is_named_with_the_reason(tmp_path: Path):
    with pytest.raises(TokenFileError, match=r"none: cannot read the token: No such file"):
        read_token(str(tmp_path / "none"))


def test_a_path_that_cannot_be_is_an_error_too():
    with pytest.raises(TokenFileError):
        read_token("a\x00b")


def test_a_device_without_an_end_is_not_read_to_its_end():
    with pytest.raises(TokenFileError):
        read_token("/dev/zero")
