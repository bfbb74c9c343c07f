"""A Sheet (values in columns) becomes lines that fit a width. Pure.

A line is a sequence of segments, a text and a style each, so that the same lines go plain into a
pipe and in colour onto a terminal. Lines are never wrapped: columns of counts that do not fit are
folded into one column, ``rest``, the busiest staying; then flexible columns are shortened; then the
last columns are left out, and a line below the table names them.

Colour of a number is its size. Red is for faults alone.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, cast

from .text import aligned, cell_width, count_text, rate_text, shortened, telling_share

Cell = str | int | float | None
"""A text, a count, a rate (a float, per second), or nothing."""

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
    folded = _fold(sheet, width, shorten)
    widths = _shrunk(folded, width) if shorten else _widths(folded)
    shown = list(zip(folded.columns, widths, strict=True))
    if any(column.text for column in folded.columns):
        yield _line([column.text for column in folded.columns], shown, HEADING)
    cold = _cold_rows(folded)
    hottest = _hottest(folded, cold)
    shares = _head_shares(folded, widths)
    for row, is_cold in zip(folded.rows, cold, strict=True):
        yield _line(row, shown, "", None if is_cold else hottest, shares)
    if folded.total is not None:
        yield _line(folded.total, shown, TOTAL)
    left_out = _left_out(sheet, shown)
    yield from (((part, FAINT),) for part in wrapped(left_out, width))


def _left_out(sheet: Sheet, shown: Iterable[tuple[Heading, int]]) -> str:
    """Return the sentence about the columns that have no room, empty if there are none."""
    texts = {column.text for column, width in shown if width}
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


def _fold(sheet: Sheet, width: int, shorten: bool) -> Sheet:
    """Return the sheet with the columns that may go, and do not fit, summed up in one."""
    foldable = [i for i, column in enumerate(sheet.columns) if column.weight is not None]
    if not foldable:
        return sheet
    widths = _widths(sheet)
    longest = _SHORTEST if shorten else _LONGEST
    fixed = sum(
        (min(widths[i], longest) if column.flexible else widths[i]) + len(GAP)
        for i, column in enumerate(sheet.columns)
        if column.weight is None
    )
    weights = [sheet.columns[i].weight or 0 for i in foldable]
    rest_width = max(len(REST), cell_width(count_text(sum(weights))))
    room = width - fixed + len(GAP)
    kept = busiest_that_fit([widths[i] for i in foldable], weights, room, rest_width)
    if len(kept) == len(foldable):
        return sheet
    hidden = sorted({*foldable} - {foldable[i] for i in kept})
    order: list[int | None] = [i for i in range(len(sheet.columns)) if i not in hidden]
    if kept:  # else there is no count that the others could be the rest of
        order.insert(order.index(foldable[kept[-1]]) + 1, None)

    def fold(cells: Sequence[Cell]) -> tuple[Cell, ...]:
        return tuple(_sum(cells, hidden) if i is None else cells[i] for i in order)

    rest = Heading(REST, right=True)
    return sheet._replace(
        columns=tuple(rest if i is None else sheet.columns[i] for i in order),
        rows=tuple(map(fold, sheet.rows)),
        total=None if sheet.total is None else fold(sheet.total),
    )


def _sum(cells: Sequence[Cell], indices: Iterable[int]) -> int | float | None:
    """Return the sum of the counts or rates at `indices`, None if there is none."""
    chosen = [cells[i] for i in indices]
    if set(map(type, chosen)) == {int}:  # nearly all rows
        return sum(cast("list[int]", chosen))
    numbers = [cell for cell in chosen if isinstance(cell, int | float)]
    return sum(numbers) if numbers else None


def _widths(sheet: Sheet) -> list[int]:
    """Return the cells that each column needs to be shown whole."""
    rows = sheet.rows if sheet.total is None else (*sheet.rows, sheet.total)
    return [
        max(cell_width(column.text), _widest(cells))
        for column, cells in zip(sheet.columns, zip(*rows, strict=True), strict=True)
    ]


def _widest(cells: Sequence[Cell]) -> int:
    """Return the cells that the widest text takes; of counts that is the largest."""
    if set(map(type, cells)) == {int}:  # nearly all cells of a large machine
        return len(count_text(max(cast("Sequence[int]", cells))))
    largest, fastest, texts = 0, -1.0, 0
    for cell in cells:
        if isinstance(cell, str):
            texts = max(texts, cell_width(cell))
        elif isinstance(cell, float):
            fastest = max(fastest, cell)
        elif cell is not None:
            largest = max(largest, cell)
    return max(texts, len(count_text(largest)), _rate_width(fastest))


def _rate_width(fastest: float) -> int:
    """Return the cells that suffice for rates up to the fastest: ``9.9``, ``99.9``, ``9.99k``."""
    if fastest < 9.95:
        return 3 if fastest >= 0 else 0
    return 4 if fastest < 99.95 else max(5, len(rate_text(fastest)))


def _shrunk(sheet: Sheet, width: int) -> list[int]:
    """Return the columns' widths, the flexible ones as narrow as `width` needs.

    If that is not enough, the last columns are left out (width 0): half a number would be another
    number. The first stays, cut off.
    """
    widths = _widths(sheet)
    excess = _line_width(widths) - width
    flexible = [i for i, column in enumerate(sheet.columns) if column.flexible]
    while excess > 0 and any(widths[i] > _NARROWEST for i in flexible):
        widths[max(flexible, key=lambda i: widths[i])] -= 1
        excess -= 1
    for i in range(len(widths) - 1, 0, -1):
        if _line_width(widths) > width:
            widths[i] = 0
    widths[0] = min(widths[0], width)
    return widths


def _head_shares(sheet: Sheet, widths: Sequence[int]) -> list[float]:
    """Return for each column the share of heads that keeps its shortened texts apart."""
    return [
        telling_share([cell for cell in cells if isinstance(cell, str)], width)
        if column.flexible and width
        else 0.5
        for column, width, cells in zip(
            sheet.columns, widths, zip(*sheet.rows, strict=True), strict=True
        )
    ]


def _line_width(widths: Sequence[int]) -> int:
    """Return the cells of a line: columns of width 0 are left out, their gaps too."""
    return sum(width + len(GAP) for width in widths if width) - len(GAP)


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float):
        return rate_text(cell)
    return count_text(cell) if isinstance(cell, int) else cell


def _cold_rows(sheet: Sheet) -> list[bool]:
    """Return for each row if it has no heat."""
    tests = [(i, column.is_cold) for i, column in enumerate(sheet.columns) if column.is_cold]
    return [any(is_cold(str(row[i])) for i, is_cold in tests) for row in sheet.rows]


def _hottest(sheet: Sheet, cold: Sequence[bool]) -> list[float]:
    """Return the hottest number of each column, 0 for a column without heat.

    The columns that may be folded are compared with each other, any other with itself.
    """
    rows = [row for row, is_cold in zip(sheet.rows, cold, strict=True) if not is_cold]
    largest = [
        max((cell for cell in cells if isinstance(cell, int | float)), default=0)
        if column.heat or column.weight is not None
        else 0
        for column, cells in zip(sheet.columns, zip(*rows, strict=True), strict=bool(rows))
    ] or [0] * len(sheet.columns)
    foldable = [i for i, column in enumerate(sheet.columns) if column.weight is not None]
    together = max((largest[i] for i in foldable), default=0)
    return [
        together if column.weight is not None else number
        for column, number in zip(sheet.columns, largest, strict=True)
    ]


def _heat(number: float, hottest: float) -> str:
    """Return the style of a number: faint for none, coloured from a quarter of the hottest on.

    `hottest` is 0 without heat.
    """
    if number == 0:
        return FAINT
    if hottest:
        for share, style in HEAT:
            if number >= share * hottest:
                return style
    return ""


def _line(
    cells: Sequence[Cell],
    shown: Iterable[tuple[Heading, int]],
    style: str,
    hottest: Sequence[float] | None = None,
    shares: Sequence[float] = (),
) -> Line:
    """Return one line of the table; the blanks after its last text are left out."""
    segments: list[Segment] = []
    for place, (cell, (column, width)) in enumerate(zip(cells, shown, strict=True)):
        if width == 0:
            continue
        painted = style
        text = _text(cell)
        if isinstance(cell, int | float):
            painted = style or _heat(cell, hottest[place] if hottest else 0)
            text = text.rjust(width) if column.right else text.ljust(width)
        else:
            share = shares[place] if shares else 0.5
            text = aligned(shortened(text, width, share), width, column.right)
        if segments:
            text = GAP + text
            if segments[-1][1] == painted:
                text = segments.pop()[0] + text
        segments.append((text, painted))
    text, painted = segments[-1]
    return (*segments[:-1], (text.rstrip(), painted))
