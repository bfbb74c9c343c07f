"""One list of columns makes a table, CSV, and the names for ``--columns`` and ``--sort``. Pure."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Generic, NamedTuple, TypeVar

from ..errors import UsageError, did_you_mean
from .table import Cell, Heading, Sheet
from .text import visible

T = TypeVar("T", contravariant=True)
Item = TypeVar("Item")

Row = Sequence[Cell]
"""One row of CSV; None is an empty field."""

UNKNOWN = "-"
"""Stands for a value that the server does not know."""


class Column(NamedTuple, Generic[T]):
    """One column: its names, its value of an item, and its layout.

    A text may be any name of the network: it is made harmless here. A table shows moments in local
    time, truths as yes and no.
    """

    title: str | None
    """The heading in a table; None if only CSV has the column."""
    csv: str
    """The name in CSV; empty if only a table has the column."""
    value: Callable[[T], Cell]
    csv_value: Callable[[T], Cell] | None = None
    """The field of CSV if it is not the table's cell."""
    right: bool = False
    flexible: bool = False
    heat: bool = False
    is_cold: Callable[[str], bool] | None = None
    """True for the texts of this column whose rows have no heat."""


def headings(columns: Iterable[Column[T]]) -> tuple[Heading, ...]:
    """Return the headings of the columns that a table has."""
    return tuple(
        Heading(
            each.title,
            right=each.right,
            flexible=each.flexible,
            heat=each.heat,
            name=each.csv,
            is_cold=each.is_cold,
        )
        for each in columns
        if each.title is not None
    )


def table_rows(columns: Iterable[Column[T]], items: Iterable[T]) -> tuple[tuple[Cell, ...], ...]:
    """Return the table's cells, a row for each item."""
    items = list(items)
    by_column = (map(_cell, map(each.value, items)) for each in columns if each.title is not None)
    return tuple(zip(*by_column, strict=True))


def csv_rows(columns: Iterable[Column[T]], items: Iterable[T]) -> Iterator[Row]:
    """Return rows of CSV, the first one with the names of the columns."""
    listed = [each for each in columns if each.csv]
    yield tuple(each.csv for each in listed)
    values = [each.csv_value or each.value for each in listed]
    for item in items:
        yield tuple(_field(value(item)) for value in values)


def _cell(cell: Cell) -> Cell:
    """Return a value as a table shows it: moments in local time, names made harmless."""
    if isinstance(cell, str):
        return visible(str(getattr(cell, "local", cell)))
    return ("no", "yes")[cell] if cell is True or cell is False else cell


def _field(cell: Cell) -> Cell:
    """Return a value as CSV holds it; what becomes of a moment the writer knows."""
    if isinstance(cell, bool):
        return ("false", "true")[cell]
    return visible(cell) if isinstance(cell, str) else cell


def field_sheet(
    columns: Iterable[Column[T]],
    item: T,
    notes: tuple[str, ...] = (),
    warnings: tuple[str, ...] = (),
) -> Sheet:
    """Return a sheet of one item: names and values below each other, without headings."""
    values = ((each.title, _cell(each.value(item))) for each in columns if each.title is not None)
    rows = tuple((title, UNKNOWN if value is None else value) for title, value in values)
    names = (Heading("", flexible=True), Heading("", flexible=True))
    return Sheet(notes=notes, warnings=warnings, columns=names, rows=rows)


HOST = Heading("HOST", flexible=True, name="server")
"""The column that names the server of a row; it always stays."""


class Choice(NamedTuple):
    """The columns that a person wants to see, and the order of the rows; each by its name.

    A name is a column's title or its name in CSV; letters may be small, ``/s`` may be left out.
    """

    columns: tuple[str, ...] = ()
    """All if it is empty."""
    sort: str = ""
    """Numbers fall and texts rise, or with a ``-`` in front the other way; empty to keep them."""

    def of_sheet(self, sheet: Sheet) -> Sheet:
        """Return a table as it is wanted. Raise UsageError for a column that it has not."""
        if self == Choice():
            return sheet
        names = [(column.text, column.name) for column in sheet.columns]
        if not any(title for title, _ in names):
            places = self._places([(str(row[0]), "") for row in sheet.rows])
            return sheet._replace(rows=tuple(sheet.rows[place] for place in places))
        places = self._places(names)
        if sheet.columns[:1] == (HOST,) and 0 not in places:
            places = [0, *places]
        total = sheet.total
        return sheet._replace(
            columns=tuple(sheet.columns[place] for place in places),
            rows=tuple(
                tuple(row[place] for place in places) for row in self._sorted(names, sheet.rows)
            ),
            total=None if total is None else tuple(total[place] for place in places),
        )

    def of_rows(self, rows: Iterator[Row]) -> Iterator[Row]:
        """Return rows of CSV as they are wanted. Raise UsageError."""
        if self == Choice():
            yield from rows
            return
        first = next(rows)
        names = [("", str(name)) for name in first]
        places = self._places(names)
        for row in (first, *self._sorted(names, rows)):
            yield tuple(row[place] for place in places)

    def _places(self, names: Sequence[tuple[str, str]]) -> list[int]:
        """Return the indices of the wanted columns among the names of all, in their order."""
        if not self.columns:
            return list(range(len(names)))
        return [column_place("--columns", column, names) for column in self.columns]

    def _sorted(self, names: Sequence[tuple[str, str]], rows: Iterable[Row]) -> Iterable[Row]:
        if not self.sort:
            return rows
        place = column_place("--sort", self.sort.removeprefix("-"), names)
        return ordered(rows, lambda row: row[place], reverse=self.sort.startswith("-"))


def ordered(
    items: Iterable[Item], value: Callable[[Item], Cell], *, reverse: bool = False
) -> list[Item]:
    """Return items in the order of their cells: numbers fall, texts rise, empty cells are last."""
    cells = [(value(each), each) for each in items]
    known = [pair for pair in cells if pair[0] not in (None, "")]
    known.sort(key=lambda pair: _order(pair[0]), reverse=reverse)
    return [each for _, each in (*known, *(pair for pair in cells if pair[0] in (None, "")))]


def column_place(option: str, wanted: str, names: Sequence[tuple[str, str]]) -> int:
    """Return the index of a column by one of its names. Raise UsageError."""
    found = [{plain_name(title), plain_name(csv)} for title, csv in names]
    for place, each in enumerate(found):
        if plain_name(wanted) and plain_name(wanted) in each:
            return place
    known = [title.strip() or csv for title, csv in names if title or csv]
    expected = f"one of the columns {', '.join(known)}"
    raise UsageError(option, wanted, expected, did_you_mean(wanted, known))


def plain_name(name: str) -> str:
    """Return the form of a column's name that all its spellings share: ``rate`` of ``RATE/s``."""
    return name.strip().casefold().removesuffix("/s").replace(" ", "_")


def _order(cell: Cell) -> tuple[float, list[tuple[bool, int, str]]]:
    """Return the key of a cell: the largest number first, texts by the numbers in them."""
    if isinstance(cell, int | float):
        return (-cell, [])
    parts = re.findall("[0-9]+|[^0-9]+", str(cell).casefold())
    return (0.0, [(not part[0].isdecimal(), len(part) * part.isdecimal(), part) for part in parts])
