"""One list of columns makes the cells of a table and the fields of CSV. Pure."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Generic, NamedTuple, TypeVar

from .table import Cell, Heading, Sheet

T = TypeVar("T", contravariant=True)

Row = Sequence[Cell]
"""One row of CSV; None is an empty field."""


class Column(NamedTuple, Generic[T]):
    """One column: its names, its value of an item, and its layout."""

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


def headings(columns: Iterable[Column[T]]) -> tuple[Heading, ...]:
    """Return the headings of the columns that a table has."""
    return tuple(
        Heading(each.title, right=each.right, flexible=each.flexible, heat=each.heat)
        for each in columns
        if each.title is not None
    )


def table_rows(columns: Iterable[Column[T]], items: Iterable[T]) -> tuple[tuple[Cell, ...], ...]:
    """Return the table's cells, a row for each item."""
    values = [each.value for each in columns if each.title is not None]
    return tuple(tuple(value(item) for value in values) for item in items)


def csv_rows(columns: Iterable[Column[T]], items: Iterable[T]) -> Iterator[Row]:
    """Return rows of CSV, the first one with the names of the columns."""
    listed = [each for each in columns if each.csv]
    yield tuple(each.csv for each in listed)
    values = [each.csv_value or each.value for each in listed]
    for item in items:
        yield tuple(value(item) for value in values)


def field_sheet(
    columns: Iterable[Column[T]],
    item: T,
    notes: tuple[str, ...] = (),
    warnings: tuple[str, ...] = (),
) -> Sheet:
    """Return a sheet of one item: names and values below each other, without headings."""
    rows = tuple((each.title, each.value(item)) for each in columns if each.title is not None)
    names = (Heading(""), Heading("", flexible=True))
    return Sheet(notes=notes, warnings=warnings, columns=names, rows=rows)
