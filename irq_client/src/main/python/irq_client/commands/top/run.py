"""The command `top`: a live view of one server, on the terminal that the process has."""

import time
from collections.abc import Callable

from ...server import model
from ...server.authors import CHANGE
from ...server.client import Client
from ...server.request import Request
from ...server.times import Duration, Time
from ...terminal.keyboard import Terminal
from ...terminal.screen import Screen
from .live import BackgroundAsker, Live
from .state import TopState
from .view import TopData

CHANGES_PERIOD = Duration("3600", 3600.0)
"""How far back affinity changes are told, from the end of the window."""

CHANGES_EVERY_SECONDS = 10.0
"""How often they are asked for; servers notice them no sooner."""

LEAST_PERIOD_SECONDS = 5.0


class Fetcher:
    """Asks one server for what a live view shows. Raises ServerError."""

    def __init__(
        self, client: Client, filters: Request, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Takes filters, a Request without a window."""
        self._client = client
        self._filters = filters
        self._clock = clock
        self._changes: tuple[model.Event, ...] = ()
        self._changes_of: float | None = None
        self._changes_due = 0.0

    def __call__(self, period_seconds: float, end: float | None) -> TopData:
        """Gives the counts of a window, and the affinity changes of the hour before its end."""
        window = self._filters._replace(
            period=Duration.exactly(period_seconds), end=None if end is None else Time.at(end)
        )
        answer = self._client.interrupts(window).value
        if self._clock() >= self._changes_due or end != self._changes_of:
            self._changes = self._ask_changes(end)
            self._changes_of = end
            self._changes_due = self._clock() + CHANGES_EVERY_SECONDS
        return TopData(answer, self._changes)

    def _ask_changes(self, end: float | None) -> tuple[model.Event, ...]:
        window = Request(period=CHANGES_PERIOD, end=None if end is None else Time.at(end))
        events = self._client.events(window).value.events
        return tuple(each for each in events if each.event == CHANGE)


def default_period_seconds(client: Client) -> float:
    """Gives a window that holds at least two samples of this server. Raises ServerError."""
    return max(LEAST_PERIOD_SECONDS, 2 * client.status().value.interval_seconds)


def run_top(
    client: Client,
    filters: Request,
    period_seconds: float,
    refresh_seconds: float,
    descriptor: int,
    screen: Screen,
) -> int:
    """Shows until a key or a signal ends it; gives the exit status.

    The terminal behind `descriptor` is as it was before, however this ends.
    """
    terminal = Terminal(descriptor)
    with terminal.listening():
        asker = BackgroundAsker(Fetcher(client, filters), terminal.wake)
        live = Live(
            source=terminal,
            screen=screen,
            asker=asker,
            clock=time.monotonic,
            server=client.server,
            refresh_seconds=refresh_seconds,
            state=TopState(period_seconds=period_seconds),
        )
        screen.enter()
        try:
            return live.run()
        finally:
            screen.leave()
