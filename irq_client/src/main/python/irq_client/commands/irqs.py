"""The commands `irqs` and `irq`: all IRQs of a window, and one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..command_line.command import Command
from ..command_line.options import ALL, CPU, FILTERS, WINDOW
from ..command_line.values import read_irq
from ..figures.rows import device_text
from ..server.request import Request
from ..terminal.columns import Column, csv_rows, headings
from ..terminal.table import Heading, Sheet
from ..terminal.text import count_text, rate_text
from ..terminal.writer import Shown
from .shared import (
    IRQ_COLUMNS,
    TOTAL_COLUMNS,
    busiest_first,
    counted,
    known,
    named,
    rate,
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
        return shown_irqs(client.irqs(self.request), self.every)


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
        return shown_irq(client.irq(names[0], self.request), self.every)


def shown_irqs(answer: model.Irqs, every: bool = False) -> Shown:
    """Return totals per IRQ, busiest first."""
    total = ("total", "", answer.total, rate(answer.total, answer.window), "", "")
    return counted(answer, COLUMNS, busiest_first(answer.irqs), every, total=total)


def shown_irq(answer: model.OneIrq, every: bool = False) -> Shown:
    """Return one IRQ: a table of its counts by CPU, CSV as of all IRQs."""
    return Shown(
        answer.text, lambda: _by_cpu(answer, every), lambda: csv_rows(COLUMNS, [answer.irq])
    )


def _by_cpu(answer: model.OneIrq, every: bool) -> Sheet:
    irq = answer.irq
    counts = list(zip(answer.cpus, irq.counts or (), strict=False))
    busy = [(cpu, count) for cpu, count in counts if every or count]
    return window_sheet(
        answer.window,
        (Heading("CPU", right=True), *headings(TOTAL_COLUMNS), Heading("SHARE", right=True)),
        tuple(
            (str(cpu), n, rate(n, answer.window), f"{100 * n / (irq.total or 1):.1f}%")
            for cpu, n in busy
        ),
        "nothing in the window" if counts else "counted for the whole machine, not by CPU",
        notes=(
            named("IRQ", irq.irq, device_text(irq.irq, irq.device, irq.description)),
            f"{count_text(irq.total)} interrupts, {rate_text(irq.rate)} per second",
            f"affinity {known(irq.affinity)}, effective {known(irq.effective_affinity)}",
        ),
        idle=len(counts) - len(busy),
    )


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
