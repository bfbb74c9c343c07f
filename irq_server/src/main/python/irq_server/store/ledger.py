"""A CSV file beside the segments, to which a line is appended now and then."""

import csv
import io
import logging
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..times import LATEST_IN_FILES
from .segments.files import Files

_log = logging.getLogger(__name__)


class Ledger:
    """A CSV file of whole lines. One thread appends; a torn last line is cut when it is opened."""

    def __init__(self, path: Path, fields: Sequence[str], files: Files) -> None:
        """Take the file's path, its columns and the file layer."""
        self._path = path
        self._fields = tuple(fields)
        self._files = files

    def load(self) -> list[list[str]]:
        """Return the lines as read() does; cut off a torn last one, and log it."""
        try:
            data = self._files.read(self._path)
        except FileNotFoundError:
            return []
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            _log.warning("%s: dropped %d bytes of a torn line", self._path, len(data) - whole)
            self._files.truncate(self._path, whole)
        return self._rows_in(data)

    def read(self) -> list[list[str]]:
        """Return the whole lines in their order, without the header; log those that do not fit.

        Change nothing. Raise OSError.
        """
        try:
            return self._rows_in(self._files.read(self._path))
        except FileNotFoundError:
            return []

    def _rows_in(self, data: bytes) -> list[list[str]]:
        lines = data.decode(errors="replace").split("\n")[:-1]
        rows = [_fields_of(line) for line in lines if line != ",".join(self._fields)]
        fitting = [row for row in rows if len(row) == len(self._fields) and _is_time(row[0])]
        if len(fitting) < len(rows):
            _log.warning("%s: passed over %d lines", self._path, len(rows) - len(fitting))
        return fitting

    def exists(self) -> bool:
        """Return whether the file exists."""
        return self._path.exists()

    def size(self) -> int:
        """Return the bytes of the file; 0 if there is none. Raise OSError."""
        try:
            return self._path.stat().st_size
        except FileNotFoundError:
            return 0

    def append(self, rows: Iterable[Sequence[str]]) -> int:
        """Append lines by one write; return their bytes. Raise OSError."""
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        if not self.size():
            writer.writerow(self._fields)
        writer.writerows(rows)
        data = text.getvalue().encode()
        self._files.append(self._path, data, sync=False)
        return len(data)

    def replace(self, rows: Iterable[Sequence[str]]) -> None:
        """Replace the file by one of these lines, whole. Raise OSError."""
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows([self._fields, *rows])
        self._files.replace(self._path, text.getvalue().encode())


def _fields_of(line: str) -> list[str]:
    """Return the fields of one line; none if damage made it no CSV."""
    try:
        return next(csv.reader([line]), [])
    except csv.Error:
        return []


def _is_time(text: str) -> bool:
    whole, _, fraction = text.partition(".")
    is_number = (whole + fraction).isdecimal() and text.isascii() and len(whole) < 13
    return is_number and float(text) <= LATEST_IN_FILES
