"""The command `effect`: two windows of the same length, before and after a moment.

Every name that comes from a server passes through `visible` before it is shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ..command_line.command import Command, Given
from ..command_line.options import ALL, CPU, DEVICE, IRQ, PERIOD, TOP
from ..command_line.values import read_time
from ..errors import ProblemError, UsageError
from ..figures.rows import device_text, is_own, mostly
from ..server.event_kinds import AFFINITY
from ..server.request import Request
from ..server.times import Duration, Time
from ..terminal.columns import Column, Row, csv_rows, headings, table_rows
from ..terminal.table import Cell, Sheet
from ..terminal.text import numbered, rate_text, visible
from ..terminal.writer import Shown
from .shared import (
    change_text,
    idle_text,
    imbalance_of,
    latest_events,
    window_line,
    window_of,
    window_warnings,
)

if TYPE_CHECKING:
    from ..server import model
    from ..server.client import Client

BOOT = "boot"
"""Stands for the time of the latest one."""

_LENGTH = Duration("60s", 60.0)
"""The length of each window unless one is given."""

_BAD_REQUEST = 400

MOST_ROWS = 20
"""The most CPUs, and the most IRQs, of a table unless a number is given."""

MOST_CHANGES = 3


class Around(NamedTuple):
    """A moment, and the request for both sides of it."""

    time: Time | str
    """A time, or the kind of event whose latest is meant."""
    request: Request
    every: bool
    """Show idle rows too, and all that changed."""

    def ask(self, client: Client) -> Shown:
        """Ask for the windows before and after the moment."""
        events: Sequence[model.Event] = ()
        if isinstance(self.time, str):
            events = latest_events(client, self.time, self.request)
            first, last = Time.of(events[0].time), Time.of(events[-1].time)
        else:
            first = last = self.time
        if self.time == BOOT:
            # the first sample of a boot holds the new counts: end with the one before it
            first = Time.at(last.seconds - 0.001)
        around = self.request._replace(period=self.request.period or _LENGTH, top=None)
        sides = around._replace(end=first), around._replace(start=last)
        before = client.interrupts(sides[0])
        try:
            after = client.interrupts(sides[1])
        except ProblemError as error:
            if error.status != _BAD_REQUEST:
                raise
            # the same question was right before the moment: there is no time after it
            raise UsageError("TIME", last.text, "a time in the past, such as -15m") from None
        cpus = [client.cpus(window_of(side)) for side in sides]
        effect = Effect(before, after, events, (imbalance_of(cpus[0]), imbalance_of(cpus[1])))
        change = json.dumps(events[-1]._asdict() if events else None).encode()
        return Shown(
            b'{"change": %s, "before": %s, "after": %s}'
            % (change, before.text.strip(), after.text.strip()),
            lambda: show_effect(effect, self.request.top or MOST_ROWS, self.every),
            lambda: list_effect(effect),
        )


class Effect(NamedTuple):
    """The counts before and after a moment, and the events then."""

    before: model.Interrupts
    after: model.Interrupts
    events: Sequence[model.Event]
    """The affinity changes, or the boot; none if a person gave the time."""
    imbalance: tuple[float | None, float | None]
    """Of the whole machine, before and after."""


class Pair(NamedTuple):
    """One figure before and after; None if it was not counted. Rates are per second."""

    kind: str
    """``imbalance``, ``total``, ``cpu`` or ``irq``."""
    name: str
    device: str
    before: float | None
    after: float | None
    cpus: tuple[str, str] = ("", "")
    """The CPUs that an IRQ fired on most, before and after."""
    description: str = ""

    @property
    def size(self) -> float:
        """How much it changed."""
        return abs((self.after or 0.0) - (self.before or 0.0))


def pairs(effect: Effect, most: int | None = None) -> list[Pair]:
    """Return the moved IRQs, imbalance, total, then CPUs and IRQs, those that changed most first.

    `most` bounds each of these groups; an IRQ that fired in neither window is there if it moved.
    """
    sides = effect.before, effect.after
    totals = [_rates(each, {"": each.total}).get("") for each in sides]
    loads = [zip(map(str, each.cpus), each.totals, strict=True) for each in sides]
    cpus = [_rates(each, dict(load)) for each, load in zip(sides, loads, strict=True)]
    irqs = [_rates(each, {irq.irq: irq.total for irq in each.irqs}) for each in sides]
    places = [{irq.irq: mostly(irq.counts, each.cpus) for irq in each.irqs} for each in sides]
    known = {irq.irq: irq for each in sides for irq in each.irqs}
    moved = {each.irq for each in effect.events}

    def of_cpu(cpu: str) -> Pair:
        return Pair("cpu", cpu, "", cpus[0].get(cpu), cpus[1].get(cpu))

    def of_irq(irq: str) -> Pair:
        where = places[0].get(irq, ""), places[1].get(irq, "")
        rates = irqs[0].get(irq), irqs[1].get(irq)
        return Pair("irq", irq, known[irq].device, *rates, where, known[irq].description)

    def most_changed(found: Iterable[Pair]) -> list[Pair]:
        return sorted(found, key=lambda pair: -pair.size)[:most]

    others = (of_irq(irq) for irq in known if irq not in moved)
    return [
        *most_changed(of_irq(irq) for irq in known if irq in moved),
        Pair("imbalance", "", "", *effect.imbalance),
        Pair("total", "", "", totals[0], totals[1]),
        *most_changed(of_cpu(cpu) for cpu in dict.fromkeys([*cpus[0], *cpus[1]])),
        *most_changed(pair for pair in others if pair.before or pair.after),
    ]


def _rates(answer: model.Interrupts, totals: Mapping[str, int]) -> Mapping[str, float]:
    """Return counts as rates by the same names; none if the window has no length."""
    seconds = answer.window.seconds
    return {name: total / seconds for name, total in totals.items()} if seconds else {}


def _title(pair: Pair) -> str:
    titles = {"cpu": f"CPU{pair.name}", "irq": f"IRQ {visible(pair.name)}"}
    return titles.get(pair.kind, pair.kind)


def _device(pair: Pair) -> str:
    return device_text(pair.name, pair.device, pair.description)


def _before(pair: Pair) -> Cell:
    return _figure(pair, pair.before)


def _after(pair: Pair) -> Cell:
    return _figure(pair, pair.after)


def _figure(pair: Pair, figure: float | None) -> Cell:
    """Return a rate, or the imbalance, which is no rate and has two decimals."""
    return figure if figure is None or pair.kind != "imbalance" else f"{figure:.2f}"


def _change(pair: Pair) -> str:
    if pair.before is None or pair.after is None:
        return ""
    sign = "+" if pair.after > pair.before else "-"
    text = f"{pair.size:.2f}" if pair.kind == "imbalance" else rate_text(pair.size)
    return "=" if text in ("0.0", "0.00") else sign + text


def _is_cold(title: str) -> bool:
    """Return True for the row of all, and for a CPU's own interrupts."""
    return title == "total" or (title.startswith("IRQ ") and is_own(title[4:], ""))


COLUMNS: tuple[Column[Pair], ...] = (
    Column("", "", _title, is_cold=_is_cold),
    Column(None, "kind", lambda pair: pair.kind),
    Column(None, "name", lambda pair: pair.name),
    Column("DEVICE", "device", _device, lambda pair: pair.device, flexible=True),
    Column("BEFORE/s", "before", _before, lambda pair: pair.before, right=True, heat=True),
    Column("AFTER/s", "after", _after, lambda pair: pair.after, right=True, heat=True),
    Column("CHANGE", "", _change, right=True),
    Column("MOSTLY BEFORE", "", lambda pair: pair.cpus[0]),
    Column("MOSTLY AFTER", "", lambda pair: pair.cpus[1]),
)


def show_effect(effect: Effect, most: int = MOST_ROWS, every: bool = False) -> Sheet:
    """Return before and after, side by side."""
    devices = {irq.irq: irq.device for irq in (*effect.before.irqs, *effect.after.irqs)}
    changed = [
        f"{change_text(each, devices.get(each.irq or '', ''))}, at {each.time.local}"
        if each.change
        else f"{visible(each.event)} at {each.time.local}"
        for each in effect.events[-MOST_CHANGES:]
    ]
    if (more := len(effect.events) - MOST_CHANGES) > 0:
        changed.append(f"and {numbered(more, 'change')} just before")
    windows = (("before", effect.before.window), ("after", effect.after.window))
    found = pairs(effect, None if every else most)
    rows = [each for each in found if every or each.kind != "cpu" or each.before or each.after]
    hidden = (idle_text(len(found) - len(rows)),) if len(rows) < len(found) else ()
    return Sheet(
        notes=(
            *changed,
            *(f"{when:6}  {window_line(window)}" for when, window in windows),
            *hidden,
        ),
        warnings=tuple(
            f"{when}: {text}" for when, window in windows for text in window_warnings(window)
        ),
        columns=headings(COLUMNS),
        rows=table_rows(COLUMNS, rows),
    )


def list_effect(effect: Effect) -> Iterator[Row]:
    """Return a row for each figure: rates per second, exact."""
    return csv_rows(COLUMNS, pairs(effect))


def read(given: Given) -> Around:
    """Return the moment, and what to ask around it."""
    time = given.optional_argument("TIME", _read_moment)
    return Around(time or AFFINITY, given.request(), given.flag("all"))


def _read_moment(name: str, text: str) -> Time | str:
    return BOOT if text == BOOT else read_time(name, text)


COMMAND = Command(
    "effect",
    "rates and imbalance before and after a time, the latest affinity change, or boot",
    (
        "irq_client effect",
        "irq_client effect --irq 36",
        "irq_client effect -15m --period 5m",
        "irq_client effect boot",
    ),
    read,
    ("[TIME...]",),
    (PERIOD, IRQ, CPU, DEVICE, TOP, ALL),
)
