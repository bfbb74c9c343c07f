"""Bytes as names of keys."""

import pytest

from irq_client.terminal.keys import key_names


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        (b"q", ["q"]),
        (b"\x1b[A\x1b[Bx", ["up", "down", "x"]),
        (b"\x1bOC\x1b[D", ["right", "left"]),
        (b"\x1b[5~\x1b[6~\x1b[H\x1b[F", ["page up", "page down", "home", "end"]),
        (b"\x1b", ["escape"]),
        (b"\r\n\t\x7f\x08", ["enter", "enter", "tab", "backspace", "backspace"]),
        (b" /", [" ", "/"]),
        ("ä".encode(), ["ä"]),
        (b"\x1b[1;5C\x1b[200~\x01", []),
        (b"\xff", ["\N{REPLACEMENT CHARACTER}"]),
        (b"", []),
    ],
)
def test_each_key_has_its_name(typed: bytes, names: list[str]):
    assert key_names(typed) == names
