"""The counts of windows, kept for the next request: dashboards repeat the same ones.

Until the next sample the counts between two samples stay the same.
"""

from collections.abc import Hashable

from .counts import Counts, Filters, count
from .history import Window
from .store import Store
from .sums import count_sums

_KEPT = 8
"""Windows to keep; one of a large machine has some hundred thousand numbers."""


class Counting:
    """Counts windows of one store. Any number of threads may use it."""

    def __init__(self, store: Store) -> None:
        """Take the store."""
        self._store = store
        self._kept: dict[Hashable, Counts] = {}

    def count(self, window: Window, filters: Filters) -> Counts:
        """Return the counts of `window` that pass `filters`; without IRQs if it has sums."""
        start, end = window.start, window.end
        key = (self._store.last_time, start.time, start.tier, end.time, end.tier, filters)
        kept = self._kept
        found = kept.get(key)
        if found is None:
            cpus = self._store.rows.cpus
            if start.tier.is_sums or end.tier.is_sums:
                before, after = self._store.sums_at(start), self._store.sums_at(end)
                found = count_sums(before, after, cpus, filters)
            else:
                rows = self._store.rows.at(end, filters.irqs or ())
                found = count(start.state, end.state, rows, cpus, filters)
            # a new dictionary, as other threads may read this one
            newest = list(kept.items())[1 - _KEPT :]
            self._kept = dict(newest) | {key: found}
        return found
