"""What goes wrong in the soak: kills, a full disk, a clock that is set. Each has to be told.

The clock is the servers' alone, set off by what a file says; the machine's own is never set. The
disk is a small file system in memory; where none may be mounted, the server's files may not grow.
"""

import mmap
import os
import random
import resource
import struct
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from conftest import Server, wait_until

from .machine import Tree
from .truth import Truth, moment, right

DISK_BYTES = 12 * 2**20
_OFFSET = struct.Struct("=d")
_NO_LIMIT = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


class Clock:
    """The wall clock of the servers that are run under it."""

    def __init__(self, file: Path) -> None:
        """Take where the offset is kept."""
        self.offset_seconds = 0
        self._path = file
        file.write_bytes(_OFFSET.pack(0.0))
        with file.open("r+b") as opened:
            self._shown = mmap.mmap(opened.fileno(), _OFFSET.size)

    def step(self, seconds: int) -> None:
        """Set the clock forward or back."""
        self.offset_seconds += seconds
        self._shown[:] = _OFFSET.pack(self.offset_seconds)

    def now(self) -> float:
        """Return the moment by the clock of the servers."""
        return time.time() + self.offset_seconds

    @property
    def prefix(self) -> list[str]:
        """What stands before a command so that it runs under this clock."""
        folder = Path(__file__).with_name("clock")
        return ["env", f"PYTHONPATH={folder}", f"SOAK_CLOCK={self._path}"]


class Disk:
    """A small disk that can be full."""

    def __init__(self, folder: Path, is_mounted: bool) -> None:
        """Take a folder, and whether it is a file system of its own."""
        self.folder = folder
        self.is_mounted = is_mounted
        self._filler = folder / "filler"

    def fill(self, server: Server) -> None:
        """Take what room there is; again and again, as the server may give some of it back."""
        if not self.is_mounted:
            segments = [each.stat().st_size for each in self.folder.glob("data/raw/*/*.csv")]
            limit = min(segments, default=0) + 100
            resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (limit, _NO_LIMIT[1]))
            return
        descriptor = os.open(self._filler, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            for size in (2**16, 2**12, 1):
                while True:
                    os.write(descriptor, bytes(size))
        except OSError:
            pass  # that is what full means
        finally:
            os.close(descriptor)

    def make_room(self, server: Server) -> None:
        """Give it all back."""
        if not self.is_mounted:
            resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, _NO_LIMIT)
        self._filler.unlink(missing_ok=True)


@contextmanager
def small_disk(folder: Path) -> Iterator[Disk]:
    """Return a disk in `folder`, for as long as it is needed."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "irq_server-soak", folder]
    mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    try:
        yield Disk(folder, mounted)
    finally:
        if mounted:
            subprocess.run(["umount", folder], check=True)  # noqa: S607 - where it lies differs


Event = tuple[str, str, str]


class Troubles:
    """Makes trouble for one server after the other, and looks whether each is told."""

    def __init__(
        self,
        tree: Tree,
        clock: Clock,
        disk: Disk,
        truth: Truth,
        dice: random.Random,
        restart: Callable[[Server], Server],
    ) -> None:
        """Take what can go wrong, what is true, and what kills a server and return the next."""
        self.done: dict[str, int] = {}
        self._tree, self._clock, self._disk = tree, clock, disk
        self._truth, self._dice, self._restart = truth, dice, restart

    def _tell(self, what: str) -> None:
        self.done[what] = self.done.get(what, 0) + 1

    # ---- what goes wrong ------------------------------------------------------------------------

    def full_disk(self, server: Server, is_killed: bool = False, seconds: int = 0) -> Server:
        """Fill the disk, kill the server or set the clock meanwhile, and make room again."""
        before, newest = events(server), self._newest(server)
        is_hidden = self._clock.now() < newest or seconds < 0  # samples go on a millisecond later
        self._full(server)
        if is_killed:
            server = self._restart(server)
            self._full(server)
        self._clock.step(seconds)
        self._wait(0.5, 3.0)
        self._disk.make_room(server)
        self._goes_on(server)
        told = since(before, events(server))
        right(is_hidden or "gap" in kinds(told), "a full disk made no gap:", told)
        right(kinds(told).count("start") == is_killed, "starts:", told)
        self._check_clock(told, seconds)
        self._tell("full disks")
        return server

    def step_on_a_full_disk(self, server: Server) -> Server:
        """Set the clock while the disk is full."""
        self._tell("of them with the clock set")
        return self.full_disk(server, seconds=self._step())

    def kill_on_a_full_disk(self, server: Server) -> Server:
        """Kills the server, and starts the next, while the disk is full."""
        self._tell("of them with a kill")
        return self.full_disk(server, is_killed=True)

    @staticmethod
    def _check_clock(told: list[Event], seconds: int) -> None:
        """Check that there is one event for a clock set by `seconds`, and no other of a clock."""
        steps = [float(detail.removesuffix(" s")) for _, kind, detail in told if kind == "clock"]
        right(len(steps) == bool(seconds), f"a clock set by {seconds} s:", told)
        right(all(abs(each - seconds) < 2.5 for each in steps), f"set by {seconds} s:", told)

    def _full(self, server: Server) -> None:
        """Fill the disk until the server says that it is."""

        def is_told() -> bool:
            self._disk.fill(server)
            status = server.json("/api/v1/status")["sampler"]
            return bool(status["state"] == "failing" and status["last_error"])

        wait_until(is_told)
        # the log is written after the state is set, and read by a thread
        wait_until(lambda: any("cannot sample" in line for line in server.log))

    def clock_step(self, server: Server) -> Server:
        """Set the clock, forward or back."""
        before, seconds = events(server), self._step()
        self._clock.step(seconds)
        self._tell("clock steps")
        self._goes_on(server)
        self._check_clock(since(before, events(server)), seconds)
        return server

    def _step(self) -> int:
        """Return the seconds of a step: back by less than forward, so that the clock catches up."""
        if self._dice.random() < 0.4:
            return -self._dice.randrange(5, 15)
        return self._dice.randrange(5, 90)

    def kill(self, server: Server, seconds: int = 0) -> Server:
        """Kills the server at any moment, sets the clock by `seconds`, and starts another."""
        before = events(server)
        self._wait(0.0, 0.5)
        self._tell("clock steps while it was dead" if seconds else "kills")
        server = self._restart_with(server, seconds)
        self._goes_on(server)
        told = since(before, events(server))
        right(kinds(told).count("start") == 1, "one start:", told)
        right("stop" not in kinds(told), "a stop of a killed server:", told)
        return server

    def kill_and_step(self, server: Server) -> Server:
        """Set the clock while the server is dead."""
        return self.kill(server, self._step())

    def _restart_with(self, server: Server, seconds: int) -> Server:
        if seconds:
            self._clock.step(seconds)
        return self._restart(server)

    # ---- what stays right -----------------------------------------------------------------------

    def _goes_on(self, server: Server) -> None:
        """Wait until samples come again; what was visible by now is then counted."""

        def is_well() -> bool:
            status = server.json("/api/v1/status")["sampler"]
            return status["state"] == "running" and status["last_error"] is None

        wait_until(is_well)
        visible = self._tree.done
        server.wait_for_samples()
        found = self._truth.metrics(server.get("/metrics").text)
        right(found >= visible, f"sequence {visible} was visible, {found} is counted")

    def _newest(self, server: Server) -> float:
        return moment(server.json("/api/v1/status")["store"]["newest"])

    def _wait(self, least: float, most: float) -> None:
        time.sleep(self._dice.uniform(least, most))  # so that each trouble hits another moment


def events(server: Server) -> list[Event]:
    """Return all events of the server, in the order of time."""
    body: Mapping[str, Any] = server.json("/api/v1/events", start="0", end="2100-01-01T00:00:00Z")
    return [(each["time"], each["event"], each["detail"]) for each in body["events"]]


def since(before: list[Event], after: list[Event]) -> list[Event]:
    """Return the new lines."""
    left = list(before)
    told = []
    for each in after:
        if each in left:
            left.remove(each)
        else:
            told.append(each)
    return told


def kinds(told: list[Event]) -> list[str]:
    """Return what happened, without when."""
    return [kind for _, kind, _ in told]
