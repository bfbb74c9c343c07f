"""Open files below a root, and follow no symbolic link below it.

Another user may own such a tree: a container's root, or a copied /proc. A link there, or a file
that is none, would lead a program of root's to other files, or let it wait for ever. The root
itself may be a link, or be reached through links: the person who runs the program names it.
Source: open(2), O_NOFOLLOW, O_NONBLOCK and O_PATH; path_resolution(7).
"""

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

_FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
_FILE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC

LINK, OTHER_KIND, SECOND_NAME = errno.ELOOP, errno.ENXIO, errno.EMLINK
"""The errno for a symbolic link, for what is no regular file, and for a file to be written that has
another name (a hard link), as no file of the kernel has."""


def open_folder(root: Path, *names: str) -> int:
    """Return a descriptor of the folder below `root`, through folders only; raise OSError.

    The descriptor serves for names below it (``dir_fd``), and for nothing else.
    """
    fd = os.open(root, _FOLDER)
    try:
        for name in names:
            _refuse_path(name)
            try:
                inner = os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=fd)
            except NotADirectoryError:
                _status(name, fd)
                raise
            fd, outer = inner, fd
            os.close(outer)
    except OSError:
        os.close(fd)
        raise
    return fd


def status_of(name: str, folder: int) -> os.stat_result:
    """Return the status of a regular file in `folder`, without opening it; raise OSError."""
    status = _status(name, folder)
    if not stat.S_ISREG(status.st_mode):
        raise OSError(OTHER_KIND, "it is not a regular file", name)
    return status


def open_regular(
    name: str,
    flags: int,
    folder: int,
    opener: Callable[..., int] = os.open,
    other_names: bool = False,
) -> int:
    """Return a descriptor of a regular file in `folder`, which must exist; raise OSError.

    A file to be written must have no other name, unless `other_names` says that it may.
    """
    _refuse_path(name)
    status_of(name, folder)  # as to open a device may have effects
    fd = opener(name, flags | _FILE, dir_fd=folder)
    status = os.fstat(fd)
    problem: OSError | None = None
    if not stat.S_ISREG(status.st_mode):
        problem = OSError(OTHER_KIND, "it is not a regular file", name)
    elif flags & os.O_ACCMODE != os.O_RDONLY and status.st_nlink > 1 and not other_names:
        problem = OSError(SECOND_NAME, "it has another name (a hard link)", name)
    if problem is not None:
        os.close(fd)
        raise problem
    return fd


def read_in(folder: int, name: str, largest_bytes: int) -> bytes:
    """Return the bytes of a regular file in `folder`; raise OSError, EFBIG if it is larger."""
    fd = open_regular(name, os.O_RDONLY, folder)
    with os.fdopen(fd, "rb", buffering=0) as file:
        data = b""
        while len(data) <= largest_bytes and (more := file.read(largest_bytes + 1 - len(data))):
            data += more
    if len(data) > largest_bytes:
        raise OSError(errno.EFBIG, f"more than {largest_bytes} bytes", name)
    return data


def read_below(root: Path, path: str, largest_bytes: int) -> bytes:
    """Return the bytes of a regular file at `path` below `root`; raise OSError, as read_in."""
    *folders, name = path.split("/")
    folder = open_folder(root, *folders)
    try:
        return read_in(folder, name, largest_bytes)
    finally:
        os.close(folder)


def _status(name: str, folder: int) -> os.stat_result:
    """Return the status of a file of any kind but a link; raise OSError."""
    status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    if stat.S_ISLNK(status.st_mode):
        raise OSError(LINK, "it is a symbolic link", name)
    return status


def _refuse_path(name: str) -> None:
    """Raise OSError for a name that leads elsewhere, or nowhere."""
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        raise OSError(errno.EINVAL, "it is no name in a folder", name)
