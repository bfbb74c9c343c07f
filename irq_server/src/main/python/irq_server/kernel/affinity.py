"""Writes affinities: the only place that does. Sorts what the kernel answers into errors."""

import errno
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ..errors import AffinityError, AffinityRefusedError, IrqError, OutOfResourcesError
from ..events import Event
from .affinity_watch import AffinityWatch
from .cpuset import format_list, parse_list
from .procfs import IrqAffinity, Procfs

TRANSIENT = frozenset({errno.EAGAIN, errno.EBUSY, errno.EINTR})
"""Answers that another try may turn into success. EBUSY: x86 still cleans up after the IRQ's last
move. Source: arch/x86/kernel/apic/vector.c."""

WAITS_SECONDS = (0.01, 0.02, 0.05, 0.1)
"""The pauses between tries."""

OURS = frozenset({errno.ENOMEM, errno.EMFILE, errno.ENFILE})
"""Answers that say nothing of the IRQ: another moment may do."""

MEANINGS = {
    errno.EIO: "managed by the kernel",
    errno.EPERM: "managed by the kernel",
    errno.EACCES: "the server may not write it: this takes root",
    errno.EROFS: "/proc is mounted read-only where the server runs",
    errno.EINVAL: "no CPU of the list is online, or the interrupt controller cannot reach them",
    errno.ENOSPC: "no interrupt vector is free on these CPUs",
    errno.EBUSY: "its last move is not finished; try again",
    errno.EAGAIN: "the kernel is busy; try again",
    errno.EINTR: "the kernel was interrupted; try again",
    errno.ERANGE: "the kernel has no such CPU",
    errno.EOVERFLOW: "the kernel has no such CPU",
}
"""What an answer means for an IRQ. Managed IRQs answer EPERM since Linux 6.12, EIO before.
Source: kernel/irq/proc.c (write_irq_affinity), lib/bitmap-str.c, arch/x86/kernel/apic/vector.c,
kernel/irq/matrix.c."""

MANAGED_BY_MODE = "managed by the kernel (its file is read-only, mode 0444)"

_MAX_DETAIL = 200


class System(Protocol):
    """The system calls that writing takes; the module os is one."""

    def open(self, path: str, flags: int, /) -> int:
        """Open a file."""

    def write(self, fd: int, data: bytes, /) -> int:
        """Write once."""

    def close(self, fd: int, /) -> None:
        """Close a file."""


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody wants: an IRQ by its name in the store and by its number, CPUs, who it is."""

    irq: str
    number: str
    cpus: frozenset[int]
    who: str


class AffinityWriter:
    """Writes the affinities of one machine, and tells what it did."""

    def __init__(
        self,
        procfs: Procfs,
        watch: AffinityWatch,
        record: Callable[[Event], None],
        system: System = os,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take the machine, who watches it, what keeps events, and the edge.

        `record` must not raise: what was written is written.
        """
        self._procfs = procfs
        self._watch = watch
        self._record = record
        self._system = system
        self._wait = wait

    def set(self, request: Request, online: frozenset[int], moment: float) -> IrqAffinity:
        """Write an affinity and gives what the kernel then says.

        Raises AffinityRefusedError where the kernel refuses or would, AffinityError where the IRQ
        is gone, OutOfResourcesError. Whichever, an event ``affinity_request`` says who wanted what,
        and one ``affinity`` what changed.
        """
        try:
            with self._watch.lock:
                # what somebody else changed since the last look is not this request's change
                changes = self._watch.look_at(request.irq, request.number, moment)
                try:
                    self._check(request, online)
                    self._write(request)
                    self._read_back(request.number, request.cpus)
                finally:
                    changes += self._look_again(request, moment)
                    self._tell(changes)
        except IrqError as error:
            self._tell([_asked(request, moment, f": refused: {error.reason}")])
            raise
        self._tell([_asked(request, moment, "")])
        return self._read_back(request.number)

    def _look_again(self, request: Request, moment: float) -> list[Event]:
        try:
            self._read_back(request.number)
            return self._watch.look_at(request.irq, request.number, moment)
        except AffinityError:  # it went meanwhile: no change to tell
            return []

    def _read_back(self, number: str, wanted: frozenset[int] | None = None) -> IrqAffinity:
        """Return the affinity that stands now; waits a little for the one that is `wanted`, or any.

        A read that meets a pending move as it is carried out gives the affinity from before it, or
        an empty list, for a moment. Source: kernel/irq/proc.c (show_irq_affinity takes no lock),
        kernel/irq/migration.c (irq_move_masked_irq: no longer pending, not yet moved); seen on
        Linux 6.1.
        """
        found = self._procfs.read_affinity(number)
        for pause in WAITS_SECONDS:
            if found.affinity and wanted in (None, parse_list(found.affinity)):
                break
            self._wait(pause)
            found = self._procfs.read_affinity(number)
        return found

    def _tell(self, events: list[Event]) -> None:
        for event in events:
            self._record(event)

    def _check(self, request: Request, online: frozenset[int]) -> None:
        """Refuse what the kernel would: the file's mode first, then CPUs that are not there."""
        if not self._procfs.read_affinity(request.number).writable:
            raise AffinityRefusedError(request.irq, MANAGED_BY_MODE)
        missing = format_list(request.cpus - online)
        if missing:
            there = f"online are {format_list(online)}"
            reason = f"no such CPU online: {missing[:_MAX_DETAIL]}; {there}"
            raise AffinityRefusedError(request.irq, reason)

    def _write(self, request: Request) -> None:
        """Write the list; tries again where that may help."""
        path = self._procfs.affinity_path(request.number)
        data = f"{format_list(request.cpus)}\n".encode()
        for pause in (*WAITS_SECONDS, None):
            try:
                self._write_once(path, data)
            except OSError as error:
                if error.errno not in TRANSIENT or pause is None:
                    raise _error_of(error, request) from error
                self._wait(pause)
                continue
            return

    def _write_once(self, path: str, data: bytes) -> None:
        """Write `data` in one call, since the kernel takes each write for a whole list.

        A file that is not there is not made. Errors may show at the write or at the close.
        """
        descriptor = self._system.open(path, os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC)
        try:
            written = self._system.write(descriptor, data)
        except OSError:
            self._close_quietly(descriptor)
            raise
        self._system.close(descriptor)
        if written != len(data):
            raise OSError(0, f"only {written} of {len(data)} bytes were taken")

    def _close_quietly(self, descriptor: int) -> None:
        """Close after an error that is told already."""
        try:
            self._system.close(descriptor)
        except OSError:
            return


def _asked(request: Request, moment: float, outcome: str) -> Event:
    cpus = format_list(request.cpus)[:_MAX_DETAIL]
    detail = f"{cpus} from {request.who}{outcome}"
    return Event(moment, "affinity_request", irq=request.irq, detail=detail)


def _error_of(
    error: OSError, request: Request
) -> AffinityError | AffinityRefusedError | OutOfResourcesError:
    number = error.errno or 0
    name = errno.errorcode.get(number)
    meaning = MEANINGS.get(number, error.strerror or str(error))
    reason = f"{meaning} ({name})" if name else meaning
    if number == errno.ENOENT:
        return AffinityError(request.irq, "it is gone: its device gave it up (ENOENT)")
    if number in OURS:
        return OutOfResourcesError(request.irq, reason)
    return AffinityRefusedError(request.irq, reason)
