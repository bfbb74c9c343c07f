"""The command `top`: a live view of one server, on the terminal that the process has."""

import time
from typing import TYPE_CHECKING, NamedTuple

from ...command_line.command import Command
from ...command_line.options import CPU, DEVICE, IRQ, NONZERO, PERIOD, REFRESH
from ...errors import CommandLineError
from ...server.request import Request
from ..shared import Surroundings, default_period_seconds

if TYPE_CHECKING:
    from ...server.client import Client


class Top(NamedTuple):
    """The request of the live view, and the time between two readings."""

    request: Request
    """Filters, and the length of the first window; two samples of the server without one."""
    refresh_seconds: float

    def run(self, client: "Client", surroundings: Surroundings) -> int:
        """Show until a key or a signal ends it; return the exit status.

        The terminal is as it was before, however this ends.
        """
        stdin, stdout = surroundings.stdin, surroundings.stdout
        if not (stdin.isatty() and stdout.isatty()):
            raise CommandLineError("top needs a terminal; irq_client irqs writes into a pipe")
        from ...terminal.colour import painter
        from ...terminal.keyboard import Terminal
        from ...terminal.screen import Screen
        from .live import BackgroundAsker, Fetcher, Live
        from .state import TopState

        period = self.request.period
        seconds = period.seconds if period else default_period_seconds(client)
        terminal = Terminal(stdin.fileno())
        screen = Screen(stdout, painter(True, surroundings.environment))
        with terminal.listening():
            live = Live(
                source=terminal,
                screen=screen,
                asker=BackgroundAsker(Fetcher(client, self.request), terminal.wake),
                clock=time.monotonic,
                server=client.server,
                refresh_seconds=self.refresh_seconds,
                state=TopState(period_seconds=seconds),
            )
            screen.enter()
            try:
                return live.run()
            finally:
                screen.leave()


COMMAND = Command(
    "top",
    "a live view; keys sort, filter, pause and step back in time",
    ("irq_client top", "irq_client top --device 'eth0-*' --refresh 500ms --period 10s"),
    lambda given: Top(given.request(), given.seconds("refresh") or 1.0),
    settings=(REFRESH, PERIOD, IRQ, CPU, DEVICE, NONZERO),
)
