"""Sheets, rows and JSON go to one stream, as a terminal, a pipe or a file needs them."""

import csv
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple, TextIO

from ..errors import ServerError
from .colour import painter
from .columns import Row
from .table import HEADING, Line, Sheet, layout

PIPE_WIDTH = 120
"""Cells that counts are folded to if the output is no terminal; texts stay whole there."""

TERMINAL_WIDTH = 80
"""Cells of a terminal that does not say how many it has."""

_C1_OR_DELETE = re.compile("[\x7f-\x9f]")


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
    """Standard output, for one server's answer or for `several`. Raises OSError."""

    def __init__(self, stream: TextIO, environment: Mapping[str, str], *, several: bool) -> None:
        self._stream = stream
        self._terminal = stream.isatty()
        self._width, self._strict = _width(stream, environment)
        self._paint = painter(self._terminal, environment)
        self._several = several
        self._written = 0

    def write(self, server: str, shown: Shown, form: str) -> None:
        """Write one server's answer as `table`, `json` or `csv`."""
        if form == "json":
            self._write_json(server, shown.json)
        elif form == "csv":
            self._write_csv(server, shown.rows())
        else:
            self._write_table(server, shown)
        self._stream.flush()
        self._written += 1

    def _write_table(self, server: str, shown: Shown) -> None:
        if self._several:
            gap = "\n" if self._written else ""
            self._stream.write(f"{gap}{self._paint(((server, HEADING),))}\n")
        if shown.draw is None:
            self.write_sheet(shown.sheet())
            return
        for line in shown.draw(self._width):
            self._stream.write(self._paint(line) + "\n")

    def write_sheet(self, sheet: Sheet) -> None:
        """Write a table, line by line."""
        for line in layout(sheet, self._width, shorten=self._strict):
            self._stream.write(self._paint(line) + "\n")

    def _write_json(self, server: str, text: bytes) -> None:
        """Write the bytes as they came; of several servers one object each, one to a line."""
        if self._terminal:
            # the same JSON, without characters that a terminal might obey
            plain = _C1_OR_DELETE.sub(lambda c: f"\\u{ord(c[0]):04x}", text.decode())
            text = plain.encode()
        if self._several:
            name = json.dumps(server).encode()
            text = b'{"server": %s, "answer": %s}' % (name, text.strip())
        self._stream.flush()
        self._stream.buffer.write(text if text.endswith(b"\n") else text + b"\n")
        self._stream.buffer.flush()

    def _write_csv(self, server: str, rows: Iterable[Row]) -> None:
        """Write RFC 4180; of several servers with a first column `server`, one heading."""
        writer = csv.writer(self._stream)
        for number, row in enumerate(rows):
            if not self._several:
                writer.writerow(row)
            elif number == 0:
                if not self._written:
                    writer.writerow(("server", *row))
            else:
                writer.writerow((server, *row))


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
