"""Sheets, rows and JSON go to one stream, as a terminal, a pipe or a file needs them."""

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import NamedTuple, TextIO

from ..errors import ServerError
from .colour import painter
from .columns import Choice, Row
from .table import HEADING, Line, Sheet, fit, layout
from .text import visible

PIPE_WIDTH = 120
"""Cells that counts are folded to if the output is no terminal; texts stay whole there."""

TERMINAL_WIDTH = 80
"""Cells of a terminal that does not say how many it has."""


class Shown(NamedTuple):
    """An answer in its three forms; a sheet and rows are made only if they are wanted."""

    json: bytes
    sheet: Callable[[], Sheet]
    rows: Callable[[], Iterator[Row]]
    draw: Callable[[int], Iterator[Line]] | None = None
    """Draws a picture of at most this width instead of the sheet; None for no picture."""
    failures: tuple[ServerError, ...] = ()
    """Errors on the way, to be reported after the answer."""


class Output:
    """Standard output, for the answers of one server or of `several`. Raises OSError.

    `colour` is ``always``, ``never`` or ``auto``. Answers after the first stand below a blank line,
    in CSV below one heading. `times` names the attribute of a moment that CSV holds. `end` writes
    what was kept to become one table.
    """

    def __init__(
        self,
        stream: TextIO,
        environment: Mapping[str, str],
        *,
        several: bool = False,
        colour: str = "auto",
        choice: Choice | None = None,
        times: str = "unix_text",
    ) -> None:
        self._stream = stream
        self._terminal = stream.isatty()
        self._width, self._strict = _width(stream, environment)
        self._paint = painter(colour, self._terminal, environment)
        self._several = several
        self._times = times
        self._choice = choice or Choice()
        self._kept: list[tuple[str, Sheet]] = []
        self.written = 0
        """The answers written so far; a table of several servers is one."""

    def write(self, server: str, shown: Shown, form: str) -> None:
        """Write one server's answer as `table`, `json` or `csv`. Raise UsageError."""
        if form == "json":
            self._write_json(server, shown.json)
        elif form == "csv":
            self._write_csv(visible(server), self._choice.of_rows(shown.rows()))
        elif shown.draw is not None and self._choice == Choice():
            picture = (fit(line, self._width) for line in shown.draw(self._width))
            heading = ((visible(server), HEADING),)
            self._write_lines(chain((heading,), picture) if self._several else picture)
        elif self._several:
            self._kept.append((visible(server), shown.sheet()))
            return
        else:
            self._write_sheet(shown.sheet())
        self._stream.flush()
        self.written += 1

    def end(self) -> None:
        """Write the sheets of several servers as one, if there are some. Raise UsageError."""
        if self._kept:
            from .hosts_table import together

            self._write_sheet(together(self._kept, totals=not self._choice.sort))
            self._kept = []
            self._stream.flush()
            self.written += 1

    def _write_sheet(self, sheet: Sheet) -> None:
        chosen = self._choice.of_sheet(sheet)
        self._write_lines(layout(chosen, self._width, shorten=self._strict))

    def _write_lines(self, lines: Iterable[Line]) -> None:
        if self.written:
            self._stream.write("\n")
        for line in lines:
            self._stream.write(self._paint(line) + "\n")

    def _write_json(self, server: str, text: bytes) -> None:
        """Write the bytes as they came; of several servers one object each, one to a line."""
        if self._terminal:
            text = _harmless(text)
        if self._several:
            name = json.dumps(server).encode()
            text = b'{"server": %s, "answer": %s}' % (name, text.strip())
        self._stream.flush()
        self._stream.buffer.write(text if text.endswith(b"\n") else text + b"\n")
        self._stream.buffer.flush()

    def _write_csv(self, server: str, rows: Iterable[Row]) -> None:
        """Write RFC 4180 below one heading; of several servers with a first column `server`."""
        import csv

        writer = csv.writer(self._stream)
        for number, row in enumerate(rows):
            if number == 0 and self.written:
                continue
            first = (server if number else "server",) if self._several else ()
            writer.writerow((*first, *(getattr(cell, self._times, cell) for cell in row)))


def _harmless(text: bytes) -> bytes:
    """Return the same JSON without characters that a terminal might obey.

    Only strings hold such characters, but a carriage return may stand anywhere.
    """
    shown = text.decode().replace("\r", "\n")
    if shown.isprintable():
        return text
    return "".join(
        c if c.isprintable() or c in "\t\n" else json.dumps(c)[1:-1] for c in shown
    ).encode()


def _width(stream: TextIO, environment: Mapping[str, str]) -> tuple[int, bool]:
    """Return the cells that a line may take, and True if that limit is strict.

    That is COLUMNS if it is set, else the terminal's width, else PIPE_WIDTH, which is not strict.
    """
    columns = environment.get("COLUMNS", "")
    if re.fullmatch("[1-9][0-9]{0,3}", columns):
        return int(columns), True
    if not stream.isatty():
        return PIPE_WIDTH, False
    try:
        return os.get_terminal_size(stream.fileno()).columns or TERMINAL_WIDTH, True
    except OSError:
        return TERMINAL_WIDTH, True
