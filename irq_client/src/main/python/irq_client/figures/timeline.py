"""A series becomes rates: figures from its points, columns of a picture from their parts. Pure.

A point that spans much more time than its step had a gap in it: its count is known, but not when
it fired, so its columns hold None rather than a rate that never was.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from ..server.times import Moment

if TYPE_CHECKING:
    from ..server import model

_GAP_INTERVALS = 2.5
"""A point that is longer than its step by more sampling intervals than this had a gap in it."""

TOTAL = "total"


class Track(NamedTuple):
    """One key's rates, counts per second, oldest first; None for an unknown rate."""

    key: str
    rates: tuple[float | None, ...]
    """One to a column; points that share a column are averaged."""
    total: int
    mean: float | None
    """Of all points without a gap."""
    largest: float
    """The highest rate of a point, 0.0 if none is known."""


class Timeline(NamedTuple):
    """Tracks over the same columns, each `seconds` long, from Unix second `start` on."""

    start: float
    seconds: float
    columns: int
    tracks: tuple[Track, ...]

    def column(self, moment: Moment) -> int | None:
        """Return the column that a moment falls into, None if it is outside."""
        place = (moment.seconds - self.start) / self.seconds
        return min(int(place), self.columns - 1) if 0 <= place <= self.columns else None


class _Part(NamedTuple):
    """A point whose rate is known, its length in seconds, and its share of each column."""

    point: model.Point
    seconds: float
    columns: list[tuple[int, float]]


def timeline(series: model.Series, width: int) -> Timeline:
    """Return a series in at most `width` columns (at least 1), the busiest track first.

    Steps that fit are all as wide as each other; more steps than `width` share columns.
    """
    start = series.window.start.seconds
    seconds = max(series.window.end.seconds - start, 0.001)
    steps = max(round(seconds / series.step_seconds), 1) if series.step_seconds else width
    columns = steps * (width // steps) if steps <= width else width
    grid = Timeline(start, seconds / columns, columns, ())
    resolution = series.window.resolution_seconds
    limit = series.step_seconds + _GAP_INTERVALS * resolution
    parts = [_part(point, grid) for point in series.points]
    parts = [each for each in parts if each.seconds <= limit or not resolution]
    covered = [0.0] * columns
    for part in parts:
        for column, share in part.columns:
            covered[column] += share
    tracks = [_track(key, series, parts, covered) for key in _keys(series)]
    tracks.sort(key=lambda track: -track.total)
    return grid._replace(tracks=tuple(tracks))


def _keys(series: model.Series) -> Iterable[str]:
    if series.by == TOTAL:
        return [TOTAL]
    return dict.fromkeys(key for point in series.points for key in point.counts)


def _part(point: model.Point, grid: Timeline) -> _Part:
    start, end = point.start.seconds, point.end.seconds
    first, last = (start - grid.start) / grid.seconds, (end - grid.start) / grid.seconds
    columns = range(max(int(first), 0), min(int(last), grid.columns - 1) + 1)
    shares = ((column, min(last, column + 1) - max(first, column)) for column in columns)
    return _Part(point, max(end - start, 0.001), [each for each in shares if each[1] > 0])


def _count(point: model.Point, key: str) -> int:
    return point.total if key == TOTAL else point.counts.get(key, 0)


def _track(key: str, series: model.Series, parts: list[_Part], covered: list[float]) -> Track:
    """Return one key's rates: in each column the mean of the points there, by the part covered."""
    counts = [_count(each.point, key) for each in parts]
    sums = [0.0] * len(covered)
    for count, part in zip(counts, parts, strict=True):
        for column, share in part.columns:
            sums[column] += share * count / part.seconds
    seconds = sum(each.seconds for each in parts)
    return Track(
        key,
        tuple(a / part if part >= 0.5 else None for a, part in zip(sums, covered, strict=True)),
        sum(_count(point, key) for point in series.points),
        sum(counts) / seconds if seconds else None,
        max((n / each.seconds for n, each in zip(counts, parts, strict=True)), default=0.0),
    )
