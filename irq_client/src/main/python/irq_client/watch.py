"""The command `watch`: asks again and again until a condition holds.

Clock, sleep and the one who asks are parameters, so that a test watches hours in no time.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from . import model
from .condition import Condition
from .errors import GaveUpError, UnreachableError
from .text import span_text


@dataclass(frozen=True, slots=True)
class Finding:
    """What a condition came to: the time of the newest sample (RFC 3339), the figure, whether."""

    time: str
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
    """Is told of a server that cannot be reached for now."""

    def changes(self) -> Iterator[Finding]:
        """Gives a finding when the condition begins to hold, and each time that changes.

        Raises GaveUpError when the time is over, and a ServerError where the first question fails,
        or a later one for another reason than that the server cannot be reached.
        """
        started = self.clock()
        since: float | None = None
        held = False
        answered = False
        while True:
            answer, answered = self._answer(answered)
            if answer is not None:
                figure = self.condition.figure(answer)
                now = self.clock()
                since = (now if since is None else since) if self.condition.holds(figure) else None
                holds = since is not None and now - since >= self.condition.seconds
                if holds != held:
                    held = holds
                    yield Finding(answer.window.end, figure, holds)
            self._pause(started)

    def _answer(self, answered: bool) -> tuple[model.Interrupts | None, bool]:
        """Gives what came, None where the server cannot be reached for now."""
        try:
            return self.ask(), True
        except UnreachableError as error:
            if not answered:
                raise
            self.tell(error)
            return None, True

    def _pause(self, started: float) -> None:
        if self.within_seconds is None:
            self.sleep(self.every_seconds)
            return
        left = started + self.within_seconds - self.clock()
        if left <= 0:
            time = span_text(self.within_seconds)
            raise GaveUpError(f"{self.condition.text}: did not hold within {time}")
        self.sleep(min(self.every_seconds, left))
