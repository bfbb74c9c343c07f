"""A soak: five minutes at 50 samples a second, read all the time, and much goes wrong meanwhile.

IRQ_SOAK_SECONDS makes it last longer or shorter, IRQ_SOAK_SEED repeats what a run did; both are
printed. For three fifths of the time one server lives, through full disks and clock steps; then it
is killed again and again.
"""

import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from conftest import COMMAND, Server, wait_until
from leftovers import running
from soak import machine, troubles, watch
from soak.readers import AT_ANY_TIME, Lives, Readers
from soak.truth import Truth

pytestmark = [pytest.mark.soak, pytest.mark.slow]

SECONDS = float(os.environ.get("IRQ_SOAK_SECONDS", "300"))
SEED = int(os.environ.get("IRQ_SOAK_SEED") or time.time_ns() % 10**9)
LONG_LIFE = 3 / 5
RATE = 60.0
"""Sequences a second, so that most samples find another one."""

OPTIONS = ("--interval", "20ms", "--max-size", "5MiB", "--fsync", "segment")
KEPT = ("raw=1h,5s=2m,1m=1d", "raw=15s,5s=90s,1m=1d")
"""The size cap drops samples with the first, their age with the second."""

EXPECTED_IN_LOG = re.compile(
    r" INFO |cannot sample: .*(No space left on device|File too large|stuck for)"
    r"|is not recorded: .*(No space left on device|File too large)"
    r"|cannot be packed: .*(No space left on device|File too large)"
    r"|metrics.json: a restart may show other series: (No space left on device|File too large)"
    r"|dropped an unfinished tail of [0-9]+ bytes"
)


Trouble = Callable[[Server], Server]


class Soak:
    """One run: the machine, its server of the moment, and what it left."""

    def __init__(self, tmp_path: Path, disk: troubles.Disk) -> None:
        """Make the machine; start nothing."""
        self.dice = random.Random(SEED)
        self.tree = machine.Tree(tmp_path / "proc")
        self.clock = troubles.Clock(tmp_path / "offset")
        self.data = disk.folder / "data"
        self.truth = Truth(machine.Machine(SEED))
        self.lives = Lives()
        self.readers = Readers(self.lives, self.truth, self.data, SEED)
        self.troubles = troubles.Troubles(
            self.tree, self.clock, disk, self.truth, self.dice, self.restart
        )
        self.servers: list[Server] = []
        self.watches: list[watch.Watch] = []
        self.samples = 0

    def start(self, kept: str = KEPT[0]) -> Server:
        """Start a server that lives until it is killed."""
        arguments = ("--procfs", self.tree.root, "--data-dir", self.data, "--retention", kept)
        server = Server(*arguments, *OPTIONS, under=self.clock.prefix)
        self.servers.append(server)
        self.watches.append(watch.Watch(server.process.pid))
        wait_until(lambda: "no sample was taken" not in server.get("/readyz").text)
        self.lives.begin(server)
        return server

    def restart(self, server: Server) -> Server:
        """Kills a server and starts the next one."""
        self.samples += server.json("/api/v1/status")["sampler"]["samples"]
        self.lives.end()
        assert server.kill() == -9
        self.watches[-1].stop()
        return self.start(self.dice.choice(KEPT))

    def run(self, server: Server, until: float, choices: Sequence[Trouble]) -> Server:
        """Make one trouble after the other until the time is over or an answer was wrong."""
        while time.monotonic() < until and not self.readers.wrong:
            time.sleep(self.dice.uniform(1.0, 6.0))  # so that it is well for a while
            server = self.dice.choice(choices)(server)
        return server

    def end(self) -> None:
        """Kills what is left, where the test ended early."""
        self.lives.end()
        self.readers.stop()
        for each in self.watches:
            each.stop()
        for server in self.servers:
            if server.process.poll() is None:
                server.kill()


@contextmanager
def counting(soak: Soak) -> Iterator[None]:
    """Lets the machine count, in a process of its own."""
    program = [sys.executable, machine.__file__, soak.tree.root, str(SEED), str(RATE)]
    with running(*program, stdin=subprocess.PIPE) as process:
        assert process.stdin
        yield
        process.stdin.close()
        assert process.wait(20) == 0


def check_resources(lives: Sequence[watch.Watch], samples: int) -> str:
    """Check that the first life takes no more and more, and none after it more; return figures.

    `samples` are those of the first life; what it may grow by for each is a quarter of a KiB.
    """
    long = lives[0]
    before, after = watch.resident(long.warm), watch.resident(long.last)
    counted = samples * (1 - watch.WARM_UP)
    bound = before + watch.SPARE_BYTES + watch.LEAK_BYTES_PER_SAMPLE * counted
    threads = [max(look.threads for look in part) for part in (long.warm, long.last)]
    descriptors = [max(look.descriptors for look in part) for part in (long.warm, long.last)]
    figures = (
        f"resident {before / 2**20:.1f} MiB after its warm-up, {after / 2**20:.1f} at its end, "
        f"bound {bound / 2**20:.1f}; descriptors {descriptors}, threads {threads}"
    )
    assert after <= bound, figures
    assert descriptors[1] <= descriptors[0] + watch.SPARE_DESCRIPTORS, figures
    assert threads[1] <= threads[0], figures
    for look in (look for life in lives[1:] for look in life.last):
        assert look.resident_bytes <= bound, (look, figures)
        assert look.descriptors <= descriptors[0] + watch.SPARE_DESCRIPTORS, (look, figures)
        assert look.threads <= threads[0] + 1, (look, figures)  # one surveys the store
    return figures


def test_ten_minutes_of_readers_kills_full_disks_and_clock_steps_do_no_harm(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    def say(*words: object) -> None:
        with capsys.disabled():
            print(*words, flush=True)  # noqa: T201 - who runs it wants to see it

    say(f"\nsoak: {SECONDS:g} seconds (IRQ_SOAK_SECONDS), seed {SEED} (IRQ_SOAK_SEED)")
    with troubles.small_disk(tmp_path / "disk") as disk:
        soak = Soak(tmp_path, disk)
        try:
            soak_for(soak, SECONDS, say)
        finally:
            soak.end()


def soak_for(soak: Soak, seconds: float, say: Callable[..., None]) -> None:
    soak.tree.show(machine.Machine(SEED), 0)
    began = time.monotonic()
    server = soak.start()
    server.wait_for_samples()
    trouble = soak.troubles
    with counting(soak):
        soak.readers.start()
        gentle = [trouble.full_disk, trouble.clock_step, trouble.step_on_a_full_disk]
        server = soak.run(server, began + LONG_LIFE * seconds, gentle)
        long_samples = server.json("/api/v1/status")["sampler"]["samples"]
        rough = [trouble.kill, trouble.kill_and_step, trouble.kill_on_a_full_disk, *gentle]
        server = soak.run(server, began + seconds, rough)
        soak.readers.stop()
    assert soak.readers.wrong == []

    server.wait_for_samples()
    status = server.json("/api/v1/status")
    assert soak.truth.metrics(server.get("/metrics").text) == soak.tree.done
    first = server.json("/api/v1/interrupts", start="0")
    assert soak.truth.interrupts(first) == (0, soak.tree.done)  # not one is lost
    assert status["store"]["bytes"] <= status["store"]["max_bytes"] * 17 / 16  # one segment more
    soak.samples += status["sampler"]["samples"]
    soak.lives.end()
    assert server.stop() == 0
    soak.watches[-1].stop()

    figures = check_resources(soak.watches, long_samples)
    unexpected = [
        line for each in soak.servers for line in each.log if not EXPECTED_IN_LOG.search(line)
    ]
    assert unexpected == []
    done = subprocess.run([COMMAND, "verify", soak.data], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert " 0 damaged" in done.stdout
    command = [COMMAND, "export", soak.data, f"--end={AT_ANY_TIME}"]
    whole = subprocess.run(command, capture_output=True, text=True)
    assert (whole.returncode, whole.stderr) == (0, "")
    exported = soak.truth.export(whole.stdout.splitlines())
    say(f"soak: {soak.samples} samples, {len(soak.servers)} lives, {trouble.done}")
    say(f"soak: {sum(soak.readers.answers.values())} answers right: {dict(soak.readers.answers)}")
    say(f"soak: {figures}; {exported} samples exported; {done.stdout.strip()}")
