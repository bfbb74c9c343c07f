"""The files that decide what root writes must be root's alone. An ordinary user reads any."""

import os
import stat
from pathlib import Path

from ..errors import FileError
from .procfs import read_all


def why_mistrusted(status: os.stat_result, user: int) -> str:
    """Return why `user` must not use a file or folder of this status; ``""`` for ordinary users.

    An access list (ACL) that lets others write shows in the mode as a group that may.
    Source: acl(5), correspondence between ACL entries and file permission bits.
    """
    if user != 0:
        return ""
    if status.st_uid != 0:
        return f"it belongs to user {status.st_uid}, so root does not use it"
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return "a group or others may write it, so root does not use it"
    return ""


def read_trusted(path: Path) -> str:
    """Return the text of a small file; raise FileError if it cannot be read or trusted.

    Of a link the target counts, and no folder on the way to it.
    """
    try:
        _refuse(path, path.stat())  # before it is opened: to open a pipe waits
        with path.open("rb") as file:
            _refuse(path, os.fstat(file.fileno()))
            return read_all(file, path)
    except OSError as error:
        raise FileError(path, error.strerror or str(error)) from error


def _refuse(path: Path, status: os.stat_result) -> None:
    problem = why_mistrusted(status, os.geteuid())
    if problem:
        raise FileError(path, problem)
