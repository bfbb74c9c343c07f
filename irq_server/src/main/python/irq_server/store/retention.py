"""Keep a store within its bounds: drop what is too old, and the oldest if all is too large."""

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from .event_log import EventLog
from .segments.files import size_of
from .segments.tier import Tier

BESIDE = ""
"""The name of the files beside the tiers, in the place of a tier's."""


class Bounds:
    """The sizes of a data directory's parts, and the rules by which they are dropped.

    Requests record events beside the sampler, so a lock keeps grew() and measure() apart. The sizes
    are replaced whole, so that a reader needs no lock.
    """

    def __init__(
        self,
        folder: Path,
        tiers: Sequence[Tier],
        events: EventLog,
        retention_seconds: Mapping[str, float],
        max_bytes: int,
        orphans: Sequence[Tier] = (),
    ) -> None:
        """Take the parts, the age at which a tier's samples go, by its name, and the cap.

        `orphans` are tiers on the disk that are not kept any more. They go at the oldest age of
        all, and first of all if the store is too large.
        """
        self._folder = folder
        self._tiers = tuple(tiers)
        self._events = events
        self._sizing = threading.Lock()
        self._sizes: dict[str, int] = {}
        self._orphans = tuple(orphans)
        self._ages = [retention_seconds.get(tier.shape.age_name) for tier in self._tiers]
        self._max_bytes = max_bytes
        self.measure()

    def measure(self) -> None:
        """Measure the sizes on the disk: they fall when segments are packed or go."""
        names = [tier.shape.name for tier in (*self._tiers, *self._orphans)]
        with self._sizing:
            self._measured = self._files()
            sizes = {name: size_of(self._folder / name) for name in names}
            sizes[BESIDE] = size_of(self._folder) - sum(sizes.values())
            self._sizes = sizes

    def _files(self) -> list[object]:
        tiers = (*self._tiers, *self._orphans)
        return [self._events.closed, *(tier.lookup.segments for tier in tiers)]

    def grew(self, name: str, size_bytes: int) -> None:
        """Count the bytes by which a tier, or what is BESIDE them, grew. Any thread may call it."""
        with self._sizing:
            self._sizes = {**self._sizes, name: self._sizes[name] + size_bytes}

    @property
    def size_bytes(self) -> int:
        """Return the size of all files."""
        return sum(self._sizes.values())

    def apply(self, moment: float) -> float | None:
        """Drop what has to go at `moment`: by age, then the oldest of orphans and finer tiers.

        Return since when the events are known, if some were dropped. Raise OSError.
        """
        for tier, age in zip(self._tiers, self._ages, strict=True):
            if age is not None:
                tier.drop_before(moment - age)
        ages = [age for age in self._ages if age is not None]
        oldest = moment - max(ages) if len(ages) == len(self._ages) else None
        for tier in self._orphans:
            if oldest is not None:
                tier.drop_before(oldest)
        events_left = self._events.bound(oldest)
        if self._measured != self._files() or self.size_bytes > self._max_bytes:
            self.measure()
        for tier in (*self._orphans, *self._tiers):
            while self.size_bytes > self._max_bytes and tier.drop_oldest():
                self.measure()
        return events_left

    def holds_seconds(self) -> float | None:
        """Return how long an empty store would take to be full, as each tier grew so far."""
        per_second = 0.0
        for tier in self._tiers:
            first, last = tier.lookup.first, tier.last
            if first is not None and last is not None and last > first:
                per_second += self._sizes[tier.shape.name] / (last - first)
        return round(self._max_bytes / per_second, 1) if per_second else None
