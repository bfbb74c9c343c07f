"""CPU lists as the kernel writes them: ``0-3,8``, and ``0-31:2/8``, the first 2 of every 8. Pure.

Source: lib/bitmap-str.c (bitmap_parselist) of Linux 6.12.
"""

import re
from typing import NamedTuple

MAX_CPU = 2**16 - 1
"""The largest CPU number accepted; kernels are built for 8,192 CPUs at most (NR_CPUS)."""

_RANGE = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5})(?::([0-9]{1,5})/([0-9]{1,5}))?)?", re.ASCII)


class CpuList(NamedTuple):
    """The CPUs of a list, rising, each once; never none."""

    text: str
    """The list as it was written."""
    cpus: tuple[int, ...]


def parse_cpu_list(text: str) -> CpuList:
    """Return the CPUs of a list. Raise ValueError with what was expected."""
    found: set[int] = set()
    for part in text.split(","):
        match = _RANGE.fullmatch(part.strip(" "))
        if match is None:
            raise ValueError("a CPU list such as 0-3,8")
        first, last = int(match[1]), int(match[2] or match[1])
        used, group = int(match[3] or 1), int(match[4] or 1)
        if last > MAX_CPU:
            raise ValueError(f"CPU numbers up to {MAX_CPU}")
        if first > last or not 0 < used <= group:
            raise ValueError("ranges that rise, such as 0-3")
        found.update(cpu for cpu in range(first, last + 1) if (cpu - first) % group < used)
    return CpuList(text, tuple(sorted(found)))
