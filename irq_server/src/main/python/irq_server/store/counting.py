"""Counts of the windows that are asked for again and again, worked out once.

Until the next sample, the counts between two samples stay what they are, whoever asks and however
often: dashboards and collectors ask for the same windows all the time.
"""

from collections.abc import Hashable

from .counts import Counts, Filters, count
from .history import Window
from .store import Store

_KEPT = 8
"""Windows that are remembered; one of a large machine has some hundred thousand numbers."""


class Counting:
    """Counts what fired in windows of one store. May be asked by many threads at once."""

    def __init__(self, store: Store) -> None:
        """Takes the store."""
        self._store = store
        self._kept: dict[Hashable, Counts] = {}

    def count(self, window: Window, filters: Filters) -> Counts:
        """Gives what passes `filters` of what fired in `window`."""
        start, end = window.start, window.end
        key = (self._store.last_time, start.time, start.tier, end.time, end.tier, filters)
        kept = self._kept
        found = kept.get(key)
        if found is None:
            rows = self._store.rows.at(end, filters.irqs or ())
            found = count(start.state, end.state, rows, self._store.rows.cpus, filters)
            # a new dictionary, as other threads may read this one
            newest = list(kept.items())[1 - _KEPT :]
            self._kept = dict(newest) | {key: found}
        return found
