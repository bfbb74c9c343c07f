"""The redraw loop of a live view.

The clock, the source of keys, the screen and the asker are parameters, so that a test runs it in no
time. The asker works beside the loop, so that keys work while a server is slow.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ...errors import ServerError
from ...server import model
from ...server.request import Request
from ...server.times import Duration, Time
from ...terminal.keyboard import ANSWER, HANG_UP, RESIZE, SUSPEND
from ...terminal.screen import Screen
from ...terminal.text import visible
from .state import TopState, press
from .view import TopData, frame, page_rows

if TYPE_CHECKING:
    from ...server.client import Client

CHANGES_PERIOD = Duration("3600", 3600.0)
"""How far back affinity changes are shown, from the end of the window."""

CHANGES_EVERY_SECONDS = 10.0
"""The pause between requests for them; servers notice them no sooner."""

IDLE_SECONDS = 3600.0
"""The longest wait of the loop, with nothing to do."""

_SIGNALLED = 128
"""Exit status of a shell's command that a signal ended, less the signal's number."""


class Source(Protocol):
    """The source of keys and signals; see `keyboard.Terminal`."""

    def next_event(self, seconds: float) -> str:
        """Return the next event."""

    def size(self) -> tuple[int, int]:
        """Return columns and lines."""

    def suspend(self) -> None:
        """Stop the process until a shell continues it."""


class Asker(Protocol):
    """Asks the server."""

    def ask(self, period_seconds: float, end: float | None) -> None:
        """Begin to ask for a window; the source then returns ANSWER."""

    def answer(self) -> TopData | BaseException | None:
        """Return the answer or the error, once; None if there is none yet."""


class Fetcher:
    """Asks one server for counts and changes. `filters` has no window. Raises ServerError."""

    def __init__(
        self, client: "Client", filters: Request, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._filters = filters
        self._clock = clock
        self._changes: tuple[model.Event, ...] = ()
        self._changes_of: float | None = None
        self._changes_due = 0.0

    def __call__(self, period_seconds: float, end: float | None) -> TopData:
        """Return the counts of a window, and the affinity changes of the hour before its end."""
        window = self._filters._replace(
            period=Duration.exactly(period_seconds), end=None if end is None else Time.at(end)
        )
        answer = self._client.interrupts(window)
        if self._clock() >= self._changes_due or end != self._changes_of:
            self._changes = self._ask_changes(end)
            self._changes_of = end
            self._changes_due = self._clock() + CHANGES_EVERY_SECONDS
        return TopData(answer, self._changes)

    def _ask_changes(self, end: float | None) -> tuple[model.Event, ...]:
        window = Request(period=CHANGES_PERIOD, end=None if end is None else Time.at(end))
        events = self._client.events(window).events
        return tuple(each for each in events if each.change)


class BackgroundAsker:
    """Asks in a thread of its own, one question at a time; then calls `wake`."""

    def __init__(
        self, fetch: Callable[[float, float | None], TopData], wake: Callable[[], None]
    ) -> None:
        self._fetch = fetch
        self._wake = wake
        self._answers: list[TopData | BaseException] = []

    def ask(self, period_seconds: float, end: float | None) -> None:
        """Begin to ask."""
        thread = threading.Thread(target=self._run, args=(period_seconds, end), daemon=True)
        thread.start()

    def answer(self) -> TopData | BaseException | None:
        """Return the answer or the error, once."""
        return self._answers.pop() if self._answers else None

    def _run(self, period_seconds: float, end: float | None) -> None:
        try:
            answer: TopData | BaseException = self._fetch(period_seconds, end)
        except BaseException as error:  # noqa: BLE001 - carried over to the loop, which raises it
            answer = error
        self._answers.append(answer)
        self._wake()


@dataclass(slots=True)
class Live:
    """A live view while it runs."""

    source: Source
    screen: Screen
    asker: Asker
    clock: Callable[[], float]
    """Seconds of a clock that never goes back."""
    server: str
    refresh_seconds: float
    state: TopState
    data: TopData | None = None
    trouble: str = ""
    _asked: tuple[float, float | None] | None = None
    """The question without an answer yet."""
    _answered: tuple[float, float | None] | None = None
    _due: float = 0.0
    _newest: float | None = None

    def run(self) -> int:
        """Show, until q or a signal ends it; return the exit status."""
        self._due = self.clock()
        while not self.state.quit:
            self._ask()
            size = self.source.size()
            lines = frame(self.state, self.data, self.trouble, self.server, size)
            self.screen.draw(lines, size)
            event = self.source.next_event(self._wait_seconds())
            if event.startswith("signal "):
                return _SIGNALLED + int(event.removeprefix("signal "))
            if event == HANG_UP:
                return 0
            self._handle(event, size)
        return 0

    def _wait_seconds(self) -> float:
        if self._asked is not None or not self._refreshes():
            return IDLE_SECONDS
        return max(self._due - self.clock(), 0.0)

    def _refreshes(self) -> bool:
        """Return True if a newer answer is wanted: not while paused, and not in the past."""
        return not self.state.paused and self.state.end is None

    def _ask(self) -> None:
        if self._asked is not None:
            return
        now = self.clock()
        is_due = self._refreshes() and now >= self._due
        if is_due or self.state.question != self._answered:
            self._asked = self.state.question
            self._due = now + self.refresh_seconds
            self.asker.ask(*self._asked)

    def _handle(self, event: str, size: tuple[int, int]) -> None:
        if event == ANSWER:
            self._take()
        elif event == SUSPEND:
            self.screen.leave()
            self.source.suspend()
            self.screen.enter()
        elif event and event != RESIZE:
            self.state = press(
                self.state,
                event,
                page=page_rows(size),
                shown_end=_end(self.data) if self.data else None,
                newest=self._newest,
            )

    def _take(self) -> None:
        answer = self.asker.answer()
        if answer is None:
            return
        self._answered, self._asked = self._asked, None
        if isinstance(answer, ServerError):
            self.trouble = visible(str(answer))
        elif isinstance(answer, BaseException):
            raise answer
        else:
            self.trouble, self.data = "", answer
            self._newest = max(self._newest or 0.0, _end(answer))


def _end(data: TopData) -> float:
    """Return the end of a window in Unix seconds."""
    return data.interrupts.window.end.seconds
