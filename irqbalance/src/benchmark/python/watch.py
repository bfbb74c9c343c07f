"""Notice when a program has read a file: inotify reports each close in one folder.

Source: inotify(7), sys/inotify.h.
"""

import ctypes
import os
import select
import struct
from pathlib import Path
from typing import Self

IN_CLOSE_NOWRITE = 0x10
_EVENT = struct.Struct("iIII")


class Watch:
    """Waits for readers of one file."""

    def __init__(self, path: Path) -> None:
        """Watch the file's folder, so that the file may be replaced."""
        libc = ctypes.CDLL(None, use_errno=True)
        self._name = path.name.encode()
        self._descriptor = libc.inotify_init1(os.O_CLOEXEC)
        if libc.inotify_add_watch(self._descriptor, bytes(path.parent), IN_CLOSE_NOWRITE) < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(path.parent))

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop watching."""
        os.close(self._descriptor)

    def wait(self, seconds: float) -> bool:
        """Return True if a reader closes the file within `seconds`."""
        while select.select([self._descriptor], [], [], seconds)[0]:
            events = os.read(self._descriptor, 65536)
            while events:
                _, _, _, length = _EVENT.unpack_from(events)
                name = events[_EVENT.size : _EVENT.size + length].rstrip(b"\0")
                events = events[_EVENT.size + length :]
                if name == self._name:
                    return True
        return False
