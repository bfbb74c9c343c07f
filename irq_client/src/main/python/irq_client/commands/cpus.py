"""The commands `cpus` and `cpu`: all CPUs of a window, and one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..command_line.command import Command
from ..command_line.options import ALL, DEVICE, FILTERS, IRQ, NONZERO, TOP, WINDOW
from ..command_line.values import read_cpu
from ..server.request import Request
from ..terminal.columns import Column
from ..terminal.writer import Shown
from .shared import IRQ_COLUMNS, TOTAL_COLUMNS, busiest_first, counted, imbalance_of, rate

if TYPE_CHECKING:
    from ..server import model
    from ..server.client import Client

COLUMNS: tuple[Column[model.Cpu], ...] = (
    Column("CPU", "cpu", lambda each: str(each.cpu)),
    *TOTAL_COLUMNS,
    Column("DEVICES", "devices", lambda each: each.devices, right=True),
)
COLUMNS_OF_ONE: tuple[Column[model.Irq], ...] = (*IRQ_COLUMNS, *TOTAL_COLUMNS)


class Cpus(NamedTuple):
    """The totals of a window per CPU."""

    request: Request
    every: bool
    """Show idle rows too."""

    def ask(self, client: Client) -> Shown:
        """Ask for all CPUs."""
        return shown_cpus(client.cpus(self.request), self.every, self.request.top)


class OneCpu(NamedTuple):
    """One CPU in a window."""

    cpu: int
    request: Request
    every: bool
    """Show idle rows too."""

    def ask(self, client: Client) -> Shown:
        """Ask for the CPU."""
        return shown_cpu(client.cpu(self.cpu, self.request), self.every)


def shown_cpus(answer: model.Cpus, every: bool = False, top: int | None = None) -> Shown:
    """Return totals per CPU, in the server's order or the `top` busiest, and the imbalance."""
    figure = imbalance_of(answer)
    devices = [each.devices for each in answer.cpus if each.devices is not None]
    total = ("total", answer.total, rate(answer.total, answer.window))
    return counted(
        answer,
        COLUMNS,
        answer.cpus if top is None else busiest_first(answer.cpus)[:top],
        every,
        total=(*total, sum(devices) if devices else None),
        notes=() if figure is None else (f"imbalance {figure:.2f}",),
    )


def shown_cpu(answer: model.OneCpu, every: bool = False) -> Shown:
    """Return one CPU, its counts by IRQ, busiest first."""
    cpu = answer.cpu
    total, notes = ("total", "", cpu.total, cpu.rate), (f"CPU {cpu.cpu}",)
    irqs = busiest_first(answer.irqs)
    return counted(answer, COLUMNS_OF_ONE, irqs, every, total=total, notes=notes)


CPUS = Command(
    "cpus",
    "totals per CPU, the part of devices, and the imbalance",
    ("irq_client cpus --cpu 0-3",),
    lambda given: Cpus(given.request(), given.flag("all")),
    settings=(*WINDOW, *FILTERS, ALL),
)
CPU = Command(
    "cpu",
    "one CPU: counts by IRQ, busiest first",
    ("irq_client cpu 0 --period 1h --top 5",),
    lambda given: OneCpu(given.argument("CPU", read_cpu), given.request(), given.flag("all")),
    ("CPU",),
    (*WINDOW, IRQ, DEVICE, NONZERO, TOP, ALL),
)
