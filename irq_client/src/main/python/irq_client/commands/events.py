"""The command `events`: what happened, and by whom affinities were changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ..command_line.command import Command
from ..command_line.options import CPU, DEVICE, IRQ, WINDOW
from ..server.request import Request
from ..terminal.columns import Column, csv_rows, headings, table_rows
from ..terminal.table import Sheet
from ..terminal.writer import Shown
from .shared import author, window_of, window_sheet

if TYPE_CHECKING:
    from ..server import model
    from ..server.client import Client


class Happened(NamedTuple):
    """An event, and the device of its IRQ."""

    event: model.Event
    device: str = ""


def _detail(event: model.Event) -> str:
    """Return what happened, less the author, who has a column: ``1 from ::1`` is ``1``."""
    return event.detail.replace(f" from {event.by}", "") if event.by else event.detail


def _cpu(event: model.Event) -> str | None:
    return None if event.cpu is None else str(event.cpu)


COLUMNS: tuple[Column[Happened], ...] = (
    Column("TIME", "time", lambda each: each.event.time),
    Column("EVENT", "event", lambda each: each.event.event),
    Column("IRQ", "irq", lambda each: each.event.irq),
    Column("CPU", "cpu", lambda each: _cpu(each.event), right=True),
    Column("DETAIL", "detail", lambda x: _detail(x.event), lambda x: x.event.detail, flexible=True),
    Column("BY", "by", lambda each: author(each.event), lambda each: each.event.by, flexible=True),
    Column("DEVICE", "device", lambda each: each.device, flexible=True),
)


class Events(NamedTuple):
    """The events of a window."""

    request: Request
    form: str

    def ask(self, client: Client) -> Shown:
        """Ask for the events and, for people and CSV, for the devices of their IRQs."""
        answer = client.events(self.request)
        events = answer.events
        devices: Mapping[str, str] = {}
        if self.form != "json" and any(each.irq for each in events):
            rows = client.interrupts(window_of(self.request)).irqs
            devices = {irq.irq: irq.device for irq in rows}
        happened = [Happened(each, devices.get(each.irq or "", "")) for each in events]
        return Shown(
            answer.text,
            lambda: show_events(answer.window, happened),
            lambda: csv_rows(COLUMNS, happened),
        )


def show_events(window: model.Window, happened: Sequence[Happened]) -> Sheet:
    """Return the events in the server's order, without columns that are empty in all of them."""
    columns = [each for each in COLUMNS if any(map(each.value, happened))]
    return window_sheet(
        window,
        headings(columns),
        table_rows(columns, happened),
        "no event in the window; a longer --period looks further back",
    )


COMMAND = Command(
    "events",
    "affinity changes and by whom, CPUs that came and went, boots, gaps, starts and stops",
    ("irq_client events --period 7d", "irq_client events --device 'eth0*' --period 1d"),
    lambda given: Events(given.request(), given.form),
    settings=(*WINDOW, IRQ, CPU, DEVICE),
)
