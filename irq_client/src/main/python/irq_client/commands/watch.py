"""The command `watch`: asks again and again until a condition holds.

Clock, sleep and the one who asks are parameters, so that a test watches hours in no time.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..errors import GaveUpError, UnreachableError
from ..figures.condition import Condition
from ..server import model
from ..server.times import Moment
from ..terminal.text import span_text


@dataclass(frozen=True, slots=True)
class Finding:
    """What a condition came to: the time of the newest sample, the figure, whether."""

    time: Moment
    figure: float | None
    holds: bool


@dataclass(frozen=True, slots=True)
class Watch:
    """How to watch."""

    condition: Condition
    ask: Callable[[], model.Interrupts]
    """Asks for the newest window. Raises ServerError."""
    every_seconds: float
    within_seconds: float | None
    """Gives up after so long; None: never."""
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    tell: Callable[[object], None]
    """Is told of a server that cannot be reached for now, and of names that are not there."""

    def changes(self) -> Iterator[Finding]:
        """Gives a finding when the condition begins to hold, and each time that changes.

        Ends when the time is over. Raises GaveUpError where it has not held until then, and a
        ServerError where the first question fails, or a later one for another reason than that the
        server cannot be reached.
        """
        started = self.clock()
        since: float | None = None
        held = False
        answered = False
        ever = False
        while True:
            answer = self._answer(answered)
            if answer is not None:
                if not answered:
                    self._tell_unknown(answer)
                answered = True
                figure = self.condition.figure(answer)
                now = self.clock()
                since = (now if since is None else since) if self.condition.holds(figure) else None
                holds = since is not None and now - since >= self.condition.seconds
                if holds != held:
                    held, ever = holds, True
                    yield Finding(answer.window.end, figure, holds)
            if not self._pause(started):
                if ever:
                    return
                time = span_text(self.within_seconds or 0.0)
                raise GaveUpError(f"{self.condition.text}: did not hold within {time}")

    def _tell_unknown(self, answer: model.Interrupts) -> None:
        """Tells of a name that nothing has yet: it may be written wrong."""
        if name := self.condition.unknown_name(answer):
            self.tell(f"{self.condition.text}: there is no {name} now")

    def _answer(self, answered: bool) -> model.Interrupts | None:
        """Gives what came, None where the server cannot be reached for now."""
        try:
            return self.ask()
        except UnreachableError as error:
            if not answered:
                raise
            self.tell(error)
            return None

    def _pause(self, started: float) -> bool:
        """Waits for the next question; tells whether there is time for one."""
        if self.within_seconds is None:
            self.sleep(self.every_seconds)
            return True
        left = started + self.within_seconds - self.clock()
        if left > 0:
            self.sleep(min(self.every_seconds, left))
        return left > 0
