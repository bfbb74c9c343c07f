"""The commands `irqs` and `irq`: all IRQs of a window, and one of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from ..command_line.command import Command
from ..command_line.options import ALL, CPU, FILTERS, WINDOW
from ..command_line.values import read_irq
from ..figures.rows import device_text
from ..server.request import Request
from ..terminal.columns import Column, Row, csv_rows, headings, table_rows
from ..terminal.table import Heading, Sheet
from ..terminal.text import count_text, rate_text
from ..terminal.writer import Shown
from .shared import (
    IRQ_COLUMNS,
    TOTAL_COLUMNS,
    busiest_first,
    fired,
    known,
    named,
    rate,
    shown,
    window_sheet,
)

if TYPE_CHECKING:
    from ..server import model
    from ..server.client import Client

COLUMNS: tuple[Column[model.Irq], ...] = (
    *IRQ_COLUMNS,
    *TOTAL_COLUMNS,
    Column("AFFINITY", "affinity", lambda irq: irq.affinity, flexible=True),
    Column("EFFECTIVE", "", lambda irq: irq.effective_affinity, flexible=True),
)


class Irqs(NamedTuple):
    """The totals of a window per IRQ."""

    request: Request
    every: bool
    """Show idle rows too."""

    def ask(self, client: Client) -> Shown:
        """Ask for all IRQs."""
        answer = client.irqs(self.request)
        return shown(answer, lambda value: show_irqs(value, self.every), list_irqs)


class OneIrq(NamedTuple):
    """The IRQs of one name in a window."""

    irq: str
    request: Request
    every: bool
    """Show idle CPUs too."""

    def ask(self, client: Client) -> Shown:
        """Ask for the IRQ, or for all that the name means."""
        names = client.names(self.irq, self.request)
        if len(names) > 1:
            return Irqs(self.request._replace(irqs=names), self.every).ask(client)
        answer = client.irq(names[0], self.request)
        return shown(answer, lambda value: show_one_irq(value, self.every), list_one_irq)


def show_irqs(answer: model.Irqs, every: bool = False) -> Sheet:
    """Return totals per IRQ, busiest first."""
    irqs, idle = fired(busiest_first(answer.irqs), every)
    return window_sheet(
        answer.window,
        headings(COLUMNS),
        table_rows(COLUMNS, irqs),
        "no IRQ passed the filters",
        idle=idle,
        total=("total", "", answer.total, rate(answer.total, answer.window), "", ""),
    )


def list_irqs(answer: model.Irqs) -> Iterator[Row]:
    """Return a row for each IRQ, busiest first."""
    return csv_rows(COLUMNS, busiest_first(answer.irqs))


def show_one_irq(answer: model.OneIrq, every: bool = False) -> Sheet:
    """Return one IRQ, its counts by CPU."""
    irq = answer.irq
    counts = list(zip(answer.cpus, irq.counts or (), strict=False))
    busy = [pair for pair in counts if every or pair[1]]
    return window_sheet(
        answer.window,
        (
            Heading("CPU", right=True),
            *headings(TOTAL_COLUMNS),
            Heading("SHARE", right=True),
        ),
        tuple(
            (str(cpu), count, rate(count, answer.window), _share(count, irq.total))
            for cpu, count in busy
        ),
        "nothing in the window" if counts else "counted for the whole machine, not by CPU",
        notes=(
            named("IRQ", irq.irq, device_text(irq.irq, irq.device)),
            f"{count_text(irq.total)} interrupts, {rate_text(irq.rate)} per second",
            f"affinity {known(irq.affinity)}, effective {known(irq.effective_affinity)}",
        ),
        idle=len(counts) - len(busy),
    )


def _share(count: int, total: int) -> str:
    return f"{100 * count / total if total else 0.0:.1f}%"


def list_one_irq(answer: model.OneIrq) -> Iterator[Row]:
    """Return one row, in the columns of `list_irqs`."""
    return csv_rows(COLUMNS, [answer.irq])


IRQS = Command(
    "irqs",
    "totals per IRQ, busiest first",
    ("irq_client irqs --device 'eth0-*' --top 10",),
    lambda given: Irqs(given.request(), given.flag("all")),
    settings=(*WINDOW, *FILTERS, ALL),
)
IRQ = Command(
    "irq",
    "one IRQ: counts by CPU, affinity",
    ("irq_client irq 36 --start -2h --end -1h",),
    lambda given: OneIrq(given.argument("IRQ", read_irq), given.request(), given.flag("all")),
    ("IRQ",),
    (*WINDOW, CPU, ALL),
)
