"""The command `overview`: IRQ by CPU."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from ..command_line.command import Command
from ..command_line.options import FILTERS, WINDOW
from ..server.request import Request
from ..terminal.columns import Row, headings
from ..terminal.table import Cell, Heading, Sheet
from ..terminal.text import visible
from ..terminal.writer import Shown
from .shared import IRQ_COLUMNS, TOTAL_COLUMNS, rate, shown, window_sheet

if TYPE_CHECKING:
    from ..server import model
    from ..server.client import Client


class Overview(NamedTuple):
    """The counts of a window."""

    request: Request

    def ask(self, client: Client) -> Shown:
        """Ask for IRQ by CPU."""
        return shown(client.interrupts(self.request), show_interrupts, list_interrupts)


def show_interrupts(answer: model.Interrupts) -> Sheet:
    """Return IRQ by CPU, in the server's order; the totals count every row that passed."""
    cpus = zip(answer.cpus, answer.totals, strict=True)
    return window_sheet(
        answer.window,
        (
            *headings(IRQ_COLUMNS),
            *(Heading(f"CPU{cpu}", right=True, weight=total) for cpu, total in cpus),
            *headings(TOTAL_COLUMNS),
        ),
        tuple(
            (visible(irq.irq), visible(irq.device), *_cells(irq, answer), irq.total, irq.rate)
            for irq in answer.irqs
        ),
        "no IRQ passed the filters",
        total=("total", "", *answer.totals, answer.total, rate(answer.total, answer.window)),
    )


def _cells(irq: model.Irq, answer: model.Interrupts) -> tuple[Cell, ...]:
    return (None,) * len(answer.cpus) if irq.counts is None else irq.counts


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


COMMAND = Command(
    "overview",
    "interrupts in the window, IRQ by CPU",
    ("irq_client overview --period 15m --nonzero",),
    lambda given: Overview(given.request()),
    settings=WINDOW + FILTERS,
)
