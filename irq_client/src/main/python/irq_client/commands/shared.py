"""Questions, columns and sentences that several commands share.

Every name that comes from a server passes through `visible` before it is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, TextIO, TypeVar

from ..errors import NoMatchError
from ..figures.imbalance import imbalance
from ..figures.rows import device_text, is_own
from ..server.event_kinds import AFFINITY
from ..server.request import Request
from ..server.times import Duration, edges_text
from ..terminal.columns import UNKNOWN, Column, Row, csv_rows, headings, table_rows
from ..terminal.table import Cell, Heading, Sheet
from ..terminal.text import numbered, span_text, visible
from ..terminal.writer import Shown

if TYPE_CHECKING:
    from ..server import model
    from ..server.client import Client

A = TypeVar("A", bound="model.Answer")
Item = TypeVar("Item", "model.Irq", "model.Cpu")

_TOGETHER_SECONDS = 5.0
"""Changes that are no further apart are one job."""

ON_THE_MACHINE = "on the machine"
"""Stands for a change that nobody asked this server for: by a person there, or a program."""

LOOK_BACK = Duration("7d", 604_800.0)
"""How far back the latest affinity change, or boot, is looked for."""

IRQ_COLUMNS: tuple[Column[model.Irq], ...] = (
    Column("IRQ", "irq", lambda irq: irq.irq, is_cold=lambda irq: is_own(irq, "")),
    Column(
        "DEVICE",
        "device",
        lambda irq: device_text(irq.irq, irq.device, irq.description),
        lambda irq: irq.device,
        flexible=True,
        is_cold=lambda device: is_own("0", device),
    ),
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


def window_of(request: Request) -> Request:
    """Return the window of a request, without its filters."""
    return Request(start=request.start, end=request.end, period=request.period)


def latest_events(client: Client, kind: str, request: Request) -> list[model.Event]:
    """Return the latest event of a kind and those just before it, oldest first.

    One command may change many affinities. Only those of the request's IRQs count.
    Raise ServerError, and NoMatchError if there is none.
    """
    lately = Request(period=LOOK_BACK)
    if kind == AFFINITY:
        lately = lately._replace(irqs=request.irqs, device=request.device)
    events = [each for each in client.events(lately).events if each.event == kind]
    if not events:
        what = "affinity change" if kind == AFFINITY else kind
        raise NoMatchError(f"no {what} in the last {LOOK_BACK.text}; give a time, as in -15m")
    found = [events.pop()]
    while events and found[0].time.seconds - events[-1].time.seconds <= _TOGETHER_SECONDS:
        found.insert(0, events.pop())
    return found


def imbalance_of(cpus: model.Cpus) -> float | None:
    """Return the machine's imbalance; None in a window of one sample, or if nobody says it."""
    return cpus.imbalance if cpus.window.seconds else None


class Balance(NamedTuple):
    """The device load of the usable CPUs, in interrupts per second, and its imbalance."""

    loads: Mapping[int, float]
    imbalance: float


def balance_of(client: Client, request: Request) -> Balance | None:
    """Return the balance of the whole machine in a window; None if the server does not say.

    Raise ServerError.
    """
    answer = client.cpus(window_of(request))
    if answer.imbalance is None:
        return None
    seconds = answer.window.seconds or 1.0
    loads = {each.cpu: (each.devices or 0) / seconds for each in answer.cpus}
    if abs(imbalance(loads.values()) - answer.imbalance) > 0.001:
        # the server leaves out CPUs that are isolated or offline
        usable = client.status().usable
        loads = {cpu: load for cpu, load in loads.items() if usable is None or cpu in usable}
    return Balance(loads, answer.imbalance)


def shown(answer: A, sheet: Callable[[A], Sheet], rows: Callable[[A], Iterator[Row]]) -> Shown:
    """Return an answer in its three forms."""
    return Shown(answer.text, lambda: sheet(answer), lambda: rows(answer))


def counted(
    answer: model.Irqs | model.Cpus | model.OneCpu,
    columns: Sequence[Column[Item]],
    items: Sequence[Item],
    every: bool,
    *,
    total: tuple[Cell, ...],
    notes: tuple[str, ...] = (),
) -> Shown:
    """Return IRQs or CPUs in the three forms of an answer; a table leaves idle ones out."""
    kept, idle = fired(items, every)
    return Shown(
        answer.text,
        lambda: window_sheet(
            answer.window,
            headings(columns),
            table_rows(columns, kept),
            "nothing passed the filters",
            notes=notes,
            idle=idle,
            total=total,
        ),
        lambda: csv_rows(columns, items),
    )


def window_sheet(
    window: model.Window,
    columns: tuple[Heading, ...],
    rows: tuple[tuple[Cell, ...], ...],
    empty: str,
    *,
    first: tuple[str, ...] = (),
    notes: tuple[str, ...] = (),
    idle: int = 0,
    total: tuple[Cell, ...] | None = None,
) -> Sheet:
    """Return a sheet below a line about its window, and warnings if that is not whole.

    `first` stands above all. `idle` is the number of rows that are left out because they counted
    nothing.
    """
    hidden = (idle_text(idle),) if idle else ()
    if idle and not window.seconds:
        empty = "no two samples in the window"
        if window.complete:
            apart = span_text(window.resolution_seconds)
            empty += f"; they are {apart} apart, give a longer --period"
    return Sheet(
        notes=(*first, window_line(window), *notes, *hidden),
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
    found = [window.note] if window.note else []
    if not window.complete:
        found.append(_incomplete(window))
    if window.gaps:
        found.append(f"{numbered(window.gaps, 'gap')} between samples")
    if window.resets:
        found.append(f"{numbered(window.resets, 'IRQ')} started again from zero")
    return tuple(found)


def _incomplete(window: model.Window) -> str:
    """Return why a window is not complete."""
    start, end = window.requested or (window.start, window.end)
    if start.seconds < window.start.seconds:
        part = f"{span_text(window.seconds)} of {span_text(round(end.seconds - start.seconds))}"
        day, clock, _ = window.start.local.split(" ")
        since = clock if end.local.startswith(day) else f"{day} {clock}"
        is_part = window.start.seconds < end.seconds
        return f"history starts {since}{f': {part}' if is_part else ', after the window'}"
    return "incomplete: an edge lies in a gap, or counts were lost"


def idle_text(count: int) -> str:
    """Return the sentence about rows that are left out."""
    return f"{numbered(count, 'idle row')} left out; --all shows them"


def fired(items: Sequence[Item], every: bool) -> tuple[list[Item], int]:
    """Return the items that counted something, or all if `every`; and how many are left out."""
    kept = [each for each in items if every or each.total]
    return kept, len(items) - len(kept)


def busiest_first(items: Iterable[Item]) -> list[Item]:
    """Return IRQs or CPUs by falling total; those alike stay in their order."""
    return sorted(items, key=lambda each: -each.total)


def steps_line(series: model.Series) -> str:
    """Return the sentence about the steps of a series."""
    return f"in steps of {span_text(series.step_seconds)}, by {visible(series.by)}"


def rate(total: int, window: model.Window) -> float:
    """Return the rate of a count per second, 0.0 in a window without a length."""
    return total / window.seconds if window.seconds else 0.0


def known(text: str | None) -> str:
    """Return a CPU list for people."""
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
