"""The redraw loop of a live view.

The clock, the terminal, the screen and the asker are parameters, so that a test runs it in no time.
The asker works beside the loop, so that keys work while a server is slow.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from ...errors import NoMatchError, ServerError
from ...terminal.keyboard import ANSWER, HANG_UP, RESIZE, SUSPEND, Terminal
from ...terminal.screen import Screen
from ...terminal.text import span_text, visible
from .fetch import TopData
from .state import Asked, Seen, TopState, press
from .view import frame

IDLE_SECONDS = 3600.0
"""The longest wait of the loop, with nothing to do."""

_LATE_SAMPLES = 2.5
"""The age, in intervals, above which the newest sample is late."""

_SIGNALLED = 128
"""Exit status of a shell's command that a signal ended, less the signal's number."""


class BackgroundAsker:
    """Asks the server in a thread of its own, one question at a time; then calls `wake`."""

    def __init__(self, fetch: Callable[[Asked], TopData], wake: Callable[[], None]) -> None:
        self._fetch = fetch
        self._wake = wake
        self._answers: list[TopData | BaseException] = []

    def ask(self, asked: Asked) -> None:
        """Begin to ask."""
        threading.Thread(target=self._run, args=(asked,), daemon=True).start()

    def answer(self) -> TopData | BaseException | None:
        """Return the answer or the error, once; None if there is none yet."""
        return self._answers.pop() if self._answers else None

    def _run(self, asked: Asked) -> None:
        try:
            answer: TopData | BaseException = self._fetch(asked)
        except BaseException as error:  # noqa: BLE001 - carried over to the loop, which raises it
            answer = error
        self._answers.append(answer)
        self._wake()


@dataclass(slots=True)
class Live:
    """A live view while it runs."""

    terminal: Terminal
    screen: Screen
    asker: BackgroundAsker
    clock: Callable[[], float]
    """Seconds of a clock that never goes back."""
    server: str
    refresh_seconds: float
    state: TopState
    data: TopData | None = None
    trouble: str = ""
    _asked: Asked | None = None
    """The question without an answer yet."""
    _answered: Asked | None = None
    _due: float = 0.0
    _newest: float | None = None
    _newest_came: float = 0.0

    def run(self) -> int:
        """Show, until q or a signal ends it; return the exit status."""
        self._due = self.clock()
        while not self.state.quit:
            self._ask()
            size = self.terminal.size()
            trouble = self.trouble or self._lateness()
            shown = frame(self.state, self.data, trouble, self.server, size)
            self.screen.draw(shown.lines, size)
            event = self.terminal.next_event(self._wait_seconds())
            if event.startswith("signal "):
                return _SIGNALLED + int(event.removeprefix("signal "))
            if event == HANG_UP:
                return 0
            self._handle(event, Seen(shown.page, shown.last, self._end(), self._newest))
        return 0

    def _wait_seconds(self) -> float:
        if self._asked is not None or not self._refreshes():
            return IDLE_SECONDS
        return max(self._due - self.clock(), 0.0)

    def _refreshes(self) -> bool:
        """Return True if a newer answer is wanted: not while paused, and not in the past."""
        return not self.state.paused and self.state.end is None

    def _lateness(self) -> str:
        """Return the sentence about a server that answers but takes no samples."""
        if self.data is None or not self._refreshes():
            return ""
        interval = self.data.interrupts.window.resolution_seconds
        silent = self.clock() - self._newest_came
        late = interval and silent > _LATE_SAMPLES * interval + self.refresh_seconds
        return f"no new sample for {span_text(int(silent))}" if late else ""

    def _ask(self) -> None:
        if self._asked is not None:
            return
        now = self.clock()
        is_due = self._refreshes() and now >= self._due
        if is_due or self.state.asked != self._answered:
            self._asked = self.state.asked
            self._due = now + self.refresh_seconds
            self.asker.ask(self._asked)

    def _handle(self, event: str, seen: Seen) -> None:
        if event == ANSWER:
            self._take()
        elif event == SUSPEND:
            self.screen.leave()
            self.terminal.suspend()
            self.screen.enter()
        elif event and event != RESIZE:
            self.state = press(self.state, event, seen)

    def _take(self) -> None:
        answer = self.asker.answer()
        if answer is None:
            return
        self._answered, self._asked = self._asked, None
        if self._answered and self._answered.seek:
            self.state = replace(self.state, seek=0)
        if isinstance(answer, ServerError) or (isinstance(answer, NoMatchError) and self.data):
            self.trouble = visible(answer.words)
        elif isinstance(answer, BaseException):
            raise answer
        else:
            self._show(answer)

    def _show(self, answer: TopData) -> None:
        self.trouble, self.data = "", answer
        if self._answered and self._answered.seek:
            self.state = replace(self.state, end=answer.end, message=answer.note)
            self._answered = self.state.asked
        end = answer.interrupts.window.end.seconds
        if self._newest is None or end > self._newest:
            self._newest, self._newest_came = end, self.clock()

    def _end(self) -> float | None:
        """Return the end of the window on the screen in Unix seconds."""
        return self.data.interrupts.window.end.seconds if self.data else None
