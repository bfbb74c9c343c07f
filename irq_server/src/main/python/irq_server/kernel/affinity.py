"""The only writer of affinities. It sorts the kernel's answers into errors."""

import errno
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ..errors import AffinityError, AffinityRefusedError, IrqError, OutOfResourcesError
from ..events import Event, Kind
from . import below
from .affinity_watch import AffinityWatch
from .cpuset import format_list, parse_list
from .procfs import IrqAffinity, Procfs

TRANSIENT = frozenset({errno.EAGAIN, errno.EBUSY, errno.EINTR})
"""Answers after which another try may succeed. EBUSY: x86 still cleans up after the IRQ's last
move. Source: arch/x86/kernel/apic/vector.c."""

WAITS_SECONDS = (0.01, 0.02, 0.05, 0.1)
"""The pauses between tries."""

OURS = frozenset({errno.ENOMEM, errno.EMFILE, errno.ENFILE})
"""Answers that say nothing about the IRQ: a later request may succeed."""

MEANINGS = {
    errno.EIO: "managed by the kernel",
    errno.EPERM: "managed by the kernel",
    errno.EACCES: "the server may not write it: this takes root",
    errno.EROFS: "/proc is mounted read-only where the server runs",
    errno.EINVAL: "no CPU of the list is online, or the interrupt controller cannot reach them",
    errno.ENOSPC: "no interrupt vector is free on these CPUs",
    errno.EBUSY: "its last move is not finished; try again",
    below.LINK: "its file is behind a symbolic link",
    below.OTHER_KIND: "its file is no regular file",
    below.SECOND_NAME: "its file has a second name, a hard link",
    errno.EAGAIN: "the kernel is busy; try again",
    errno.EINTR: "the kernel was interrupted; try again",
    errno.ERANGE: "the kernel has no such CPU",
    errno.EOVERFLOW: "the kernel has no such CPU",
}
"""The meaning of an answer for an IRQ. Managed IRQs answer EPERM since Linux 6.12, EIO before.
Source: kernel/irq/proc.c (write_irq_affinity), lib/bitmap-str.c, arch/x86/kernel/apic/vector.c,
kernel/irq/matrix.c."""

MANAGED_BY_MODE = "managed by the kernel (its file is read-only, mode 0444)"

_MAX_DETAIL = 200


class System(Protocol):
    """The system calls that a write takes; the module os has them."""

    def open(self, path: str, flags: int, /, *, dir_fd: int | None = None) -> int:
        """Open a file in a folder."""

    def write(self, fd: int, data: bytes, /) -> int:
        """Write once."""

    def close(self, fd: int, /) -> None:
        """Close a file."""


@dataclass(frozen=True, slots=True)
class Request:
    """A wanted affinity: the IRQ's name in the store, its number, the CPUs, and who wants it."""

    irq: str
    number: str
    cpus: frozenset[int]
    who: str


class AffinityWriter:
    """Writes the affinities of one machine, and records what it did."""

    def __init__(
        self,
        procfs: Procfs,
        watch: AffinityWatch,
        record: Callable[[Event], None],
        system: System = os,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take the machine, its watch, the recorder of events, and the edge.

        `record` must not raise: a write cannot be undone.
        """
        self._procfs = procfs
        self._watch = watch
        self._record = record
        self._system = system
        self._wait = wait

    def set(self, request: Request, online: frozenset[int], moment: float) -> IrqAffinity:
        """Write an affinity and return what the kernel then says.

        Raise AffinityRefusedError if the kernel refuses or would, AffinityError if the IRQ is
        gone, OutOfResourcesError. In each case an event ``affinity_request`` records who wanted
        which CPUs. An event ``affinity`` right behind it records the change that it made.
        """
        refusal = ": refused: the server failed"
        with self._watch.lock:
            try:
                # a change since the last look is somebody else's, not this request's
                self._record_all(self._watch.look_at(request.irq, request.number, moment))
                self._check(request, online)
                self._write(request)
                self._read_back(request.number, request.cpus)
                refusal = ""
            except IrqError as error:
                refusal = f": refused: {error.reason}"
                raise
            finally:
                asked = _asked(request, moment, refusal)
                self._record_all([asked, *self._look_again(request, moment)])
        return self._read_back(request.number)

    def _look_again(self, request: Request, moment: float) -> list[Event]:
        try:
            self._read_back(request.number)
            return self._watch.look_at(request.irq, request.number, moment)
        except AffinityError:  # the IRQ went meanwhile: no change to record
            return []

    def _read_back(self, number: str, wanted: frozenset[int] | None = None) -> IrqAffinity:
        """Return the affinity of now; wait a little for the `wanted` one, or for any.

        A read at the very moment of a pending move returns the affinity from before it, or an
        empty list. Source: kernel/irq/proc.c (show_irq_affinity takes no lock),
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

    def _record_all(self, events: list[Event]) -> None:
        for event in events:
            self._record(event)

    def _check(self, request: Request, online: frozenset[int]) -> None:
        """Refuse what the kernel would: first by the file's mode, then by CPUs that are missing."""
        if not self._procfs.read_affinity(request.number).writable:
            raise AffinityRefusedError(request.irq, MANAGED_BY_MODE)
        missing = format_list(request.cpus - online)
        if missing:
            there = f"online are {format_list(online)}"
            reason = f"no such CPU online: {missing[:_MAX_DETAIL]}; {there}"
            raise AffinityRefusedError(request.irq, reason)

    def _write(self, request: Request) -> None:
        """Write the list; try again if that may help."""
        data = f"{format_list(request.cpus)}\n".encode()
        for pause in (*WAITS_SECONDS, None):
            try:
                self._write_once(request.number, data)
            except OSError as error:
                if error.errno not in TRANSIENT or pause is None:
                    raise _error_of(error, request) from error
                self._wait(pause)
                continue
            return

    def _write_once(self, number: str, data: bytes) -> None:
        """Write `data` in one call, since the kernel takes each write for a whole list.

        A missing file stays missing. The write may report an error, or the close.
        """
        descriptor = self._procfs.open_affinity(number, self._system.open)
        try:
            written = self._system.write(descriptor, data)
            if os.fstat(descriptor).st_size > written:  # a copied tree's; the kernel's have no size
                os.ftruncate(descriptor, written)
        except OSError:
            self._close_quietly(descriptor)
            raise
        self._system.close(descriptor)
        if written != len(data):
            raise OSError(0, f"only {written} of {len(data)} bytes were taken")

    def _close_quietly(self, descriptor: int) -> None:
        """Close after an error that is reported already."""
        try:
            self._system.close(descriptor)
        except OSError:
            return


def _asked(request: Request, moment: float, outcome: str) -> Event:
    cpus = format_list(request.cpus)[:_MAX_DETAIL]
    detail = f"{cpus} from {request.who}{outcome}"
    return Event(moment, Kind.AFFINITY_REQUEST, irq=request.irq, detail=detail)


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
