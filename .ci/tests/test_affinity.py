"""Affinities set over the wire by the three wheels, in a captured tree in the place of /proc."""

import csv
import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from captures import unpack

from conftest import ROOT, START_SECONDS, Running, serving

CAPTURE = "x86_64-4cpu-6.12"
FREE, MANAGED = "43", "52"
"""A device's IRQ that may go to CPUs 0 to 3, and one that the kernel places (mode 0444)."""

BUSY = ("37", "40")
"""Devices' IRQs that may go anywhere as well."""

WRITER, READER = "a-token-that-may-write", "a-token-that-may-only-read"


@dataclass(frozen=True)
class Machine:
    """A server that may write, the tree that it writes to, and a folder of tokens."""

    running: Running
    proc: Path
    tokens: Path

    def options(self) -> tuple[str, ...]:
        return ("--procfs", str(self.proc), "--sysfs", str(self.proc.parent / "sys"))

    def affinity(self, irq: str) -> str:
        """Return the affinity in the tree that stands for the kernel's."""
        return (self.proc / f"irq/{irq}/smp_affinity_list").read_text().strip()

    def recorded(self, irq: str) -> list[tuple[str, str, str]]:
        """Return the events of an IRQ: each one's name, its detail, and who caused it."""
        window = ("--irq", irq, "--period", "1h")
        table = self.running.client("--format", "csv", "events", *window)
        rows = csv.DictReader(io.StringIO(table))
        return [(row["event"], row["detail"], row["by"]) for row in rows]

    def set(self, irq: str, cpus: str, token: str = "") -> tuple[int, str, str]:
        """Set an affinity by irq_client and a token; return exit status, output and messages."""
        with_token = ("--token-file", str(self.tokens / token)) if token else ()
        server = ("--server", self.running.url)
        return self.running.attempt("irq_client", *server, "affinity", irq, cpus, *with_token)


def wait_until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@contextmanager
def running_machine(commands: Path, folder: Path, *listening: object) -> Iterator[Machine]:
    captures = ROOT / "irqbalance/src/unittest/resources/captures"
    unpack(captures / f"{CAPTURE}.tar.xz", folder)
    proc = folder / CAPTURE / "proc"
    tokens = folder / "tokens"
    tokens.mkdir()
    server = f"rw {WRITER}\nro {READER}\n"
    files = {"server": server, "writer": WRITER, "reader": READER, "stranger": "somebody-elses"}
    for name, text in files.items():
        (tokens / name).write_text(text)
        (tokens / name).chmod(0o600)
    writing = ("--allow-affinity", "--token-file", tokens / "server")
    trees = ("--procfs", proc, "--sysfs", proc.parent / "sys", "--interval", "100ms")
    with serving(commands, folder / "data", *trees, *writing, *listening) as running:
        wait_until(lambda: running.attempt("irq_client", "--server", running.url, "cpus")[0] == 0)
        yield Machine(running, proc, tokens)


@pytest.fixture
def machine(commands: Path, tmp_path: Path) -> Iterator[Machine]:
    with running_machine(commands, tmp_path) as found:
        yield found


@contextmanager
def interrupts_on_cpu_0(proc: Path) -> Iterator[None]:
    """Make the busy IRQs fire on CPU 0 until the block ends, 10,000 times a second in all."""
    path = proc / "interrupts"
    for irq in BUSY:
        effective = proc / f"irq/{irq}/effective_affinity_list"
        effective.chmod(0o644)
        effective.write_text("0\n")
    over = threading.Event()

    def count() -> None:
        while not over.wait(0.1):
            lines = path.read_text().splitlines(keepends=True)
            for number, line in enumerate(lines):
                irq, colon, cells = line.partition(":")
                if irq.strip() in BUSY:
                    first, rest = cells.split(maxsplit=1)
                    lines[number] = f"{irq}{colon} {int(first) + 500:>10} {rest}"
            fresh = path.with_name("interrupts.new")
            fresh.write_text("".join(lines))
            fresh.replace(path)

    thread = threading.Thread(target=count)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_a_token_that_may_write_sets_an_affinity(machine: Machine):
    assert machine.affinity(FREE) == "0-3"

    status, shown, messages = machine.set(FREE, "2", "writer")

    assert (status, messages) == (0, "")
    assert "affinity            0-3 -> 2" in shown.splitlines()
    assert machine.affinity(FREE) == "2"
    assert machine.recorded(FREE) == [
        ("affinity_request", "2 from 127.0.0.1", "127.0.0.1"),
        ("affinity", "0-3 -> 2", "127.0.0.1"),
    ]


def test_an_affinity_is_set_through_a_unix_socket(commands: Path, tmp_path: Path):
    with running_machine(commands, tmp_path, "--socket", tmp_path / "socket") as machine:
        assert machine.running.url == f"unix:{tmp_path}/socket"
        unknown = machine.set(FREE, "2")
        status, _, messages = machine.set(FREE, "2", "writer")

        assert unknown[0] == 4
        assert (status, messages) == (0, "")
        assert machine.affinity(FREE) == "2"
        assert [event for event, *_ in machine.recorded(FREE)] == ["affinity_request", "affinity"]
        assert "127.0.0.1" not in str(machine.recorded(FREE))


def test_an_irq_that_the_kernel_places_is_refused_with_its_reason(machine: Machine):
    before = machine.affinity(MANAGED)

    status, shown, messages = machine.set(MANAGED, "3", "writer")

    assert (status, shown) == (4, "")
    assert "managed by the kernel" in messages
    assert "(status 409)" not in messages  # only with -v
    assert machine.affinity(MANAGED) == before
    ((event, detail, by),) = machine.recorded(MANAGED)
    assert (event, by) == ("affinity_request", "127.0.0.1")
    assert detail.startswith("3 from 127.0.0.1: refused: managed by the kernel")


def test_a_cpu_that_is_not_online_is_refused_with_those_that_are(machine: Machine):
    status, _, messages = machine.set(FREE, "2-4", "writer")

    assert status == 4
    assert "no such CPU online: 4; online are 0-3" in messages
    assert machine.affinity(FREE) == "0-3"


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("", "--token-file names the file"),
        ("stranger", "the server does not know this token"),
        ("reader", "a token that may write"),
    ],
)
def test_nobody_else_may_set_an_affinity(machine: Machine, token: str, words: str):
    status, shown, messages = machine.set(FREE, "2", token)

    assert (status, shown) == (4, "")
    assert words in messages
    assert machine.affinity(FREE) == "0-3"
    assert machine.recorded(FREE) == []


def test_a_pattern_spreads_what_may_move_and_names_what_may_not(machine: Machine):
    status, shown, messages = machine.set("51-53", "0-1", "writer")
    assert status == 4
    assert "managed by the kernel" in messages
    # 51 and 52 are on 0 and 1 already
    assert (shown.count("managed: "), shown.count("refused: ")) == (2, 1)

    status, shown, messages = machine.set("eth4-*", "1,3", "writer")

    assert (status, messages) == (0, "")
    assert (machine.affinity("55"), machine.affinity("56")) == ("1", "3")


def test_what_irqbalance_moves_is_moved_on_the_machine(machine: Machine):
    state = machine.proc.parent / "state"
    with interrupts_on_cpu_0(machine.proc):
        report = machine.running.run(
            "irqbalance",
            *machine.options(),
            *("--state-dir", str(state), "--interval", "1s", "--format", "json"),
        )

    moves = {
        each["irq"]: each for each in json.loads(report)["irqs"] if each["status"] == "applied"
    }
    assert moves
    assert set(moves) <= set(BUSY)
    for irq, move in moves.items():
        to = str(move["to"])
        assert machine.affinity(irq) == to
        changes = [("affinity", f"0-3 -> {to}", "")]
        wait_until(lambda irq=irq, changes=changes: machine.recorded(irq) == changes)
