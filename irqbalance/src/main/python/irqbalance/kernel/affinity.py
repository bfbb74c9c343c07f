"""Write affinities. No other module does. Read them back, and sort the kernel's answers."""

import errno
import os
import time
from collections.abc import Callable
from contextlib import suppress
from types import ModuleType
from typing import NamedTuple

from ..status import Status
from .cpuset import format_list
from .procfs import PROBLEMS, Machine

TRANSIENT = frozenset({errno.EAGAIN, errno.EBUSY, errno.EINTR})
"""Answers that may pass with another try. EBUSY: x86 still cleans up after the IRQ's last move.
 Source: arch/x86/kernel/apic/vector.c."""

WAITS_SECONDS = (0.01, 0.02, 0.05, 0.1)
"""The pauses between tries."""

MEANINGS = {
    errno.EIO: (Status.FIXED, "managed by the kernel"),
    errno.EPERM: (Status.FIXED, "managed by the kernel"),
    errno.ENOENT: (Status.FIXED, "gone: its device freed it"),
    **{number: (Status.FIXED, problem) for number, problem in PROBLEMS.items()},
    errno.EACCES: (Status.REFUSED, "not allowed: writing needs root"),
    errno.EROFS: (Status.REFUSED, "/proc is mounted read-only here"),
    errno.EINVAL: (Status.REFUSED, "the CPU is offline, or out of the controller's reach"),
    errno.ENOSPC: (Status.REFUSED, "no interrupt vector is free on that CPU"),
    errno.EBUSY: (Status.REFUSED, "its last move is not finished"),
    errno.ERANGE: (Status.REFUSED, "the kernel has no such CPU"),
    errno.EOVERFLOW: (Status.REFUSED, "the kernel has no such CPU"),
    errno.ENOMEM: (Status.REFUSED, "the kernel is out of memory"),
}
"""What an answer means for an IRQ. Managed IRQs answer EPERM since Linux 6.12, EIO before.
Source: kernel/irq/proc.c (write_irq_affinity), lib/bitmap-str.c, arch/x86/kernel/apic/vector.c,
kernel/irq/matrix.c."""


class Outcome(NamedTuple):
    """The result of a write: APPLIED, REFUSED or FIXED, the reason, and the errno (0 for none)."""

    status: Status
    reason: str
    errno: int = 0

    @property
    def not_permitted(self) -> bool:
        """Return whether the process may not write here, whatever the IRQ and the CPU."""
        return self.errno in (errno.EACCES, errno.EROFS)

    @property
    def is_managed(self) -> bool:
        """Return whether the kernel keeps the IRQ, until the next boot."""
        return self.errno in (errno.EIO, errno.EPERM)

    @property
    def is_gone(self) -> bool:
        """Return whether the IRQ is gone; its driver may be reloading."""
        return self.errno == errno.ENOENT


class Writer:
    """Writes the affinities of one machine, by the calls of `system`, and may `wait` between."""

    def __init__(
        self,
        machine: Machine,
        system: ModuleType = os,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._machine = machine
        self._system = system
        self._wait = wait

    def move(self, irq: str, cpu: int) -> Outcome:
        """Send an IRQ to one CPU; return the result that the kernel then shows."""
        outcome = self.put(irq, frozenset({cpu}))
        if outcome.status != Status.APPLIED:
            return outcome
        effective = self._machine.effective_affinity(irq)
        if not effective or effective == {cpu}:  # some chips never record where they send an IRQ
            return outcome
        # without interrupt remapping x86 moves an IRQ when its next interrupt comes
        where = f"CPU {format_list(effective)}"
        return Outcome(Status.APPLIED, f"pending (on {where} until its next interrupt)")

    def put(self, irq: str, cpus: frozenset[int]) -> Outcome:
        """Write an IRQ's affinity, and read it back: the kernel may keep another one."""
        outcome = self.write(irq, cpus)
        if outcome.status != Status.APPLIED:
            return outcome
        kept = self._read_back(irq, cpus)
        if kept and kept != cpus:
            return Outcome(Status.REFUSED, f"the kernel made it CPU {format_list(kept)}")
        return outcome

    def affinity(self, irq: str) -> frozenset[int] | None:
        """Return the affinity that stands now; None if the kernel does not say."""
        return self._machine.affinity(irq)

    def _read_back(self, irq: str, cpus: frozenset[int]) -> frozenset[int] | None:
        """Return the affinity that stands now; None or empty if the kernel does not say.

        While the kernel carries out a pending move, a read may show the old affinity or an empty
        list for a moment. Read again then. Source: kernel/irq/proc.c (show_irq_affinity takes no
        lock), kernel/irq/migration.c (irq_move_masked_irq: no longer pending, not yet moved); seen
        on Linux 6.1.
        """
        kept = self._machine.affinity(irq)
        for pause in WAITS_SECONDS:
            if kept is None or kept == cpus:
                break
            self._wait(pause)
            kept = self._machine.affinity(irq)
        return kept

    def write(self, irq: str, cpus: frozenset[int]) -> Outcome:
        """Write an IRQ's affinity; try again after an answer that may pass."""
        text = f"{format_list(cpus)}\n"
        for pause in (*WAITS_SECONDS, None):
            try:
                self._write_once(irq, text.encode())
            except OSError as error:
                if error.errno in TRANSIENT and pause is not None:
                    self._wait(pause)
                    continue
                return _outcome_of(error)
            break
        return Outcome(Status.APPLIED, "")

    def _write_once(self, irq: str, data: bytes) -> None:
        """Write `data` in one call, since the kernel takes each write for a whole list.

        A missing file is not created, and no symbolic link is followed below --procfs. Errors may
        show at the write or at the close.
        """
        fd = self._machine.open_affinity(irq, self._system.open)
        try:
            written = self._system.write(fd, data)
            if os.fstat(fd).st_size > written:  # a copied tree's; the kernel's have no size
                os.ftruncate(fd, written)
        except OSError:
            with suppress(OSError):
                self._system.close(fd)
            raise
        self._system.close(fd)
        if written != len(data):
            raise OSError(0, f"only {written} of {len(data)} bytes were taken")


def _outcome_of(error: OSError) -> Outcome:
    number = error.errno or 0
    status, meaning = MEANINGS.get(number, (Status.REFUSED, error.strerror or str(error)))
    name = errno.errorcode.get(number)
    return Outcome(status, f"{meaning} ({name})" if name else meaning, number)
