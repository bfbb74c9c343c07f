"""Fail the run if a process that a test started is still there at its end, and end that process.

A process belongs to the run if it descends from the run. A daemon has no parent left: it belongs to
the run if its arguments or its environment name the run's temporary folder. The integration tests
load this file as a pytest plugin. The same file in all three projects.
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

GRACE_SECONDS = 5.0
"""How long a process that has been sent a signal may take to end, at the end of the run."""


@contextmanager
def running(*command: object, **more: Any) -> Iterator["subprocess.Popen[Any]"]:
    """Run a command while the block runs; kill the process if it is still there afterwards."""
    with subprocess.Popen([str(each) for each in command], **more) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture(autouse=True, scope="session")
def no_process_is_left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Look for processes after the last test."""
    mark = f"{tmp_path_factory.getbasetemp()}/".encode()
    yield
    deadline = time.monotonic() + GRACE_SECONDS
    while (found := left(mark)) and time.monotonic() < deadline:
        time.sleep(0.1)
    for process in found:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    assert not found, f"tests left processes running: {found}"


def left(mark: bytes) -> dict[int, str]:
    """Return the command lines of this process's descendants, and of those that name `mark`."""
    parents, commands, marked = {}, {}, set()
    for folder in Path("/proc").glob("[0-9]*"):
        process = int(folder.name)
        command, environment = _read(folder / "cmdline"), _read(folder / "environ")
        # Source: proc_pid_stat(5); the name in parentheses may hold anything
        state, parent, *_ = _read(folder / "stat").rpartition(b")")[2].split() or (b"Z", b"0")
        if state == b"Z":  # it has ended
            continue
        parents[process] = int(parent)
        commands[process] = command.replace(b"\0", b" ").decode(errors="replace").strip()
        if mark in command or mark in environment:
            marked.add(process)
    mine, ancestors = {os.getpid()}, _ancestors(parents)
    while more := {child for child, parent in parents.items() if parent in mine} - mine:
        mine |= more
    return {each: commands[each] for each in (mine | marked) - ancestors if each in commands}


def _ancestors(parents: dict[int, int]) -> set[int]:
    """Return this process and all above it: a shell may name the folder in its arguments."""
    found, process = set(), os.getpid()
    while process in parents:
        found.add(process)
        process = parents[process]
    return found


def _read(path: Path) -> bytes:
    """Return the bytes of a file of /proc, none if it is gone or somebody else's."""
    try:
        return path.read_bytes()
    except OSError:
        return b""
