"""The file with the number of the running process, locked as long as the process runs.

The lock decides, not the number in the file. A killed process leaves a file without a lock, and the
next start takes it.
"""

import fcntl
import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import Self

from ..errors import PidFileError
from ..store.segments.files import open_file

_log = logging.getLogger(__name__)

_MAX_BYTES = 32


class PidFile:
    """A pid file, held from __enter__ to __exit__."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1

    def __enter__(self) -> Self:
        """Lock and write the file. Raise PidFileError."""
        try:
            self._lock()
            self._take()
        except OSError as error:
            self._close()
            raise PidFileError(self._path, error.strerror or str(error)) from error
        except PidFileError:
            self._close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the file, or else empty it, and release the lock."""
        try:
            self._path.unlink()
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._descriptor, 0)
        self._close()

    def _lock(self) -> None:
        """Open and lock the file at the path, even while another process removes one."""
        while True:
            self._descriptor = open_file(self._path, os.O_RDWR | os.O_CREAT)
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                number = self._read() or "unknown"
                raise PidFileError(self._path, f"process {number} has it and runs") from None
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(self._descriptor), self._path.lstat()):
                    return
            self._close()

    def _take(self) -> None:
        before = self._read()
        if before and not (before.isascii() and before.isdecimal()):
            raise PidFileError(self._path, "holds something else than a process's number")
        if before:
            _log.info("%s: process %s left it and is gone", self._path, before)
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def _read(self) -> str:
        return os.pread(self._descriptor, _MAX_BYTES, 0).decode(errors="replace").strip()

    def _close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
