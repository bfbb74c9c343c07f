"""The command `heatmap`: keys by time, or IRQ by CPU, in blocks of colour with a scale.

A plain stream shows the same levels as blocks of different height.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from ..command_line.command import Command, Given
from ..command_line.options import ALL, FILTERS, STEP, WINDOW, Setting
from ..errors import UsageError
from ..figures.rows import device_text
from ..figures.timeline import timeline
from ..server.request import Request
from ..terminal import chart
from ..terminal.chart import GAP_MARK, LEVELS
from ..terminal.table import FAINT, WARNING, Line
from ..terminal.text import aligned, cell_width, numbered, rate_text, shortened, visible
from ..terminal.writer import Shown
from .history import (
    BY,
    LEAST_PLOT,
    LONGEST_LABEL,
    Past,
    ask_past,
    drawn,
    foot,
    head,
    key_label,
    label_width,
    sentence,
)
from .overview import list_interrupts, show_interrupts
from .shared import fired, idle_text, shown, window_line, window_warnings

if TYPE_CHECKING:
    from ..server import model
    from ..server.client import Client

_WIDEST_CELL = 4
_HEAT_STYLES = (
    "",
    *(f"color({number}) on color({number})" for number in (17, 18, 54, 90, 126, 161, 202, 226)),
)
"""Colours from cold to hot, one to a level; they fill the whole cell, whatever stands in it."""


class Heatmap(NamedTuple):
    """Keys by time, or with the key ``irq,cpu`` IRQ by CPU."""

    request: Request
    form: str
    every: bool
    """Draw idle rows too."""

    def ask(self, client: Client) -> Shown:
        """Ask for a series, or for the counts of the whole window."""
        if self.request.by == "irq,cpu":
            answer = client.interrupts(self.request._replace(by=""))
            return shown(answer, show_interrupts, list_interrupts)._replace(
                draw=lambda width: draw_grid(answer, width, every=self.every)
            )
        return ask_past(client, self.request, partial(draw_heatmap, every=self.every), self.form)


def draw_heatmap(past: Past, width: int, *, every: bool = False) -> Iterator[Line]:
    """Draw keys by time in blocks of colour, with a scale; by CPU in the order of their numbers.

    A plain stream shows the same levels as blocks of different height.
    """
    yield from head(past.series, width)
    if not past.series.points:
        yield (("no step in the window", ""),)
        return
    label = label_width(past)
    line = timeline(past.series, max(width - label - 1, LEAST_PLOT))
    if past.series.by == "cpu":
        tracks = yield from drawn(line.tracks, every, width, len(line.tracks))
        tracks = sorted(tracks, key=lambda track: int(track.key))
    else:
        tracks = yield from drawn(line.tracks, every, width)
    rates = [rate for track in tracks for rate in track.rates if rate is not None]
    largest = max(rates, default=0.0)
    for track in tracks:
        yield ((f"{key_label(past, track.key, label)} ", ""), *_heat(track.rates, largest))
    yield from foot(past, line, label + 1, width)
    yield from _scale(largest, "per second", width)


def draw_grid(answer: model.Interrupts, width: int, *, every: bool = False) -> Iterator[Line]:
    """Draw IRQ by CPU in blocks of colour: one row per IRQ, CPUs that share a cell averaged."""
    yield from sentence(window_line(answer.window), "", width)
    for text in window_warnings(answer.window):
        yield from sentence(text, WARNING, width)
    rows, idle = fired([irq for irq in answer.irqs if irq.counts is not None], every)
    if idle:
        yield from sentence(idle_text(idle), FAINT, width)
    if not rows or not answer.cpus:
        yield (("no IRQ passed the filters", ""),)
        return
    titles = [device_text(irq.irq, irq.device, irq.description) for irq in rows]
    names = [visible(f"{irq.irq} {title}".strip()) for irq, title in zip(rows, titles, strict=True)]
    label = min(max(map(cell_width, names)), LONGEST_LABEL)
    room = max(width - label - 1, LEAST_PLOT)
    each = -(-len(answer.cpus) // room)
    seconds = answer.window.seconds or 1.0
    rates = [_by_cell(irq.counts or (), each, seconds) for irq in rows]
    largest = max((rate for row in rates for rate in row if rate), default=0.0)
    wide = min(max(room // len(answer.cpus), 1), _WIDEST_CELL)
    yield ((" " * (label + 1) + _cpu_axis(answer.cpus[::each], wide), FAINT),)
    for name, values in zip(names, rates, strict=True):
        row = [value for value in values for _ in range(wide)]
        yield ((aligned(shortened(name, label), label, False) + " ", ""), *_heat(row, largest))
    if each > 1:
        yield from sentence(f"one block is {numbered(each, 'CPU')}", "", width)
    yield from _scale(largest, "per second and CPU", width)


def _cpu_axis(cpus: Sequence[int], wide: int) -> str:
    """Return the CPUs' numbers above their blocks of `wide` cells; some are left out if narrow."""
    every = 1
    while every * wide <= len(str(cpus[-1])) and every < len(cpus):
        every *= 2
    return "".join(f"{cpu:<{every * wide}}" for cpu in cpus[::every]).rstrip()


def _heat(rates: Iterable[float | None], largest: float) -> list[tuple[str, str]]:
    """Return segments of blocks: their height says the level, or in colour that of the cell."""
    segments: list[tuple[str, str]] = []
    for rate in rates:
        number = 0 if rate is None else chart.level(rate, largest)
        text = GAP_MARK if rate is None else chart.BLOCKS[number]
        if segments and segments[-1][1] == _HEAT_STYLES[number]:
            text = segments.pop()[0] + text
        segments.append((text, _HEAT_STYLES[number]))
    return segments


def _scale(largest: float, unit: str, width: int) -> Iterator[Line]:
    """Draw each level's block with the rate at which it begins, in lines of `width` cells."""
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
    """Return the mean rate of every `each` neighbours."""
    parts = [counts[place : place + each] for place in range(0, len(counts), each)]
    return [sum(part) / len(part) / seconds for part in parts]


def read(given: Given) -> Heatmap:
    """Return the picture to draw. Raise UsageError for steps of a picture without time."""
    request = given.request()
    if request.by == "irq,cpu" and request.step:
        raise UsageError("--step", request.step.text, "no step: irq,cpu is a picture without time")
    return Heatmap(request, given.form, given.flag("all"))


HEAT_BY: Setting = BY._replace(
    help="rows of the picture: CPU or IRQ by time, or IRQ by CPU (irq,cpu)",
    default="cpu",
    choices=("cpu", "irq", "irq,cpu"),
)
COMMAND = Command(
    "heatmap",
    "CPU by time, or IRQ by CPU, in blocks of colour with a scale",
    (
        "irq_client heatmap --period 1h",
        "irq_client heatmap --by irq,cpu",
    ),
    read,
    settings=(HEAT_BY, STEP, *WINDOW, *FILTERS, ALL),
)
