"""Laws for foreign bytes: segments, what lies beside them, saved counters and settings, changed.

Each check is fuzzed for FUZZ_SECONDS (fuzzing.py), and replays what is saved for it.
"""

import csv
import gzip
import io
import json
import logging
import re
import shutil
import tarfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path

import pytest

from fuzzing import PROJECT, hunt, saved
from irq_server import commands
from irq_server.errors import ParameterError, SettingsError
from irq_server.events import Event, Kind
from irq_server.kernel.cpuset import MAX_CPU
from irq_server.kernel.interrupts import parse
from irq_server.settings.load import load
from irq_server.store.counts import Filters, count
from irq_server.store.offline import verify
from irq_server.store.offline.export import samples
from irq_server.store.offline.tables import DeviceNames, rows, write_csv
from irq_server.store.segments.packed import make_index, pack
from irq_server.store.segments.segment import (
    HEADER,
    State,
    cells_in,
    tail_length,
    valid_samples,
)
from irq_server.store.store import Store
from irq_server.web.body import parse_affinity
from irq_server.web.serialize import events_json, interrupts_json

pytestmark = pytest.mark.fuzz

CAPTURES = sorted((PROJECT / "src/unittest/resources/captures").glob("*.tar.xz"))
START = 1_767_225_600.0
STEP = 60.0
SAMPLES = 25
BOOT = "3b5d1c2e-7f0a-4a55-9d0a-0d9f6a3f8d11"
COUNT_LIMIT = 2**64


def counters(number: int) -> str:
    """The text of a machine's /proc/interrupts at a sample; between some nothing moves."""
    n = number - number % 3 // 2
    cells = {
        "24": (4_294_960_000 + 900 * n, 5 * n, 0),
        "25": (70_000 * n, 0, 2**31 + n),
        "45": (7, 7 * (n // 4), 1),
        "LOC": (250 * n + 1681, 251 * n, 249 * n),
    }
    texts = {
        "24": "PCI-MSIX-0000:00:02.0   1-edge      eth0-rx-0",
        "25": "PCI-MSIX-0000:00:03.0   1-edge      nvme0q1, virtio1-req.0",
        "45": "IO-APIC   9-fasteoi   acpi",
        "LOC": "Local timer interrupts",
    }
    lines = ["           CPU0       CPU1       CPU3"]
    for irq, row in cells.items():
        numbers = "".join(f"{cell % 2**32:10d} " for cell in row)
        lines.append(f"{irq:>3}: {numbers}  {texts[irq]}")
    return "\n".join([*lines, f"ERR: {n // 9:10d}", ""])


def few_counters(number: int) -> str:
    """The same of a machine with two cells."""
    return f"      CPU0\n  1: {number * 3 - number % 2:10d}   XT-PIC  timer\nNMI: 0  none\n"


class Whole:
    """A store as a server leaves it, and what every sample of it held."""

    def __init__(self, folder: Path, text: Callable[[int], str]) -> None:
        """Make it in `folder`, which is then only read."""
        self.folder, self.text = folder, text
        self.states: dict[float, State] = {}
        with closing(Store(folder, interval_seconds=STEP)) as store:
            for number in range(SAMPLES):
                moment = START + STEP * number
                sample = store.append(parse(text(number)), BOOT, moment, STEP)
                self.states[moment] = {key: n for key, n in sample.state.items() if n}
            store.record(Event(moment, Kind.AFFINITY, irq="24", detail="0-1 -> 1"))
            # what a killed server leaves: its last segments are not packed
            self.raw = next((folder / "raw").glob("*/*.csv")).read_bytes()
        self.files = {
            str(path.relative_to(folder)): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }
        self.packed = next(name for name in self.files if name.startswith("raw/"))
        self.plain = self.packed.removesuffix(".gz")
        for name in [name for name in self.files if name.endswith(".gz")]:
            self.files[name.removesuffix(".gz")] = gzip.decompress(self.files.pop(name))
        with closing(Store(self.copy({}, folder.with_name("more")), interval_seconds=STEP)) as more:
            self.next_state = append_next(more, text)

    def copy(self, changed: Mapping[str, bytes | None], folder: Path) -> Path:
        """Make a copy of the store in `folder`, files replaced, or left out where None."""
        shutil.rmtree(folder, ignore_errors=True)
        for name, data in (self.files | dict(changed)).items():
            if data is not None:
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
        return folder


def append_next(store: Store, text: Callable[[int], str]) -> State:
    """Take the sample behind the last of a whole store; return the totals then."""
    moment = START + STEP * SAMPLES
    return store.append(parse(text(SAMPLES)), BOOT, moment, STEP).state


# ---- a segment by itself


def replayed(data: bytes) -> list[tuple[float, State]]:
    """Return the valid samples of a segment with their states."""
    found: list[tuple[float, State]] = []
    for each in valid_samples(data):
        cells = cells_in(data[each.start : each.mark])
        state = cells if each.is_keyframe else found[-1][1] | cells
        found.append((each.time, state))
    return found


def check_segment(data: bytes, states: Mapping[float, State]) -> None:
    """Every valid sample was sampled, at its time and with its state; the rest is counted."""
    found = replayed(data)
    assert all(states.get(time) == state for time, state in found)
    times = [time for time, _ in found]
    assert times == sorted(set(times))
    index = make_index(data, is_packed=False)
    assert list(index.times) == times
    assert 0 <= index.damaged_bytes <= len(data)
    assert 0 <= tail_length(data) <= len(data)
    if len(found) < len(states):
        assert index.damaged_bytes or len(data) < len(HEADER) or _is_shorter(data, times)
    for number in range(len(index.offsets)):
        block = valid_samples(data[slice(*index.bounds(number))])
        assert {each.time for each in block} <= set(times)


def _is_shorter(data: bytes, times: list[float]) -> bool:
    """Return whether whole samples are missing at the end, or whole frames: no byte shows it."""
    return data.count(b",END,") + data.count(b",KEY,") == len(times)


_LINE_OF_MARK = re.compile(rb"^([^,\n]*),(KEY|END),[0-9]*,[0-9]*$")


def mended(data: bytes) -> bytes:
    """Return a segment with every commit mark made to fit, as another program might write it."""
    made, sample, crc = [], b"", 0
    for line in data.removeprefix(HEADER).splitlines(keepends=True):
        match = _LINE_OF_MARK.match(line.rstrip(b"\n"))
        if match and line.endswith(b"\n"):
            crc = 0 if match[2] == b"KEY" else crc
            covered = b"%b%b,%b,%d," % (sample, match[1], match[2], sample.count(b"\n"))
            rest = b"%d\n" % zlib.crc32(covered, crc)
            made.append(covered + rest)
            crc, sample = zlib.crc32(made[-1], crc), b""
        else:
            sample += line
    return HEADER + b"".join([*made, sample])


def check_mended_segment(data: bytes) -> None:
    """Whatever rows a segment of another program has, what is read of them is counts of cells."""
    for _, state in replayed(data):
        _check_state(state)


def _check_state(state: State) -> None:
    for key, total in state.items():
        irq, comma, cpu = key.rpartition(",")
        assert irq
        assert comma
        assert cpu == "" or (cpu.isascii() and cpu.isdecimal() and len(cpu) <= 5)
        assert 0 <= total < COUNT_LIMIT


# ---- a whole store


def check_store(whole: Whole, changed: Mapping[str, bytes | None], folder: Path) -> None:
    """A store with a foreign file is opened, asked, gone on with, verified and mended."""
    whole.copy(changed, folder)
    with closing(Store(folder, interval_seconds=STEP)) as store:
        _ask(store)
        state = append_next(store, whole.text)
        _check_totals(store, state, whole)
        _ask(store)
    _mend(folder)


def check_packed(whole: Whole, data: bytes, folder: Path) -> None:
    """The same with a packed segment in the place of the plain one."""
    check_store(whole, {whole.plain: None, f"{whole.plain}.gz": data}, folder)


def check_foreign_segment(whole: Whole, data: bytes, folder: Path) -> None:
    """The same with rows of another program, but for totals: nobody knows what they should be."""
    segment = mended(data)
    check_mended_segment(segment)
    whole.copy({whole.plain: segment}, folder)
    with closing(Store(folder, interval_seconds=STEP)) as store:
        _ask(store)
        append_next(store, whole.text)
        _ask(store)
    _mend(folder)


def _check_totals(store: Store, state: State, whole: Whole) -> None:
    """No total is more than what fired; what is less is reported.

    But of a number that irqs.csv now gives to another device: that is counted as a new one.
    """
    right = whole.next_state
    others = {key.partition("#")[0] for key in state if "#" in key}
    assert all(total <= right.get(key, 0) for key, total in state.items() if "#" not in key)
    less = [
        key
        for key, total in right.items()
        if state.get(key, 0) < total and key.partition(",")[0] not in others
    ]
    if less:
        kinds = {each.event for each in store.history.events}
        assert "gap" in kinds or "reset" in kinds or store.status().damaged_bytes


def _ask(store: Store) -> None:
    status = store.status()
    assert status.damaged_bytes >= 0
    if store.last_time is None:
        return
    now = store.last_time + STEP
    for start, end in ((START - 5, now), (START + 65, START + 700), (now - 70, now)):
        window = store.history.window(start, end, now)
        assert window.samples >= 1
        known = store.rows.at(window.end)
        counts = count(window.start.state, window.end.state, known, store.rows.cpus, Filters())
        assert counts.total == sum(counts.totals)
        events = store.history.events_between(window.start.time, window.end.time)
        for answer in (interrupts_json(counts, window), events_json(events, window)):
            assert json.dumps(answer, allow_nan=False)
        _check_state(window.end.state)
    for sums in (False, True):
        window = store.history.window(START, now, now, sums=sums)
        moments = [START + STEP * n for n in range(SAMPLES + 2)]
        found = list(store.history.samples_at(moments, STEP, sums))
        times = [each.time for each in found]
        assert times == sorted(times)
        _check_state(window.start.state)
        for each in found:
            _check_state(each.state)


def _mend(folder: Path) -> None:
    before = list(verify.verify(folder))
    if all(report.error is None for report in before):
        write_csv(rows(samples(folder, 0.0, START * 2), DeviceNames(folder), "h"), io.StringIO())
    repaired = list(verify.repair(folder))
    assert len(repaired) == sum(not report.is_sound for report in before)
    assert all(report.is_sound for report in verify.verify(folder))
    write_csv(rows(samples(folder, 0.0, START * 2), DeviceNames(folder), "h"), io.StringIO())


# ---- what else is read


def check_import(data: bytes, folder: Path) -> None:
    """Saved counters are taken into a store, or refused in one line."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "first").write_text(counters(0))
    (folder / "second").write_bytes(data)
    files = [f"1767225600={folder}/first", f"1767225660={folder}/second"]
    status, out, err = run("import", "--data-dir", folder / "data", *files)
    assert (status, len(err.splitlines())) in ((0, 0), (1, 1))
    if status:
        assert not (folder / "data").exists()
        return
    assert out == "2 samples\n"
    status, out, err = run("export", folder / "data", "--start", 0)
    assert (status, err) == (0, "")
    header, *table = csv.reader(io.StringIO(out, newline=""))
    assert ",".join(header) == "host,time,irq,device,cpu,count"
    assert all(len(row) == len(header) and 0 <= int(row[-1]) < COUNT_LIMIT for row in table)


def run(*argv: object) -> tuple[int, str, str]:
    """Run a command on a data directory in this process: its status and what it printed."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        status = commands.main([str(each) for each in argv])
    return status, out.getvalue(), err.getvalue()


def check_settings_file(data: bytes, folder: Path) -> None:
    """A file of settings is taken, or refused with the key at fault."""
    path = folder / "irq_server.toml"
    path.write_bytes(data)
    try:
        load({}, {}, path)
    except SettingsError as error:
        _check_refusal(error)


def check_body(data: bytes) -> None:
    """A request's body names CPUs, or what is wrong with it is reported in a line."""
    try:
        cpus = parse_affinity(data)
    except ParameterError as error:
        _check_length(error)
        return
    assert cpus
    assert all(0 <= cpu <= MAX_CPU for cpu in cpus)


def _check_refusal(error: Exception) -> None:
    assert len(str(error).splitlines()) == 1
    _check_length(error)


def _check_length(error: Exception) -> None:
    assert len(str(error)) < 1000


SETTINGS_FILES = (
    b'host = "127.0.0.1"\nport = 5000\ninterval = "10s"\nretention = "raw=7d,1m=30d"\n'
    b'max_size = "1GiB"\nfsync = "segment"\nallow_affinity = false\n',
    b'interval = 0.5\nintervals = "eth*=1s"\nallowed_hosts = "a.example, b"\nlog = "stderr"\n'
    b'data_dir = "/x"\ninsecure = true\n',
)
BODIES = (b'{"cpus": "0-3,8"}', b'{"cpu": 3}', b'{"cpus": "0-31:2/8"}\n')


@cache
def captured() -> tuple[bytes, ...]:
    """Return the counters of every captured machine."""
    found = []
    for path in CAPTURES:
        with tarfile.open(path) as archive:
            file = archive.extractfile(f"{path.name.removesuffix('.tar.xz')}/proc/interrupts")
            assert file is not None
            found.append(file.read())
    return tuple(found)


# ---- what is run

BESIDE = ("irqs.csv", "events.csv", "state.json")


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Keep reports of damage, thousands of times, off the report."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    return Whole(tmp_path_factory.mktemp("large") / "store", counters)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    return Whole(tmp_path_factory.mktemp("small") / "store", few_counters)


@pytest.fixture(params=["large", "small"])
def whole(request: pytest.FixtureRequest, large: Whole, small: Whole) -> Whole:
    return large if request.param == "large" else small


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("folder")


def test_no_look_up_in_a_changed_segment_is_wrong(whole: Whole):
    hunt(lambda data: check_segment(data, whole.states), [whole.raw])


@pytest.mark.parametrize("data", saved("large"))
def test_no_look_up_in_a_saved_segment_is_wrong(data: bytes, large: Whole):
    check_segment(data, large.states)


@pytest.mark.parametrize("data", saved("small"))
def test_no_look_up_in_a_saved_small_segment_is_wrong(data: bytes, small: Whole):
    check_segment(data, small.states)


def test_a_store_with_a_changed_segment_goes_on_and_counts_nothing_twice(
    whole: Whole, folder: Path
):
    hunt(lambda data: check_store(whole, {whole.plain: data}, folder / "store"), [whole.raw])


@pytest.mark.parametrize("data", saved("large"))
def test_a_store_with_a_saved_segment_goes_on_and_counts_nothing_twice(
    data: bytes, large: Whole, folder: Path
):
    check_store(large, {large.plain: data}, folder / "store")


def test_a_store_with_any_packed_segment_goes_on(large: Whole, folder: Path):
    packed = pack(large.raw)
    hunt(lambda data: check_packed(large, data, folder / "store"), [packed])


@pytest.mark.parametrize("data", saved("packed"))
def test_a_store_with_a_saved_packed_segment_goes_on(data: bytes, large: Whole, folder: Path):
    check_packed(large, data, folder / "store")


def test_any_rows_of_another_program_are_counts_or_not_believed(whole: Whole, folder: Path):
    hunt(lambda data: check_foreign_segment(whole, data, folder / "store"), [whole.raw])


@pytest.mark.parametrize("data", saved("foreign"))
def test_saved_rows_of_another_program_are_counts_or_not_believed(
    data: bytes, large: Whole, folder: Path
):
    check_foreign_segment(large, data, folder / "store")


@pytest.mark.parametrize("name", BESIDE)
def test_a_store_with_any_file_beside_its_segments_goes_on(name: str, large: Whole, folder: Path):
    seed = large.files[name]
    hunt(lambda data: check_store(large, {name: data}, folder / "store"), [seed])


@pytest.mark.parametrize(
    ("name", "data"),
    [
        pytest.param(name, *each.values, id=f"{name}-{each.id}")
        for name in BESIDE
        for each in saved(name)
    ],
)
def test_a_store_with_a_saved_file_beside_its_segments_goes_on(
    name: str, data: bytes, large: Whole, folder: Path
):
    check_store(large, {name: data}, folder / "store")


def test_any_saved_counters_are_imported_or_refused(folder: Path):
    hunt(lambda data: check_import(data, folder / "import"), captured())


@pytest.mark.parametrize("data", saved("import"))
def test_saved_counters_are_imported_or_refused(data: bytes, folder: Path):
    check_import(data, folder / "import")


def test_any_settings_file_is_taken_or_refused(folder: Path):
    hunt(lambda data: check_settings_file(data, folder), SETTINGS_FILES)


@pytest.mark.parametrize("data", saved("settings"))
def test_saved_settings_files_are_taken_or_refused(data: bytes, folder: Path):
    check_settings_file(data, folder)


def test_any_body_is_taken_or_refused():
    hunt(check_body, BODIES)


@pytest.mark.parametrize("data", saved("body"))
def test_saved_bodies_are_taken_or_refused(data: bytes):
    check_body(data)
