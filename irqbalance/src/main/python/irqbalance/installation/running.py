"""The words that start this very program again, and whether the system may run them.

The same file in irqbalance and irq_server. The program is a command of a virtual environment, of
pipx, of pip or of a package, or a single file that Python runs (zipapp).
"""

import errno
import os
import re
import stat
import sys
from collections.abc import Sequence
from pathlib import Path

_PLAIN = re.compile(r"[A-Za-z0-9_./+:@-]+")
"""The characters that mean themselves in units, in cron files and in a shell."""


def words_of(program: str) -> list[str]:
    """Return the words that start the program: full paths.

    Raise OSError if there are none, or a unit or a cron file would read them as other words.
    """
    words = _words_of(program)
    for word in words:
        if not _PLAIN.fullmatch(word):
            reason = "the path has a character that units and cron files take for another"
            raise OSError(errno.EINVAL, reason, word)
    return words


def _words_of(program: str) -> list[str]:
    if is_single_file():
        return [sys.executable, str(Path(_archive()).resolve())]
    for path in (Path(sys.argv[0]), Path(sys.executable).with_name(program)):
        if path.name == program and os.access(path, os.X_OK):
            return [str(path.resolve())]
    raise FileNotFoundError(errno.ENOENT, "this is no installed command", sys.argv[0])


def is_single_file() -> bool:
    """Return whether the program is one file that Python runs."""
    return bool(_archive())


def _archive() -> str:
    return getattr(globals().get("__loader__"), "archive", None) or ""


def paths_of(words: Sequence[str]) -> list[Path]:
    """Return the files and folders that the program consists of: what runs it, and its modules."""
    python = Path(sys.executable)
    return [*map(Path, words), python, python.resolve(), Path(__file__).resolve().parents[1]]


def check(paths: Sequence[Path], *, for_others: bool) -> None:
    """Raise OSError if the system must not run a program of these paths.

    Only root may be able to change a program that the system runs, in any folder on the way to it.
    A program `for_others` is one that another user than root must reach.
    """
    for path in dict.fromkeys(part for each in paths for part in (*reversed(each.parents), each)):
        problem = _problem(path, for_others)
        if problem:
            raise PermissionError(errno.EPERM, f"{problem}; --force overrides", str(path))


def _problem(path: Path, for_others: bool) -> str:
    try:
        status = path.stat()
    except OSError:  # the folder within an archive
        return ""
    if status.st_uid != 0:
        return f"user {status.st_uid} owns it, and could change what the system runs"
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return "others than root may write it, and so change what the system runs"
    if for_others and stat.S_ISDIR(status.st_mode) and not status.st_mode & stat.S_IXOTH:
        return "it is closed to the user that the service runs as"
    return ""


def needs_home(paths: Sequence[Path]) -> bool:
    """Return whether a path is below the folders that ProtectHome= hides."""
    homes = (Path("/home"), Path("/root"), Path("/run/user"))
    return any(path.is_relative_to(home) for path in paths for home in homes)
