"""Texts of settings -> values. Pure. Each function raises ValueError with the form it expects."""

import ipaddress
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from ..errors import TimeFormatError
from ..store.segments.tier_shape import shape_of
from ..times import parse_duration

MIN_INTERVAL_SECONDS = 0.01
MAX_INTERVAL_SECONDS = 86400.0
MIN_SIZE_BYTES = 64 * 1024
DEFAULT_RETENTION = "raw=7d,1m=30d,1h=365d"

_DEFAULT_AGES = {"raw": 7 * 86400.0, "1m": 30 * 86400.0, "1h": 365 * 86400.0}
_ORIGIN = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?", re.ASCII)
_SIZE = re.compile(r"([0-9]{1,12})\s*([KMGT]i?)?B?", re.ASCII | re.IGNORECASE)


def port(text: str) -> int:
    """Return a TCP port; 0 stands for a free one."""
    if not (text.isdecimal() and text.isascii()) or len(text) > 5 or int(text) > 65535:
        raise ValueError("a port from 0 (a free one) to 65535")
    return int(text)


def series(text: str) -> int:
    """Return a number of series."""
    if not (text.isdecimal() and text.isascii()) or len(text) > 6:
        raise ValueError("a number from 0 to 999999")
    return int(text)


def host(text: str) -> str:
    """Return the name or the address of a host."""
    if not text or any(each.isspace() for each in text):
        raise ValueError("a host name or an address")
    return text


def host_names(text: str) -> tuple[str, ...]:
    """Return the host names of a list with commas."""
    names = tuple(_parts(text))
    if any(character in "/:[] " for name in names for character in name):
        raise ValueError("host names without ports such as irq.example.org")
    return names


def file_mode(text: str) -> int:
    """Return the mode of a file, written in octal digits."""
    if not re.fullmatch(r"0?[0-7]{3}", text, re.ASCII):
        raise ValueError("a mode in octal digits such as 0660")
    return int(text, 8)


def proxy(text: str) -> str:
    """Return the address of a proxy in its usual form, ``unix``, or nothing for no proxy."""
    if text in ("", "unix"):
        return text
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise ValueError("the address of a proxy such as 127.0.0.1, or unix") from None


def user(text: str) -> str:
    """Return the name of a user, or nothing; the start looks it up."""
    if any(character.isspace() or character == ":" for character in text):
        raise ValueError("the name of a user")
    return text


def origins(text: str) -> frozenset[str]:
    """Return the origins of a list with commas, as browsers write them: ``https://host:port``."""
    found = frozenset(_parts(text))
    if not all(map(_ORIGIN.fullmatch, found)):
        raise ValueError("origins as browsers send them such as https://dash.example.org:8443")
    return found


def interval(text: str) -> float:
    """Return the seconds between two samples."""
    try:
        seconds = round(parse_duration(text), 3)
    except TimeFormatError as error:
        raise ValueError(error.expected) from error
    if not MIN_INTERVAL_SECONDS <= seconds <= MAX_INTERVAL_SECONDS:
        raise ValueError("a duration from 10ms to 1d")
    return seconds


def intervals(text: str) -> dict[str, float]:
    """Return the seconds between two samples by pattern, in the order of the text."""
    found = {}
    for part in _parts(text):
        pattern, equals, duration = part.rpartition("=")
        if not equals or not pattern:
            raise ValueError("patterns with their intervals such as eth0-*=1s,LOC=1m")
        found[pattern] = interval(duration)
    return found


def retention(text: str) -> dict[str, float]:
    """Return the age, seconds, at which samples go, by tier; tiers not in the text have theirs."""
    ages = dict(_DEFAULT_AGES)
    for part in text.split(","):
        tier, equals, age = part.strip().partition("=")
        try:
            if not equals:
                raise TimeFormatError(part, "")
            ages[shape_of(tier).name] = parse_duration(age)
        except TimeFormatError as error:
            raise ValueError(f"ages such as {DEFAULT_RETENTION}") from error
    return ages


def size(text: str) -> int:
    """Return bytes."""
    match = _SIZE.fullmatch(text.strip())
    unit = (match[2] or "") if match else ""
    factor = 1024 if unit.lower().endswith("i") else 1000
    power = " KMGT".index(unit[0].upper()) if unit else 0
    found = int(match[1]) * factor**power if match else 0
    if found < MIN_SIZE_BYTES:
        raise ValueError("a size of at least 64KiB such as 500MB or 1GiB")
    return found


def one_of(words: str) -> Callable[[str], str]:
    """Return a function that takes one of the words in ``a|b|c`` alone."""
    *most, last = words.split("|")

    def convert(text: str) -> str:
        if text not in (*most, last):
            raise ValueError(f"{', '.join(most)} or {last}")
        return text

    return convert


def log_place(text: str) -> str:
    """Return where the log goes: ``auto``, ``stderr``, ``syslog`` or ``syslog:SOCKET``."""
    if text in ("auto", "stderr", "syslog") or text.startswith("syslog:/"):
        return text
    raise ValueError("auto, stderr, syslog or syslog:/SOCKET")


def switch(text: str) -> bool:
    """Return whether something is on."""
    if text.lower() not in ("true", "false", "1", "0", "yes", "no"):
        raise ValueError("true or false")
    return text.lower() in ("true", "1", "yes")


def folder(text: str) -> Path:
    """Return the path of a directory, which need not exist; ``~`` is a home."""
    return _path(text, "a directory")


def optional_file(text: str) -> Path | None:
    """Return the path of a file, None for no text; ``~`` is a home."""
    return _path(text, "a file") if text else None


def _parts(text: str) -> Iterator[str]:
    """Return the parts between commas, without empty ones."""
    return filter(None, map(str.strip, text.split(",")))


def _path(text: str, expected: str) -> Path:
    if not text or "\0" in text:
        raise ValueError(expected)
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise ValueError(f"{expected} of a user who has a home") from error
