"""How often a command reads, and when."""

from collections.abc import Callable, Iterator
from typing import NamedTuple


class Repeat(NamedTuple):
    """The time between two readings, None for one reading; and the last one, None for no end."""

    every_seconds: float | None = None
    last: int | None = None

    def turns(self, clock: Callable[[], float], wait: Callable[[float], None]) -> Iterator[None]:
        """Wait for the time of each reading, the first at once.

        Readings stay a multiple of the interval apart. One that takes longer than the interval
        leaves out the turns that it missed.
        """
        started = clock()
        turn = done = 0
        while True:
            yield
            done += 1
            if self.every_seconds is None or done == self.last:
                return
            missed = int((clock() - started) // self.every_seconds)
            turn = max(turn, missed) + 1
            wait(max(started + turn * self.every_seconds - clock(), 0.0))
