"""The commands `cpus` and `cpu`: all CPUs of a window, and one of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ..command_line.command import Command
from ..command_line.options import ALL, DEVICE, FILTERS, IRQ, NONZERO, TOP, WINDOW
from ..command_line.values import read_cpu
from ..server.request import Request
from ..terminal.columns import Column, Row, csv_rows, headings, table_rows
from ..terminal.table import Sheet
from ..terminal.writer import Shown
from .shared import (
    IRQ_COLUMNS,
    TOTAL_COLUMNS,
    busiest_first,
    fired,
    rate,
    shown,
    window_sheet,
)

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
        answer, top = client.cpus(self.request), self.request.top
        return shown(
            answer,
            lambda value: show_cpus(value, self.every, top),
            lambda value: list_cpus(value, top),
        )


class OneCpu(NamedTuple):
    """One CPU in a window."""

    cpu: int
    request: Request
    every: bool
    """Show idle rows too."""

    def ask(self, client: Client) -> Shown:
        """Ask for the CPU."""
        answer = client.cpu(self.cpu, self.request)
        return shown(answer, lambda value: show_one_cpu(value, self.every), list_one_cpu)


def show_cpus(answer: model.Cpus, every: bool = False, top: int | None = None) -> Sheet:
    """Return totals per CPU, in the server's order or the `top` busiest, and the imbalance."""
    cpus, idle = fired(_busiest(answer, top), every)
    figure = answer.imbalance
    return window_sheet(
        answer.window,
        headings(COLUMNS),
        table_rows(COLUMNS, cpus),
        "no CPU passed the filters",
        notes=() if figure is None else (f"imbalance {figure:.2f}",),
        idle=idle,
        total=("total", answer.total, rate(answer.total, answer.window), _devices(answer)),
    )


def _devices(answer: model.Cpus) -> int | None:
    known = [each.devices for each in answer.cpus if each.devices is not None]
    return sum(known) if known else None


def _busiest(answer: model.Cpus, top: int | None) -> Sequence[model.Cpu]:
    return answer.cpus if top is None else busiest_first(answer.cpus)[:top]


def list_cpus(answer: model.Cpus, top: int | None = None) -> Iterator[Row]:
    """Return a row for each CPU."""
    return csv_rows(COLUMNS, _busiest(answer, top))


def show_one_cpu(answer: model.OneCpu, every: bool = False) -> Sheet:
    """Return one CPU, its counts by IRQ, busiest first."""
    cpu = answer.cpu
    irqs, idle = fired(busiest_first(answer.irqs), every)
    return window_sheet(
        answer.window,
        headings(COLUMNS_OF_ONE),
        table_rows(COLUMNS_OF_ONE, irqs),
        "no IRQ passed the filters",
        notes=(f"CPU {cpu.cpu}",),
        idle=idle,
        total=("total", "", cpu.total, cpu.rate),
    )


def list_one_cpu(answer: model.OneCpu) -> Iterator[Row]:
    """Return a row for each IRQ, busiest first."""
    return csv_rows(COLUMNS_OF_ONE, busiest_first(answer.irqs))


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
