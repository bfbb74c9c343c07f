"""Find other programs on this machine that move interrupts: the C irqbalance, and tuned.

Any user may give a process any name, and a container may have any files. So only root's processes
count, and below the root of a process no link is followed and no pipe is waited for.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from .below import read_below

_ROOTS_IDS = ["0", "0", "0", "0"]
_PYTHON = re.compile(r"(python|pypy)[0-9.]*", re.ASCII)
_IRQBALANCE_SECTION = re.compile(
    r"^[ \t]*(?:\[irqbalance\]|type[ \t]*=[ \t]*irqbalance[ \t\r]*$)", re.MULTILINE
)
_INCLUDE = re.compile(r"^[ \t]*include[ \t]*=(.*)$", re.MULTILINE)

_LARGEST_BYTES = 2**16
_MOST_PROFILES = 100
"""tuned's own profiles have 6 KB at most, and include each other three deep."""


class Balancer(NamedTuple):
    """Another balancer that runs: a few words that name it, and how a person stops it."""

    name: str
    stop: str

    def sentence(self) -> str:
        """Return it as a person reads it."""
        return f"{self.name} runs too; stop it ({self.stop}), or use --force"


def find_balancers(procfs: Path) -> list[Balancer]:
    """Return the other balancers that run, by rising process id.

    A container does not see a balancer of its host: that runs in another PID namespace.
    """
    return [found for found in map(_what_balances, _processes(procfs)) if found]


def _processes(procfs: Path) -> Iterator[Path]:
    try:
        folders = [folder for folder in procfs.iterdir() if folder.name.isdecimal()]
    except OSError:
        return
    yield from sorted(folders, key=lambda folder: int(folder.name))


def _what_balances(process: Path) -> Balancer | None:
    """Return the balancer that a process is, None for most processes."""
    name = _file(process, "comm").strip()
    if name not in ("irqbalance", "tuned") or not _is_roots(process):
        return None
    if name == "tuned":
        if not _uses_irqbalance(process / "root"):
            return None
        words = f"tuned with its irqbalance plug-in (process {process.name})"
        return Balancer(words, "take [irqbalance] out of its profile")
    if _is_other_program(process) or _is_python(process) or _is_dead(process):
        return None
    return Balancer(f"irqbalance (process {process.name})", "systemctl disable --now irqbalance")


def _is_roots(process: Path) -> bool:
    """Return whether a process is root's by all of its ids: real, effective, saved, file system.

    A program that is setuid root, started by another user under this name, has that user's real id.
    No other character than a newline ends a line: the name, in the first one, may be any.
    Source: fs/proc/array.c (task_state).
    """
    lines = _file(process, "status").split("\n")
    ids = next((line for line in lines if line.startswith("Uid:")), "")
    return ids.split()[1:] == _ROOTS_IDS


def _is_other_program(process: Path) -> bool:
    """Return whether a process runs a program of another name.

    A setuid program that has become root by all ids, such as sudo, may have any name by a link.
    """
    try:
        program = os.readlink(process / "exe")  # noqa: PTH115 - the text, which is no path
    except OSError:  # not allowed to look
        return False
    return program.removesuffix(" (deleted)").rpartition("/")[2] != "irqbalance"


def _is_python(process: Path) -> bool:
    """Return whether a process is a Python program, as this one is: it may have the same name."""
    program = _file(process, "cmdline").split("\0")[0]
    return _PYTHON.fullmatch(program.rpartition("/")[2]) is not None


def _is_dead(process: Path) -> bool:
    """Return whether a process has ended and waits for its parent (state Z). Source: proc(5)."""
    return _file(process, "stat").rpartition(")")[2].split()[:1] == ["Z"]


def _uses_irqbalance(root: Path) -> bool:
    """Return whether tuned's active profile, or one that it includes, has the irqbalance plug-in.

    Source: tuned's consts.py (folders of profiles) and its plugin_irqbalance.py.
    """
    waiting = _read(root, "etc/tuned/active_profile").split()
    seen: set[str] = set()
    while waiting and len(seen) < _MOST_PROFILES:
        profile = waiting.pop()
        if profile in seen or "/" in profile or not profile.isprintable():
            continue
        seen.add(profile)
        text = _profile(root, profile)
        if _IRQBALANCE_SECTION.search(text):
            return True
        for names in _INCLUDE.findall(text):
            waiting += re.split(r"[\s,;]+", names.strip())
    return False


def _profile(root: Path, name: str) -> str:
    for folder in ("etc/tuned/profiles", "etc/tuned", "usr/lib/tuned/profiles", "usr/lib/tuned"):
        text = _read(root, f"{folder}/{name}/tuned.conf")
        if text:
            return text
    return ""


def _file(process: Path, name: str) -> str:
    return _read(process.parent, f"{process.name}/{name}")


def _read(root: Path, path: str) -> str:
    """Return the text of a regular file below `root`; ``""`` for any other, and for a large one."""
    try:
        return read_below(root, path, _LARGEST_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
