"""Patterns and CPU lists that a person writes -> what they name. Pure."""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase

_RANGE = re.compile(r"([0-9]{1,6})-([0-9]{1,6})", re.ASCII)
_CPU_RANGE = re.compile(r"(\d+)(?:-(\d+)(?::(\d+)/(\d+))?)?", re.ASCII)


def is_pattern(text: str) -> bool:
    """Tells whether a text may name several IRQs: ``eth0-*``, ``4?``, ``[ab]*``, ``40-47``."""
    return any(character in text for character in "*?[") or bool(_RANGE.fullmatch(text))


def matches(pattern: str, irq: str, device: str) -> bool:
    """Tells whether a pattern names an IRQ: by its name, its number, or any of its action names.

    `device` holds the action names as the kernel joins them: ``i801_smbus, snd_hda_intel:card0``.
    """
    if bounds := _RANGE.fullmatch(pattern):
        number = irq.partition("#")[0]
        return number.isdecimal() and int(bounds[1]) <= int(number) <= int(bounds[2])
    names = (irq, device, *device.split(", "))
    return any(fnmatchcase(name, pattern) for name in names if name)


def cpu_numbers(cpu_list: str) -> list[int]:
    """Gives the CPUs of a list that was checked, rising, each once: ``0-2,8`` is 0, 1, 2, 8.

    Source: lib/bitmap-str.c of Linux 6.12; ``0-31:2/8`` is the first 2 of every 8.
    """
    found: set[int] = set()
    for part in cpu_list.split(","):
        match = _CPU_RANGE.fullmatch(part.strip())
        if match is None:
            raise ValueError(f"not a CPU list: {cpu_list[:80]!r}")
        first, last = int(match[1]), int(match[2] or match[1])
        used, group = int(match[3] or 1), int(match[4] or 1)
        found.update(cpu for cpu in range(first, last + 1) if (cpu - first) % group < used)
    return sorted(found)


def spread(irqs: Iterable[str], cpus: list[int]) -> list[tuple[str, str]]:
    """Gives each IRQ, in order, the next of the CPUs (at least one), from the first again."""
    return [(irq, str(cpus[place % len(cpus)])) for place, irq in enumerate(irqs)]
