"""Rates become pictures of text: bars, lines, and levels of heat. Pure.

Every function returns rows of as many cells as there are values; None, a gap, is GAP_MARK.
"""

from collections.abc import Sequence

BLOCKS = " ▁▂▃▄▅▆▇█"
"""Eighths of a cell, from the bottom."""

GAP_MARK = "·"
"""Stands on the lowest row for an unknown value."""

LEVELS = 8
"""Levels of heat above none; each but the lowest begins at half of the next."""

_EIGHTHS = len(BLOCKS) - 1
_BRAILLE = 0x2800
_LEFT_DOTS = (0x40, 0x04, 0x02, 0x01)
_RIGHT_DOTS = (0x80, 0x20, 0x10, 0x08)
"""Braille dots of a cell's left and right half, the lowest first. Source: Unicode, U+2800."""

Values = Sequence[float | None]


def bars(values: Values, largest: float, height: int) -> list[str]:
    """Return `height` rows, the highest first, of bars; `largest` fills all of them.

    A value above zero shows at least an eighth of a cell.
    """
    sizes = [_size(value, largest, height * _EIGHTHS) for value in values]
    rows = []
    for row in reversed(range(height)):
        rows.append("".join(_block(size, row) for size in sizes))
    return rows


def _size(value: float | None, largest: float, units: int) -> int | None:
    """Return how many of `units` a value fills, None for a gap."""
    if value is None:
        return None
    if value <= 0 or largest <= 0:
        return 0
    return min(max(round(value / largest * units), 1), units)


def _block(size: int | None, row: int) -> str:
    if size is None:
        return GAP_MARK if row == 0 else " "
    return BLOCKS[min(max(size - row * _EIGHTHS, 0), _EIGHTHS)]


def curve(values: Values, largest: float, height: int) -> list[str]:
    """Return `height` rows, the highest first, of a line drawn in braille dots.

    Neighbours are joined; nothing joins over a gap.
    """
    dots = height * 4
    places = [_dot(value, largest, dots) for value in values]
    cells = [[0] * len(values) for _ in range(height)]
    before: int | None = None
    for column, place in enumerate(places):
        if place is not None:
            start = place if before is None else before
            step = 1 if place >= start else -1
            for dot in range(start, place + step, step):
                cells[dot // 4][column] |= _LEFT_DOTS[dot % 4]
            cells[place // 4][column] |= _RIGHT_DOTS[place % 4]
        before = place
    return [
        "".join(_braille(cell, places[column], row) for column, cell in enumerate(cells[row]))
        for row in reversed(range(height))
    ]


def _dot(value: float | None, largest: float, dots: int) -> int | None:
    if value is None:
        return None
    return round(min(max(value / largest, 0.0), 1.0) * (dots - 1)) if largest > 0 else 0


def _braille(cell: int, place: int | None, row: int) -> str:
    if place is None:
        return GAP_MARK if row == 0 else " "
    return chr(_BRAILLE + cell) if cell else " "


def level(value: float, largest: float) -> int:
    """Return a value's level of heat: 0 for nothing, LEVELS from half of `largest` on.

    Each level below begins at half of the one above; any smaller value is level 1.
    """
    if value <= 0 or largest <= 0:
        return 0
    share = value / largest
    for depth in range(LEVELS - 1):
        if share >= 0.5 ** (depth + 1):
            return LEVELS - depth
    return 1


def level_floor(number: int, largest: float) -> float:
    """Return the least value of a level of heat, as `largest`; level 1 begins above 0."""
    return 0.0 if number <= 1 else largest * 0.5 ** (LEVELS - number + 1)


def time_axis(start: str, end: str, columns: int) -> str:
    """Return two local times at the ends of an axis of `columns` cells, as exact as they fit.

    ``2025-12-31 23:56:00 .. 2026-01-01 00:01:00``, the days alone, or of one day the clock's times.
    """
    (day, clock), (last_day, last_clock) = start.split(" ")[:2], end.split(" ")[:2]
    ends = [(clock[:8], last_clock[:8]), (clock[:5], last_clock[:5])]
    if day != last_day:
        ends = [(f"{day} {clock[:8]}", f"{last_day} {last_clock[:8]}"), (day, last_day)]
    for first, last in ends:
        if len(first) + len(last) + 2 <= columns:
            return first + last.rjust(columns - len(first))
    return ""
