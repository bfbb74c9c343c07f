"""Sheets, rows and JSON -> one stream, as a terminal, a pipe or a file wants them."""

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
"""Cells that counts are folded to where the output is no terminal; texts stay whole there."""

TERMINAL_WIDTH = 80
"""Cells of a terminal that does not say how many it has."""

_C1_OR_DELETE = re.compile("[\x7f-\x9f]")


class Shown(NamedTuple):
    """An answer in its three forms; a sheet and rows are made only if they are wanted."""

    json: bytes
    sheet: Callable[[], Sheet]
    rows: Callable[[], Iterator[Row]]
    draw: Callable[[int], Iterator[Line]] | None = None
    """Makes a picture in so many cells, which stands in the sheet's place; None for no picture."""
    failures: tuple[ServerError, ...] = ()
    """Errors on the way, to be reported after the answer."""


class Output:
    """Standard output, and what is to be known of it. Raises OSError where it cannot be written."""

    def __init__(self, stream: TextIO, environment: Mapping[str, str], *, several: bool) -> None:
        """Takes the stream, the environment, and whether several servers' answers come."""
        self._stream = stream
        self._terminal = stream.isatty()
        self._width, self._strict = _width(stream, environment)
        self._paint = painter(self._terminal, environment)
        self._several = several
        self._written = 0

    def write(self, server: str, shown: Shown, form: str) -> None:
        """Writes one server's answer as `table`, `json` or `csv`."""
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
        """Writes a table, line by line."""
        for line in layout(sheet, self._width, shorten=self._strict):
            self._stream.write(self._paint(line) + "\n")

    def _write_json(self, server: str, text: bytes) -> None:
        """Writes the bytes as they came; of several servers one object each, one to a line."""
        if self._terminal:
            # the same JSON, without what a terminal might obey
            plain = _C1_OR_DELETE.sub(lambda c: f"\\u{ord(c[0]):04x}", text.decode())
            text = plain.encode()
        if self._several:
            name = json.dumps(server).encode()
            text = b'{"server": %s, "answer": %s}' % (name, text.strip())
        self._stream.flush()
        self._stream.buffer.write(text if text.endswith(b"\n") else text + b"\n")
        self._stream.buffer.flush()

    def _write_csv(self, server: str, rows: Iterable[Row]) -> None:
        """Writes RFC 4180; of several servers with a first column `server`, one heading."""
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
    """Gives the cells that a line may take, and whether it may take no more in any case.

    COLUMNS where it is set, else the terminal's, else PIPE_WIDTH, which is no more than a wish.
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
