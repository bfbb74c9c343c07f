"""Helpers for tests of commands: read answers as values, and sheets as plain lines."""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from irq_client.server.json_fields import JsonObject
from irq_client.terminal.table import Line, Sheet, layout

T = TypeVar("T")


def read(reader: Callable[[JsonObject], T], answer: Mapping[str, object]) -> T:
    """Return an answer as a value."""
    return reader(JsonObject(answer, ""))


def lines(sheet: Sheet) -> list[str]:
    """Return the plain lines of a sheet on a wide terminal."""
    return plain(layout(sheet, 200))


def plain(picture: Iterable[Line]) -> list[str]:
    """Return the lines of a picture without their styles."""
    return ["".join(text for text, _ in line) for line in picture]


def below(picture: Iterable[Line], words: str = "interrupts per second") -> list[str]:
    """Return the lines of a picture that stand below some words."""
    found = plain(picture)
    return found[found.index(words) + 1 :]
