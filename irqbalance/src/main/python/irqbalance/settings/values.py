"""A person's words -> values: durations, percentages, numbers, CPU lists, patterns, paths. Pure.

Each function raises ValueError that says what it takes.
"""

import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path

from ..errors import CpuSetError
from ..kernel.cpuset import parse_list
from ..kernel.interrupts import Row

_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,20})?)(ms|s|m|h|d|w)?", re.ASCII)
_UNIT_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604_800, None: 1}
_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,20})?)\s*%?", re.ASCII)
_LONGEST_SECONDS = 366 * 86400
_NUMBERS = re.compile(r"([0-9]{1,9})(?:-([0-9]{1,9}))?", re.ASCII)

EXPECTED = "an IRQ (24), a range (40-47) or a shell pattern on device names (eth0-*)"


def parse_duration(text: str) -> float:
    """Return the seconds of a duration such as ``90``, ``0.5``, ``20ms``, ``15m``, ``1w``."""
    match = _DURATION.fullmatch(text.strip())
    seconds = float(match[1]) * _UNIT_SECONDS[match[2]] if match else 0.0
    if not 0 < seconds <= _LONGEST_SECONDS:
        raise ValueError("a duration above 0, such as 10s, 0.5 or 15m")
    return seconds


def parse_percent(text: str) -> float:
    """Gives the percentage that ``5``, ``2.5`` or ``5%`` stands for."""
    match = _PERCENT.fullmatch(text.strip())
    if match is None or float(match[1]) > 100:
        raise ValueError("a percentage from 0 to 100")
    return float(match[1])


def parse_number(text: str) -> int:
    """Gives a whole number that is not negative."""
    if not re.fullmatch("[0-9]{1,9}", text.strip(), re.ASCII):
        raise ValueError("a whole number, 0 or more")
    return int(text)


def parse_cpus(text: str) -> frozenset[int]:
    """Gives the CPUs of a list that names one at least."""
    try:
        cpus = parse_list(text)
    except CpuSetError as error:
        raise ValueError(error.expected) from error
    if not cpus:
        raise ValueError("a CPU list such as 0-3,8")
    return cpus


def compile_pattern(text: str) -> Callable[[Row], bool]:
    """Gives the test that `text` stands for; raises ValueError, saying what it takes instead.

    ``24`` and ``40-47`` mean IRQ numbers. Anything else is a shell pattern that any of the row's
    action names must match whole, capital letters told from small ones.
    """
    text = text.strip()
    match = _NUMBERS.fullmatch(text)
    if match:
        first, last = int(match[1]), int(match[2] or match[1])
        if first > last:
            raise ValueError(EXPECTED)
        return lambda row: row.is_numbered and first <= int(row.irq) <= last
    if not text:
        raise ValueError(EXPECTED)
    return lambda row: any(fnmatchcase(action, text) for action in row.actions)


def parse_pattern(text: str) -> str:
    """Gives the pattern as it is, once it is known to be one."""
    compile_pattern(text)
    return text


def parse_path(text: str) -> Path:
    """Gives a path."""
    if not text or "\0" in text:
        raise ValueError("a path")
    return Path(text)


def one_of(*words: str) -> Callable[[str], str]:
    """Gives the function that takes these words alone."""

    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(f"one of {', '.join(words)}")
        return text

    return parse
