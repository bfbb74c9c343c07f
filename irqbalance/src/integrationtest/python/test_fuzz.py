"""Laws for foreign bytes: files of the kernel, of a person and of the last run, changed at random.

Each check is fuzzed for FUZZ_SECONDS (fuzzing.py), and replays what is saved for it.
"""

import json
import math
import tarfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from fuzzing import PROJECT, hunt, saved
from irqbalance.errors import CpuSetError, InterruptsFormatError
from irqbalance.kernel.cpuset import MAX_CPU, format_list, parse_list, parse_mask
from irqbalance.kernel.interrupts import CELL_MODULUS, Parser, Snapshot, parse
from world import AFTER, SMALL_FILES, Run, World, run

pytestmark = pytest.mark.fuzz

CAPTURES = sorted((PROJECT / "src/unittest/resources/captures").glob("*.tar.xz"))


@cache
def captured(member: str, largest: int = 20_000) -> tuple[bytes, ...]:
    """Return one file of every captured machine that has it, but of the largest machines."""
    found = []
    for path in CAPTURES:
        with tarfile.open(path) as archive:
            name = f"{path.name.removesuffix('.tar.xz')}/{member}"
            if name in archive.getnames():
                file = archive.extractfile(name)
                assert file is not None
                found.append(file.read())
    return tuple(each for each in found if len(each) <= largest)


def text_of(data: bytes) -> str:
    """Return the text of a file, as the program reads it."""
    return data.decode("utf-8", "replace")


# ---- /proc/interrupts


def check_interrupts(data: bytes) -> None:
    """Check for a snapshot with possible cells and labels, or the one exception, with a line."""
    text = text_of(data)
    try:
        snapshot = parse(text)
    except InterruptsFormatError as error:
        _check_refusal(error)
        _check_line(error.line_number, text)
        return
    _check_snapshot(snapshot)
    assert 1 <= len(snapshot.rows) <= text.count("\n")
    _check_reparsed(text, snapshot)


def _check_refusal(error: Exception) -> None:
    assert "\n" not in str(error)


def _check_line(number: int, text: str) -> None:
    assert 1 <= number <= text.count("\n") + 2


def _check_snapshot(snapshot: Snapshot) -> None:
    assert list(snapshot.cpus) == sorted(set(snapshot.cpus))
    assert all(0 <= cpu <= MAX_CPU for cpu in snapshot.cpus)
    assert len({row.irq for row in snapshot.rows}) == len(snapshot.rows)
    for row in snapshot.rows:
        assert row.irq
        assert not any(map(str.isspace, row.irq))
        assert row.figure is None or 0 <= row.figure < 2**64
        assert row.counts is None or (row.figure is None and len(row.counts) == len(snapshot.cpus))
        assert all(0 <= count < CELL_MODULUS for count in row.counts or ())
        if row.is_numbered:
            assert row.irq.isascii()
            assert len(row.irq) <= 10
            assert row.counts is not None


def _check_reparsed(text: str, snapshot: Snapshot) -> None:
    """Check that a parser returns the same after another text, or this one, as a new parser."""
    parser = Parser()
    for seen in (AFTER, text, text):
        again = parser.parse(seen)
    assert again == snapshot


# ---- lists and masks of CPUs


def check_cpu_list(data: bytes) -> None:
    """Check for CPUs that print and read back as the same, or the one exception."""
    text = text_of(data)
    try:
        cpus = parse_list(text)
    except CpuSetError as error:
        _check_refusal(error)
        return
    assert all(0 <= cpu <= MAX_CPU for cpu in cpus)
    assert parse_list(format_list(cpus)) == cpus


def check_cpu_mask(data: bytes) -> None:
    """Check for CPUs that print and read back as the same mask, or the one exception."""
    text = text_of(data)
    try:
        cpus = parse_mask(text)
    except CpuSetError as error:
        _check_refusal(error)
        return
    assert all(0 <= cpu <= MAX_CPU for cpu in cpus)
    assert parse_mask(f"{sum(1 << cpu for cpu in cpus) % 2**32:x}") == {n for n in cpus if n < 32}
    assert int(text.strip().replace(",", ""), 16) >= sum(1 << cpu for cpu in cpus) or "," in text


LISTS = (
    *(b"0-3,8\n", b"0-31:2/8", b"5\n", b"\n", b"0,2,4,6-7,63\n"),
    *(b"0-65535", b"0-2:1/3,9", b"1-1"),
)
MASKS = (b"f\n", b"00ff,ffffffff\n", b"1", b"0", b"80000000,00000000,00000001\n")


# ---- plans from files


def check_plan_from_files(data: bytes, folder: Path) -> None:
    """Check for a report with possible figures, or one line and status 1."""
    (folder / "later").write_bytes(data)
    for argv in ([], ["--to", folder / "later"]):
        first = folder / ("first" if argv else "later")
        done = run(["--from", first, *argv, "--format", "json"])
        if _check_ended(done, 0, 1) == 0:
            _check_report(json_of(done.out), all_cpus=True)
    _check_ended(run(["--from", folder / "later", "--verbose"]), 0, 1)


def json_of(text: str) -> Any:
    """Return the value of a JSON text, without the NaN and Infinity that JSON does not have."""

    def refuse(word: str) -> None:
        raise AssertionError(word)

    return json.loads(text, parse_constant=refuse)


def _check_ended(done: Run, *expected: int, most_lines: int = 1) -> int:
    assert done.status in expected
    lines = done.err.splitlines()
    assert len(lines) <= most_lines
    assert all(line.startswith("irqbalance: ") and len(line) < 1000 for line in lines)
    if done.status in (1, 2, 4):
        assert lines
        assert not done.out
    return done.status


def _check_report(report: Any, all_cpus: bool) -> None:
    before, after = report["balance"]["before"], report["balance"]["after"]
    for balance in (before, after):
        assert len(balance["loads"]) == len(report["cpus"])
        assert all(math.isfinite(load) and load >= 0 for load in balance["loads"])
        assert balance["imbalance"] >= 0.999
    if all_cpus:
        slack = 1e-9 * before["max"] + 0.01
        assert after["max"] <= before["max"] + slack
        assert report["balance"]["lower_bound"] <= after["max"] + slack
        assert sum(before["loads"]) == pytest.approx(sum(after["loads"]), rel=1e-9, abs=0.1)
    irqs = report["irqs"]
    assert len({irq["irq"] for irq in irqs}) == len(irqs)
    for irq in irqs:
        assert irq["load"] >= 0
        assert irq["to"] is None or irq["to"] in report["cpus"] or irq["status"] == "kept"
    assert report["moves"] == sum(irq["status"] in ("planned", "applied") for irq in irqs)


# ---- the settings file


def check_settings_file(data: bytes, folder: Path) -> None:
    """Check for a plan, or one line and status 2, or 1 if no CPU is left; never a file written.

    A plan may come with a line for each pattern that no IRQ matches.
    """
    (folder / "settings.toml").write_bytes(data)
    argv = ["--config", folder / "settings.toml", "--from", folder / "first", "--format", "csv"]
    done = run(argv)
    patterns = 1 + data.count(b",") + data.count(b"=")
    _check_ended(done, 0, 1, 2, most_lines=1 if done.status else patterns)


SETTINGS_FILES = (
    b'threshold = 10\nban_irq = ["virtio*", "40-47", 24]\nmax_moves = 3\ncpus = "0-2"\n',
    b'[[rules]]\npattern = "virtio1-*"\ncpus = "0-3"\n\n[[rules]]\npattern = "ahci*"\nban = true\n'
    b'[[rules]]\npattern = "virtio*"\none_node = true\n',
    b'# a comment\ninterval = "90s"\nstate_dir = "/x"\nlog = "syslog"\nload = "time"\n'
    b'format = "csv"\nverbose = true\nquiet = false\nban_cpus = 3\nthreshold = "2.5%"\n',
    b"only_irq = [\n  'i8042',\n  '''ata*''', # more\n]\nrules = [{pattern='x', ban=true}]\n",
)


# ---- the state directory


class State:
    """Runs on a machine whose state directory holds one file of foreign bytes."""

    def __init__(self, world: World) -> None:
        """Take a machine, on which a run leaves whole files to start from."""
        self.world = world
        world.reset()
        assert world.run("--interval", "10").status == 0
        self.whole = {
            path.name: path.read_bytes() for path in (world.root / "state").glob("*.json")
        }
        refusal = {"chip": "IO-APIC", "hwirq": "9", "device": "acpi", "reason": "managed"}
        content = json.loads(self.whole["undo.json"])
        self.whole["refusals.json"] = json.dumps(content | {"irqs": {"9": refusal}}).encode()

    def check(self, name: str, data: bytes) -> None:
        """Check that a run ends well and names a broken file, and that the next has no problem."""
        world = self.world
        self._put_state(name, data)
        world.time += 60
        world.put("proc/interrupts", AFTER.encode())
        dry = world.run("--dry-run", "--verbose", "--log", "syslog")
        _check_ended(dry, 0, most_lines=4)
        done = world.run("--format", "json")
        _check_ended(done, 0)
        _check_report(json_of(done.out), all_cpus=True)
        allowed = {f"{cpu}\n" for cpu in range(4)} | {"0-3\n"}
        assert set(world.affinities().values()) <= allowed
        world.time += 60
        again = world.run("--format", "json")
        assert (again.status, again.err) == (0, "")

    def check_restore(self, data: bytes) -> None:
        """Check that a restore puts back the record's affinities, for the devices that it names."""
        world = self.world
        self._put_state("undo.json", data)
        before = world.affinities()
        _check_ended(world.run("--restore", "--dry-run"), 0)
        assert world.affinities() == before
        _check_ended(world.run("--restore", "--force", "--format", "json"), 0)
        after = world.affinities()
        changed = {irq for irq, text in after.items() if text != before[irq]}
        if changed:
            irqs = json.loads(data)["irqs"]
            for irq in changed:
                assert parse_list(after[irq]) == parse_list(irqs[irq]["before"])
        assert world.run("--restore").err == ""

    def _put_state(self, name: str, data: bytes) -> None:
        self.world.reset()
        for other, content in self.whole.items():
            self.world.put(f"state/{other}", content)
        self.world.put(f"state/{name}", data)
        for irq in ("24", "25", "26", "27"):
            record = json.loads(self.whole["undo.json"])["irqs"].get(irq)
            if record:
                written = f"{record['written']}\n".encode()
                self.world.put(f"proc/irq/{irq}/smp_affinity_list", written)


# ---- the kernel's small files


def check_small_file(path: str, data: bytes, world: World) -> None:
    """Check that a run ends with a documented status, at most one line, and no unplanned write."""
    world.reset()
    world.put(path, data)
    before = world.affinities()
    done = world.run("--dry-run", "--load", "time", "--format", "json", "--interval", "10")
    status = _check_ended(done, 0, 1, 4, most_lines=2)
    if status == 0:
        _check_report(json_of(done.out), all_cpus=False)
    assert world.affinities() == before
    done = world.run("--interval", "10", "--quiet")
    _check_ended(done, 0, 1, 4)
    changed = {each for irq, each in world.affinities().items() if each != before[irq]}
    assert changed <= {f"{cpu}\n" for cpu in range(4)}


# ---- what is run

STATE_FILES = ("snapshot.json", "undo.json", "refusals.json", "prediction.json")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("files")
    (made / "first").write_bytes(captured("proc/interrupts")[0])
    return made


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> State:
    return State(World(tmp_path_factory.mktemp("state")))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("world"))


PURE: dict[str, Callable[[bytes], None]] = {
    "interrupts": check_interrupts,
    "cpu_list": check_cpu_list,
    "cpu_mask": check_cpu_mask,
}


def test_any_interrupts_are_parsed_right_or_refused():
    hunt(check_interrupts, captured("proc/interrupts"))


def test_any_cpu_list_is_read_right_or_refused():
    hunt(check_cpu_list, LISTS)


def test_any_cpu_mask_is_read_right_or_refused():
    hunt(check_cpu_mask, MASKS)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        pytest.param(name, *each.values, id=f"{name}-{each.id}")
        for name in PURE
        for each in saved(name)
    ],
)
def test_saved_bytes_are_read_right_or_refused(name: str, data: bytes):
    PURE[name](data)


def test_any_files_are_planned_or_refused(folder: Path):
    hunt(lambda data: check_plan_from_files(data, folder), captured("proc/interrupts.later"))


@pytest.mark.parametrize("data", saved("plan"))
def test_saved_files_are_planned_or_refused(data: bytes, folder: Path):
    check_plan_from_files(data, folder)


def test_any_settings_file_is_taken_or_refused(folder: Path):
    hunt(lambda data: check_settings_file(data, folder), SETTINGS_FILES)


@pytest.mark.parametrize("data", saved("settings"))
def test_saved_settings_files_are_taken_or_refused(data: bytes, folder: Path):
    check_settings_file(data, folder)


@pytest.mark.parametrize("name", STATE_FILES)
def test_any_file_of_the_last_run_is_used_or_set_aside(name: str, state: State):
    hunt(lambda data: state.check(name, data), [state.whole[name]])


@pytest.mark.parametrize(
    ("name", "data"),
    [
        pytest.param(name, *each.values, id=f"{name}-{each.id}")
        for name in STATE_FILES
        for each in saved(name)
    ],
)
def test_saved_files_of_the_last_run_are_used_or_set_aside(name: str, data: bytes, state: State):
    state.check(name, data)


def test_any_undo_record_puts_back_what_it_says_or_nothing(state: State):
    hunt(state.check_restore, [state.whole["undo.json"]])


@pytest.mark.parametrize("data", saved("undo.json"))
def test_saved_undo_records_put_back_what_they_say_or_nothing(data: bytes, state: State):
    state.check_restore(data)


def test_any_file_of_the_kernel_is_read_or_refused(world: World):
    """The first line of the bytes names the file, and the rest is its content."""
    seeds = [f"{path}\n{text}".encode() for path, text in SMALL_FILES.items()]
    hunt(lambda data: check_named_file(data, world), seeds)


def check_named_file(data: bytes, world: World) -> None:
    """Check the file that the bytes name; do nothing if they name none."""
    path, _, content = data.partition(b"\n")
    if path.decode("utf-8", "replace") in SMALL_FILES:
        check_small_file(path.decode(), content, world)


@pytest.mark.parametrize("data", saved("kernel"))
def test_saved_files_of_the_kernel_are_read_or_refused(data: bytes, world: World):
    check_named_file(data, world)
