"""The state of a store at a moment, and the window between two moments.

A History reads tiers and events, which the store's one writer extends meanwhile. Any number of
threads may use it, and none waits.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from ..errors import NoSampleError, TimeFormatError
from ..events import Event, Kind
from ..times import format_duration, parse_duration
from .authors import Authors
from .segments.lookup import Reader
from .segments.segment import State
from .segments.survey import Survey, join, survey
from .segments.tier import Tier
from .segments.tier_shape import GAP_INTERVALS, TierShape

NOT_COUNTED = "not counted"
"""In the detail of a gap: the counts meanwhile are lost."""

_RECENT = 4
"""Samples whose states are kept, as most requests need the same ones again."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A moment and the state of all totals then; ``tier`` is where it was read."""

    time: float
    state: State
    tier: TierShape


@dataclass(frozen=True, slots=True)
class Window:
    """Two samples, and the half-open stretch ``(start, end]`` between them.

    ``samples`` counts both edges. ``complete`` is false if the store does not reach back to the
    requested start, a requested edge is in a gap, or counts were lost. ``tier`` names the coarser
    of the tiers in which its edges were found.
    """

    requested_start: float
    requested_end: float
    start: Sample
    end: Sample
    samples: int
    gaps: int
    resets: int
    complete: bool
    resolution_seconds: float
    tier: str

    @property
    def seconds(self) -> float:
        """Return the seconds between its samples."""
        return round(self.end.time - self.start.time, 3)


class History:
    """The samples and events of one store."""

    def __init__(
        self,
        tiers: Sequence[Tier],
        events: Sequence[Event],
        interval: float,
        sums_of: Callable[[State], State] | None = None,
    ) -> None:
        """Take the tiers, the finest first, the events, and the interval set now, in seconds.

        `sums_of` returns the sums of a state, for a store with tiers of sums.
        """
        self._tiers = tuple(tier for tier in tiers if not tier.shape.is_sums)
        self._tiers_with_sums = tuple(
            sorted(tiers, key=lambda tier: (tier.shape.step_seconds, not tier.shape.is_sums))
        )
        self._sums_of = sums_of or dict
        self._by_shape = {tier.shape.name: tier for tier in tiers}
        self._interval_seconds = interval
        self._events: list[Event] = []
        self._dropped = 0, 0.0  # how many events, and those before which moment
        self._authors = Authors()
        self._intervals: list[tuple[float, float]] = []
        self._latest: Sample | None = None
        self._surveyed: dict[tuple[str, float, float], Survey] = {}
        self._recent: dict[tuple[str, float] | None, Sample] = {}
        self.add_events(events)

    def add_events(self, events: Sequence[Event]) -> None:
        """Add events that were just written. The store lets one thread at a time."""
        events = self._authors.fill(events)
        if self._events and min(map(_time_of, events), default=0.0) < self._events[-1].time:
            self._events = sorted([*self._events, *events], key=_time_of)
        else:  # readers may hold the list: it only ever grows at its end
            self._events += sorted(events, key=_time_of)
        intervals = [each for each in events if each.event in (Kind.START, Kind.INTERVAL)]
        seconds = [(each.time, _seconds_in(each.detail)) for each in intervals]
        known = [(time, each) for time, each in seconds if each is not None]
        self._intervals = sorted([*self._intervals, *known])

    def drop_events_before(self, moment: float) -> None:
        """Forget events, as their file was dropped; the intervals that they name stay known."""
        count = bisect_left(self._events, moment, key=_time_of)
        self._events = self._events[count:]
        self._dropped = self._dropped[0] + count, moment

    def set_latest(self, sample: Sample) -> None:
        """Set the sample that was just written. The writer's thread alone calls this."""
        self._latest = sample

    @property
    def newest(self) -> Sample | None:
        """Return the newest sample; None before the first."""
        return self._latest

    @property
    def latest(self) -> Sample:
        """Return the newest sample. Raise NoSampleError."""
        if self._latest is None:
            raise NoSampleError
        return self._latest

    @property
    def events(self) -> Sequence[Event]:
        """Return all events, in the order of time."""
        return self._events

    def events_between(self, start: float, end: float) -> Sequence[Event]:
        """Return the events in ``(start, end]``, in the order of time."""
        events = self._events
        index = bisect_right(events, start, key=_time_of)
        return events[index : bisect_right(events, end, key=_time_of)]

    def events_version(self, start: float, end: float) -> tuple[int, float]:
        """Return what changes if an event up to `end` comes, or one after `start` is dropped."""
        dropped, since = self._dropped
        count = dropped + bisect_right(self._events, end, key=_time_of)
        return count, max(since, start)

    def sample_at(self, moment: float, newest: Sample | None = None, sums: bool = False) -> Sample:
        """Return the last sample at or before `moment`; if there is none, the first there is.

        The finest tier that still reaches back to `moment` answers; with `sums` its tier of sums,
        if there is one. A sample after `newest` does not exist, if it is given. Raise
        NoSampleError.
        """
        recent, latest = self._recent, newest or self.latest
        found = latest if moment >= latest.time else recent.get(self._known_before(moment, sums))
        found = found or _find(self._sources(sums), moment)
        found = found or self._first_sample() or latest
        key = (found.tier.name, found.time)
        if key not in recent:  # a new dictionary, as other threads may read this one
            self._recent = dict(list(recent.items())[1 - _RECENT :]) | {key: found}
        return found

    def _known_before(self, moment: float, sums: bool) -> tuple[str, float] | None:
        """Return tier and time of the sample that sample_at() finds, if no file need be read."""
        for tier in self._tiers_for(sums):
            first = tier.lookup.first
            if first is not None and first <= moment:
                time = tier.lookup.known_before(moment)
                return None if time is None else (tier.shape.name, time)
        return None

    def samples_at(
        self,
        moments: Sequence[float],
        step: float = 0.0,
        sums: bool = False,
        edges: tuple[Sample, Sample] | None = None,
    ) -> Iterator[Sample]:
        """Yield sample_at() of each of rising `moments`, and read each block once.

        `edges` are the samples of the first and the last of them, if they are known. No other one
        is beyond these. Those between come from the coarsest tier whose step divides `step`,
        in seconds, if it reaches back to them. With `sums`, the states are sums, also from tiers of
        sums. The times never fall, also if the writer drops meanwhile what would be read next.
        """
        first, last = edges or (self.sample_at(moments[0]), self.sample_at(moments[-1]))
        sources = self._sources(sums)
        coarse = [each for each in sources if _divides(each.shape.step_seconds, step)]
        coarse.sort(key=lambda each: (-each.shape.step_seconds, not each.shape.is_sums))
        sources = [*coarse, *(each for each in sources if each not in coarse)]
        found: Sample | None
        before: Sample | None = None
        for number, moment in enumerate(moments):
            if number == 0:
                found = first
            elif number == len(moments) - 1 or moment >= last.time:
                found = last
            else:
                found = _find(sources, moment) or self._first_sample()
                found = last if found is None or found.time > last.time else found
            if before is not None and found.time <= before.time:
                found = before  # the same, or the one that followed was dropped meanwhile
            elif sums and not found.tier.is_sums:
                found = replace(found, state=self._sums_of(found.state))
            before = found
            yield found

    def _tiers_for(self, sums: bool) -> tuple[Tier, ...]:
        """Return the tiers, the finest first, with `sums` a tier of sums before the other."""
        return self._tiers_with_sums if sums else self._tiers

    def _sources(self, sums: bool) -> list["_Source"]:
        """Return the tiers that hold samples, in the order of _tiers_for()."""
        firsts = [(tier.lookup.first, tier) for tier in self._tiers_for(sums)]
        return [
            _Source(first, tier.shape, Reader(tier.lookup))
            for first, tier in firsts
            if first is not None
        ]

    def _first_sample(self) -> Sample | None:
        held = [tier for tier in self._tiers if tier.lookup.first is not None]
        for tier in sorted(held, key=lambda each: each.lookup.first or 0.0):
            found = tier.lookup.find_first()
            if found is not None:
                return Sample(*found, tier.shape)
        return None

    def window(
        self,
        start: float,
        end: float,
        now: float,
        newest: Sample | None = None,
        sums: bool = False,
    ) -> Window:
        """Return the window from `start` to `end`; an end after `now` is `now`.

        `newest` is the newest sample at `now`, if the caller took it then: later ones do not exist.
        With `sums`, the state of an edge from a coarser tier may be the sums.
        """
        end, newest = min(end, now), newest or self.latest
        first, last = self.sample_at(start, newest, sums), self.sample_at(end, newest, sums)
        if last.time < first.time:  # the first one's source was dropped meanwhile
            first = min(self.sample_at(start, newest, sums), last, key=_sample_time)
        coarser = max(first.tier, last.tier, key=lambda shape: shape.step_seconds)
        found = self._survey(coarser.name, first.time, last.time)
        events = self.events_between(first.time, last.time)
        lost = any(each.event == Kind.BOOT or NOT_COUNTED in each.detail for each in events)
        in_gap = any(
            self._in_gap(edge, sample, until, sample.time >= newest.time)
            for edge, sample, until in ((start, first, start), (end, last, now))
        )
        return Window(
            requested_start=start,
            requested_end=end,
            start=first,
            end=last,
            samples=found.samples,
            gaps=sum(b - a > self._limit(a, b, coarser) for a, b in found.wide),
            resets=sum(each.event == Kind.RESET for each in events),
            complete=first.time <= start and not lost and not in_gap,
            tier=coarser.age_name,
            resolution_seconds=max(coarser.step_seconds, self.interval_at(last.time)),
        )

    def _survey(self, tier: str, first: float, last: float) -> Survey:
        """Return the survey of the samples from `first` to `last`; the last one always counts."""
        key = (tier, first, last)
        surveyed = self._surveyed
        found = surveyed.get(key)
        if found is None:
            found = self._by_shape[tier].lookup.survey(first, last)
            if found.last != last:
                found = join([found, survey([last])])
            newest = list(surveyed.items())[1 - _RECENT :]
            self._surveyed = dict(newest) | {key: found}
        return found

    def _in_gap(self, edge: float, sample: Sample, until: float, is_newest: bool) -> bool:
        """Return whether the requested `edge` is strictly between two samples a gap apart.

        No sample follows the newest one: there the stretch up to `until` counts.
        """
        if edge <= sample.time:
            return False
        next_after = self._by_shape[sample.tier.name].lookup.next_after
        behind = None if is_newest else next_after(sample.time)
        if behind is None:
            behind = max(until, edge)
        return behind - sample.time > self._limit(sample.time, behind, sample.tier)

    def _limit(self, left: float, right: float, shape: TierShape) -> float:
        """Return the seconds that two neighbours may be apart without a gap."""
        interval = max(self.interval_at(left), self.interval_at(right), shape.step_seconds)
        return GAP_INTERVALS * interval + 0.0005

    def interval_at(self, moment: float) -> float:
        """Return the sampling interval that was set at `moment`, in seconds, by the events."""
        if not self._intervals:
            return self._interval_seconds
        index = bisect_right(self._intervals, (moment, float("inf"))) - 1
        return self._intervals[max(index, 0)][1]


@dataclass(frozen=True, slots=True)
class _Source:
    """A tier's first sample, its shape, and what looks its samples up."""

    first: float
    shape: TierShape
    reader: Reader


def _find(sources: Iterable[_Source], moment: float) -> Sample | None:
    """Return the last sample at or before `moment` from the first source that has one."""
    for each in sources:
        found = each.reader.find(moment) if each.first <= moment else None
        if found is not None:
            return Sample(*found, each.shape)
    return None


def _divides(tier_step: float, step: float) -> bool:
    return 0 < tier_step <= step and round(step * 1000) % round(tier_step * 1000) == 0


def _sample_time(sample: Sample) -> float:
    return sample.time


def _time_of(event: Event) -> float:
    return event.time


def interval_detail(seconds: float) -> str:
    """Return the detail of a ``start`` event, which names the sampling interval."""
    return f"every {format_duration(seconds)}"


def _seconds_in(detail: str) -> float | None:
    """Return the interval at the end of a detail such as ``every 10s`` or ``10s -> 1s``."""
    try:
        return parse_duration(detail.rpartition(" ")[2])
    except TimeFormatError:  # another program's words
        return None
