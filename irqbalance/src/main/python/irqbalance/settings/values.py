"""A person's words become values: durations, percentages, CPU lists, patterns, paths. Pure.

Each function raises a ValueError that says what it expects.
"""

import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from ..errors import CpuSetError
from ..kernel.cpuset import parse_list, parse_mask
from ..kernel.interrupts import Row

_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,20})?)(ms|s|m|h|d|w)?", re.ASCII)
_UNIT_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604_800, None: 1}
_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,20})?)\s*%?", re.ASCII)
_LONGEST_SECONDS = 366 * 86400
_NUMBERS = re.compile(r"([0-9]{1,9})(?:-([0-9]{1,9}))?", re.ASCII)

BANNING = BANNED_LIST, BANNED_MASK = "IRQBALANCE_BANNED_CPULIST", "IRQBALANCE_BANNED_CPUS"
"""The variables that ban CPUs, as the C irqbalance reads them: a list, and a mask."""

_PATTERN = (
    "an IRQ (24), a range (40-47) or a shell pattern on device names (eth0-*), network interfaces"
    " (eth0) or PCI addresses (0000:3b:00.0)"
)


class Pattern(NamedTuple):
    """The IRQs that a person means: these ``numbers``, or a shell pattern on names.

    ``irqs`` are those whose network interface or PCI address the pattern matches. They are known
    once Selection.on_machine() has asked the machine.
    """

    text: str
    numbers: range | None = None
    irqs: frozenset[str] = frozenset()

    @property
    def shown(self) -> str:
        """Return the text for a message: short, and in one line."""
        text = self.text[:60]
        return text if text.isprintable() else repr(text)

    def matches(self, row: Row) -> bool:
        """Return whether the pattern means the IRQ of this row.

        A shell pattern must match any of the action names whole. Upper and lower case differ.
        """
        if self.numbers is not None:
            return row.is_numbered and int(row.irq) in self.numbers
        return row.irq in self.irqs or any(fnmatchcase(each, self.text) for each in row.actions)


def parse_pattern(text: str) -> Pattern:
    """Return the pattern that `text` stands for: ``24``, ``40-47``, or a shell pattern."""
    text = text.strip()
    match = _NUMBERS.fullmatch(text)
    if match is None:
        if not text:
            raise ValueError(_PATTERN)
        return Pattern(text)
    first, last = int(match[1]), int(match[2] or match[1])
    if first > last:
        raise ValueError(_PATTERN)
    return Pattern(text, range(first, last + 1))


def parse_duration(text: str) -> float:
    """Return the seconds of a duration such as ``90``, ``0.5``, ``20ms``, ``15m``, ``1w``."""
    match = _DURATION.fullmatch(text.strip())
    seconds = float(match[1]) * _UNIT_SECONDS[match[2]] if match else 0.0
    if not 0 < seconds <= _LONGEST_SECONDS:
        raise ValueError("a duration above 0, such as 10s, 0.5 or 15m")
    return seconds


def parse_percent(text: str) -> float:
    """Return the percentage that ``5``, ``2.5`` or ``5%`` stands for."""
    match = _PERCENT.fullmatch(text.strip())
    if match is None or float(match[1]) > 100:
        raise ValueError("a percentage from 0 to 100")
    return float(match[1])


def parse_number(text: str) -> int:
    """Return a whole number that is not negative."""
    if not re.fullmatch("[0-9]{1,9}", text.strip(), re.ASCII):
        raise ValueError("a whole number, 0 or more")
    return int(text)


def parse_cpus(text: str) -> frozenset[int]:
    """Return the CPUs of a list that names at least one."""
    try:
        cpus = parse_list(text)
    except CpuSetError as error:
        raise ValueError(error.expected) from error
    if not cpus:
        raise ValueError("a CPU list such as 0-3,8")
    return cpus


def banned_cpus(variable: str, text: str) -> frozenset[int]:
    """Return the CPUs that a variable bans: a list or a mask. A ``-`` bans none, as no text does.

    Raise CpuSetError for another text. Source: OpenShift's node tuning writes ``-`` for no CPU.
    """
    text = text.strip()
    if text in ("", "-"):
        return frozenset()
    return parse_mask(text) if variable == BANNED_MASK else parse_list(text)


def parse_path(text: str) -> Path:
    """Return a path."""
    if not text or "\0" in text:
        raise ValueError("a path")
    return Path(text)


def one_of(*words: str) -> Callable[[str], str]:
    """Return a function that takes one of these words."""

    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(f"one of {', '.join(words)}")
        return text

    return parse
