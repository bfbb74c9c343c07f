"""The command `top`: a live view of one server, or its figures printed again and again."""

import re
import time
from typing import TYPE_CHECKING, NamedTuple

from ...command_line.command import Command, Given
from ...command_line.options import (
    COLUMNS,
    COUNT,
    CPU,
    DEVICE,
    IRQ,
    NONZERO,
    PERIOD,
    REFRESH,
    SORT,
)
from ...server.request import Request
from ...terminal.columns import column_place, plain_name
from ...terminal.text import visible
from ...terminal.writer import Shown
from ..overview import list_interrupts
from ..shared import Surroundings, default_period_seconds

if TYPE_CHECKING:
    from ...server.client import Client


_COLUMNS = [(each, "") for each in ("IRQ", "DEVICE", "RATE/s", "CPU0", "ON", "AFFINITY")]
"""The columns of every machine, as the view names them."""


class Top(NamedTuple):
    """The request of the live view, and the time between two readings."""

    request: Request
    """Filters, and the length of the first window; two samples of the server without one."""
    refresh_seconds: float
    columns: tuple[str, ...] = ()
    sort: str = ""

    def run(self, client: "Client", surroundings: Surroundings) -> int:
        """Show until a key or a signal ends it; return the exit status.

        The terminal is as it was before, however this ends.
        """
        from ...terminal.colour import painter
        from ...terminal.keyboard import Terminal
        from ...terminal.screen import Screen
        from .fetch import Fetcher
        from .live import BackgroundAsker, Live
        from .state import TopState

        seconds = self._period_seconds(client)
        terminal = Terminal(surroundings.stdin.fileno())
        paint = painter(surroundings.colour, True, surroundings.environment)
        screen = Screen(surroundings.stdout, paint)
        with terminal.listening():
            live = Live(
                terminal=terminal,
                screen=screen,
                asker=BackgroundAsker(Fetcher(client, self.request), terminal.wake),
                clock=time.monotonic,
                server=visible(client.name),
                refresh_seconds=self.refresh_seconds,
                state=TopState(
                    period_seconds=seconds,
                    sort=plain_name(self.sort.removeprefix("-")) or "rate",
                    reverse=self.sort.startswith("-"),
                    columns=self.columns,
                ),
            )
            screen.enter()
            try:
                return live.run()
            finally:
                screen.leave()

    def ask(self, client: "Client") -> Shown:
        """Ask once, to print it."""
        from .fetch import Fetcher
        from .state import Asked
        from .view import irq_sheet, printed

        data = Fetcher(client, self.request)(Asked(self._period_seconds(client)))
        return Shown(
            data.interrupts.text,
            lambda: irq_sheet(data),
            lambda: list_interrupts(data.interrupts),
            lambda width: printed(data, width),
        )

    def _period_seconds(self, client: "Client") -> float:
        period = self.request.period
        return period.seconds if period else default_period_seconds(client)


def _read(given: Given) -> Top:
    every = given.repeat().every_seconds or 1.0
    columns, sort = given.names("columns"), "".join(given.names("sort")[:1])
    wanted = [*(("--columns", each) for each in columns), ("--sort", sort.removeprefix("-"))]
    for option, name in wanted if given.form == "table" else ():  # CSV has those of `overview`
        if name and not re.fullmatch("cpu[0-9]+", plain_name(name)):  # the server knows its CPUs
            column_place(option, name, _COLUMNS)
    return Top(given.request(), every, columns, sort)


COMMAND = Command(
    "top",
    "a live view; keys sort, filter, pause and step back in time",
    (
        "irq_client top",
        "irq_client top --device 'eth0-*' --refresh 500ms --period 10s",
        "irq_client top --columns IRQ,RATE,ON --sort IRQ",
        "irq_client top --count 3 | less",
    ),
    _read,
    settings=(
        REFRESH,
        COUNT._replace(
            short="-n",
            help="print N readings instead of the live view, then stop",
            default="the live view; into a pipe until it closes",
        ),
        PERIOD._replace(default="two samples of the server, at least 5s"),
        IRQ,
        CPU,
        DEVICE,
        NONZERO,
        COLUMNS,
        SORT,
    ),
)
