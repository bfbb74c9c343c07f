"""The samples that Prometheus has of a host: the window really used, gaps, boots. Pure.

irq_server's samples carry their own time, so that the engine's times are those of its samples.
All moments are Unix milliseconds.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import median_low
from typing import NamedTuple

from ..server.local_time import utc_text
from .api import Series
from .promql import BOOT, CHANGES, INTERVAL

_GAP_INTERVALS = 2.5
"""Two neighbours that are more intervals apart have a gap between them, as in an irq_server."""


class Past(NamedTuple):
    """A host's samples around a window. `first` and `last` are those at its edges."""

    start: int
    end: int
    now: int
    times: Sequence[int]
    """Of all samples from before the window to behind it, rising."""
    first: int
    last: int
    resolution: int
    """The time between two samples."""
    boots: Sequence[int] = ()
    """The first sample of each boot."""
    changes: Sequence[tuple[int, int]] = ()
    """Samples, and the number of affinity changes that each has noticed."""
    note: str = ""
    """Why the counts are not exact."""

    @property
    def seconds(self) -> float:
        """The length of the window that is used."""
        return (self.last - self.first) / 1000

    @property
    def gaps(self) -> list[tuple[int, int]]:
        """The gaps between two samples that are used."""
        inside = [each for each in self.times if self.first <= each <= self.last]
        return [(a, b) for a, b in pairwise(inside) if b - a > self._limit]

    @property
    def _limit(self) -> float:
        return _GAP_INTERVALS * self.resolution

    def is_complete(self) -> bool:
        """Return False if history begins inside, an edge lies in a gap, or the host booted."""
        edges = ((self.start, self.first, self.start), (self.end, self.last, self.now))
        in_gap = any(self._in_gap(*each) for each in edges)
        booted = any(self.first < each <= self.last for each in self.boots)
        return self.first <= self.start and not in_gap and not booted

    def _in_gap(self, edge: int, sample: int, until: int) -> bool:
        place = bisect_right(self.times, sample)
        behind = self.times[place] if place < len(self.times) else max(until, edge)
        return edge > sample and behind - sample > self._limit

    def at(self, edge: int) -> int:
        """Return the sample that is used for the edge of a step."""
        return min(max(self.sample_of(edge), self.first), self.last)

    def sample_of(self, scrape: int) -> int:
        """Return the sample that a scrape brought, the newest before it; 0 for none."""
        place = bisect_right(self.times, scrape)
        return self.times[place - 1] if place else 0

    def window_json(self, is_whole: bool = True) -> dict[str, object]:
        """Return the window as an irq_server gives it; nobody here knows of resets of an IRQ."""
        note = {"note": self.note} if self.note else {}
        return {
            **note,
            "start": utc_text(self.first),
            "end": utc_text(self.last),
            "seconds": self.seconds,
            "samples": sum(self.first <= each <= self.last for each in self.times),
            "complete": is_whole and self.is_complete(),
            "gaps": len(self.gaps),
            "resets": 0,
            "resolution_seconds": self.resolution / 1000,
            "requested": {"start": utc_text(self.start), "end": utc_text(self.end)},
        }


def read_past(found: Iterable[Series], start: int, end: int, now: int) -> Past | None:
    """Return the past of the series CHANGES, BOOT and INTERVAL of a host; None without a sample.

    Where no sample is at or before an edge, the first there is is used, as an irq_server does.
    """
    samples: defaultdict[str, dict[int, float]] = defaultdict(dict)
    for each in found:  # two replicas may both have the series
        samples[each.labels.get("__name__", "")].update(each.samples)
    times = sorted(samples[CHANGES])
    place = bisect_right(times, end)
    if not place:
        return None
    boots = sorted(samples[BOOT].items())
    noticed = [bisect_right(times, b[0]) for a, b in pairwise(boots) if a[1] != b[1]]
    counts = [(at, round(samples[CHANGES][at])) for at in times]
    return Past(
        start,
        end,
        now,
        times,
        first=times[max(bisect_right(times, start) - 1, 0)],
        last=times[place - 1],
        resolution=resolution_of(times, samples[INTERVAL].values()),
        boots=[times[each - 1] for each in noticed if each],
        changes=[(b[0], b[1] - a[1]) for a, b in pairwise(counts) if b[1] > a[1]],
    )


def resolution_of(times: Sequence[int], intervals: Iterable[float] = ()) -> int:
    """Return how far apart samples are: the server's interval, or as many as a scrape spans."""
    spacing = median_low(b - a for a, b in pairwise(times)) if len(times) > 1 else 0
    interval = 1000 * max(intervals, default=0.0)
    return round(interval * max(round(spacing / interval), 1) if interval > 0 else spacing)
