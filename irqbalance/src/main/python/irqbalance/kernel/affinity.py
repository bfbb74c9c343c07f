"""Writes affinities: the only place that does. Reads back, and sorts what the kernel answers."""

import errno
import os
import time
from collections.abc import Callable
from typing import NamedTuple, Protocol

from .cpuset import format_list
from .procfs import Machine

APPLIED, PENDING, REFUSED, FIXED = "applied", "pending", "refused", "fixed"

TRANSIENT = frozenset({errno.EAGAIN, errno.EBUSY, errno.EINTR})
"""Answers that another try may turn into success. EBUSY: x86 still cleans up after the IRQ's last
move. Source: arch/x86/kernel/apic/vector.c."""

WAITS_SECONDS = (0.01, 0.02, 0.05, 0.1)
"""The pauses between tries."""

MEANINGS = {
    errno.EIO: (FIXED, "managed by the kernel"),
    errno.EPERM: (FIXED, "managed by the kernel"),
    errno.ENOENT: (FIXED, "gone: its device gave it up"),
    errno.EACCES: (REFUSED, "not allowed: this takes root"),
    errno.EROFS: (REFUSED, "/proc is mounted read-only here"),
    errno.EINVAL: (REFUSED, "the CPU is offline, or the interrupt controller cannot reach it"),
    errno.ENOSPC: (REFUSED, "no interrupt vector is free on that CPU"),
    errno.EBUSY: (REFUSED, "its last move is not finished"),
    errno.ERANGE: (REFUSED, "the kernel has no such CPU"),
    errno.EOVERFLOW: (REFUSED, "the kernel has no such CPU"),
    errno.ENOMEM: (REFUSED, "the kernel is out of memory"),
}
"""What an answer means for an IRQ. Managed IRQs answer EPERM since Linux 6.12, EIO before.
Source: kernel/irq/proc.c (write_irq_affinity), lib/bitmap-str.c, arch/x86/kernel/apic/vector.c,
kernel/irq/matrix.c."""


class System(Protocol):
    """The system calls that writing takes; the module os is one."""

    def open(self, path: str, flags: int, /) -> int:
        """Opens a file."""

    def write(self, fd: int, data: bytes, /) -> int:
        """Writes once."""

    def close(self, fd: int, /) -> None:
        """Closes a file."""


class Outcome(NamedTuple):
    """What became of a write: one of the four words, why, and the errno (0 where there is none)."""

    status: str
    reason: str
    errno: int = 0


class Writer:
    """Writes the affinities of one machine."""

    def __init__(
        self,
        machine: Machine,
        system: System = os,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        """Takes the machine, the system calls, and what waits between tries."""
        self._machine = machine
        self._system = system
        self._wait = wait

    def move(self, irq: str, cpu: int) -> Outcome:
        """Sends an IRQ to one CPU, and says what the kernel made of it."""
        outcome = self.write(irq, frozenset({cpu}))
        if outcome.status != APPLIED:
            return outcome
        kept = self._read_back(irq, cpu)
        if kept and kept != {cpu}:
            return Outcome(REFUSED, f"the kernel made it CPU {format_list(kept)}")
        effective = self._machine.effective_affinity(irq)
        if effective is None or effective == {cpu}:
            return outcome
        # without interrupt remapping x86 moves an IRQ when its next interrupt comes
        where = f"CPU {format_list(effective)}" if effective else "no CPU"
        return Outcome(PENDING, f"pending (on {where} until its next interrupt)")

    def _read_back(self, irq: str, cpu: int) -> frozenset[int] | None:
        """The affinity that stands now; None or empty where the kernel does not say.

        A read that meets a pending move as it is carried out gives the affinity from before it, or
        an empty list, for a moment: that is waited out. Source: kernel/irq/proc.c
        (show_irq_affinity takes no lock), kernel/irq/migration.c (irq_move_masked_irq: no longer
        pending, not yet moved); seen on Linux 6.1.
        """
        kept = self._machine.affinity(irq)
        for pause in WAITS_SECONDS:
            if kept is None or kept == {cpu}:
                break
            self._wait(pause)
            kept = self._machine.affinity(irq)
        return kept

    def write(self, irq: str, cpus: frozenset[int]) -> Outcome:
        """Writes an IRQ's affinity; tries again where that may help."""
        path = str(self._machine.irq_folder / irq / "smp_affinity_list")
        text = f"{format_list(cpus)}\n"
        for pause in (*WAITS_SECONDS, None):
            try:
                self._write_once(path, text.encode())
            except OSError as error:
                if error.errno in TRANSIENT and pause is not None:
                    self._wait(pause)
                    continue
                return _outcome_of(error)
            break
        return Outcome(APPLIED, "")

    def _write_once(self, path: str, data: bytes) -> None:
        """Writes `data` in one call, since the kernel takes each write for a whole list.

        A file that is not there is not made. Errors may show at the write or at the close.
        """
        fd = self._system.open(path, os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC)
        try:
            written = self._system.write(fd, data)
        except OSError:
            self._close_quietly(fd)
            raise
        self._system.close(fd)
        if written != len(data):
            raise OSError(0, f"only {written} of {len(data)} bytes were taken")

    def _close_quietly(self, fd: int) -> None:
        """Closes after an error that is told already."""
        try:
            self._system.close(fd)
        except OSError:
            return


def _outcome_of(error: OSError) -> Outcome:
    number = error.errno or 0
    status, meaning = MEANINGS.get(number, (REFUSED, error.strerror or str(error)))
    name = errno.errorcode.get(number)
    return Outcome(status, f"{meaning} ({name})" if name else meaning, number)


def is_not_permitted(outcome: Outcome) -> bool:
    """Whether a write failed for want of permission, which no IRQ or CPU is to blame for."""
    return outcome.errno in (errno.EACCES, errno.EROFS)
