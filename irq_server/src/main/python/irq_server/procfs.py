"""Reads what the server needs below the roots of /proc and /sys. The only module that does.

A captured tree, or a host's tree mounted into a container, works in their place.
"""

import os
import stat
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from .cpuset import format_list, parse_list
from .errors import AffinityError, CpuSetError, InterruptsFormatError, ProcfsError
from .interrupts import parse

_MAX_LIST_BYTES = 65536  # the longest list of 8,192 CPUs, every other one, has 20 KB


@dataclass(frozen=True, slots=True)
class Affinity:
    """Where an IRQ may go and where the kernel sends it, as CPU lists.

    ``effective`` is None where the kernel does not tell: no such file (powerpc, s390x) or an empty
    one (per-CPU IRQs). ``writable`` is whether the file's mode lets root write it (0444 since
    Linux 6.12 where only the kernel places the IRQ).
    """

    affinity: str
    effective: str | None
    writable: bool

    @property
    def is_pending(self) -> bool:
        """Whether the kernel still sends the IRQ elsewhere, until its next interrupt."""
        if not self.effective:
            return False
        return not parse_list(self.effective) <= parse_list(self.affinity)


class Procfs:
    """The files below one root of /proc."""

    def __init__(self, root: Path) -> None:
        """Takes the root, ``/proc`` or a tree in its place."""
        self._root = root
        self._interrupts = os.fspath(root / "interrupts")
        self._irqs = os.fspath(root / "irq")

    def read_interrupts(self) -> str:
        """Gives the text of /proc/interrupts, in one read. Raises OSError."""
        with open(self._interrupts, "rb", buffering=0) as file:  # noqa: PTH123 - the hot path
            return file.readall().decode(errors="replace")

    def check(self) -> None:
        """Raises ProcfsError unless the counters can be read and understood."""
        path = Path(self._interrupts)
        try:
            parse(self.read_interrupts())
        except OSError as error:
            raise ProcfsError(path, error.strerror or str(error)) from error
        except InterruptsFormatError as error:
            raise ProcfsError(path, str(error)) from error

    def read_boot_id(self) -> str:
        """Gives a text that differs from boot to boot; ``""`` where the tree has none.

        Raises OSError where it cannot be read just now: another text would be another boot.
        Source: Documentation/admin-guide/sysctl/kernel.rst, random/boot_id; proc(5), stat, btime.
        """
        try:
            path = self._root / "sys/kernel/random/boot_id"
            return path.read_text(errors="replace").strip()
        except (FileNotFoundError, PermissionError):
            return self._read_boot_time()

    def _read_boot_time(self) -> str:
        try:
            lines = (self._root / "stat").read_text(errors="replace").splitlines()
        except (FileNotFoundError, PermissionError):
            return ""
        return next((line for line in lines if line.startswith("btime ")), "")

    def read_affinity(self, irq: str) -> Affinity:
        """Gives the affinity of a numbered IRQ. Raises AffinityError where it has none.

        Source: Documentation/core-api/irq/irq-affinity.rst.
        """
        affinity = self.read_affinity_list(irq)
        folder = self._root / "irq" / irq
        try:
            mode = stat.S_IMODE((folder / "smp_affinity_list").stat().st_mode)
            return Affinity(affinity, self._read_effective(folder), bool(mode & 0o200))
        except (OSError, CpuSetError) as error:
            raise AffinityError(irq, f"its affinity cannot be read: {error}") from error

    def affinity_path(self, irq: str) -> str:
        """Gives the path of the file with the CPU list that a numbered IRQ may go to."""
        return f"{self._irqs}/{irq}/smp_affinity_list"

    def read_affinity_list(self, irq: str) -> str:
        """Gives the CPU list that an IRQ may go to. Raises AffinityError where it has none."""
        try:
            # a thousand of these are read every ten seconds: no buffer, no text layer
            descriptor = os.open(self.affinity_path(irq), os.O_RDONLY)
            try:
                text = os.read(descriptor, _MAX_LIST_BYTES)
            finally:
                os.close(descriptor)
            return _normal(text.decode(errors="replace"))
        except FileNotFoundError:
            raise AffinityError(irq, "the kernel has no affinity for it") from None
        except (OSError, CpuSetError) as error:
            raise AffinityError(irq, f"its affinity cannot be read: {error}") from error

    @staticmethod
    def _read_effective(folder: Path) -> str | None:
        try:
            text = (folder / "effective_affinity_list").read_text().strip()
        except FileNotFoundError:
            return None
        return _normal(text) or None


@lru_cache(maxsize=4096)
def _normal(text: str) -> str:
    """Gives a CPU list in its shortest form. Raises CpuSetError."""
    return format_list(parse_list(text))
