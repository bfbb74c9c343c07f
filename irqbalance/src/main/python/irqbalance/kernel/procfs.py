"""Read /proc and /sys, each under a root that may be another folder. Write nothing.

A file is read whole, at once, since it changes between reads. For a file that some kernels do not
have, a function returns None or an empty set, as it says. A file that must exist raises FileError.
"""

import re
import stat
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from ..errors import CpuSetError, FileError, InterruptsFormatError
from .cpuset import parse_list, parse_mask
from .interrupts import Snapshot, parse

TICKS_PER_SECOND = 100
"""The unit of /proc/stat. Source: USER_HZ, include/asm-generic/param.h; the same everywhere now."""

_STAT_CPU = re.compile(r"cpu[0-9]{1,5}", re.ASCII)
_STAT_TICKS = re.compile(r"[0-9]{1,20}", re.ASCII)

LARGEST_BYTES = 2**27
"""No /proc/interrupts is larger: 128 MiB would be 1,000 CPUs by 10,000 IRQs."""

_SMALL_BYTES = 2**20

REREAD_SECONDS = (0.01, 0.02, 0.05, 0.1)
"""The pauses before a live /proc/interrupts is read again, which met a CPU coming or going."""


def read_text(path: Path, largest_bytes: int = _SMALL_BYTES) -> str:
    """Return the text of a file, with replacements for bytes that are not UTF-8.

    Raise FileError if it cannot be read, or is larger than `largest_bytes`.
    """
    try:
        with path.open("rb") as file:
            data = file.read(largest_bytes + 1)
    except OSError as error:
        raise FileError(path, error.strerror or str(error)) from error
    if len(data) > largest_bytes:
        raise FileError(path, f"more than {largest_bytes} bytes")
    return data.decode("utf-8", "replace")


def read_interrupts(path: Path) -> tuple[str, Snapshot]:
    """Return the text of a captured /proc/interrupts, and its snapshot.

    Raise FileError if it cannot be read; with the line, if it is another text.
    """
    text = read_text(path, LARGEST_BYTES)
    try:
        return text, parse(text)
    except InterruptsFormatError as error:
        raise FileError(path, str(error)) from error


class KernelSays(NamedTuple):
    """The files of /proc/irq/N: CPU sets, and whether user space may write them.

    ``affinity`` and ``effective`` are None if the file does not exist or cannot be read.
    ``effective`` is empty if the kernel routes the IRQ to no CPU in particular, or does not record
    to which.
    """

    exists: bool
    writable: bool = True
    affinity: frozenset[int] | None = None
    effective: frozenset[int] | None = None


class Machine(NamedTuple):
    """The two trees of one machine."""

    procfs: Path = Path("/proc")
    sysfs: Path = Path("/sys")

    @property
    def irq_folder(self) -> Path:
        """Return the folder with one folder per IRQ."""
        return self.procfs / "irq"

    def interrupts(self, wait: Callable[[float], object] = time.sleep) -> tuple[str, Snapshot]:
        """Return the text of /proc/interrupts, and its snapshot.

        `wait` and read again, a few times, if a CPU came or went meanwhile. Raise FileError like
        read_interrupts().
        """
        path = self.procfs / "interrupts"
        for pause in REREAD_SECONDS:
            text = read_text(path, LARGEST_BYTES)
            try:
                return text, parse(text)
            except InterruptsFormatError:
                wait(pause)
        return read_interrupts(path)

    def kernel_says(self, irqs: Iterable[str]) -> dict[str, KernelSays]:
        """Return what /proc/irq/N says of each of the numbered `irqs`."""
        return {irq: self._kernel_says(self.irq_folder / irq) for irq in irqs}

    def _kernel_says(self, folder: Path) -> KernelSays:
        # Since Linux 6.12 the mode of the files says which IRQs user space may move. os.access
        # cannot find that out: root passes it for read-only files too.
        modes = [_mode(folder / name) for name in ("smp_affinity_list", "smp_affinity")]
        if modes[0] is None:
            return KernelSays(exists=False)
        return KernelSays(
            exists=True,
            writable=all(mode is None or mode & 0o222 for mode in modes),
            affinity=self.affinity(folder.name),
            effective=self.effective_affinity(folder.name),
        )

    def affinity(self, irq: str) -> frozenset[int] | None:
        """Return the CPUs that an IRQ may go to, None if the kernel does not say."""
        return _cpus_or_none(self.irq_folder / irq / "smp_affinity_list", parse_list)

    def effective_affinity(self, irq: str) -> frozenset[int] | None:
        """Return the CPUs where the kernel really sends an IRQ, None if it does not say.

        Some interrupt controllers' drivers do not (CONFIG_GENERIC_IRQ_EFFECTIVE_AFF_MASK).
        """
        folder = self.irq_folder / irq
        found = _cpus_or_none(folder / "effective_affinity_list", parse_list)
        if found is None:
            found = _cpus_or_none(folder / "effective_affinity", parse_mask)
        return found

    def online(self) -> frozenset[int] | None:
        """Return the online CPUs, None if /sys does not say."""
        return _cpus_or_none(self._cpu_folder / "online", parse_list)

    def isolated(self) -> dict[str, frozenset[int]]:
        """Return the CPUs that are kept free of other work, by what keeps them free.

        The set is empty if a file is missing or holds another text. Without CONFIG_NO_HZ_FULL there
        is no ``nohz_full``, and with it the file may hold ``(null)``. Since Linux 6.9 the root
        cgroup, and no other, shows run-time isolation. Source: kernel/cgroup/cpuset.c.
        """
        cgroup = self.sysfs / "fs" / "cgroup"
        partitions = [
            _cpus_or_none(folder / "cpuset.cpus.isolated", parse_list) or frozenset()
            for folder in (cgroup, cgroup / "unified")
        ]
        return {
            "isolated": _cpus_or_none(self._cpu_folder / "isolated", parse_list) or frozenset(),
            "nohz_full": _cpus_or_none(self._cpu_folder / "nohz_full", parse_list) or frozenset(),
            "in an isolated cgroup": frozenset().union(*partitions),
        }

    @property
    def _cpu_folder(self) -> Path:
        return self.sysfs / "devices" / "system" / "cpu"

    def boot(self) -> str:
        """Return the id of this boot, else its time, else ``""``."""
        try:
            return read_text(self.procfs / "sys" / "kernel" / "random" / "boot_id").strip()
        except FileError:
            pass
        try:
            lines = read_text(self.procfs / "stat").splitlines()
        except FileError:
            return ""
        return next((line for line in lines if line.startswith("btime ")), "")

    def interrupt_seconds(self) -> dict[int, float]:
        """Return the seconds since boot that each online CPU spent on interrupts and softirqs.

        Raise FileError if /proc/stat cannot be read or holds another text.
        Source: fs/proc/stat.c; columns user nice system idle iowait irq softirq.
        """
        path = self.procfs / "stat"
        found = {}
        for line in read_text(path).splitlines():
            name, *fields = line.split() or [""]
            if _STAT_CPU.fullmatch(name):
                if len(fields) < 7 or not all(map(_STAT_TICKS.fullmatch, fields[:7])):
                    problem = f"expected seven numbers after {name}, found {line[:60]!r}"
                    raise FileError(path, problem)
                found[int(name[3:])] = (int(fields[5]) + int(fields[6])) / TICKS_PER_SECOND
        return found


def _mode(path: Path) -> int | None:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return None


def _cpus_or_none(path: Path, parse_text: Callable[[str], frozenset[int]]) -> frozenset[int] | None:
    try:
        return parse_text(read_text(path))
    except (FileError, CpuSetError):
        return None
