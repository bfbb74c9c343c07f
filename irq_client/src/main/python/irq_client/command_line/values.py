"""What a person writes -> what is sent: durations, times, CPU lists, names, URLs, windows.

Pure. Each reader takes the option's name and its text, and raises UsageError with both, and with
what would be right. Durations and times are checked here and sent as they were written, so that
``now`` and ``-15m`` are the server's now: its samples carry its clock.
"""

import re
from urllib.parse import urlsplit

from ..errors import CommandLineError, UsageError
from ..server.times import Moment

MAX_SECONDS = 100 * 366 * 86_400
"""The longest duration that is believed, 100 years in seconds."""

MAX_CPU = 2**16 - 1
"""The largest CPU number that is believed; kernels are built for 8,192 CPUs at most (NR_CPUS)."""

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
_UNIX_TIME = re.compile(r"[0-9]{1,11}(?:\.[0-9]{1,9})?", re.ASCII)
_ZONELESS = re.compile(r"\d{4}-\d\d-\d\d([Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?)?", re.ASCII)
_CPU_RANGE = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5})(?::([0-9]{1,5})/([0-9]{1,5}))?)?", re.ASCII)
_SOCKET = re.compile(r"unix:(?=/)[!-\"$&->@-~]{1,107}(?<!/)", re.ASCII)
"""Source: unix(7), a path has at most 107 bytes; ``# % ?`` would be a URL's."""

_IRQ = re.compile(r"[!-9;-~]{1,64}", re.ASCII)

_DURATION_FORM = "a duration such as 90 (seconds), 20ms, 90s, 15m, 2h, 7d or 1w"
_TIME_FORM = "a time such as 2026-01-01T00:00:00Z, 1767225600 (Unix seconds), now or -15m"
_CPU_LIST_FORM = "a CPU list such as 0-3,8"


def duration_seconds(option: str, text: str) -> float:
    """Gives the seconds of a duration, more than 0; ``0.5`` and ``20ms`` are durations too."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise UsageError(option, text, _DURATION_FORM)
    seconds = float(match[1]) * _UNIT_SECONDS[match[2]]
    if not 0 < seconds <= MAX_SECONDS:
        raise UsageError(option, text, "a duration of more than 0 and at most 100 years")
    return seconds


def check_duration(option: str, text: str) -> str:
    """Gives the duration as it was written."""
    duration_seconds(option, text)
    return text


def read_time(option: str, text: str) -> tuple[str, float]:
    """Gives ``("ago", seconds)`` for ``now`` and ``-15m``, else ``("at", Unix seconds)``."""
    if text == "now":
        return "ago", 0.0
    if text.startswith("-"):
        if _DURATION.fullmatch(text[1:]) is None:
            raise UsageError(option, text, _TIME_FORM)
        return "ago", duration_seconds(option, text[1:])
    if _UNIX_TIME.fullmatch(text):
        return "at", float(text)
    if _ZONELESS.fullmatch(text):
        raise UsageError(option, text, "a time with a zone, such as 2026-01-01T00:00:00Z or +01:00")
    try:
        return "at", Moment(text).seconds
    except ValueError:
        raise UsageError(option, text, _TIME_FORM) from None


def check_time(option: str, text: str) -> str:
    """Gives a time as it is sent."""
    read_time(option, text)
    return _as_sent(text)


def check_window(period: str | None, start: str | None, end: str | None) -> list[tuple[str, str]]:
    """Gives the window's query parameters, those that were given.

    Raises UsageError for a value that is wrong, for all three together, and for a start that
    cannot be before its end: both absolute, or both relative to now (where an end is missing and
    no period says otherwise, it is now).
    """
    if period is not None and start is not None and end is not None:
        raise CommandLineError("--period, --start and --end contradict each other: give any two")
    if period is not None:
        check_duration("--period", period)
    first = None if start is None else read_time("--start", start)
    last = ("ago", 0.0) if end is None else read_time("--end", end)
    if first is not None and (end is not None or period is None) and first[0] == last[0]:
        later = first[1] >= last[1] if first[0] == "at" else first[1] <= last[1]
        if later:
            raise UsageError("--start", start or "", f"a time before the end ({end or 'now'})")
    given = {"start": start, "end": end, "period": period}
    return [(name, _as_sent(text)) for name, text in given.items() if text is not None]


def _as_sent(text: str) -> str:
    """Gives RFC 3339's own spelling: ``T`` between date and time, never a blank."""
    return text.replace(" ", "T")


def check_cpu_list(option: str, text: str) -> str:
    """Gives a CPU list as it was written: ``0-3,8``, also ``0-31:2/8``; never an empty one.

    Source: lib/bitmap-str.c (bitmap_parselist) of Linux 6.12.
    """
    for part in text.split(","):
        match = _CPU_RANGE.fullmatch(part.strip(" "))
        if match is None:
            raise UsageError(option, text, _CPU_LIST_FORM)
        first, last = int(match[1]), int(match[2] or match[1])
        used, group = int(match[3] or 1), int(match[4] or 1)
        if last > MAX_CPU:
            raise UsageError(option, text, f"CPU numbers up to {MAX_CPU}")
        if first > last or not 0 < used <= group:
            raise UsageError(option, text, "ranges that rise, such as 0-3")
    return text


def check_cpu(option: str, text: str) -> str:
    """Gives one CPU's number, without leading zeros."""
    if not re.fullmatch("[0-9]{1,5}", text) or int(text) > MAX_CPU:
        raise UsageError(option, text, f"a CPU number, 0 to {MAX_CPU}")
    return str(int(text))


def check_irq(option: str, text: str) -> str:
    """Gives the name of an IRQ: the first column of /proc/interrupts without its colon."""
    if not _IRQ.fullmatch(text) or text in (".", ".."):
        raise UsageError(option, text, "an IRQ such as 36, NMI or THR#2")
    return text


def check_pattern(option: str, text: str) -> str:
    """Gives a shell pattern, not empty and of at most 200 characters, all of them visible."""
    if not 0 < len(text) <= 200 or not text.isprintable():
        raise UsageError(option, text, "a shell pattern such as 'eth0-*'")
    return text


def check_number(option: str, text: str) -> str:
    """Gives a whole number of at least 1."""
    if not re.fullmatch("[0-9]{1,9}", text) or int(text) < 1:
        raise UsageError(option, text, "a whole number of at least 1")
    return str(int(text))


def is_url(text: str) -> bool:
    """Tells whether a text is meant as a URL, not as the name of a server."""
    return "://" in text or is_socket(text)


def is_socket(url: str) -> bool:
    """Tells whether a server's URL names a Unix socket."""
    return url.startswith("unix:")


def check_server(option: str, text: str) -> str:
    """Gives a server's URL without a slash at its end.

    Refused: another scheme than http, https and unix, a name or password in it (the token has its
    own file), a query, a fragment, a socket's path that is not absolute.
    """
    if is_socket(text):
        if not _SOCKET.fullmatch(text):
            raise UsageError(option, text, "a socket such as unix:/run/irq_server/socket")
        return text
    expected = "a URL such as http://127.0.0.1:5000"
    try:
        parts = urlsplit(text)
        usable = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        raise UsageError(option, text, expected) from None
    if "@" in parts.netloc:
        raise UsageError(option, "***", f"{expected}, without a name or password in it")
    if (
        not usable
        or parts.scheme not in ("http", "https")
        or parts.query
        or parts.fragment
        or not re.fullmatch(r"[!-~]{1,2000}", text)
    ):
        raise UsageError(option, text, expected)
    return text.rstrip("/")


def check_choice(option: str, text: str, choices: tuple[str, ...]) -> str:
    """Gives `text` where it is one of `choices`."""
    if text not in choices:
        raise UsageError(option, text, f"one of {' '.join(choices)}")
    return text
