"""Read /proc and /sys, each under a root that may be another folder. Write nothing.

A file is read whole, at once, since it changes between reads. For a file that some kernels do not
have, a function returns None or an empty set, as it says. A file that must exist raises FileError.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from ..errors import CpuSetError, FileError, InterruptsFormatError
from .below import LINK, OTHER_KIND, SECOND_NAME, open_folder, open_regular, read_in, status_of
from .cpuset import parse_list, parse_mask
from .interrupts import Snapshot, parse

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
            return read_all(file, path, largest_bytes)
    except OSError as error:
        raise FileError(path, error.strerror or str(error)) from error


def read_all(file: BinaryIO, path: Path, largest_bytes: int = _SMALL_BYTES) -> str:
    """Return the text of an open file; raise OSError, and FileError if it is larger."""
    data = file.read(largest_bytes + 1)
    if len(data) > largest_bytes:
        raise FileError(path, f"more than {largest_bytes} bytes")
    return data.decode("utf-8", "replace")


def read_cpus(path: Path) -> frozenset[int] | None:
    """Return the CPUs of a file that holds a CPU list; None for any other, or none."""
    try:
        return parse_list(read_text(path))
    except (FileError, CpuSetError):
        return None


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
    to which. ``problem`` is why no affinity may be written though the IRQ has one, ``""`` for
    nearly all.
    """

    exists: bool
    writable: bool = True
    affinity: frozenset[int] | None = None
    effective: frozenset[int] | None = None
    problem: str = ""


PROBLEMS = {
    LINK: "its affinity is behind a symbolic link",
    OTHER_KIND: "its affinity is no regular file",
    SECOND_NAME: "its affinity has a second name, a hard link",
}
"""Files that the kernel does not make: another user owns the tree. By the errno of below.py."""

UNREADABLE = "its affinity cannot be read, so nobody could put it back"

_LIST, _MASK = "smp_affinity_list", "smp_affinity"


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
        return {irq: self._kernel_says(irq) for irq in irqs}

    def _kernel_says(self, irq: str) -> KernelSays:
        try:
            with self._irq(irq) as folder:
                return _says(folder)
        except OSError as error:
            problem = PROBLEMS.get(error.errno or 0, "")
            return KernelSays(exists=bool(problem), problem=problem)

    def affinity(self, irq: str) -> frozenset[int] | None:
        """Return the CPUs that an IRQ may go to, None if the kernel does not say."""
        try:
            with self._irq(irq) as folder:
                return _cpus_in(folder, _LIST, parse_list)
        except OSError:
            return None

    def effective_affinity(self, irq: str) -> frozenset[int] | None:
        """Return the CPUs where the kernel really sends an IRQ, None if it does not say.

        Some interrupt controllers' drivers do not (CONFIG_GENERIC_IRQ_EFFECTIVE_AFF_MASK).
        """
        try:
            with self._irq(irq) as folder:
                return _effective(folder)
        except OSError:
            return None

    def open_affinity(self, irq: str, opener: Callable[..., int]) -> int:
        """Return a descriptor of the list that an IRQ's affinity is written to; raise OSError."""
        with self._irq(irq) as folder:
            return open_regular(_LIST, os.O_WRONLY, folder, opener)

    @contextmanager
    def _irq(self, irq: str) -> Iterator[int]:
        """Open the folder of an IRQ; raise OSError, LINK if it is behind a link."""
        folder = open_folder(self.procfs, "irq", irq)
        try:
            yield folder
        finally:
            os.close(folder)

    def online(self) -> frozenset[int] | None:
        """Return the online CPUs, None if /sys does not say."""
        return read_cpus(self._cpu_folder / "online")

    def default_affinity(self) -> frozenset[int] | None:
        """Return the CPUs that IRQs of later drivers may go to, None if the kernel does not say.

        The boot argument ``irqaffinity=`` sets it, and a container runtime takes CPUs out of it.
        """
        try:
            return parse_mask(read_text(self.irq_folder / "default_smp_affinity"))
        except (FileError, CpuSetError):
            return None

    def isolated(self) -> dict[str, frozenset[int]]:
        """Return the CPUs that are kept free of other work, by what keeps them free.

        The set is empty if a file is missing or holds another text. Without CONFIG_NO_HZ_FULL there
        is no ``nohz_full``, and with it the file may hold ``(null)``.
        """
        cgroup = self.sysfs / "fs" / "cgroup"
        partitions = [_isolated_cgroups(folder) for folder in (cgroup, cgroup / "unified")]
        return {
            "isolated": read_cpus(self._cpu_folder / "isolated") or frozenset(),
            "nohz_full": read_cpus(self._cpu_folder / "nohz_full") or frozenset(),
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


def _isolated_cgroups(root: Path) -> frozenset[int]:
    """Return the CPUs of isolated cgroups.

    Since Linux 6.9 the root cgroup, and no other, names them all. Before, each isolated partition
    says so itself. Only a partition may have others below it.
    Source: kernel/cgroup/cpuset.c; Documentation/admin-guide/cgroup-v2.rst (cpuset.cpus.partition).
    """
    shown = read_cpus(root / "cpuset.cpus.isolated")
    return _isolated_partitions(root) if shown is None else shown


def _isolated_partitions(parent: Path) -> frozenset[int]:
    found: frozenset[int] = frozenset()
    for path in parent.glob("*/cpuset.cpus.partition"):
        try:
            kind = read_text(path).split()
        except FileError:
            continue
        if kind == ["isolated"]:  # another word follows if the kernel could not make it one
            found |= read_cpus(path.parent / "cpuset.cpus.effective") or frozenset()
        if kind in (["isolated"], ["root"]):
            found |= _isolated_partitions(path.parent)
    return found


def _says(folder: int) -> KernelSays:
    """Return what the folder of an IRQ says; raise OSError if it has no list to write."""
    status = status_of(_LIST, folder)
    affinity = _cpus_in(folder, _LIST, parse_list)
    problem = "" if affinity else UNREADABLE
    return KernelSays(
        exists=True,
        # Since Linux 6.12 the mode of the files says which IRQs user space may move. os.access
        # cannot find that out: root passes it for read-only files too.
        writable=bool(status.st_mode & 0o222) and _is_writable(folder, _MASK),
        affinity=affinity,
        effective=_effective(folder),
        problem=PROBLEMS[SECOND_NAME] if status.st_nlink > 1 else problem,
    )


def _is_writable(folder: int, name: str) -> bool:
    """Return whether a file's mode lets anybody write; True if there is no such file."""
    try:
        return bool(status_of(name, folder).st_mode & 0o222)
    except OSError:
        return True


def _effective(folder: int) -> frozenset[int] | None:
    found = _cpus_in(folder, "effective_affinity_list", parse_list)
    return _cpus_in(folder, "effective_affinity", parse_mask) if found is None else found


def _cpus_in(
    folder: int, name: str, parse_text: Callable[[str], frozenset[int]]
) -> frozenset[int] | None:
    try:
        return parse_text(read_in(folder, name, _SMALL_BYTES).decode("utf-8", "replace"))
    except (OSError, CpuSetError):
        return None
