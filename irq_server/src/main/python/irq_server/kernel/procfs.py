"""Read the files below the root of /proc. No other module reads there.

A captured tree, or a host's tree mounted into a container, works in their place.
"""

import os
import socket
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from ..errors import AffinityError, CpuSetError, InterruptsFormatError, ProcfsError
from .below import open_folder, open_regular
from .cpuset import format_list, parse_list
from .interrupts import Snapshot, parse

_T = TypeVar("_T")

REREAD_SECONDS = (0.01, 0.02, 0.05, 0.1)
"""The pauses before /proc/interrupts is read again, which met a CPU coming or going."""

_MAX_LIST_BYTES = 65536  # the longest list of 8,192 CPUs, every other one, has 20 KB

_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
"""Opening a pipe instead of a file does not wait."""


@dataclass(frozen=True, slots=True)
class IrqAffinity:
    """Where an IRQ may go and where the kernel sends it, as CPU lists.

    ``effective`` is None if the kernel does not say: there is no such file (powerpc, s390x), or
    it is empty (per-CPU IRQs). ``writable``: the file's mode lets root write it. The mode is 0444
    since Linux 6.12 if only the kernel places the IRQ.
    """

    affinity: str
    effective: str | None
    writable: bool

    @property
    def is_pending(self) -> bool:
        """Return whether the kernel still sends the IRQ elsewhere, until its next interrupt."""
        if not self.effective:
            return False
        return not parse_list(self.effective) <= parse_list(self.affinity)


class Procfs:
    """The files below one root of /proc."""

    def __init__(self, root: Path, wait: Callable[[float], object] = time.sleep) -> None:
        self._root = root
        self._wait = wait
        self._interrupts = os.fspath(root / "interrupts")
        self._irqs = os.fspath(root / "irq")
        self._boot_id = os.fspath(root / "sys/kernel/random/boot_id")

    def read_interrupts(self) -> str:
        """Return the text of /proc/interrupts, in one read. Raise OSError."""
        with open(self._interrupts, "rb", buffering=0) as file:  # noqa: PTH123 - the hot path
            return file.readall().decode(errors="replace")

    def snapshot(self) -> Snapshot:
        """Return the snapshot of now. Raise OSError, or InterruptsFormatError if it stays torn."""
        return self.read_again(lambda: parse(self.read_interrupts()))

    def read_again(self, read: Callable[[], _T]) -> _T:
        """Return what `read` returns; wait and call it again if it raises InterruptsFormatError.

        A CPU that comes or goes while the kernel prints /proc/interrupts makes such a text. If the
        last of a few tries raises, raise that.
        """
        for pause in REREAD_SECONDS:
            try:
                return read()
            except InterruptsFormatError:
                self._wait(pause)
        return read()

    def check(self) -> None:
        """Raise ProcfsError unless the counters can be read and understood."""
        path = Path(self._interrupts)
        try:
            self.snapshot()
        except OSError as error:
            raise ProcfsError(path, error.strerror or str(error)) from error
        except InterruptsFormatError as error:
            raise ProcfsError(path, str(error)) from error

    def read_boot_id(self) -> str:
        """Return a text that differs from boot to boot; ``""`` if the tree has none.

        Raise OSError if it cannot be read just now: another text would be another boot.
        Source: Documentation/admin-guide/sysctl/kernel.rst, random/boot_id; proc(5), stat, btime.
        """
        try:
            return read_at_once(self._boot_id).decode(errors="replace").strip()
        except (FileNotFoundError, PermissionError):
            return self._read_boot_time()

    def read_hostname(self) -> str:
        """Return the machine's name; that of this one if the tree does not say."""
        try:
            name = read_at_once(f"{self._root}/sys/kernel/hostname").decode(errors="replace")
        except OSError:
            name = ""
        return name.strip() or socket.gethostname()

    def read_boot_seconds(self) -> float | None:
        """Return when the machine booted, Unix seconds; None if the tree does not say.

        The kernel's figure changes if somebody sets the clock. Source: proc(5), stat, btime.
        """
        try:
            number = self._read_boot_time().split()[1]
        except (OSError, IndexError):
            return None
        return float(number) if number.isdecimal() and len(number) < 13 else None

    def _read_boot_time(self) -> str:
        try:
            lines = (self._root / "stat").read_text(errors="replace").splitlines()
        except (FileNotFoundError, PermissionError):
            return ""
        return next((line for line in lines if line.startswith("btime ")), "")

    def read_affinity(self, irq: str) -> IrqAffinity:
        """Return the affinity of a numbered IRQ. Raise AffinityError if it has none.

        Source: Documentation/core-api/irq/irq-affinity.rst.
        """
        affinity = self.read_affinity_list(irq)
        folder = self._root / "irq" / irq
        try:
            mode = stat.S_IMODE((folder / "smp_affinity_list").stat().st_mode)
            return IrqAffinity(affinity, self._read_effective(folder), bool(mode & 0o200))
        except (OSError, CpuSetError) as error:
            raise AffinityError(irq, f"its affinity cannot be read: {error}") from error

    def affinity_path(self, irq: str) -> str:
        """Return the path of the file with the CPU list that a numbered IRQ may go to."""
        return f"{self._irqs}/{irq}/smp_affinity_list"

    def open_affinity(self, irq: str, opener: Callable[..., int]) -> int:
        """Return a descriptor of that file, to write to. Raise OSError.

        No symbolic link below the root is followed, and the file must be a regular one: another
        user may own the tree.
        """
        folder = open_folder(self._root, "irq", irq)
        try:
            return open_regular("smp_affinity_list", os.O_WRONLY, folder, opener)
        finally:
            os.close(folder)

    def affinity_text(self, irq: str) -> bytes | None:
        """Return that file's bytes, None if it cannot be read."""
        try:
            return read_at_once(self.affinity_path(irq))
        except OSError:
            return None

    def read_affinity_list(self, irq: str) -> str:
        """Return the CPU list that an IRQ may go to. Raise AffinityError if it has none."""
        try:
            return normal_list(read_at_once(self.affinity_path(irq)))
        except FileNotFoundError:
            raise AffinityError(irq, "the kernel has no affinity for it") from None
        except (OSError, CpuSetError) as error:
            raise AffinityError(irq, f"its affinity cannot be read: {error}") from error

    @staticmethod
    def _read_effective(folder: Path) -> str | None:
        try:
            text = (folder / "effective_affinity_list").read_bytes().strip()
        except FileNotFoundError:
            return None
        return normal_list(text) or None


@lru_cache(maxsize=4096)
def normal_list(text: bytes) -> str:
    """Return the CPU list that a file of /proc/irq holds, in its shortest form.

    Raise CpuSetError.
    """
    return format_list(parse_list(text.decode(errors="replace")))


def read_at_once(path: str) -> bytes:
    """Return a small file of the kernel by one read: no buffer, no text layer."""
    descriptor = os.open(path, _READ)
    try:
        return os.read(descriptor, _MAX_LIST_BYTES)
    finally:
        os.close(descriptor)
