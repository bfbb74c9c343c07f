"""The ticks at which each row is counted: most at the interval, some more often or less. Pure."""

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase

from ..kernel.interrupts import Row

Elapsed = Callable[[Row], float | None]
"""Returns the seconds since a row was counted last; None for a row that is not due."""


class Schedule:
    """The intervals of one machine's rows, and when each was last due.

    A row whose IRQ, or one of whose action names, matches a pattern has that pattern's interval;
    the first pattern wins. Ticks are multiples of the shortest interval, ``tick_seconds``; a row is
    due at the first tick in each stretch of its own interval.
    """

    def __init__(self, interval_seconds: float, patterns: Mapping[str, float]) -> None:
        """Take the interval of the rows that no pattern names, and that of each pattern."""
        self._default = interval_seconds
        self._patterns = dict(patterns)
        self._last: dict[float, tuple[int, float]] = {}
        self._intervals: dict[tuple[str, str], float] = {}
        self.tick_seconds = min([interval_seconds, *patterns.values()])

    def interval_of(self, row: Row) -> float:
        """Return the seconds between two counts of a row."""
        key = (row.irq, row.device)
        found = self._intervals.get(key)
        if found is None:
            names = (row.irq, row.device, *row.actions)
            matching = (
                seconds
                for pattern, seconds in self._patterns.items()
                if any(fnmatchcase(name, pattern) for name in names if name)
            )
            found = self._intervals[key] = next(matching, self._default)
        return found

    def turn(self, tick: int, monotonic: float) -> tuple[Elapsed | None, dict[float, float]]:
        """Return which rows are due at a tick, Unix milliseconds, and the argument for done().

        None in the place of the function means that every row is due, as at the first tick.
        """
        due = {}
        for seconds in {self._default, *self._patterns.values()}:
            last = self._last.get(seconds)
            milliseconds = max(round(seconds * 1000), 1)
            if last is None or tick // milliseconds != last[0] // milliseconds:
                due[seconds] = monotonic - last[1] if last is not None else 0.0
        every = not self._patterns or len(self._last) == 0
        return (None if every else lambda row: due.get(self.interval_of(row))), due

    def done(self, tick: int, monotonic: float, due: Mapping[float, float]) -> None:
        """Note that the rows which were due at `tick` are counted."""
        for seconds in due:
            self._last[seconds] = (tick, monotonic)
