"""The command `overview`: one sentence about the machine, then IRQ by CPU."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from ..command_line.command import Command, Given
from ..command_line.options import ALL, FILTERS, WINDOW
from ..errors import ServerError
from ..figures.rows import is_own
from ..server.request import Request
from ..server.times import Time
from ..terminal.columns import Row, headings, table_rows
from ..terminal.table import Heading, Sheet
from ..terminal.text import rate_text, visible
from ..terminal.writer import Shown
from .shared import (
    IRQ_COLUMNS,
    TOTAL_COLUMNS,
    Balance,
    balance_of,
    fired,
    rate,
    shown,
    window_sheet,
)

if TYPE_CHECKING:
    from ..server import model
    from ..server.client import Client

CALM_PER_SECOND = 1000.0
"""A CPU below this load is busy with devices for some thousandths of its time."""


class Overview(NamedTuple):
    """The counts of a window."""

    request: Request
    has_sentence: bool
    every: bool
    """Show idle rows too."""

    def ask(self, client: Client) -> Shown:
        """Ask for IRQ by CPU and, for a sentence, for the machine's balance."""
        answer = client.interrupts(self.request)
        balance: Balance | None = None
        if self.has_sentence:
            start, end = Time.of(answer.window.start), Time.of(answer.window.end)
            with suppress(ServerError):  # the table is there, its sentence may be missing
                balance = balance_of(client, Request(start=start, end=end))
        return shown(
            answer, lambda value: show_interrupts(value, balance, self.every), list_interrupts
        )


def balance_sentence(balance: Balance, answer: model.Interrupts) -> str:
    """Return one sentence about the busiest CPU, and the device behind most of its load."""
    total = sum(balance.loads.values())
    if not total:
        return "Calm: devices interrupt no CPU."
    cpu = max(balance.loads, key=balance.loads.__getitem__)
    load = balance.loads[cpu]
    text = f"CPU {cpu} takes {100 * load / total:.0f}% "
    if load < CALM_PER_SECOND:
        return f"Calm: {text}of what devices ask ({rate_text(load)}/s)."
    text += f"({load:,.0f}/s"
    text += f", {balance.imbalance:.1f} times the mean)" if len(balance.loads) > 1 else ")"
    return f"{text}{_cause(cpu, load, answer)}."


def _cause(cpu: int, load: float, answer: model.Interrupts) -> str:
    """Return the device that makes at least half of a CPU's load: ``, mostly eth1-TxRx-6``."""
    if cpu not in answer.cpus:
        return ""
    place = answer.cpus.index(cpu)
    half = load * answer.window.seconds / 2
    for irq in answer.irqs:
        if irq.counts and irq.counts[place] >= half and not is_own(irq.irq, irq.device):
            return f", mostly {visible(irq.device or f'IRQ {irq.irq}')}"
    return ""


def show_interrupts(
    answer: model.Interrupts, balance: Balance | None = None, every: bool = False
) -> Sheet:
    """Return IRQ by CPU, in the server's order; the totals count every row that passed."""
    irqs, idle = fired(answer.irqs, every)
    nothing = (None,) * len(answer.cpus)
    names, totals = table_rows(IRQ_COLUMNS, irqs), table_rows(TOTAL_COLUMNS, irqs)
    cpus = zip(answer.cpus, answer.totals, strict=True)
    return window_sheet(
        answer.window,
        (
            *headings(IRQ_COLUMNS),
            *(Heading(f"CPU{cpu}", right=True, weight=total) for cpu, total in cpus),
            *headings(TOTAL_COLUMNS),
        ),
        tuple(
            (*name, *(nothing if irq.counts is None else irq.counts), *total)
            for name, irq, total in zip(names, irqs, totals, strict=True)
        ),
        "no IRQ passed the filters",
        first=() if balance is None else (balance_sentence(balance, answer),),
        idle=idle,
        total=("total", "", *answer.totals, answer.total, rate(answer.total, answer.window)),
    )


def list_interrupts(answer: model.Interrupts) -> Iterator[Row]:
    """Return a row for each IRQ and CPU; one without a CPU for an IRQ that has none."""
    yield ("irq", "device", "cpu", "count")
    for irq in answer.irqs:
        names = (visible(irq.irq), visible(irq.device))
        if irq.counts is None:
            yield (*names, None, irq.total)
            continue
        for cpu, count in zip(answer.cpus, irq.counts, strict=True):
            yield (*names, cpu, count)


def read(given: Given) -> Overview:
    """Return the counts to ask for; a table of one whole machine begins with a sentence."""
    request = given.request()
    is_whole = not (request.irqs or request.device or request.cpus or given.several)
    return Overview(request, is_whole and given.form == "table", given.flag("all"))


COMMAND = Command(
    "overview",
    "the busiest CPU in one sentence, then interrupts in the window, IRQ by CPU",
    ("irq_client overview", "irq_client overview --cpu 2-3 --start -2h --end -1h"),
    read,
    settings=(*WINDOW, *FILTERS, ALL),
)
