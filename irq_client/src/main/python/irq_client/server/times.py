"""Moments in answers, and times and durations in requests.

A moment is an RFC 3339 time: ``2026-01-01T00:00:00.250Z`` is the Unix second 1767225600.25.

Source: RFC 3339, section 5.6 (date-time).
"""

import re
from datetime import UTC, datetime
from typing import NamedTuple

_DATE_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
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

    @classmethod
    def at(cls, unix_seconds: float) -> "Time":
        """Return a time by its Unix seconds, to the millisecond."""
        return cls(f"{unix_seconds:.3f}", unix_seconds)

    @classmethod
    def of(cls, moment: Moment) -> "Time":
        """Return the time of a moment that a server named."""
        return cls(moment, moment.seconds)
