"""Texts that a person writes become values: durations, times, CPU lists, names, URLs. Pure.

Each reader takes the option's name and its text. It raises UsageError with both, and with what was
expected.
"""

import re
from urllib.parse import urlsplit

from ..errors import CommandLineError, UsageError
from ..figures.condition import COMPARISONS, Condition
from ..server.address import is_socket
from ..server.cpu_list import MAX_CPU, CpuList, parse_cpu_list
from ..server.request import checked
from ..server.times import NOW, Duration, Time, parse_duration, parse_time

DEFAULT_PORT = 5000

_SOCKET = re.compile(r"unix:(?=/)[!-\"$&->@-~]{1,107}(?<!/)", re.ASCII)
"""Source: unix(7), a path has at most 107 bytes; ``# % ?`` would be a URL's."""

_CONDITION = re.compile(
    r"\s*(?P<figure>imbalance|rate|(?P<kind>cpu|irq)\s+(?P<name>\S+)\s+rate)\s*"
    r"(?:(?P<comparison>>=|<=|==|!=|>|<|above\s|below\s)\s*"
    r"(?P<number>[0-9]{1,12}(?:\.[0-9]{1,20})?)(?P<unit>[kMG]?)"
    r"(?:\s+for\s+(?P<duration>\S+))?)?\s*",
    re.ASCII,
)
_UNITS = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9}

_CONDITION_FORM = "a condition such as imbalance above 1.5 for 5m, or 'irq eth0-* rate above 50k'"


def read_duration(option: str, text: str) -> Duration:
    """Return a duration of more than 0; ``0.5`` and ``20ms`` are durations too."""
    return checked(option, text, parse_duration)


def read_time(option: str, text: str) -> Time:
    """Return a time: ``now``, ``-15m``, Unix seconds, RFC 3339, or a local time."""
    return checked(option, text, parse_time)


def check_window(period: Duration | None, start: Time | None, end: Time | None) -> None:
    """Raise an error for a window that cannot be.

    CommandLineError: all three are given. UsageError: the start is not before the end, if both are
    absolute or both relative to now. Without an end and a period the window ends now.
    """
    if period is not None and start is not None and end is not None:
        raise CommandLineError("--period, --start and --end contradict each other: give any two")
    last = end or NOW
    if start is None or start.is_ago != last.is_ago or (end is None and period is not None):
        return
    if start.seconds <= last.seconds if start.is_ago else start.seconds >= last.seconds:
        raise UsageError("--start", start.local, f"a time before the end ({last.local})")


def read_cpu_list(option: str, text: str) -> CpuList:
    """Return the CPUs of a list: ``0-3,8``, also ``0-31:2/8``."""
    return checked(option, text, parse_cpu_list)


def read_cpu(option: str, text: str) -> int:
    """Return one CPU's number."""
    if not re.fullmatch("[0-9]{1,5}", text) or int(text) > MAX_CPU:
        raise UsageError(option, text, f"a CPU number, 0 to {MAX_CPU}")
    return int(text)


def read_irq(option: str, text: str) -> str:
    """Return the name of IRQs, in any form that `server.names` lists."""
    return _visible(option, text, "an IRQ such as 36, 36,38-41, NMI, eth0 or 'eth0-*'")


def read_pattern(option: str, text: str) -> str:
    """Return a device as it is written, or a shell pattern."""
    return _visible(option, text, "a device or a shell pattern such as 'eth0-*'")


def read_host(option: str, text: str) -> str:
    """Return the name of a host, or a shell pattern."""
    return _visible(option, text, "a host or a shell pattern such as 'web*'")


def _visible(option: str, text: str, expected: str) -> str:
    """Return a text of 1 to 200 characters, all of them visible, without the blanks around it."""
    if not text.strip() or len(text) > 200 or not text.isprintable():
        raise UsageError(option, text, expected)
    return text.strip()


def read_number(option: str, text: str) -> int:
    """Return a whole number of at least 1."""
    if not re.fullmatch("[0-9]{1,9}", text) or int(text) < 1:
        raise UsageError(option, text, "a whole number of at least 1")
    return int(text)


def read_prometheus(option: str, text: str) -> str:
    """Return the URL of a Prometheus-compatible server, read as `read_server` reads a server's."""
    return read_server(option, text, 9090)


def read_server(option: str, text: str, default_port: int = DEFAULT_PORT) -> str:
    """Return a server's URL without a slash at its end, by a URL, a socket, or ``host[:port]``.

    Refused: another scheme than http, https and unix, a name or password in it (the token has its
    own file), a query, a fragment, a socket's path that is not absolute.
    """
    if is_socket(text):
        if not _SOCKET.fullmatch(text):
            raise UsageError(option, text, "a socket such as unix:/run/irq_server/socket")
        return text
    expected = "a server such as localhost:5000, http://127.0.0.1:5000 or unix:/run/socket"
    url = text
    if "://" not in text:
        is_whole = "/" in text or ":" in text.rpartition("]")[2]
        url = f"http://{text}" if is_whole else f"http://{text}:{default_port}"
    try:
        parts = urlsplit(url)
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
        or not re.fullmatch(r"[!-~]{1,2000}", url)
    ):
        raise UsageError(option, text, expected)
    return url.rstrip("/")


def read_choice(option: str, text: str, choices: tuple[str, ...]) -> str:
    """Return `text` if it is one of `choices`."""
    if text not in choices:
        raise UsageError(option, text, f"one of {' '.join(choices)}")
    return text


def read_condition(option: str, text: str) -> Condition:
    """Return a condition; `figures.condition` shows its form."""
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise UsageError(option, text, _CONDITION_FORM)
    kind, name = match["kind"] or match["figure"], match["name"] or ""
    if kind == "imbalance" and match["unit"]:
        raise UsageError(option, text, "a number without a unit after imbalance")
    comparison, duration = match["comparison"], match["duration"]
    return Condition(
        text=" ".join(text.split()),
        kind=kind,
        name=read_pattern(option, name) if kind == "irq" else name,
        cpus=frozenset(read_cpu_list(option, name).cpus) if kind == "cpu" else frozenset(),
        compare=COMPARISONS[comparison.strip()] if comparison else None,
        limit=float(match["number"] or 0) * _UNITS[match["unit"] or ""],
        seconds=read_duration(option, duration).seconds if duration else 0.0,
    )
