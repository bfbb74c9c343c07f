"""A series becomes rates in the columns of a picture. Pure.

A point that spans much more time than its step had a gap in it: its count is known, but not when
it fired, so its columns hold None rather than a rate that never was.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from ..server.times import Moment

if TYPE_CHECKING:
    from ..server import model

    _Share = tuple[model.Point, float, list[tuple[int, float]]]
    """A point, its length in seconds, and the columns that it covers, each with its part."""

_GAP_INTERVALS = 2.5
"""A point that is longer than its step by more sampling intervals than this had a gap in it."""

TOTAL = "total"


class Track(NamedTuple):
    """One key's rates, counts per second, oldest first; None for an unknown rate."""

    key: str
    rates: tuple[float | None, ...]
    total: int

    @property
    def largest(self) -> float:
        """The highest rate, 0.0 if none is known."""
        return max((rate for rate in self.rates if rate is not None), default=0.0)


class Timeline(NamedTuple):
    """Tracks over the same columns, each `seconds` long, from Unix second `start` on."""

    start: float
    seconds: float
    columns: int
    tracks: tuple[Track, ...]

    @property
    def largest(self) -> float:
        """The highest rate of any track."""
        return max((track.largest for track in self.tracks), default=0.0)

    def column(self, moment: Moment) -> int | None:
        """Return the column that a moment falls into, None if it is outside."""
        place = (moment.seconds - self.start) / self.seconds
        return min(int(place), self.columns - 1) if 0 <= place <= self.columns else None


def timeline(series: model.Series, width: int) -> Timeline:
    """Return a series in at most `width` columns (at least 1), the busiest track first.

    Steps that fit are all as wide as each other; more steps than `width` share columns.
    """
    start = series.window.start.seconds
    seconds = max(series.window.end.seconds - start, 0.001)
    steps = max(round(seconds / series.step_seconds), 1) if series.step_seconds else width
    columns = steps * (width // steps) if steps <= width else width
    grid = Timeline(start, seconds / columns, columns, ())
    shares = [(point, *_shares(point, grid)) for point in series.points]
    known = [0.0] * columns
    limit = series.step_seconds + _GAP_INTERVALS * series.window.resolution_seconds
    for _, span, parts in shares:
        if span <= limit or not series.window.resolution_seconds:
            for column, part in parts:
                known[column] += part
    tracks = [_track(key, shares, known) for key in _keys(series)]
    tracks.sort(key=lambda track: -track.total)
    return Timeline(start, grid.seconds, columns, tuple(tracks))


def _keys(series: model.Series) -> Iterable[str]:
    if series.by == TOTAL:
        return [TOTAL]
    return dict.fromkeys(key for point in series.points for key in point.counts)


def _shares(point: model.Point, grid: Timeline) -> tuple[float, list[tuple[int, float]]]:
    start = point.start.seconds
    end = point.end.seconds
    first = (start - grid.start) / grid.seconds
    last = (end - grid.start) / grid.seconds
    parts = []
    for column in range(max(int(first), 0), min(int(last), grid.columns - 1) + 1):
        part = min(last, column + 1) - max(first, column)
        if part > 0:
            parts.append((column, part))
    return end - start, parts


def _track(key: str, shares: list[_Share], known: list[float]) -> Track:
    """Return one key's rates: in each column the mean of the points there, by the part covered."""
    sums = [0.0] * len(known)
    total = 0
    for point, span, parts in shares:
        count = point.total if key == TOTAL else point.counts.get(key, 0)
        total += count
        for column, part in parts:
            sums[column] += part * count / span
    rates = tuple(
        value / part if part >= 0.5 else None for value, part in zip(sums, known, strict=True)
    )
    return Track(key, rates, total)
