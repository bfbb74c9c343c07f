"""Local times, as a person reads and writes them, by the zone of the process: TZ, or the host's.

::

    10:00    10:00:30    yesterday 10:00    2026-11-28 10:00    2026-11-28 10:00:00.250 CET

The C library does the arithmetic, so that every zone counts that `date` knows. A clock that is set
back shows some times twice, one that is set forward skips some; the zone's name distinguishes two.
"""

import re
import time
from datetime import date, datetime, timedelta

FORM = (
    "a time such as 10:00 (the last one), 'yesterday 10:00', '2026-11-28 10:00', -15m, now, "
    "2026-11-28T09:00:00Z or Unix seconds"
)
_LOCAL = re.compile(
    r"(?:(?P<day>today|yesterday|\d{4}-\d\d-\d\d)(?:[Tt ](?=\d)|$))?"
    r"(?:(?P<hour>\d\d?):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.(?P<fraction>\d{1,9}))?)?"
    r"(?: (?P<zone>[A-Za-z][A-Za-z0-9]{2,5}|[+-]\d\d(?:\d\d)?))?)?",
    re.ASCII,
)
_DAY = 86_400
_EPOCH = date(1970, 1, 1)
_UTC_NAMES = ("UTC", "GMT")


def local_text(milliseconds: int) -> str:
    """Return a moment in Unix milliseconds: ``2026-11-28 10:00:00 CET``; ``10:00:00.250`` if not 0.

    `parse_local` reads it back.
    """
    seconds, rest = divmod(milliseconds, 1000)
    try:
        fields = time.localtime(seconds)
    except (OverflowError, OSError, ValueError):  # beyond the years of the C library
        return utc_text(milliseconds)
    fraction = f".{rest:03d}" if rest else ""
    return time.strftime("%Y-%m-%d %H:%M:%S", fields) + f"{fraction} {fields.tm_zone}"


def utc_text(milliseconds: int) -> str:
    """Return a moment in RFC 3339: ``2026-11-28T09:00:00Z``."""
    moment = datetime(1970, 1, 1) + timedelta(milliseconds=milliseconds)  # noqa: DTZ001 - of UTC
    return moment.isoformat(timespec="milliseconds").removesuffix(".000") + "Z"


def parse_local(text: str, now: float) -> int:
    """Return the Unix milliseconds of a local time; `now` is in Unix seconds.

    A time without a day is the last one before now. A day without a time is its beginning.
    Raise ValueError with what was expected; of a time that the clock skips or shows twice, with
    the right form.
    """
    match = _LOCAL.fullmatch(text)
    if match is None or not text:
        raise ValueError(FORM)
    zone = match["zone"]
    fraction = int((match["fraction"] or "0")[:3].ljust(3, "0"))
    if match["day"] is None:
        days = [_day("today", zone, now) - back for back in range(3)]
        shown = [each for day in days for each in _moments(_wall(match, day), zone)]
        past = [1000 * each + fraction for each in shown if each + fraction / 1000 <= now]
        if not past:
            raise ValueError(FORM)
        return max(past)
    wall = _wall(match, _day(match["day"], zone, now))
    moments = _moments(wall, zone)
    if not moments and match["hour"] is None:  # the day has no midnight
        return 1000 * _after_gap(wall)
    if len(moments) != 1:
        raise ValueError(_question(text, zone, wall, moments))
    return 1000 * moments[0] + fraction


def _day(text: str, zone: str | None, now: float) -> int:
    """Return the days since 1970 of a date, of today or of yesterday."""
    if text not in ("today", "yesterday"):
        try:
            return (date.fromisoformat(text) - _EPOCH).days
        except ValueError:
            raise ValueError(f"a day that exists, in {FORM}") from None
    today = int(now + (0 if zone in _UTC_NAMES else _offset(int(now)))) // _DAY
    return today - (text == "yesterday")


def _wall(match: re.Match[str], day: int) -> int:
    """Return what the clock on the wall shows, as if it were UTC: Unix seconds."""
    hour, minute, second = (int(match[each] or 0) for each in ("hour", "minute", "second"))
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError(f"a time from 00:00 to 23:59:59, in {FORM}")
    return day * _DAY + hour * 3600 + minute * 60 + second


def _offset(seconds: int) -> int:
    """Return the local time less UTC at a moment, in seconds."""
    return time.localtime(seconds).tm_gmtoff


def _offsets(wall: int) -> tuple[int, ...]:
    """Return the offsets in use about a time of the wall's clock, rising."""
    return tuple(sorted({_offset(wall + shift) for shift in (-_DAY, 0, _DAY)}))


def _moments(wall: int, zone: str | None) -> list[int]:
    """Return the moments at which the clock shows a time, rising: none, one, or two."""
    if zone in _UTC_NAMES:
        return [wall]
    found = [wall - each for each in reversed(_offsets(wall)) if _offset(wall - each) == each]
    return [each for each in found if zone in (None, time.localtime(each).tm_zone)]


def _after_gap(wall: int) -> int:
    """Return the moment that a skipped time would be if the clock had not been set forward."""
    return wall - _offsets(wall)[0]


def _question(text: str, zone: str | None, wall: int, moments: list[int]) -> str:
    """Return the right form of a time that the clock shows twice or never, or not in that zone."""
    if moments:
        return f"one of {' and '.join(repr(local_text(1000 * each)) for each in moments)}"
    there = _moments(wall, None)
    if zone and there:
        return f"a zone that the clock is in then, such as {local_text(1000 * there[0])!r}, or UTC"
    return f"a time that the clock shows: it skips {text}, {local_text(1000 * _after_gap(wall))!r}"
