"""The words that start this very program again, and whether the system may run them.

The same file in irqbalance and irq_server. The program is a command of a virtual environment, of
pipx, of pip or of a package, or a single file that Python runs (zipapp).
"""

import os
import re
import stat
import sys
from collections.abc import Iterable
from pathlib import Path

_PLAIN = re.compile(r"[A-Za-z0-9_./+:@-]+")
"""The characters that mean themselves in units, in cron files and in a shell."""


def running_words(program: str) -> list[str]:
    """Return the words that start the program: full paths; none if there is no such command."""
    archive = getattr(globals().get("__loader__"), "archive", None)
    if archive:
        return [sys.executable, str(Path(archive).resolve())]
    for path in (Path(sys.argv[0]), Path(sys.executable).with_name(program)):
        if path.name == program and os.access(path, os.X_OK):
            return [str(path.resolve())]
    return []


def running_paths(words: Iterable[str]) -> list[Path]:
    """Return the files and folders that the program consists of: what runs it, and its modules."""
    python = Path(sys.executable)
    modules = Path(__file__).parents[2]
    return [*map(Path, words), python, python.resolve(), modules]


def why_not(paths: Iterable[Path], *, for_others: bool) -> str:
    """Return why the system must not run a program of these paths; ``""`` if nothing is wrong.

    Only root may be able to change a program that the system runs, in any folder on the way to it.
    A program `for_others` is one that another user than root can reach.
    """
    chains = [path for each in paths for path in (*reversed(each.parents), each)]
    for path in dict.fromkeys(chains):
        if not _PLAIN.fullmatch(str(path)):
            return f"{path} has a character that a unit cannot hold"
        try:
            status = path.stat()
        except OSError:  # the folder within an archive
            continue
        if status.st_uid != 0:
            return f"{path} belongs to user {status.st_uid}, who could change what the system runs"
        if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            return f"others than root may write {path}, and so change what the system runs"
        if for_others and stat.S_ISDIR(status.st_mode) and not status.st_mode & stat.S_IXOTH:
            return f"{path} is closed to the user that the service runs as"
    return ""


def needs_home(paths: Iterable[Path]) -> bool:
    """Return whether a path is below the folders that ProtectHome= hides."""
    homes = (Path("/home"), Path("/root"), Path("/run/user"))
    return any(path.is_relative_to(home) for path in paths for home in homes)
