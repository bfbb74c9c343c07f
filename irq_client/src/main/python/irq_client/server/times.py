"""Moments in answers, times and durations in requests, and their texts. Each is parsed once.

A moment is an RFC 3339 time: ``2026-01-01T00:00:00.250Z`` is the Unix second 1767225600.25.

Source: RFC 3339, section 5.6 (date-time).
"""

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from . import local_time

MAX_SECONDS = 100 * 366 * 86_400
"""The longest duration accepted, 100 years in seconds."""

_DATE_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_UNIX_TIME = re.compile(r"[0-9]{1,11}(?:\.[0-9]{1,9})?", re.ASCII)
_DURATION = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,20})?)(ms|s|m|h|d|w)?", re.ASCII)
_UNIT_SECONDS = {
    None: 1.0,
    "ms": 0.001,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
    "d": 86_400.0,
    "w": 604_800.0,
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Moment(str):
    """An RFC 3339 time as it was written, parsed once.

    Raises ValueError for anything else, a time without a zone and a day that does not exist
    included. A leap second's :60 is refused, since Unix time has none.
    """

    __slots__ = ("milliseconds",)

    milliseconds: int
    """Whole milliseconds since 1970 UTC; finer digits are cut off."""

    def __new__(cls, text: str) -> "Moment":
        """Parse a text. Raise ValueError."""
        match = _DATE_TIME.fullmatch(text)
        if match is None:
            raise ValueError(f"not an RFC 3339 time: {text[:80]!r}")
        zone = "+00:00" if match[4] in "Zz" else match[4]
        whole = datetime.fromisoformat(f"{match[1]}T{match[2]}{zone}") - _EPOCH
        moment = super().__new__(cls, text)
        fraction = int((match[3] or "0")[:3].ljust(3, "0"))
        moment.milliseconds = (whole.days * 86_400 + whole.seconds) * 1000 + fraction
        return moment

    @property
    def seconds(self) -> float:
        """The Unix seconds."""
        return self.milliseconds / 1000

    @property
    def unix_text(self) -> str:
        """The Unix seconds as CSV holds them: ``1767225600``, or ``1767225600.250``."""
        sign, size = ("-" if self.milliseconds < 0 else ""), abs(self.milliseconds)
        seconds, rest = divmod(size, 1000)
        return f"{sign}{seconds}.{rest:03d}" if rest else f"{sign}{seconds}"

    @property
    def local(self) -> str:
        """The reader's local time with its zone: ``2026-01-01 01:00:00 CET``."""
        return local_time.local_text(self.milliseconds)


def edges_text(start: Moment, end: Moment) -> str:
    """Return two moments, what they share once: ``2026-01-01 01:00:00 .. 01:15:00 CET``."""
    first, last = start.local.split(" "), end.local.split(" ")
    if first[2] == last[2]:
        first.pop()
    if first[0] == last[0]:
        last.pop(0)
    return f"{' '.join(first)} .. {' '.join(last)}"


class Duration(NamedTuple):
    """A length of time in a request: its text, as it is sent, and its seconds."""

    text: str
    seconds: float

    @classmethod
    def exactly(cls, seconds: float) -> "Duration":
        """Return a duration by its seconds, to the millisecond."""
        return cls(f"{seconds:.3f}", seconds)


class Time(NamedTuple):
    """A time in a request: its text, as it is sent, and its meaning.

    ``-15m`` and ``now`` are sent as they are: the server's samples carry the server's clock.
    """

    text: str
    seconds: float
    """Unix seconds, or seconds before now."""
    is_ago: bool = False

    @property
    def local(self) -> str:
        """The time for people: local if it is absolute, else as it was written."""
        return self.text if self.is_ago else local_time.local_text(round(self.seconds * 1000))

    @classmethod
    def at(cls, unix_seconds: float) -> "Time":
        """Return a time by its Unix seconds, to the millisecond."""
        return cls(f"{unix_seconds:.3f}", unix_seconds)

    @classmethod
    def of(cls, moment: Moment) -> "Time":
        """Return the time of a moment that a server named."""
        return cls(moment, moment.seconds)


NOW = Time("now", 0.0, is_ago=True)


def parse_duration(text: str) -> Duration:
    """Return a duration of more than 0: ``90``, ``20ms``, ``0.5h``.

    Raise ValueError with what was expected.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError("a duration such as 90 (seconds), 20ms, 90s, 15m, 2h, 7d or 1w")
    seconds = float(match[1]) * _UNIT_SECONDS[match[2]]
    if not 0 < seconds <= MAX_SECONDS:
        raise ValueError("a duration of more than 0 and at most 100 years")
    return Duration(text, seconds)


def parse_time(text: str, clock: Callable[[], float] = time.time) -> Time:
    """Return a time: ``now``, ``-15m``, Unix seconds, RFC 3339, or a local time.

    A local time is one of `local_time`, by the zone of this process; `clock` gives the Unix
    seconds of now. Raise ValueError with what was expected.
    """
    if text == "now":
        return NOW
    if _DURATION.fullmatch(text.removeprefix("-")) and text.startswith("-"):
        return Time(text, parse_duration(text[1:]).seconds, is_ago=True)
    if _UNIX_TIME.fullmatch(text):
        return Time(text, float(text))
    try:
        # RFC 3339's own spelling is sent: T between date and time, never a blank
        return Time.of(Moment(text.replace(" ", "T")))
    except ValueError:
        return Time.of(Moment(local_time.utc_text(local_time.parse_local(text, clock()))))
