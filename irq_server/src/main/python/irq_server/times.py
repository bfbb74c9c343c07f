"""Moments and durations: between people's text and numbers. Pure.

A moment is Unix seconds, UTC, as a float; a duration is seconds as a float. Everything is kept to
the millisecond. Source of the text forms: RFC 3339, and the words of Prometheus and Graphite for
durations and relative times.
"""

import math
import re
from datetime import UTC, datetime
from functools import lru_cache

from .errors import TimeFormatError

UNIT_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}

MOMENT_FORMS = (
    "an RFC 3339 time with a zone (2026-01-01T00:00:00Z), Unix seconds, now, or relative (-15m)"
)
DURATION_FORMS = "a duration above zero such as 90, 0.5, 20ms, 90s, 15m, 2h, 7d or 1w"

_DURATION = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,20})?)(ms|s|m|h|d|w)?", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,9})?", re.ASCII)
_RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?"
    r"(?:[Zz]|[+-][0-9]{2}:[0-9]{2})",
    re.ASCII,
)
_MAX_MOMENT = 253402300799.0  # 9999-12-31T23:59:59Z, the last that RFC 3339 can write

LATEST_IN_FILES = 2.5e11
"""The year 9892. A file with a later moment is corrupt: other moments must be able to follow."""


def parse_duration(text: str) -> float:
    """Return the seconds of a duration such as ``90``, ``20ms`` or ``2h``.

    Raise TimeFormatError for anything else and for zero.
    """
    match = _DURATION.fullmatch(text.strip())
    seconds = float(match[1]) * UNIT_SECONDS[match[2] or "s"] if match else 0.0
    if seconds <= 0:
        raise TimeFormatError(text, DURATION_FORMS)
    return seconds


def format_duration(seconds: float) -> str:
    """Return the shortest text of a duration that parse_duration reads back: ``10s``, ``20ms``."""
    milliseconds = round(seconds * 1000)
    for unit in ("d", "h", "m", "s"):
        size = round(UNIT_SECONDS[unit] * 1000)
        if milliseconds and milliseconds % size == 0:
            return f"{milliseconds // size}{unit}"
    return f"{milliseconds}ms"


def parse_moment(text: str, now: float) -> float:
    """Return the moment that `text` names; relative ones count from `now`.

    Raise TimeFormatError for anything else, and for a time without a zone.
    """
    words = text.strip()
    if words == "now":
        return now
    if words.startswith("-"):
        try:
            return now - parse_duration(words[1:])
        except TimeFormatError:
            raise TimeFormatError(text, MOMENT_FORMS) from None
    moment = float(words) if _NUMBER.fullmatch(words) else _parse_rfc3339(text)
    if not 0 <= moment <= _MAX_MOMENT:
        raise TimeFormatError(text, MOMENT_FORMS)
    return moment


def _parse_rfc3339(text: str) -> float:
    words = text.strip()
    if not _RFC3339.fullmatch(words):
        raise TimeFormatError(text, MOMENT_FORMS)
    try:
        return datetime.fromisoformat(words.upper()).timestamp()
    except (ValueError, OverflowError):  # a 32nd of January, a zone that leaves the calendar
        raise TimeFormatError(text, MOMENT_FORMS) from None


def format_moment(moment: float) -> str:
    """Return the RFC 3339 text of a moment, UTC, to the millisecond: ``…T00:00:00.000Z``.

    It rounds down, so that a moment never moves beyond itself.
    """
    seconds, milliseconds = divmod(to_milliseconds(moment), 1000)
    return f"{_format_second(seconds)}.{milliseconds:03d}Z"


@lru_cache(maxsize=4096)
def _format_second(seconds: int) -> str:
    """Return the RFC 3339 text of a second, without its zone: answers name the same ones often."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"


def to_milliseconds(moment: float) -> int:
    """Return a moment's milliseconds, rounded down, but not by floating point's error."""
    return math.floor(moment * 1000 + 0.001)


def format_unix(moment: float) -> str:
    """Return a moment in Unix seconds: whole if it is, else with three decimals."""
    return f"{moment:.3f}".removesuffix(".000")
