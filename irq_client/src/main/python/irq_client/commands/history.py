"""The command `history`: counts step by step, as a picture or as numbers.

A picture is made of the same lines as a table, so that it goes plain into a pipe and in colour onto
a terminal. Every name that comes from a server passes through `visible` before it is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ..command_line.command import Command, Given
from ..command_line.options import CPU, DEVICE, IRQ, STEP, TOP, WINDOW, Setting
from ..figures.timeline import TOTAL, Timeline, Track, timeline
from ..server.request import Request
from ..server.times import Time
from ..terminal import chart
from ..terminal.chart import GAP_MARK
from ..terminal.columns import Row
from ..terminal.table import FAINT, HEADING, WARNING, Heading, Line, Sheet, wrapped
from ..terminal.text import aligned, cell_width, numbered, rate_text, shortened, visible
from ..terminal.writer import Shown
from .shared import change_text, shown, steps_line, window_line, window_sheet, window_warnings

if TYPE_CHECKING:
    from ..server import model
    from ..server.client import Client

    Draw = Callable[[model.Series, Sequence[model.Event], int], Iterator[Line]]
    """Draw a series and the events of its window, at most as wide as the sheet."""

CHART_HEIGHT = 10
MOST_TRACKS = 24
"""Keys that get a row of their own; the others are named as a number."""

MOST_MARKS = 8
"""Affinity changes that are listed below a picture."""

LEAST_PLOT = 10
"""Cells of a picture on a terminal too narrow for any."""

LONGEST_LABEL = 28
MARK = "▲"
_LINE_ROWS = 2


class History(NamedTuple):
    """Counts per step of a window."""

    request: Request
    chart: str
    """``bar`` or ``line``; ``table`` for the numbers."""

    def ask(self, client: Client) -> Shown:
        """Ask for the series and, for a picture, for the affinity changes of the same time."""
        if self.chart == "table":
            return shown(client.series(self.request), show_series, list_series)
        return ask_drawn(
            client,
            self.request,
            lambda series, events, width: draw_history(series, events, width, self.chart),
        )


def ask_drawn(client: Client, request: Request, draw: Draw) -> Shown:
    """Ask for a series and the events of its window, and return the picture of both."""
    series = client.series(request)
    window = series.window
    events: tuple[model.Event, ...] = ()
    if window.start != window.end:
        edges = Request(start=Time.of(window.start), end=Time.of(window.end), irqs=request.irqs)
        events = client.events(edges).events
    return shown(series, show_series, list_series)._replace(
        draw=lambda width: draw(series, events, width)
    )


def show_series(answer: model.Series) -> Sheet:
    """Return counts step by step; keys in the order in which they first appear."""
    keys = dict.fromkeys(key for point in answer.points for key in point.counts)
    weights = {key: sum(point.counts.get(key, 0) for point in answer.points) for key in keys}
    if answer.by == TOTAL:
        weights = {}
    return window_sheet(
        answer.window,
        (
            Heading("START"),
            Heading("END"),
            *(Heading(visible(key), right=True, weight=weights[key]) for key in weights),
            Heading("TOTAL", right=True),
        ),
        tuple(
            (point.start.local, point.end.local, *map(point.counts.get, weights), point.total)
            for point in answer.points
        ),
        "no step in the window",
        notes=(steps_line(answer),),
    )


def list_series(answer: model.Series) -> Iterator[Row]:
    """Return a row for each step and key; times are Unix seconds."""
    yield ("start", "end", "key", "count")
    for point in answer.points:
        counts = {TOTAL: point.total} if answer.by == TOTAL else point.counts
        for key, count in counts.items():
            yield (point.start.unix_text, point.end.unix_text, visible(key), count)


def draw_history(
    series: model.Series, events: Sequence[model.Event], width: int, kind: str
) -> Iterator[Line]:
    """Draw a series as bars or as a line: one large picture of the total, else one row per key.

    `kind` is ``bar`` or ``line``. Gaps stay empty; affinity changes are marked, and listed below.
    """
    yield from head(series, width)
    if not series.points:
        yield (("no step in the window", ""),)
        return
    if series.by == TOTAL:
        yield from _draw_total(series, events, width, kind)
    else:
        yield from _draw_tracks(series, events, width, kind)


def head(series: model.Series, width: int) -> Iterator[Line]:
    """Return the lines above a picture: window, steps, warnings, unit."""
    yield from sentence(window_line(series.window), "", width)
    yield from sentence(steps_line(series), "", width)
    for text in window_warnings(series.window):
        yield from sentence(text, WARNING, width)
    yield (("interrupts per second", FAINT),)


def sentence(text: str, style: str, width: int) -> Iterator[Line]:
    """Return the lines of a sentence."""
    yield from (((part, style),) for part in wrapped(text, width))


def _draw_total(
    series: model.Series, events: Sequence[model.Event], width: int, kind: str
) -> Iterator[Line]:
    axis = max(map(len, (rate_text(999.9), rate_text(1234.5)))) + 1
    line = timeline(series, max(width - axis - 1, LEAST_PLOT))
    (track,) = line.tracks
    plot = chart.bars if kind == "bar" else chart.curve
    rows = plot(track.rates, track.largest, CHART_HEIGHT)
    labels = {0: track.largest, CHART_HEIGHT // 2: track.largest / 2, CHART_HEIGHT - 1: 0.0}
    for number, row in enumerate(rows):
        text = rate_text(labels[number]) if number in labels else ""
        tick = "┤" if number in labels else "│"
        yield ((f"{text:>{axis}}{tick}", FAINT), (row.rstrip(), "cyan"))
    yield from foot(series, events, line, axis + 1, width)


def _draw_tracks(
    series: model.Series, events: Sequence[model.Event], width: int, kind: str
) -> Iterator[Line]:
    label = label_width(series)
    line = timeline(series, max(width - label - 1 - 16, LEAST_PLOT))
    yield from left_out(line.tracks, width)
    heading = f"{'':{label}} {'':{line.columns}}"
    yield ((f"{heading}  {'MEAN':>6}  {'MAX':>6}", HEADING),)
    for track in line.tracks[:MOST_TRACKS]:
        yield from _track_rows(track, series, line, label, kind)
    yield from foot(series, events, line, label + 1, width)


def _track_rows(
    track: Track, series: model.Series, line: Timeline, label: int, kind: str
) -> Iterator[Line]:
    """Draw one key: its name, its picture, its mean and its highest rate."""
    if kind == "bar":
        rows = chart.bars(track.rates, line.largest, 1)
    else:
        rows = chart.curve(track.rates, line.largest, _LINE_ROWS)
    known = [rate for rate in track.rates if rate is not None]
    mean = rate_text(sum(known) / len(known)) if known else "-"
    name = aligned(shortened(key_label(series.by, track.key), label), label, False)
    for row in rows[:-1]:
        yield ((" " * (label + 1), ""), (row.rstrip(), "cyan"))
    figures = f"  {mean:>6}  {rate_text(track.largest) if known else '-':>6}"
    yield ((name + " ", ""), (rows[-1], "cyan"), (figures, ""))


def left_out(tracks: Sequence[Track], width: int) -> Iterator[Line]:
    """Return a line about the tracks that have no room, if there are some."""
    if len(tracks) > MOST_TRACKS:
        more = len(tracks) - MOST_TRACKS
        words = f"the {MOST_TRACKS} busiest; {more} more are not drawn, --format csv has them"
        yield from sentence(words, FAINT, width)


def label_width(series: model.Series) -> int:
    """Return the cells that the names of the keys need."""
    names = (key_label(series.by, key) for point in series.points for key in point.counts)
    return min(max(map(cell_width, names), default=5), LONGEST_LABEL)


def key_label(by: str, key: str) -> str:
    """Return a key as a row is called: ``CPU3``, ``36``, ``36 on CPU0``."""
    if by == "cpu":
        return f"CPU{visible(key)}"
    if by == "irq,cpu":
        irq, _, cpu = key.rpartition(",")
        return f"{visible(irq)} on CPU{visible(cpu)}"
    return visible(key)


def foot(
    series: model.Series, events: Sequence[model.Event], line: Timeline, indent: int, width: int
) -> Iterator[Line]:
    """Draw the axis of time and the marks above it, and list the changes at the marks."""
    changes = [each for each in events if each.change]
    marked = {column for each in changes if (column := line.column(each.time)) is not None}
    blank = " " * indent
    if marked:
        row = "".join(MARK if column in marked else " " for column in range(line.columns))
        yield ((blank, ""), (row.rstrip(), WARNING))
    window = series.window
    axis = chart.time_axis(window.start.local, window.end.local, line.columns)
    yield ((blank + axis, FAINT),)
    if series.window.gaps:
        yield ((f"{GAP_MARK} nothing is known there", FAINT),)
    yield from _listed_changes(changes, width)


def _listed_changes(changes: Sequence[model.Event], width: int) -> Iterator[Line]:
    for each in changes[-MOST_MARKS:]:
        yield from sentence(f"{MARK} {each.time.local} {change_text(each)}", WARNING, width)
    if len(changes) > MOST_MARKS:
        more = numbered(len(changes) - MOST_MARKS, "earlier change")
        yield from sentence(f"  and {more}; irq_client events lists them", FAINT, width)


def read(given: Given) -> History:
    """Return the series to ask for; a file or a program gets numbers."""
    request, kind = given.request(), given.choice("chart")
    return History(request, kind if given.form == "table" else "table")


BY = Setting(
    "by",
    "what each count is for; heatmap: cpu (its default), irq, or irq,cpu without time",
    "KEY",
    "total",
    choices=("total", "cpu", "irq", "irq,cpu"),
)
CHART = Setting(
    "chart",
    "how it is drawn; table gives the numbers",
    "CHART",
    "bar",
    choices=("bar", "line", "table"),
)
COMMAND = Command(
    "history",
    "counts step by step, drawn, with gaps and affinity changes",
    ("irq_client history --by cpu --step 1m --period 15m",),
    read,
    settings=(CHART, BY, STEP, *WINDOW, IRQ, CPU, DEVICE, TOP),
)
