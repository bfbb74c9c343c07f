"""Which IRQs a person means: a number, a range, or a shell pattern on the action names. Pure."""

import re
from collections.abc import Callable
from fnmatch import fnmatchcase

from ..kernel.interrupts import Row

_NUMBERS = re.compile(r"([0-9]{1,9})(?:-([0-9]{1,9}))?", re.ASCII)

EXPECTED = "an IRQ (24), a range (40-47) or a shell pattern on device names (eth0-*)"


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
