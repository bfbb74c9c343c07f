"""The kernel's two text forms of a set of CPUs: list (``0-3,8``) and mask (``00ff,ffffffff``).

Inside the program a CPU set is a frozenset of CPU numbers; the text lives at the border.
Source: lib/bitmap-str.c (bitmap_parselist, bitmap_parse, bitmap_print_to_pagebuf) of Linux 6.12.
"""

import re
from collections.abc import Iterable

from ..errors import CpuSetError

MAX_CPU = 2**16 - 1
"""The largest CPU number that is accepted; kernels are built for 8,192 CPUs at most (NR_CPUS)."""

_RANGE = re.compile(r"([0-9]+)(?:-([0-9]+)(?::([0-9]+)/([0-9]+))?)?", re.ASCII)
_MASK_WORD = re.compile(r"[0-9a-fA-F]{1,8}", re.ASCII)
_WORD_BITS = 32


def parse_list(text: str) -> frozenset[int]:
    """Return the CPUs of a list such as ``0-3,8`` or ``0-31:2/8``; an empty text is the empty set.

    Raise CpuSetError for anything else, a range that falls, a CPU beyond MAX_CPU, or ranges that
    together are longer than all CPUs: a short text must not cost long work.
    """
    cpus: set[int] = set()
    room = MAX_CPU + 1
    if not text.strip():
        return frozenset()
    for part in text.split(","):
        match = _RANGE.fullmatch(part.strip())
        if match is None or len(part) > 40:
            raise CpuSetError(text, "a CPU list such as 0-3,8")
        first, last = int(match[1]), int(match[2] or match[1])
        used, group = int(match[3] or 1), int(match[4] or 1)
        if last > MAX_CPU:
            raise CpuSetError(text, f"CPU numbers up to {MAX_CPU}")
        if first > last or not 0 < used <= group:
            raise CpuSetError(text, "ranges that rise, such as 0-3")
        room -= last + 1 - first
        if room < 0:
            raise CpuSetError(text, f"ranges of at most {MAX_CPU + 1} CPUs together")
        cpus.update(cpu for cpu in range(first, last + 1) if (cpu - first) % group < used)
    return frozenset(cpus)


def format_list(cpus: Iterable[int]) -> str:
    """Return the shortest list of `cpus`, as the kernel prints it: ``0-3,8``; ``""`` for none."""
    ranges: list[list[int]] = []
    for cpu in sorted(set(cpus)):
        if ranges and ranges[-1][1] == cpu - 1:
            ranges[-1][1] = cpu
        else:
            ranges.append([cpu, cpu])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)


def parse_mask(text: str) -> frozenset[int]:
    """Return the CPUs of a mask such as ``f`` or ``00ff,ffffffff`` (most significant word first).

    Raise CpuSetError for anything else, also for an empty text and a ``0x``.
    """
    words = text.strip().split(",")
    if not all(_MASK_WORD.fullmatch(word) for word in words):
        raise CpuSetError(text, "a CPU mask such as ff or 00ff,ffffffff")
    bits = 0
    for word in words:
        bits = bits << _WORD_BITS | int(word, 16)
    if bits.bit_length() - 1 > MAX_CPU:
        raise CpuSetError(text, f"CPU numbers up to {MAX_CPU}")
    return frozenset(cpu for cpu in range(bits.bit_length()) if bits >> cpu & 1)
