"""Find other programs on this machine that move interrupts: the C irqbalance, and tuned."""

import re
from collections.abc import Iterator
from pathlib import Path

from ..errors import FileError
from .procfs import read_text

_PYTHON = re.compile(r"(python|pypy)[0-9.]*", re.ASCII)
_IRQBALANCE_SECTION = re.compile(r"^\s*(?:\[irqbalance\]|type\s*=\s*irqbalance\s*$)", re.MULTILINE)
_INCLUDE = re.compile(r"^\s*include\s*=\s*(.+)$", re.MULTILINE)


def find_balancers(procfs: Path) -> list[str]:
    """Return the other balancers that run, each as a few words, by rising process id.

    A container does not see a balancer of its host: that runs in another PID namespace.
    """
    return [words for words in map(_what_balances, _processes(procfs)) if words]


def _processes(procfs: Path) -> Iterator[Path]:
    try:
        folders = [folder for folder in procfs.iterdir() if folder.name.isdecimal()]
    except OSError:
        return
    yield from sorted(folders, key=lambda folder: int(folder.name))


def _what_balances(process: Path) -> str:
    """Return the balancer that a process is, ``""`` for most processes."""
    name = _read(process / "comm").strip()
    if name == "irqbalance" and not _is_python(process) and not _is_dead(process):
        return f"irqbalance (process {process.name})"
    if name == "tuned" and _uses_irqbalance(process / "root"):
        return f"tuned with its irqbalance plug-in (process {process.name})"
    return ""


def _is_python(process: Path) -> bool:
    """Return whether a process is a Python program, as this one is: it may have the same name."""
    program = _read(process / "cmdline").split("\0")[0]
    return _PYTHON.fullmatch(program.rpartition("/")[2]) is not None


def _is_dead(process: Path) -> bool:
    """Return whether a process has ended and waits for its parent (state Z). Source: proc(5)."""
    return _read(process / "stat").rpartition(")")[2].split()[:1] == ["Z"]


def _uses_irqbalance(root: Path) -> bool:
    """Return whether tuned's active profile, or one that it includes, has the irqbalance plug-in.

    Source: tuned's consts.py (folders of profiles) and its plugin_irqbalance.py.
    """
    waiting = _read(root / "etc/tuned/active_profile").split()
    seen: set[str] = set()
    while waiting:
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
        text = _read(root / folder / name / "tuned.conf")
        if text:
            return text
    return ""


def _read(path: Path) -> str:
    try:
        return read_text(path)
    except FileError:
        return ""
