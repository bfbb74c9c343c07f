"""Patterns that a person writes -> the IRQs that they name. Pure."""

import re
from fnmatch import fnmatchcase

_RANGE = re.compile(r"([0-9]{1,6})-([0-9]{1,6})", re.ASCII)


def is_pattern(text: str) -> bool:
    """Return True if a text may name several IRQs: ``eth0-*``, ``4?``, ``[ab]*``, ``40-47``."""
    return any(character in text for character in "*?[") or bool(_RANGE.fullmatch(text))


def matches(pattern: str, irq: str, device: str) -> bool:
    """Return True if a pattern names an IRQ: by its name, its number, or any of its action names.

    `device` holds the action names as the kernel joins them: ``i801_smbus, snd_hda_intel:card0``.
    """
    if bounds := _RANGE.fullmatch(pattern):
        number = irq.partition("#")[0]
        return number.isdecimal() and int(bounds[1]) <= int(number) <= int(bounds[2])
    names = (irq, device, *device.split(", "))
    return any(fnmatchcase(name, pattern) for name in names if name)
