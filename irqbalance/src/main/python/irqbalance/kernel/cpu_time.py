"""The CPU time that interrupts take: /proc/stat and /proc/softirqs. Write nothing.

::

    cpu0 1847 0 2210 91340 120 35 88 0 0 0

                        CPU0       CPU1
          NET_RX:       8123         40

The sixth and seventh number of /proc/stat are ticks in hard interrupts and in softirqs. The file
has the online CPUs. /proc/softirqs has how often each kind ran, for all possible CPUs. Its numbers
are 32 bits wide, and wrap. Source: fs/proc/stat.c, fs/proc/softirqs.c, include/linux/kernel_stat.h.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from ..errors import FileError
from .interrupts import CELL_MODULUS
from .procfs import LARGEST_BYTES, Machine, read_text

TICKS_PER_SECOND = 100
"""The unit of /proc/stat. Source: USER_HZ, include/asm-generic/param.h; the same everywhere now."""

_STAT_CPU = re.compile(r"cpu[0-9]{1,5}", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,20}", re.ASCII)
_HEADER_CPU = re.compile(r"CPU[0-9]{1,5}", re.ASCII)


class CpuTime(NamedTuple):
    """The seconds of one CPU in hard interrupts and in softirqs, and how often each kind ran.

    It counts since boot, or during a measurement. ``softirqs`` is empty if unknown.
    """

    hard: float
    soft: float
    softirqs: Mapping[str, int] = MappingProxyType({})


def read_cpu_times(machine: Machine) -> dict[int, CpuTime]:
    """Return the times of each online CPU since boot.

    Raise FileError if /proc/stat cannot be read or holds another text. A /proc/softirqs of that
    kind is unknown.
    """
    path = machine.procfs / "stat"
    softirqs = _read_softirqs(machine)
    found = {}
    for line in read_text(path, LARGEST_BYTES).splitlines():
        name, *fields = line.split() or [""]
        if _STAT_CPU.fullmatch(name):
            if len(fields) < 7 or not all(map(_NUMBER.fullmatch, fields[:7])):
                problem = f"expected seven numbers after {name}, found {line[:60]!r}"
                raise FileError(path, problem)
            hard, soft = (int(field) / TICKS_PER_SECOND for field in fields[5:7])
            cpu = int(name[3:])
            found[cpu] = CpuTime(hard, soft, softirqs.get(cpu, {}))
    return found


def _read_softirqs(machine: Machine) -> dict[int, dict[str, int]]:
    """Return how often each kind of softirq ran on each CPU; empty if the file is another one."""
    try:
        header, *lines = read_text(machine.procfs / "softirqs", LARGEST_BYTES).splitlines() or [""]
    except FileError:
        return {}
    names = header.split()
    if not names or not all(map(_HEADER_CPU.fullmatch, names)):
        return {}
    found: dict[int, dict[str, int]] = {int(name[3:]): {} for name in names}
    for line in lines:
        kind, _, cells = line.partition(":")
        counts = cells.split()
        if len(counts) != len(names) or not all(map(_NUMBER.fullmatch, counts)):
            return {}
        for name, count in zip(names, counts, strict=True):
            found[int(name[3:])][kind.strip()] = int(count)
    return found


def spent(earlier: Mapping[int, CpuTime], later: Mapping[int, CpuTime]) -> dict[int, CpuTime]:
    """Return what each CPU of both readings spent between them, never less than nothing."""
    return {
        cpu: CpuTime(
            max(0.0, now.hard - earlier[cpu].hard),
            max(0.0, now.soft - earlier[cpu].soft),
            {
                kind: (count - earlier[cpu].softirqs[kind]) % CELL_MODULUS
                for kind, count in now.softirqs.items()
                if kind in earlier[cpu].softirqs
            },
        )
        for cpu, now in later.items()
        if cpu in earlier
    }
