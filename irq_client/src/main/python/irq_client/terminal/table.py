"""A Sheet (values in columns) becomes lines that fit a width. Pure.

A line is a sequence of segments, a text and a style each, so that the same lines go plain into a
pipe and in colour onto a terminal. Lines are never wrapped: columns of counts that do not fit are
folded into one column, ``rest``, the busiest staying; then flexible columns are shortened; then the
last columns are left out, and a line below the table names them.

Colour of a number is its size. Red is for faults alone.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import compress
from math import inf
from operator import not_
from typing import NamedTuple, Self, TypeGuard

from .text import aligned, cell_width, count_text, rate_text, shortened, telling_share

Cell = str | int | float | None
"""A text, a count, a rate (a float, per second), or nothing."""

_NUMBER = (int, float)

Segment = tuple[str, str]
"""A text, and the style that it is painted in, see `colour`; an empty style is plain."""

Line = tuple[Segment, ...]

GAP = "  "
REST = "rest"
HEADING, WARNING, TOTAL, FAINT, FAULT = "bold", "yellow", "bold", "dim", "red"
HEAT = ((0.5, "bold cyan"), (0.25, "cyan"))
"""Styles of numbers that are at least this share of the hottest one."""

_SHORTEST = 16
"""Cells that a flexible column keeps while other columns can still be folded."""

_LONGEST = 40
"""Cells that are counted for a flexible column that will not be shortened."""

_NARROWEST = 4
"""Cells that it keeps in any case."""

_MOST_NAMES = 6
"""Columns left out that are named one by one."""


class Heading(NamedTuple):
    """The head of one column, and how its cells are laid out."""

    text: str
    right: bool = False
    """Aligned at the right, as numbers are."""
    flexible: bool = False
    """May be shortened if the terminal is narrow."""
    weight: int | None = None
    """Counts of all rows together in a column that may be folded away; its cells are counts."""
    heat: bool = False
    """Its numbers are coloured by their size; those of foldable columns are in any case."""
    name: str = ""
    """Another name for it, that of its field in CSV."""
    is_cold: Callable[[str], bool] | None = None
    """True for the texts of this column whose rows have no heat."""


class Sheet(NamedTuple):
    """Notes and warnings, then a table; its last row is the total."""

    notes: tuple[str, ...]
    columns: tuple[Heading, ...]
    rows: tuple[tuple[Cell, ...], ...]
    warnings: tuple[str, ...] = ()
    total: tuple[Cell, ...] | None = None
    empty: str = "nothing to show"
    """Stands in place of a table without rows."""


class _Column(NamedTuple):
    """One column of a table: the cells of its rows, and that of the total."""

    head: Heading
    cells: Sequence[Cell]
    total: Cell
    width: int
    """Cells of a terminal: as many as it needs to be shown whole, or less; 0 for no room."""

    @classmethod
    def of(cls, head: Heading, cells: Sequence[Cell], total: Cell) -> Self:
        """Return a column that is shown whole."""
        return cls(head, cells, total, max(cell_width(head.text), _widest(cells), _widest([total])))

    def texts(self, cells: Sequence[Cell]) -> list[str]:
        """Return the texts of cells, as wide as the column."""
        align = str.rjust if self.head.right else str.ljust
        if _are_counts(cells):
            return [align(count_text(count), self.width) for count in cells]
        words = {cell for cell in cells if isinstance(cell, str)}
        share = telling_share(words, self.width) if self.head.flexible else 0.5
        fitting = {
            word: aligned(shortened(word, self.width, share), self.width, self.head.right)
            for word in words
        }
        return [
            fitting[cell] if isinstance(cell, str) else align(_number_text(cell), self.width)
            for cell in cells
        ]


def layout(sheet: Sheet, width: int, *, shorten: bool = True) -> Iterator[Line]:
    """Return the lines of a sheet in at most `width` cells, in order.

    Without `shorten` no text is shortened and no column left out, however long the lines become;
    folding stays.
    """
    for style, texts in (("", sheet.notes), (WARNING, sheet.warnings)):
        for text in texts:
            yield from (((part, style),) for part in wrapped(text, width))
    if not sheet.rows:
        yield from (((part, ""),) for part in wrapped(sheet.empty, width))
        return
    # many hosts have many rows: the work is done column by column
    totals = sheet.total or (None,) * len(sheet.columns)
    whole = map(_Column.of, sheet.columns, zip(*sheet.rows, strict=True), totals)
    columns = _fold(list(whole), width, shorten)
    if shorten:
        columns = _shrunk(columns, width)
    shown = [each for each in columns if each.width]
    if any(each.head.text for each in columns):
        yield _line((each.texts([each.head.text])[0], HEADING) for each in shown)
    yield from map(_line, zip(*_painted(columns), strict=True))
    if sheet.total is not None:
        yield _line((each.texts([each.total])[0], TOTAL) for each in shown)
    yield from (((part, FAINT),) for part in wrapped(_left_out(sheet, shown), width))


def _left_out(sheet: Sheet, shown: Iterable[_Column]) -> str:
    """Return the sentence about the columns that have no room, empty if there are none."""
    texts = {each.head.text for each in shown}
    if REST in texts:
        return ""
    names = [column.text.strip() for column in sheet.columns if column.text not in texts]
    if not names:
        return ""
    if len(names) > _MOST_NAMES:
        names = [f"{names[0]} .. {names[-1]} ({len(names)} columns)"]
    return f"no room for {', '.join(names)}; --columns chooses, --format csv has all"


def wrapped(text: str, width: int) -> list[str]:
    """Return a text in lines of at most `width` cells, all but the first indented."""
    if text.isascii() and len(text) <= width:
        return [text] if text else []
    import textwrap

    return textwrap.wrap(
        text, max(width, len(GAP) + 1), subsequent_indent=GAP, break_on_hyphens=False
    )


def fit(line: Line, width: int) -> Line:
    """Return the segments of a line that fit into `width` cells, each whole, from the first on.

    Only the first may be cut off: half a number would be another number.
    """
    room = width
    for place, (text, style) in enumerate(line):
        room -= cell_width(text)
        if room < 0:
            return line[:place] or ((shortened(text, width, 1.0), style),)
    return line


def busiest_that_fit(
    widths: Sequence[int], weights: Sequence[int], room: int, rest_width: int
) -> list[int]:
    """Return the indices of the columns to keep in `room` cells, in their order.

    All if they fit; else the busiest (of two alike the first) that fit beside a column of
    `rest_width`; none if not even one fits.
    """
    gap = len(GAP)
    if sum(width + gap for width in widths) <= room:
        return list(range(len(widths)))
    room -= rest_width + gap
    kept: list[int] = []
    for index in sorted(range(len(widths)), key=lambda index: (-weights[index], index)):
        room -= widths[index] + gap
        if room < 0:
            break
        kept.append(index)
    return sorted(kept)


def _fold(columns: list[_Column], width: int, shorten: bool) -> list[_Column]:
    """Return the columns; those that may go, and do not fit, are summed up in one."""
    foldable = [each for each in columns if each.head.weight is not None]
    if not foldable:
        return columns
    longest = _SHORTEST if shorten else _LONGEST
    fixed = sum(
        (min(each.width, longest) if each.head.flexible else each.width) + len(GAP)
        for each in columns
        if each.head.weight is None
    )
    weights = [each.head.weight or 0 for each in foldable]
    rest_width = max(len(REST), cell_width(count_text(sum(weights))))
    room = width - fixed + len(GAP)
    kept = busiest_that_fit([each.width for each in foldable], weights, room, rest_width)
    if len(kept) == len(foldable):
        return columns
    hidden = [each for place, each in enumerate(foldable) if place not in kept]
    found = [each for each in columns if each not in hidden]
    if kept:  # else there is no count that the others could be the rest of
        cells = [_sum(row) for row in zip(*(each.cells for each in hidden), strict=True)]
        rest = _Column.of(Heading(REST, right=True), cells, _sum([each.total for each in hidden]))
        found.insert(found.index(foldable[kept[-1]]) + 1, rest)
    return found


def _are_counts(cells: Sequence[Cell]) -> TypeGuard[Sequence[int]]:
    """Return True if all cells are counts, as nearly all of a large machine are."""
    return set(map(type, cells)) == {int}


def _sum(cells: Sequence[Cell]) -> int | float | None:
    """Return the sum of counts or rates, None if there is none."""
    if _are_counts(cells):
        return sum(cells)
    numbers = [cell for cell in cells if isinstance(cell, _NUMBER)]
    return sum(numbers) if numbers else None


def _widest(cells: Sequence[Cell]) -> int:
    """Return the cells that the widest text takes; of counts that is the largest."""
    if _are_counts(cells):
        return len(count_text(max(cells)))
    words = {cell for cell in cells if isinstance(cell, str)}
    largest = max((cell for cell in cells if isinstance(cell, int)), default=0)
    fastest = max((cell for cell in cells if isinstance(cell, float)), default=-1.0)
    return max(*map(cell_width, words), len(count_text(largest)), _rate_width(fastest))


def _rate_width(fastest: float) -> int:
    """Return the cells that suffice for rates up to the fastest: ``9.9``, ``99.9``, ``9.99k``."""
    if fastest < 9.95:
        return 3 if fastest >= 0 else 0
    return 4 if fastest < 99.95 else max(5, len(rate_text(fastest)))


def _shrunk(columns: Sequence[_Column], width: int) -> list[_Column]:
    """Return the columns with other widths, the flexible ones as narrow as `width` needs.

    If that is not enough, the last columns are left out (width 0): half a number would be another
    number. The first stays, cut off.
    """
    widths = [each.width for each in columns]
    excess = _line_width(widths) - width
    flexible = [place for place, each in enumerate(columns) if each.head.flexible]
    while excess > 0 and any(widths[place] > _NARROWEST for place in flexible):
        widths[max(flexible, key=lambda place: widths[place])] -= 1
        excess -= 1
    for place in range(len(widths) - 1, 0, -1):
        if _line_width(widths) > width:
            widths[place] = 0
    widths[0] = min(widths[0], width)
    return [each._replace(width=cells) for each, cells in zip(columns, widths, strict=True)]


def _line_width(widths: Sequence[int]) -> int:
    """Return the cells of a line: columns of width 0 are left out, their gaps too."""
    return sum(width + len(GAP) for width in widths if width) - len(GAP)


def _number_text(number: int | float | None) -> str:
    if number is None:
        return ""
    return rate_text(number) if isinstance(number, float) else count_text(number)


def _cold_rows(columns: Sequence[_Column]) -> list[bool]:
    """Return for each row if it has no heat."""
    cold = [False] * len(columns[0].cells)
    for column in columns:
        if is_cold := column.head.is_cold:
            found = {text for text in set(map(str, column.cells)) if is_cold(text)}
            cold = [was or cell in found for was, cell in zip(cold, column.cells, strict=True)]
    return cold


def _painted(columns: Sequence[_Column]) -> Iterator[Iterable[Segment]]:
    """Return the texts and styles of each column that is shown.

    The columns that may be folded are compared with each other, any other with itself.
    """
    cold = _cold_rows(columns)
    largest = [_largest(each, cold) for each in columns]
    together = max(
        (n for n, each in zip(largest, columns, strict=True) if each.head.weight is not None),
        default=0,
    )
    for each, number in zip(columns, largest, strict=True):
        if each.width:
            hottest = number if each.head.weight is None else together
            yield zip(each.texts(each.cells), _styles(each.cells, cold, hottest), strict=True)


def _largest(column: _Column, cold: Sequence[bool]) -> int | float:
    """Return the hottest number of a column, 0 for a column without heat."""
    if not column.head.heat and column.head.weight is None:
        return 0
    cells = list(compress(column.cells, map(not_, cold)))
    if _are_counts(cells):
        return max(cells)
    return max((cell for cell in cells if isinstance(cell, _NUMBER)), default=0)


def _styles(cells: Sequence[Cell], cold: Sequence[bool], hottest: int | float) -> list[str]:
    """Return the styles of cells: faint for 0, coloured from a quarter of the hottest on."""
    floors = [(share * hottest, style) for share, style in HEAT] if hottest else []
    coldest = floors[-1][0] if floors else inf

    def heat(number: int | float) -> str:
        for floor, style in floors:
            if number >= floor:
                return style
        return ""

    return [
        FAINT
        if cell == 0
        else heat(cell)
        if not is_cold and isinstance(cell, _NUMBER) and cell >= coldest
        else ""
        for cell, is_cold in zip(cells, cold, strict=True)
    ]


def _line(cells: Iterable[Segment]) -> Line:
    """Return one line: neighbours of one style are one segment, blanks at the end are left out."""
    segments: list[Segment] = []
    text, style = "", None
    for more, other in cells:
        if style is None:
            text, style = more, other
        elif other == style:
            text += GAP + more
        else:
            segments.append((text, style))
            text, style = GAP + more, other
    return (*segments, (text.rstrip(), style or ""))
