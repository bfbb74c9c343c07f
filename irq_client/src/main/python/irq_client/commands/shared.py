"""Columns and sentences that several commands share. Pure.

Every name that comes from a server passes through `visible` before it is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple, TextIO, TypeVar

from ..server.times import Moment, edges_text
from ..terminal.columns import Column, Row
from ..terminal.table import Cell, Heading, Sheet
from ..terminal.text import numbered, span_text, visible
from ..terminal.writer import Shown

if TYPE_CHECKING:
    from ..server import model
    from ..server.client import Client

A = TypeVar("A", bound="model.Answer")

ON_THE_MACHINE = "on the machine"
"""Stands for a change that nobody asked this server for: by a person there, or a program."""

UNKNOWN = "-"
"""Stands for a value that the server does not know."""

IRQ_COLUMNS: tuple[Column[model.Irq], ...] = (
    Column("IRQ", "irq", lambda irq: visible(irq.irq)),
    Column("DEVICE", "device", lambda irq: visible(irq.device), flexible=True),
)
TOTAL_COLUMNS: tuple[Column[model.Irq | model.Cpu], ...] = (
    Column("TOTAL", "total", lambda each: each.total, right=True),
    Column("RATE/s", "rate", lambda each: each.rate, right=True, heat=True),
)


LEAST_PERIOD_SECONDS = 5.0


class Surroundings(NamedTuple):
    """The parts of the process that a command which takes one server may use."""

    stdin: TextIO
    stdout: TextIO
    environment: Mapping[str, str]
    warn: Callable[[object], None]
    """Writes a warning on standard error, unless --quiet is given."""
    colour: str = "auto"
    """``always``, ``never`` or ``auto``."""


def default_period_seconds(client: Client) -> float:
    """Return a window that holds at least two samples of a server. Raise ServerError."""
    return max(LEAST_PERIOD_SECONDS, 2 * client.status().interval_seconds)


def shown(answer: A, sheet: Callable[[A], Sheet], rows: Callable[[A], Iterator[Row]]) -> Shown:
    """Return an answer in its three forms."""
    return Shown(answer.text, lambda: sheet(answer), lambda: rows(answer))


def window_sheet(
    window: model.Window,
    columns: tuple[Heading, ...],
    rows: tuple[tuple[Cell, ...], ...],
    empty: str,
    *,
    notes: tuple[str, ...] = (),
    total: tuple[Cell, ...] | None = None,
) -> Sheet:
    """Return a sheet below a line about its window, and warnings if that is not whole."""
    return Sheet(
        notes=(window_line(window), *notes),
        warnings=window_warnings(window),
        columns=columns,
        rows=rows,
        total=total,
        empty=empty,
    )


def window_line(window: model.Window) -> str:
    """Return the sentence about the samples that an answer was made of."""
    samples = numbered(window.samples, "sample")
    return f"{edges_text(window.start, window.end)}  {span_text(window.seconds)}, {samples}"


def window_warnings(window: model.Window) -> tuple[str, ...]:
    """Return what is wrong with a window, one sentence each; none if it is whole."""
    found = []
    if not window.complete:
        found.append("incomplete: the store does not hold the whole window that was asked for")
    if window.gaps:
        found.append(f"{numbered(window.gaps, 'gap')} between samples")
    if window.resets:
        found.append(f"{numbered(window.resets, 'IRQ')} started again from zero")
    return tuple(found)


def busiest_first(irqs: Iterable[model.Irq]) -> list[model.Irq]:
    """Return the IRQs by falling total; those alike stay in their order."""
    return sorted(irqs, key=lambda irq: -irq.total)


def steps_line(series: model.Series) -> str:
    """Return the sentence about the steps of a series."""
    return f"in steps of {span_text(series.step_seconds)}, by {visible(series.by)}"


def rate(total: int, window: model.Window) -> float:
    """Return the rate of a count per second, 0.0 in a window without a length."""
    return total / window.seconds if window.seconds else 0.0


def known(text: str | None) -> str:
    """Return a CPU list or a time for people."""
    if isinstance(text, Moment):
        return text.local
    return visible(text) if text else UNKNOWN


def named(kind: str, name: str, device: str) -> str:
    """Return an IRQ or CPU for people: ``IRQ 36 (eth0-rx-0)``."""
    return f"{kind} {visible(name)} ({visible(device)})" if device else f"{kind} {visible(name)}"


def author(event: model.Event) -> str:
    """Return who changed an affinity; empty for an event that has no author."""
    return event.by or (ON_THE_MACHINE if event.change else "")


def change_text(change: model.Event, device: str = "") -> str:
    """Return what changed, and by whom: ``IRQ 36 (eth0): 0-1 -> 1, by ::1``."""
    by = f"by {change.by}" if change.by else ON_THE_MACHINE
    return f"{named('IRQ', change.irq or '', device)}: {visible(f'{change.detail}, {by}')}"
