"""The command `events`: what happened, and by whom affinities were changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from ..command_line.command import Command
from ..command_line.options import CPU, DEVICE, IRQ, WINDOW
from ..server.request import Request
from ..terminal.columns import Column, Row, csv_rows, headings, table_rows
from ..terminal.table import Sheet
from ..terminal.text import visible
from ..terminal.writer import Shown
from .shared import author, shown, window_sheet

if TYPE_CHECKING:
    from ..server import model
    from ..server.client import Client

COLUMNS: tuple[Column[model.Event], ...] = (
    Column("TIME", "time", lambda each: each.time.local, lambda each: each.time.unix_text),
    Column("EVENT", "event", lambda each: visible(each.event)),
    Column("IRQ", "irq", lambda each: visible(each.irq or "")),
    Column("CPU", "cpu", lambda each: None if each.cpu is None else str(each.cpu), right=True),
    Column("DETAIL", "detail", lambda each: visible(each.detail), flexible=True),
    Column(
        "BY", "by", lambda each: visible(author(each)), lambda each: visible(each.by), flexible=True
    ),
)


class Events(NamedTuple):
    """The events of a window."""

    request: Request

    def ask(self, client: Client) -> Shown:
        """Ask for the events."""
        return shown(client.events(self.request), show_events, list_events)


def show_events(answer: model.Events) -> Sheet:
    """Return the events in the server's order."""
    return window_sheet(
        answer.window,
        headings(COLUMNS),
        table_rows(COLUMNS, answer.events),
        "no event in the window; --period 7d looks further back",
    )


def list_events(answer: model.Events) -> Iterator[Row]:
    """Return a row for each event; times are Unix seconds."""
    return csv_rows(COLUMNS, answer.events)


COMMAND = Command(
    "events",
    "affinity changes and by whom, CPUs that came and went, boots, gaps, starts and stops",
    ("irq_client events --period 7d", "irq_client events --device 'eth0*' --start 10:00"),
    lambda given: Events(given.request()),
    settings=(*WINDOW, IRQ, CPU, DEVICE),
)
