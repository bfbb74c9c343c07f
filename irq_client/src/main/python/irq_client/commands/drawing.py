"""Series and tables of counts -> lines of a picture that fits a width. Pure.

Everything that a server named passes through `visible` here. A picture is made of the same lines
as a table, so that it goes plain into a pipe and in colour onto a terminal.
"""

from collections.abc import Iterable, Iterator, Sequence

from ..figures.timeline import TOTAL, Timeline, Track, timeline
from ..server import model
from ..server.authors import CHANGE
from ..terminal import chart
from ..terminal.chart import GAP_MARK, LEVELS
from ..terminal.table import FAINT, HEADING, WARNING, Line, wrapped
from ..terminal.text import aligned, cell_width, numbered, rate_text, shortened, span_text, visible
from .views import change_text, window_line, window_warnings

CHARTS = ("bar", "line", "table")
CHART_HEIGHT = 10
MOST_TRACKS = 24
"""Keys that get a row of their own; the others are named as a number."""

MOST_MARKS = 8
"""Affinity changes that are told below a picture."""

MARK = "▲"
_LONGEST_LABEL = 28
_LEAST_PLOT = 10
"""Cells of a picture on a terminal too narrow for any."""

_LINE_ROWS = 2
_WIDEST_CELL = 4
_HEAT_STYLES = (
    "",
    *(f"color({number}) on color({number})" for number in (17, 18, 54, 90, 126, 161, 202, 226)),
)
"""Colours from cold to hot, one to a level; they fill the whole cell, whatever stands in it."""


def draw_history(
    series: model.Series, events: Sequence[model.Event], width: int, kind: str
) -> Iterator[Line]:
    """Draws a series as bars or as a line: one large picture of the total, else one row per key.

    `kind` is ``bar`` or ``line``. Gaps are gaps; affinity changes are marked and told.
    """
    yield from _head(series, "interrupts per second", width)
    if not series.points:
        yield (("no step in the window", ""),)
        return
    if series.by == TOTAL:
        yield from _draw_total(series, events, width, kind)
    else:
        yield from _draw_tracks(series, events, width, kind)


def draw_heatmap(series: model.Series, events: Sequence[model.Event], width: int) -> Iterator[Line]:
    """Draws keys by time in blocks of colour, with a scale; by CPU in the order of their numbers.

    A plain stream shows the same levels as blocks of different height.
    """
    yield from _head(series, "interrupts per second", width)
    if not series.points:
        yield (("no step in the window", ""),)
        return
    label = _label_width(series)
    line = timeline(series, max(width - label - 1, _LEAST_PLOT))
    tracks = list(line.tracks)
    if series.by == "cpu":
        tracks.sort(key=lambda track: (len(track.key), track.key))
    else:
        yield from _left_out(tracks, width)
        tracks = tracks[:MOST_TRACKS]
    largest = line.largest
    for track in tracks:
        name = aligned(shortened(_label(series.by, track.key), label), label, False)
        yield (((name + " "), ""), *_heat(track.rates, largest))
    yield from _foot(series, events, line, label + 1, width)
    yield from _scale(largest, "per second", width)


def draw_grid(answer: model.Interrupts, width: int) -> Iterator[Line]:
    """Draws IRQ by CPU in blocks of colour: one row per IRQ, CPUs that share a cell averaged."""
    yield from _told(window_line(answer.window), "", width)
    for text in window_warnings(answer.window):
        yield from _told(text, WARNING, width)
    rows = [irq for irq in answer.irqs if irq.counts is not None]
    if not rows or not answer.cpus:
        yield (("no IRQ passed the filters", ""),)
        return
    names = [f"{visible(irq.irq)} {visible(irq.device)}".strip() for irq in rows]
    label = min(max(map(cell_width, names)), _LONGEST_LABEL)
    room = max(width - label - 1, _LEAST_PLOT)
    each = -(-len(answer.cpus) // room)
    seconds = answer.window.seconds or 1.0
    rates = [_by_cell(irq.counts or (), each, seconds) for irq in rows]
    largest = max((rate for row in rates for rate in row if rate), default=0.0)
    wide = min(max(room // len(answer.cpus), 1), _WIDEST_CELL)
    cells = f"one block is {numbered(each, 'CPU')}, from CPU {answer.cpus[0]} to {answer.cpus[-1]}"
    yield from _told(cells, "", width)
    for name, values in zip(names, rates, strict=True):
        row = [value for value in values for _ in range(wide)]
        yield ((aligned(shortened(name, label), label, False) + " ", ""), *_heat(row, largest))
    yield from _scale(largest, "per second and CPU", width)


def _head(series: model.Series, unit: str, width: int) -> Iterator[Line]:
    yield from _told(window_line(series.window), "", width)
    steps = f"in steps of {span_text(series.step_seconds)}, by {visible(series.by)}"
    yield from _told(steps, "", width)
    for text in window_warnings(series.window):
        yield from _told(text, WARNING, width)
    yield ((unit, FAINT),)


def _told(text: str, style: str, width: int) -> Iterator[Line]:
    """Gives the lines of a sentence."""
    yield from (((part, style),) for part in wrapped(text, width))


def _draw_total(
    series: model.Series, events: Sequence[model.Event], width: int, kind: str
) -> Iterator[Line]:
    axis = max(map(len, (rate_text(999.9), rate_text(1234.5)))) + 1
    line = timeline(series, max(width - axis - 1, _LEAST_PLOT))
    (track,) = line.tracks
    plot = chart.bars if kind == "bar" else chart.curve
    rows = plot(track.rates, track.largest, CHART_HEIGHT)
    labels = {0: track.largest, CHART_HEIGHT // 2: track.largest / 2, CHART_HEIGHT - 1: 0.0}
    for number, row in enumerate(rows):
        text = rate_text(labels[number]) if number in labels else ""
        tick = "┤" if number in labels else "│"
        yield ((f"{text:>{axis}}{tick}", FAINT), (row.rstrip(), "cyan"))
    yield from _foot(series, events, line, axis + 1, width)


def _draw_tracks(
    series: model.Series, events: Sequence[model.Event], width: int, kind: str
) -> Iterator[Line]:
    label = _label_width(series)
    line = timeline(series, max(width - label - 1 - 16, _LEAST_PLOT))
    yield from _left_out(line.tracks, width)
    heading = f"{'':{label}} {'':{line.columns}}"
    yield ((f"{heading}  {'MEAN':>6}  {'MAX':>6}", HEADING),)
    for track in line.tracks[:MOST_TRACKS]:
        yield from _track_rows(track, series, line, label, kind)
    yield from _foot(series, events, line, label + 1, width)


def _track_rows(
    track: Track, series: model.Series, line: Timeline, label: int, kind: str
) -> Iterator[Line]:
    """Draws one key: its name, its picture, its mean and its highest rate."""
    if kind == "bar":
        rows = chart.bars(track.rates, line.largest, 1)
    else:
        rows = chart.curve(track.rates, line.largest, _LINE_ROWS)
    known = [rate for rate in track.rates if rate is not None]
    mean = rate_text(sum(known) / len(known)) if known else "-"
    name = aligned(shortened(_label(series.by, track.key), label), label, False)
    for row in rows[:-1]:
        yield ((" " * (label + 1), ""), (row.rstrip(), "cyan"))
    figures = f"  {mean:>6}  {rate_text(track.largest) if known else '-':>6}"
    yield ((name + " ", ""), (rows[-1], "cyan"), (figures, ""))


def _left_out(tracks: Sequence[Track], width: int) -> Iterator[Line]:
    if len(tracks) > MOST_TRACKS:
        more = len(tracks) - MOST_TRACKS
        words = f"the {MOST_TRACKS} busiest; {more} more are not drawn, --format csv has them"
        yield from _told(words, FAINT, width)


def _label_width(series: model.Series) -> int:
    names = (_label(series.by, key) for point in series.points for key in point.counts)
    return min(max(map(cell_width, names), default=5), _LONGEST_LABEL)


def _label(by: str, key: str) -> str:
    """Gives a key as a row is called: ``CPU3``, ``36``, ``36 on CPU0``."""
    if by == "cpu":
        return f"CPU{visible(key)}"
    if by == "irq,cpu":
        irq, _, cpu = key.rpartition(",")
        return f"{visible(irq)} on CPU{visible(cpu)}"
    return visible(key)


def _foot(
    series: model.Series, events: Sequence[model.Event], line: Timeline, indent: int, width: int
) -> Iterator[Line]:
    """Draws the axis of time, the marks above it, and tells what they mark."""
    changes = [each for each in events if each.event == CHANGE]
    marked = {column for each in changes if (column := line.column(each.time)) is not None}
    blank = " " * indent
    if marked:
        row = "".join(MARK if column in marked else " " for column in range(line.columns))
        yield ((blank, ""), (row.rstrip(), WARNING))
    axis = chart.time_axis(series.window.start, series.window.end, line.columns)
    yield ((blank + axis, FAINT),)
    if series.window.gaps:
        yield ((f"{GAP_MARK} nothing is known there", FAINT),)
    yield from _tell_changes(changes, width)


def _tell_changes(changes: Sequence[model.Event], width: int) -> Iterator[Line]:
    for each in changes[-MOST_MARKS:]:
        yield from _told(f"{MARK} {each.time} {change_text(each)}", WARNING, width)
    if len(changes) > MOST_MARKS:
        more = numbered(len(changes) - MOST_MARKS, "earlier change")
        yield from _told(f"  and {more}; irq_client events lists them", FAINT, width)


def _heat(rates: Iterable[float | None], largest: float) -> list[tuple[str, str]]:
    """Gives segments of blocks: their height says the level, or in colour that of the cell."""
    segments: list[tuple[str, str]] = []
    for rate in rates:
        number = 0 if rate is None else chart.level(rate, largest)
        text = GAP_MARK if rate is None else chart.BLOCKS[number]
        if segments and segments[-1][1] == _HEAT_STYLES[number]:
            text = segments.pop()[0] + text
        segments.append((text, _HEAT_STYLES[number]))
    return segments


def _scale(largest: float, unit: str, width: int) -> Iterator[Line]:
    """Draws each level's block with the rate at which it begins, in lines of `width` cells."""
    line: list[tuple[str, str]] = [("scale", FAINT)]
    used = len("scale")
    for number in range(1, LEVELS + 2):
        floor = chart.level_floor(number, largest)
        text = f" {rate_text(floor)}" if number > 1 else " >0"
        part = [("  ", ""), (chart.BLOCKS[min(number, LEVELS)], _HEAT_STYLES[min(number, LEVELS)])]
        if number > LEVELS:
            part, text = [("  ", "")], f"to {rate_text(largest)} {unit}"
        size = sum(len(each) for each, _ in part) + len(text)
        if used + size > width and used > 0:
            yield tuple(line)
            line, used = [], 0
        line += [*part, (text, FAINT)]
        used += size
    yield tuple(line)


def _by_cell(counts: Sequence[int], each: int, seconds: float) -> list[float | None]:
    """Gives the mean rate of every `each` neighbours."""
    parts = [counts[place : place + each] for place in range(0, len(counts), each)]
    return [sum(part) / len(part) / seconds for part in parts]
