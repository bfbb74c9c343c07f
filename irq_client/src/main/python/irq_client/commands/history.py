"""The command `history`: counts step by step, as a picture or as numbers.

A picture is made of the same lines as a table, so that it goes plain into a pipe and in colour onto
a terminal. Every name that comes from a server passes through `visible` before it is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from functools import partial
from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from ..command_line.command import Command, Given
from ..command_line.options import ALL, CPU, DEVICE, IRQ, STEP, TOP, WINDOW, Setting
from ..figures.rows import device_text
from ..figures.timeline import TOTAL, Timeline, Track, timeline
from ..server.request import Request
from ..server.times import Duration, Time
from ..terminal import chart
from ..terminal.chart import GAP_MARK
from ..terminal.columns import Row
from ..terminal.table import FAINT, HEADING, WARNING, Heading, Line, Sheet, wrapped
from ..terminal.text import aligned, cell_width, numbered, rate_text, shortened, visible
from ..terminal.writer import Shown
from .shared import (
    change_text,
    idle_text,
    steps_line,
    window_line,
    window_sheet,
    window_warnings,
)

if TYPE_CHECKING:
    from ..server import model
    from ..server.client import Client

    Draw = Callable[["Past", int], Iterator[Line]]
    """Draw the past in a width, at most as wide as the sheet."""

CHART_HEIGHT = 10
MOST_TRACKS = 24
"""Keys that get a row of their own; the others are named as a number."""

MOST_MARKS = 8
"""Affinity changes that are listed below a picture."""

LEAST_PLOT = 4
"""Cells of a picture on a terminal too narrow for any."""

LONGEST_LABEL = 28
MARK = "▲"
_LINE_ROWS = 2
_FIGURES = 17
"""Cells of a row's MEAN and MAX."""


class Past(NamedTuple):
    """A series, the events of its window, and device and description of each IRQ in it."""

    series: model.Series
    events: Sequence[model.Event] = ()
    devices: Mapping[str, str] = {}
    descriptions: Mapping[str, str] = {}


class History(NamedTuple):
    """Counts per step of a window."""

    request: Request
    chart: str
    """``bar`` or ``line``; ``table`` for the numbers."""
    form: str
    every: bool
    """Draw idle rows too."""

    def ask(self, client: Client) -> Shown:
        """Ask for the series and, for a picture, for the affinity changes of the same time."""
        draw = partial(draw_history, kind=self.chart, every=self.every)
        wanted = None if self.chart == "table" else draw
        return ask_past(client, self.request, wanted, self.form)


def ask_past(client: Client, request: Request, draw: Draw | None, form: str) -> Shown:
    """Ask for a series, and only for what `draw` or the form shows beside it."""
    series = series_of(client, request)
    start, end = series.window.start, series.window.end
    chosen = Request(
        start=Time.of(start), end=Time.of(end), irqs=request.irqs, device=request.device
    )
    if form != "table":
        draw = None
    events: Sequence[model.Event] = ()
    rows: Sequence[model.Irq] = ()
    if start != end:
        events = client.events(chosen).events if draw and client.names_changes else ()
        if any(each.change for each in events) or (request.by[:3] == "irq" and form != "json"):
            rows = client.interrupts(chosen).irqs
    devices = {irq.irq: irq.device for irq in rows}
    past = Past(series, events, devices, {irq.irq: irq.description for irq in rows})
    return Shown(
        series.text,
        lambda: show_series(series),
        lambda: list_series(past),
        None if draw is None else partial(draw, past),
    )


def series_of(client: Client, request: Request) -> model.Series:
    """Return a series whose steps are multiples of the server's resolution. Raise ServerError.

    The resolution is in the answer: if the steps do not fit it, ask again.
    """
    answer = client.series(request)
    step, resolution = answer.step_seconds, answer.window.resolution_seconds
    fitting = ceil(round(step / resolution, 6)) * resolution if resolution else step
    if abs(fitting - step) < 0.0005:
        return answer
    return client.series(request._replace(step=Duration.exactly(fitting)))


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


def list_series(past: Past) -> Iterator[Row]:
    """Return a row for each step and key; an IRQ's has its device."""
    series = past.series
    has_devices = series.by.startswith("irq")
    yield ("start", "end", "key", "count", *["device"] * has_devices)
    for point in series.points:
        counts = {TOTAL: point.total} if series.by == TOTAL else point.counts
        for key, count in counts.items():
            row = (point.start, point.end, visible(key), count)
            device = past.devices.get(_irq_of(series.by, key), "")
            yield (*row, *[visible(device)] * has_devices)


def draw_history(past: Past, width: int, *, kind: str, every: bool = False) -> Iterator[Line]:
    """Draw a series as bars or as a line: one large picture of the total, else one row per key.

    `kind` is ``bar`` or ``line``. Gaps stay empty; affinity changes are marked, and listed below.
    """
    yield from head(past.series, width)
    if not past.series.points:
        yield (("no step in the window", ""),)
    elif past.series.by == TOTAL:
        yield from _draw_total(past, width, kind)
    else:
        yield from _draw_tracks(past, width, kind, every)


def head(series: model.Series, width: int) -> Iterator[Line]:
    """Return the lines above a picture: window, steps, warnings."""
    yield from sentence(window_line(series.window), "", width)
    yield from sentence(steps_line(series), "", width)
    for text in window_warnings(series.window):
        yield from sentence(text, WARNING, width)


def sentence(text: str, style: str, width: int) -> Iterator[Line]:
    """Return the lines of a sentence."""
    yield from (((part, style),) for part in wrapped(text, width))


def _draw_total(past: Past, width: int, kind: str) -> Iterator[Line]:
    axis = max(map(len, (rate_text(999.9), rate_text(1234.5)))) + 1
    line = timeline(past.series, max(width - axis - 1, LEAST_PLOT))
    (track,) = line.tracks
    mean = rate_text(track.mean or 0.0)
    figures = f"interrupts per second: mean {mean}, max {rate_text(track.largest)}"
    yield from sentence(figures, "", width)
    plot = chart.bars if kind == "bar" else chart.curve
    labels = {0: track.largest, CHART_HEIGHT // 2: track.largest / 2, CHART_HEIGHT - 1: 0.0}
    for number, row in enumerate(plot(track.rates, track.largest, CHART_HEIGHT)):
        text = rate_text(labels[number]) if number in labels else ""
        tick = "┤" if number in labels else "│"
        yield ((f"{text:>{axis}}{tick}", FAINT), (row.rstrip(), "cyan"))
    yield from foot(past, line, axis + 1, width)


def _draw_tracks(past: Past, width: int, kind: str, every: bool) -> Iterator[Line]:
    label = label_width(past)
    line = timeline(past.series, max(width - label - _FIGURES, LEAST_PLOT))
    yield from sentence("interrupts per second, each row on its own scale", "", width)
    tracks = yield from drawn(line.tracks, every, width)
    yield ((f"{'':{label}} {'':{line.columns}}  {'MEAN':>6}  {'MAX':>6}", HEADING),)
    for track in tracks:
        yield from _track_rows(track, f"{key_label(past, track.key, label)} ", kind)
    yield from foot(past, line, label + 1, width)


def _track_rows(track: Track, name: str, kind: str) -> Iterator[Line]:
    """Draw one key: its name, its picture, its mean and its highest rate."""
    highest = max((rate for rate in track.rates if rate is not None), default=0.0)
    if kind == "bar":
        rows = chart.bars(track.rates, highest, 1)
    else:
        rows = chart.curve(track.rates, highest, _LINE_ROWS)
    for row in rows[:-1]:
        yield ((" " * cell_width(name), ""), (row.rstrip(), "cyan"))
    mean, most = ("-", "-") if track.mean is None else map(rate_text, (track.mean, track.largest))
    yield ((name, ""), (rows[-1], "cyan"), (f"  {mean:>6}  {most:>6}", ""))


def drawn(
    tracks: Sequence[Track], every: bool, width: int, most: int = MOST_TRACKS
) -> Generator[Line, None, Sequence[Track]]:
    """Draw lines about the tracks that get no row, and return the others."""
    busy = [track for track in tracks if every or track.total]
    if idle := len(tracks) - len(busy):
        yield from sentence(idle_text(idle), FAINT, width)
    if (more := len(busy) - most) > 0:
        words = f"the {most} busiest; {more} more are not drawn, --format csv has them"
        yield from sentence(words, FAINT, width)
    return busy[:most]


def label_width(past: Past) -> int:
    """Return the cells that the names of the keys need."""
    keys = dict.fromkeys(key for point in past.series.points for key in point.counts)
    names = (_key_text(past, key) for key in keys)
    return min(max(map(cell_width, names), default=5), LONGEST_LABEL)


def key_label(past: Past, key: str, width: int) -> str:
    """Return a key as its row is called, in `width` cells."""
    return aligned(shortened(_key_text(past, key), width), width, False)


def _key_text(past: Past, key: str) -> str:
    """Return a key's name: ``CPU3``, ``36 virtio1-req.0``, ``36 on CPU0 virtio1-req.0``."""
    by = past.series.by
    if by == "cpu":
        return f"CPU{visible(key)}"
    irq = _irq_of(by, key)
    device = device_text(irq, past.devices.get(irq, ""), past.descriptions.get(irq, ""))
    place = f"on CPU{key.rpartition(',')[2]}" if by == "irq,cpu" else ""
    return visible(" ".join(filter(None, (irq, place, device))))


def _irq_of(by: str, key: str) -> str:
    return key.rpartition(",")[0] if by == "irq,cpu" else key


def foot(past: Past, line: Timeline, indent: int, width: int) -> Iterator[Line]:
    """Draw the axis of time and the marks above it, and list the changes at the marks."""
    window = past.series.window
    changes = [each for each in past.events if each.change]
    marked = {column for each in changes if (column := line.column(each.time)) is not None}
    blank = " " * indent
    if marked:
        row = "".join(MARK if column in marked else " " for column in range(line.columns))
        yield ((blank, ""), (row.rstrip(), WARNING))
    yield ((blank + chart.time_axis(window.start.local, window.end.local, line.columns), FAINT),)
    if window.gaps:
        yield ((f"{GAP_MARK} nothing is known there", FAINT),)
    for each in changes[-MOST_MARKS:]:
        text = change_text(each, past.devices.get(each.irq or "", ""))
        yield from sentence(f"{MARK} {each.time.local} {text}", WARNING, width)
    if len(changes) > MOST_MARKS:
        more = numbered(len(changes) - MOST_MARKS, "earlier change")
        yield from sentence(f"  and {more}; irq_client events lists them", FAINT, width)


def read(given: Given) -> History:
    """Return the series to ask for."""
    return History(given.request(), given.choice("chart"), given.form, given.flag("all"))


BY = Setting(
    "by",
    "what each count is for",
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
    (
        "irq_client history --by cpu --step 1m --period 15m",
        "irq_client history --by irq --period 7d --step 1h --format csv --times local",
    ),
    read,
    settings=(CHART, BY, STEP, *WINDOW, IRQ, CPU, DEVICE, TOP, ALL),
)
