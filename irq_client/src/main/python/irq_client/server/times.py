"""RFC 3339 times <-> Unix seconds: ``2026-01-01T00:00:00.250Z`` is 1767225600.25.

Source: RFC 3339, section 5.6 (date-time).
"""

import re
from datetime import UTC, datetime

_DATE_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def unix_milliseconds(text: str) -> int:
    """Gives the whole milliseconds since 1970 UTC of an RFC 3339 time, finer digits cut off.

    Raises ValueError for anything else, a time without a zone and a day that does not exist
    included. A leap second's :60 is not taken, since Unix time has none.
    """
    match = _DATE_TIME.fullmatch(text)
    if match is None:
        raise ValueError(f"not an RFC 3339 time: {text[:80]!r}")
    zone = "+00:00" if match[4] in "Zz" else match[4]
    whole = datetime.fromisoformat(f"{match[1]}T{match[2]}{zone}") - _EPOCH
    milliseconds = int((match[3] or "0")[:3].ljust(3, "0"))
    return (whole.days * 86_400 + whole.seconds) * 1000 + milliseconds


def unix_text(text: str) -> str:
    """Gives the Unix seconds of an RFC 3339 time as CSV holds them.

    Whole where the time is (``1767225600``), else with three decimals (``1767225600.250``).
    """
    milliseconds = unix_milliseconds(text)
    sign, size = ("-" if milliseconds < 0 else ""), abs(milliseconds)
    seconds, rest = divmod(size, 1000)
    return f"{sign}{seconds}.{rest:03d}" if rest else f"{sign}{seconds}"
