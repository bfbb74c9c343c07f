"""The sheets of many hosts become one sheet with a column for the host. Pure."""

from collections.abc import Iterable, Sequence

from .columns import HOST
from .table import Cell, Heading, Sheet

_MOST_NAMES = 3


def together(sheets: Sequence[tuple[str, Sheet]], *, totals: bool = True) -> Sheet:
    """Return one sheet of the hosts' rows, in the order of the hosts, at least one.

    Columns of the same heading are one column. With `totals` each host's total is its last row; the
    sum of all stands below. A sheet of names and values becomes one row, its names headings. A
    note that all hosts share stands once, any other with the host's name.
    """
    upright = [(name, _upright(sheet)) for name, sheet in sheets]
    columns = _union([sheet.columns for _, sheet in upright])
    rows = [row for name, sheet in upright for row in _rows(name, sheet, columns, totals)]
    return Sheet(
        notes=_notes([(name, sheet.notes) for name, sheet in upright]),
        columns=(HOST, *columns),
        rows=tuple(rows),
        warnings=_warnings([(name, sheet.warnings) for name, sheet in upright]),
        total=_total([sheet for _, sheet in upright], columns),
    )


def _upright(sheet: Sheet) -> Sheet:
    """Return a sheet of names and values as one row below headings; any other as it is."""
    if any(column.text for column in sheet.columns) or not sheet.rows:
        return sheet
    names = tuple(Heading(str(row[0]).upper()) for row in sheet.rows)
    return sheet._replace(columns=names, rows=(tuple(row[1] for row in sheet.rows),))


def _union(all_columns: Sequence[Sequence[Heading]]) -> list[Heading]:
    """Return every column once, each behind the column before it in its own sheet."""
    found: list[Heading] = []
    for columns in all_columns:
        place = 0
        for column in columns:
            same = [i for i, each in enumerate(found) if each.text == column.text]
            if same:
                place = same[0]
                found[place] = _added(found[place], column)
            else:
                found.insert(place, column)
            place += 1
    return found


def _added(one: Heading, other: Heading) -> Heading:
    if one.weight is None or other.weight is None:
        return one
    return one._replace(weight=one.weight + other.weight)


def _rows(
    name: str, sheet: Sheet, columns: Sequence[Heading], totals: bool
) -> list[tuple[Cell, ...]]:
    if not sheet.rows:
        return [(name, sheet.empty, *(None,) * (len(columns) - 1))]
    rows = (*sheet.rows, sheet.total) if sheet.total and totals else sheet.rows
    return [(name, *row) for row in _in_columns(rows, sheet, columns)]


def _in_columns(
    rows: Sequence[tuple[Cell, ...]], sheet: Sheet, columns: Sequence[Heading]
) -> Iterable[tuple[Cell, ...]]:
    """Return rows of a sheet in the columns of all; a cell that it lacks is None."""
    own = [column.text for column in sheet.columns]
    wanted = [column.text for column in columns]
    if own == wanted:
        return rows
    places = [own.index(text) if text in own else len(own) for text in wanted]
    return (tuple([(*row, None)[place] for place in places]) for row in rows)


def _total(sheets: Sequence[Sheet], columns: Sequence[Heading]) -> tuple[Cell, ...] | None:
    """Return the sum of the hosts' totals, None if they have none."""
    totals = [
        cells
        for each in sheets
        if each.total is not None
        for cells in _in_columns([each.total], each, columns)
    ]
    if not totals:
        return None
    sums: list[Cell] = []
    for cells in zip(*totals, strict=True):
        numbers = [cell for cell in cells if isinstance(cell, int | float)]
        sums.append(sum(numbers) if numbers else "")
    return ("all hosts", *sums)


def _notes(notes: Sequence[tuple[str, tuple[str, ...]]]) -> tuple[str, ...]:
    """Return the notes; windows that differ become one sentence about their number."""
    found = []
    for place in range(max(len(each) for _, each in notes)):
        texts = {each[place] if place < len(each) else "" for _, each in notes}
        if len(texts) == 1:
            found.append(texts.pop())
        elif place == 0 and all(" .. " in text for text in texts):
            found.append(f"{len(notes)} hosts, each from its own samples")
        else:
            found += [f"{name}: {each[place]}" for name, each in notes if place < len(each)]
    return tuple(found)


def _warnings(warnings: Sequence[tuple[str, tuple[str, ...]]]) -> tuple[str, ...]:
    """Return each warning once, with the hosts that it is about."""
    hosts: dict[str, list[str]] = {}
    for name, texts in warnings:
        for text in texts:
            hosts.setdefault(text, []).append(name)
    return tuple(f"{_named(names)}: {text}" for text, names in hosts.items())


def _named(names: Sequence[str]) -> str:
    if len(names) <= _MOST_NAMES:
        return ", ".join(names)
    return ", ".join(names[:_MOST_NAMES]) + f" and {len(names) - _MOST_NAMES} more"
