"""The command `effect`: two windows of the same length, before and after a moment.

Every name that comes from a server passes through `visible` before it is shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from ..command_line.command import Command
from ..command_line.options import CPU, DEVICE, IRQ, PERIOD, TOP
from ..command_line.values import read_time
from ..errors import NoMatchError
from ..figures.imbalance import imbalance
from ..server.request import Request
from ..server.times import Duration, Time
from ..terminal.columns import Column, Row, csv_rows, headings, table_rows
from ..terminal.table import Cell, Sheet
from ..terminal.text import rate_text, visible
from ..terminal.writer import Shown
from .shared import change_text, window_line, window_warnings

if TYPE_CHECKING:
    from ..server import model
    from ..server.client import Client

_LOOK_BACK = Duration("7d", 604_800.0)
"""How far back the latest affinity change is looked for."""

_LENGTH = Duration("60s", 60.0)
"""The length of each window unless one is given."""

MOST_IRQS = 20


class Around(NamedTuple):
    """A moment, and the request for both sides of it."""

    time: Time | None
    """The latest affinity change if it is None."""
    request: Request

    def ask(self, client: Client) -> Shown:
        """Ask for the windows before and after the moment."""
        from dataclasses import asdict

        event = None if self.time else self._latest_change(client)
        moment = Time.of(event.time) if event else self.time
        around = self.request._replace(period=self.request.period or _LENGTH, top=None)
        before = client.interrupts(around._replace(end=moment))
        after = client.interrupts(around._replace(start=moment))
        effect = Effect(before, after, event)
        change = json.dumps(None if event is None else asdict(event)).encode()
        return Shown(
            b'{"change": %s, "before": %s, "after": %s}'
            % (change, before.text.strip(), after.text.strip()),
            lambda: show_effect(effect, self.request.top or MOST_IRQS),
            lambda: list_effect(effect),
        )

    def _latest_change(self, client: Client) -> model.Event:
        """Return the latest affinity change, of the IRQs in the request if there are some.

        Raise NoMatchError if there is none.
        """
        lately = Request(period=_LOOK_BACK, irqs=self.request.irqs)
        events = client.events(lately).events
        changes = [each for each in events if each.change]
        if not changes:
            raise NoMatchError(
                f"no affinity change in the last {_LOOK_BACK.text}; give a time, as in -15m"
            )
        return changes[-1]


class Effect(NamedTuple):
    """The counts before and after a moment, and the change then."""

    before: model.Interrupts
    after: model.Interrupts
    event: model.Event | None
    """The affinity change, None if a person gave the time."""


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


def pairs(effect: Effect, most_irqs: int | None = None) -> list[Pair]:
    """Return imbalance, total, each CPU by its number, then the IRQs that changed most first.

    `most_irqs` bounds the IRQs; those that fired in neither window are left out.
    """
    before, after = effect.before, effect.after
    found = [
        Pair("imbalance", "", "", imbalance(before.totals), imbalance(after.totals)),
        Pair("total", "", "", _rate_of(before.total, before), _rate_of(after.total, after)),
    ]
    loads = [dict(zip(each.cpus, each.totals, strict=True)) for each in (before, after)]
    for cpu in sorted({*before.cpus, *after.cpus}):
        rates = (_rate_of(loads[0].get(cpu), before), _rate_of(loads[1].get(cpu), after))
        found.append(Pair("cpu", str(cpu), "", *rates))
    irqs = _irq_pairs(before, after)
    irqs.sort(key=lambda pair: -abs((pair.after or 0.0) - (pair.before or 0.0)))
    return found + irqs[:most_irqs]


def _irq_pairs(before: model.Interrupts, after: model.Interrupts) -> list[Pair]:
    rows = [{irq.irq: irq for irq in each.irqs} for each in (before, after)]
    found = []
    for name in dict.fromkeys([*rows[1], *rows[0]]):
        first, last = rows[0].get(name), rows[1].get(name)
        if not any(irq and irq.total for irq in (first, last)):
            continue
        named = last or first
        found.append(
            Pair(
                "irq",
                name,
                named.device if named else "",
                _rate_of(first.total if first else None, before),
                _rate_of(last.total if last else None, after),
                (_mostly(first, before), _mostly(last, after)),
            )
        )
    return found


def _rate_of(total: int | None, answer: model.Interrupts) -> float | None:
    seconds = answer.window.seconds
    return None if total is None or not seconds else total / seconds


def _mostly(irq: model.Irq | None, answer: model.Interrupts) -> str:
    """Return the CPU that an IRQ fired on most, and the share there: ``CPU3 98%``."""
    if irq is None or not irq.counts or not irq.total:
        return ""
    place = max(range(len(irq.counts)), key=irq.counts.__getitem__)
    return f"CPU{answer.cpus[place]} {100 * irq.counts[place] / irq.total:.0f}%"


def _title(pair: Pair) -> str:
    titles = {"cpu": f"CPU{pair.name}", "irq": f"IRQ {visible(pair.name)}"}
    return titles.get(pair.kind, pair.kind)


def _figure(pair: Pair, figure: float | None) -> Cell:
    """Return a rate, or the imbalance, which is no rate and has two decimals."""
    if pair.kind != "imbalance":
        return figure
    return "" if figure is None else f"{figure:.2f}"


def _change(pair: Pair) -> str:
    before, after = pair.before, pair.after
    if before is None or after is None:
        return ""
    size = abs(after - before)
    sign = "+" if after > before else "-"
    text = f"{size:.2f}" if pair.kind == "imbalance" else rate_text(size)
    return "=" if text in ("0.0", "0.00") else sign + text


COLUMNS: tuple[Column[Pair], ...] = (
    Column("", "", _title),
    Column(None, "kind", lambda pair: pair.kind),
    Column(None, "name", lambda pair: visible(pair.name)),
    Column("DEVICE", "device", lambda pair: visible(pair.device), flexible=True),
    Column(
        "BEFORE/s",
        "before",
        lambda pair: _figure(pair, pair.before),
        lambda pair: pair.before,
        right=True,
        heat=True,
    ),
    Column(
        "AFTER/s",
        "after",
        lambda pair: _figure(pair, pair.after),
        lambda pair: pair.after,
        right=True,
        heat=True,
    ),
    Column("CHANGE", "", _change, right=True),
    Column("MOSTLY BEFORE", "", lambda pair: pair.cpus[0]),
    Column("MOSTLY AFTER", "", lambda pair: pair.cpus[1]),
)


def show_effect(effect: Effect, most_irqs: int = MOST_IRQS) -> Sheet:
    """Return before and after, side by side."""
    event = effect.event
    changed = () if event is None else (f"{change_text(event)}, at {event.time.local}",)
    windows = (("before", effect.before.window), ("after", effect.after.window))
    return Sheet(
        notes=(*changed, *(f"{when:6}  {window_line(window)}" for when, window in windows)),
        warnings=tuple(
            f"{when}: {text}" for when, window in windows for text in window_warnings(window)
        ),
        columns=headings(COLUMNS),
        rows=table_rows(COLUMNS, pairs(effect, most_irqs)),
    )


def list_effect(effect: Effect) -> Iterator[Row]:
    """Return a row for each figure: rates per second, exact."""
    return csv_rows(COLUMNS, pairs(effect))


COMMAND = Command(
    "effect",
    "rates and imbalance before and after a time, or the latest affinity change",
    ("irq_client effect", "irq_client effect --irq 36", "irq_client effect -15m --period 5m"),
    lambda given: Around(given.optional_argument("TIME", read_time), given.request()),
    ("[TIME...]",),
    (PERIOD, IRQ, CPU, DEVICE, TOP),
)
