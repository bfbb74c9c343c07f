"""A Sheet (values in columns) -> lines that fit a width. Pure.

A line is a sequence of segments, a text and a style each, so that the same lines go plain into a
pipe and in colour onto a terminal. Lines are never wrapped: columns of counts that do not fit are
folded into one column, ``rest``, the busiest staying; then flexible columns are shortened; what is
still too long is cut off.
"""

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from .text import aligned, cell_width, count_text, shortened

Cell = str | int | None
"""A text, a count, or nothing."""

Segment = tuple[str, str]
"""A text, and the rich style that it is painted in; an empty style is plain."""

Line = tuple[Segment, ...]

GAP = "  "
REST = "rest"
HEADING, WARNING, TOTAL, FAINT = "bold", "yellow", "bold", "dim"
_SHORTEST = 12
"""Cells that a flexible column keeps while other columns can still be folded."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a sheet."""

    heading: str
    right: bool = False
    """Aligned at the right, as numbers are."""
    flexible: bool = False
    """May be shortened where the terminal is narrow."""
    weight: int | None = None
    """Counts of all rows together in a column that may be folded away; its cells are counts."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What one command shows: notes and warnings, then a table, its last row being the total."""

    notes: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    warnings: tuple[str, ...] = ()
    total: tuple[Cell, ...] | None = None
    empty: str = "nothing to show"
    """What stands in place of a table without rows."""


def layout(sheet: Sheet, width: int, *, shorten: bool = True) -> Iterator[Line]:
    """Gives the lines of a sheet in at most `width` cells, in order.

    Without `shorten` no text is shortened or cut, however long the lines become; folding stays.
    """
    for style, texts in (("", sheet.notes), (WARNING, sheet.warnings)):
        for text in texts:
            for part in textwrap.wrap(text, max(width, 1), subsequent_indent=GAP):
                yield ((part, style),)
    if not sheet.rows:
        yield ((sheet.empty, ""),)
        return
    folded = _fold(sheet, width)
    widths = _shrunk(folded, width) if shorten else _widths(folded)
    limit = width if shorten else None
    if any(column.heading for column in folded.columns):
        yield _line(
            [column.heading for column in folded.columns], folded.columns, widths, limit, HEADING
        )
    for row in folded.rows:
        yield _line(row, folded.columns, widths, limit, "")
    if folded.total is not None:
        yield _line(folded.total, folded.columns, widths, limit, TOTAL)


def busiest_that_fit(
    widths: Sequence[int], weights: Sequence[int], room: int, rest_width: int
) -> list[int]:
    """Gives the indices of the columns to keep in `room` cells, in their order.

    All where all fit; else the busiest (of two alike the first) as far as they fit beside a column
    of `rest_width`, and at least one.
    """
    gap = len(GAP)
    if sum(width + gap for width in widths) <= room:
        return list(range(len(widths)))
    room -= rest_width + gap
    kept: list[int] = []
    for index in sorted(range(len(widths)), key=lambda index: (-weights[index], index)):
        room -= widths[index] + gap
        if room < 0 and kept:
            break
        kept.append(index)
    return sorted(kept)


def _fold(sheet: Sheet, width: int) -> Sheet:
    """Gives the sheet with the columns that may go, and do not fit, summed up in one."""
    foldable = [i for i, column in enumerate(sheet.columns) if column.weight is not None]
    if not foldable:
        return sheet
    widths = _widths(sheet)
    fixed = sum(
        (min(widths[i], _SHORTEST) if column.flexible else widths[i]) + len(GAP)
        for i, column in enumerate(sheet.columns)
        if column.weight is None
    )
    weights = [sheet.columns[i].weight or 0 for i in foldable]
    rest_width = max(len(REST), cell_width(count_text(sum(weights))))
    room = width - fixed + len(GAP)
    kept = busiest_that_fit([widths[i] for i in foldable], weights, room, rest_width)
    if len(kept) == len(foldable):
        return sheet
    shown = [foldable[i] for i in kept]
    hidden = sorted(set(foldable) - set(shown))
    before = [i for i in range(shown[-1] + 1) if i not in hidden]
    after = [i for i in range(shown[-1] + 1, len(sheet.columns)) if i not in hidden]

    def fold(cells: Sequence[Cell]) -> tuple[Cell, ...]:
        return (*(cells[i] for i in before), _sum(cells, hidden), *(cells[i] for i in after))

    columns = sheet.columns
    return replace(
        sheet,
        columns=(
            *(columns[i] for i in before),
            Column(f"{REST}", right=True),
            *(columns[i] for i in after),
        ),
        rows=tuple(map(fold, sheet.rows)),
        total=None if sheet.total is None else fold(sheet.total),
    )


def _sum(cells: Sequence[Cell], indices: Iterable[int]) -> int | None:
    """Gives the sum of the counts at `indices`, None where there is none."""
    counts = [cell for i in indices if isinstance(cell := cells[i], int)]
    return sum(counts) if counts else None


def _widths(sheet: Sheet) -> list[int]:
    """Gives the cells that each column needs to be shown whole."""
    widths = [cell_width(column.heading) for column in sheet.columns]
    for row in (*sheet.rows, *([] if sheet.total is None else [sheet.total])):
        for i, cell in enumerate(row):
            widths[i] = max(widths[i], cell_width(_text(cell)))
    return widths


def _shrunk(sheet: Sheet, width: int) -> list[int]:
    """Gives the columns' widths, the flexible ones as narrow as `width` wants, down to 1."""
    widths = _widths(sheet)
    excess = sum(widths) + len(GAP) * (len(widths) - 1) - width
    flexible = [i for i, column in enumerate(sheet.columns) if column.flexible]
    while excess > 0 and any(widths[i] > 1 for i in flexible):
        widest = max(flexible, key=lambda i: widths[i])
        widths[widest] -= 1
        excess -= 1
    return widths


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    return count_text(cell) if isinstance(cell, int) else cell


def _line(
    cells: Sequence[Cell],
    columns: Sequence[Column],
    widths: Sequence[int],
    limit: int | None,
    style: str,
) -> Line:
    """Gives one line of the table; the blanks after its last text are left out."""
    segments: list[Segment] = []
    used = 0
    for cell, column, width in zip(cells, columns, widths, strict=True):
        lead = GAP if segments else ""
        text = lead + aligned(shortened(_text(cell), width), width, column.right)
        if limit is not None and used + cell_width(text) > limit:
            text = _cut(text, limit - used)
        used += cell_width(text)
        segments.append((text, FAINT if cell == 0 and not style else style))
    while segments and not segments[-1][0].strip():
        segments.pop()
    if segments:
        segments[-1] = (segments[-1][0].rstrip(), segments[-1][1])
    return tuple(segments)


def _cut(text: str, width: int) -> str:
    """Gives the beginning of a text that fits `width` cells."""
    while cell_width(text) > width:
        text = text[:-1]
    return text
