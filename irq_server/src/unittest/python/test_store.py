"""The store: exact over restarts, faults and full disks; bounded; with one writer."""

import errno
import json
import shutil
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from irq_server import eventlog
from irq_server import store as module
from irq_server.errors import NoSampleError, StoreError, StoreLockedError
from irq_server.files import Files
from irq_server.history import NOT_COUNTED
from irq_server.ledger import Event
from irq_server.segmentfile import segments_in
from irq_server.store import Store
from irq_server.tiershape import TIERS
from simulated import FaultyFiles, Machine

START = 1767225600.0  # 2026-01-01T00:00:00Z
Open = Callable[..., Store]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The data directory."""
    return tmp_path / "data"


@pytest.fixture
def opened(folder: Path) -> Iterator[Open]:
    """Gives a function that opens the store, which the test's end closes."""
    stores: list[Store] = []

    def open_one(**options: object) -> Store:
        stores.append(Store(folder, **options))
        return stores[-1]

    yield open_one
    for store in stores:
        killed(store)


def killed(store: Store) -> None:
    """Ends a store as a kill does: the lock goes, and nothing else happens."""
    with suppress(OSError):  # it was closed or killed before
        store._lock.close()


def sample(store: Store, machine: Machine, second: float, fired: int = 1, ago: float = 10.0):
    """Lets IRQ 24 fire on CPU 1 and samples."""
    if fired:
        machine.fire("24", 1, fired)
    return store.append(machine.look(), machine.boot_id, START + second, ago)


def events(store: Store) -> list[tuple[float, str, str]]:
    return [(each.time - START, each.event, each.detail) for each in store.history.events]


def files_in(folder: Path) -> list[str]:
    return sorted(str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file())


def size_of(folder: Path) -> int:
    return sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())


def every_state(folder: Path) -> list[dict[str, int]]:
    """Replays every raw segment by the plainest means; fails where one is damaged."""
    states = []
    for each in segments_in(folder / "raw"):
        lines = Files().read(each.path).decode().splitlines(keepends=True)[1:]
        state: dict[str, int] = {}
        rows: list[str] = []
        for line in lines:
            _, irq, cpu, count = line.rstrip("\n").split(",")
            if irq != "END":
                rows.append(line)
                state = state | {f"{irq},{cpu}": int(count)}
                continue
            assert (int(cpu), int(count)) == (len(rows), zlib.crc32("".join(rows).encode()))
            states.append(state)
            rows = []
    return states


def test_a_new_store_makes_its_folder_and_has_no_sample(opened: Open, folder: Path):
    store = opened()

    assert files_in(folder) == ["lock"]
    assert store.last_time is None
    assert store.rows.snapshot is None
    assert store.rows.numbered == {}
    with pytest.raises(NoSampleError):
        _ = store.rows.cpus
    status = store.status()
    assert (status.oldest, status.newest, status.holds_seconds) == (None, None, None)
    assert (status.size_bytes, status.max_bytes, status.damaged_bytes) == (0, 2**30, 0)


def test_a_sample_lies_in_the_three_tiers_with_its_rows_and_the_memory(
    opened: Open, folder: Path, machine: Machine
):
    taken = sample(opened(), machine, 0)

    assert taken.time == START
    assert taken.state == {"24,1": 1}
    assert files_in(folder) == [
        "1h/202601/1767225600.csv",
        "1m/20260101/1767225600.csv",
        "irqs.csv",
        "lock",
        "raw/20260101/1767225600.csv",
        "state.json",
    ]
    text = "time,irq,cpu,count\n1767225600,24,1,1\n1767225600,END,1,"
    assert (folder / "raw/20260101/1767225600.csv").read_text().startswith(text)
    assert (folder / "irqs.csv").read_text().splitlines()[:2] == [
        "time,irq,chip,hwirq,trigger,device",
        f"1767225600,24,PCI-MSI,{sum(map(ord, 'eth0'))},edge,eth0",
    ]
    assert json.loads((folder / "state.json").read_text())["boot_id"] == machine.boot_id


def test_the_memory_is_written_only_when_it_changes(opened: Open, machine: Machine):
    files = FaultyFiles()
    store = opened(files=files)
    for second in range(0, 60, 10):
        sample(store, machine, second)
    assert files.calls["replace"] == 1

    machine.offline(0)
    sample(store, machine, 60)

    assert files.calls["replace"] == 2


def test_a_restart_counts_what_fired_meanwhile_and_tells_the_gap(
    opened: Open, folder: Path, machine: Machine
):
    store = opened()
    machine.fire("LOC", 0, 2**32 - 5)
    sample(store, machine, 0, fired=40)
    machine.reset("24")
    sample(store, machine, 10)
    killed(store)
    machine.fire("24", 0, 70)
    machine.fire("LOC", 0, 9)  # wraps

    store = opened()
    assert store.history.latest.state == {"24,1": 41, "LOC,0": 2**32 - 5}
    taken = sample(store, machine, 100, ago=90.0)

    assert taken.state == machine.truth == {"24,0": 70, "24,1": 42, "LOC,0": 2**32 + 4}
    assert events(store) == [
        (10, "reset", ""),
        (100, "gap", "since 2026-01-01T00:00:10.000Z"),
    ]
    window = store.history.window(START, START + 100, START + 100)
    assert (window.samples, window.gaps, window.resets, window.complete) == (3, 1, 1, True)
    assert every_state(folder)[-1] == machine.truth


def test_a_short_restart_is_no_gap(opened: Open, machine: Machine):
    store = opened()
    sample(store, machine, 0)
    store.close()

    store = opened()
    sample(store, machine, 20, ago=20.0)

    assert events(store) == []


def test_a_reboot_while_the_server_was_down_goes_on_and_the_window_is_incomplete(
    opened: Open, machine: Machine
):
    store = opened()
    sample(store, machine, 0, fired=1000)
    killed(store)
    machine.boot()

    store = opened()
    taken = sample(store, machine, 100, fired=2000, ago=100.0)

    assert taken.state == {"24,1": 3000}
    assert [event for _, event, _ in events(store)] == ["gap", "boot"]
    assert not store.history.window(START, START + 100, START + 100).complete


def test_without_its_memory_a_store_goes_on_at_the_next_sample_and_says_so(
    opened: Open, folder: Path, machine: Machine
):
    store = opened()
    sample(store, machine, 0)
    store.close()
    (folder / "state.json").unlink()
    machine.fire("24", 1, 500)

    store = opened()
    machine.forget()
    first = sample(store, machine, 10, fired=0)
    second = sample(store, machine, 20)

    assert first.state == {"24,1": 1}
    assert second.state == {"24,1": 2}
    assert events(store) == [(10, "gap", f"since 2026-01-01T00:00:00.000Z, {NOT_COUNTED}")]
    assert not store.history.window(START, START + 20, START + 20).complete
    assert store.history.window(START + 10, START + 20, START + 20).complete


def test_a_sample_that_a_kill_tore_is_cut_told_and_made_up_for(
    opened: Open, folder: Path, machine: Machine, caplog: pytest.LogCaptureFixture
):
    store = opened()
    sample(store, machine, 0, fired=40)
    machine.reset("24")
    sample(store, machine, 10)
    killed(store)
    path = folder / "raw/20260101/1767225600.csv"
    data = path.read_bytes()[:-7]  # the memory of the reset is on the disk already
    path.write_bytes(data)
    torn = len(data) - data.index(b"1767225610,")

    store = opened()
    assert store.last_time == START
    assert store.status().damaged_bytes == torn
    taken = sample(store, machine, 20, fired=5, ago=20.0)

    assert taken.state == machine.truth == {"24,1": 46}
    assert "raw: dropped an unfinished tail of" in caplog.text
    assert every_state(folder)[-1] == machine.truth


def test_a_second_server_is_refused_and_changes_nothing(
    opened: Open, folder: Path, machine: Machine
):
    sample(opened(), machine, 0)
    before = {name: (folder / name).read_bytes() for name in files_in(folder)}

    with pytest.raises(StoreLockedError) as caught:
        Store(folder)

    assert caught.value.path == folder
    assert before == {name: (folder / name).read_bytes() for name in files_in(folder)}


def test_a_store_that_was_closed_can_be_opened_again(opened: Open, machine: Machine):
    store = opened(sync="sample")
    sample(store, machine, 0)
    store.close()

    assert opened().last_time == START


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreError, match="Not a directory") as caught:
        Store(tmp_path / "file/data")

    assert caught.value.path == tmp_path / "file/data"


def test_a_folder_that_cannot_be_opened_lets_its_lock_go(folder: Path):
    files = FaultyFiles()
    folder.mkdir()
    (folder / "events.csv").write_text("time,event,irq,cpu,detail\n")
    files.broken["read"] = errno.EACCES

    with pytest.raises(StoreError, match="Permission denied"):
        Store(folder, files=files)

    Store(folder).close()


def test_times_rise_though_the_clock_jumps_back(opened: Open, folder: Path, machine: Machine):
    store = opened()
    taken = [sample(store, machine, second).time for second in (100, 110, 50, 60, 120)]

    assert [time - START for time in taken] == [100, 110, 111, 112, 120]
    assert every_state(folder)[-1] == {"24,1": 5}


def test_times_with_decimals_rise_by_a_millisecond(opened: Open, machine: Machine):
    store = opened(interval_seconds=0.02)
    taken = [sample(store, machine, second).time for second in (0.02, 0.04, 0.04, 0.01)]

    assert taken == [START + 0.02, START + 0.04, START + 0.041, START + 0.042]


def test_times_of_a_whole_interval_are_whole(opened: Open, machine: Machine):
    assert sample(opened(interval_seconds=1.0), machine, 3.7).time == START + 3


def test_a_jump_of_the_clock_forward_is_a_gap(opened: Open, machine: Machine):
    store = opened()
    sample(store, machine, 0)
    sample(store, machine, 5000, ago=10.0)

    assert [event for _, event, _ in events(store)] == ["gap"]


def test_what_happens_to_the_machine_becomes_events(opened: Open, folder: Path, machine: Machine):
    store = opened()
    sample(store, machine, 0)
    machine.offline(0)
    sample(store, machine, 10)
    machine.bring_back(0)
    machine.reset("24")
    sample(store, machine, 20)
    machine.boot()
    sample(store, machine, 30)

    assert (folder / "events.csv").read_text().splitlines() == [
        "time,event,irq,cpu,detail",
        "1767225610,cpu_offline,,0,",
        "1767225620,reset,24,,",
        "1767225620,cpu_online,,0,",
        "1767225630,boot,,,",
    ]
    killed(store)
    assert [event for _, event, _ in events(opened())] == [
        "cpu_offline",
        "reset",
        "cpu_online",
        "boot",
    ]


def test_an_event_of_the_server_is_kept(opened: Open, folder: Path):
    store = opened()

    store.record(Event(START + 0.25, "start", detail="every 10s"))

    assert (folder / "events.csv").read_text().endswith("1767225600.250,start,,,every 10s\n")
    assert events(store) == [(0.25, "start", "every 10s")]


def test_an_event_that_cannot_be_written_is_an_error_of_the_store(opened: Open):
    files = FaultyFiles()
    store = opened(files=files)
    files.broken["append"] = errno.ENOSPC

    with pytest.raises(StoreError, match="No space left"):
        store.record(Event(START, "stop"))


# ---- full, read-only and vanished disks -------------------------------------------------------


@pytest.mark.parametrize("method", ["append", "replace", "write"])
def test_a_disk_that_is_full_for_a_while_loses_nothing(
    opened: Open, folder: Path, machine: Machine, method: str
):
    files = FaultyFiles()
    store = opened(files=files)
    sample(store, machine, 0)

    files.broken[method] = errno.ENOSPC
    for second in (10, 20, 30):
        machine.offline(0)
        with pytest.raises(StoreError, match="No space left"):
            sample(store, machine, second, fired=100)
        machine.bring_back(0)
        assert store.history.latest.time == START
    files.broken.clear()
    taken = sample(store, machine, 40)

    assert taken.state == machine.truth == {"24,1": 302}
    states = every_state(folder)
    assert states[0] == {"24,1": 1}
    assert states[-1] == {"24,1": 302}
    assert len(states) == 2
    assert [event for _, event, _ in events(store)].count("gap") == 1
    killed(store)
    assert opened().history.latest.state == {"24,1": 302}


def test_a_start_on_a_full_disk_knows_which_irqs_there_are(opened: Open, machine: Machine):
    store = opened()
    sample(store, machine, 0)
    killed(store)
    files = FaultyFiles()
    store = opened(files=files)
    files.broken["append"] = errno.ENOSPC

    with pytest.raises(StoreError, match="No space left"):
        sample(store, machine, 10)

    assert dict(store.rows.numbered) == {"24": "24", "25": "25"}
    assert store.history.latest.time == START


FAILING = ("append", "compress", "make_folder", "remove", "rename", "replace", "sync", "write")
"""The file layer's calls that change the disk while a store samples."""


def run_a_while(store: Store, machine: Machine) -> int:
    """Samples over two hours with all that happens in them; gives how many samples failed."""
    failed = 0
    for second in range(3550, 10900, 350):
        if second in (3900, 7050):
            machine.offline(0)
        if second in (4250, 7400):
            machine.bring_back(0)
        if second == 5300:
            machine.device(26, "usb1")
        if second == 9150:
            machine.reset("24")
        try:
            sample(store, machine, second, ago=350.0)
        except StoreError:
            failed += 1
    try:
        store.close()
    except StoreError:
        failed += 1
    return failed


def small_events(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets events.csv be closed after some lines, so that this can fail too."""
    for name in ("MAX_BYTES", "_MIN_BYTES"):
        monkeypatch.setattr(eventlog, name, 80 * eventlog.FILES)


def calls_of(folder: Path, method: str) -> int:
    """Gives how often a while of sampling calls a method."""
    files, machine = FaultyFiles(), Machine()
    machine.device(24, "eth0")
    store = Store(folder, files=files, interval_seconds=350.0, retention_seconds={"raw": 3600.0})
    assert run_a_while(store, machine) == 0
    return files.calls.get(method, 0)


@pytest.mark.parametrize("method", FAILING)
def test_any_one_call_that_fails_loses_no_count_and_breaks_no_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
):
    small_events(monkeypatch)
    calls = calls_of(tmp_path / "undisturbed", method)
    assert calls > 0
    for number in range(1, calls + 1):
        folder, files, machine = tmp_path / str(number), FaultyFiles(), Machine()
        machine.device(24, "eth0")
        options = {"interval_seconds": 350.0, "retention_seconds": {"raw": 3600.0}}
        try:
            files.fail_at[method] = number
            store = Store(folder, files=files, **options)
        except StoreError:  # not even opened: nothing was taken
            files.fail_at.clear()
            store = Store(folder, files=files, **options)

        assert run_a_while(store, machine) <= 1, number

        store = Store(folder, **options)
        assert store.history.latest.state == every_state(folder)[-1], number
        told = [event for _, event, _ in events(store)]
        assert told.count("cpu_offline") == told.count("cpu_online") == 2, number
        assert told.count("reset") == 1, number
        assert sample(store, machine, 10950).state == machine.truth, number
        store.close()
        assert every_state(folder)[-1] == machine.truth, number
        shutil.rmtree(folder)


def test_a_sample_that_is_on_the_disk_is_answered_though_its_event_is_not(
    opened: Open, folder: Path, machine: Machine
):
    files = FaultyFiles()
    store = opened(files=files)
    sample(store, machine, 0)
    machine.offline(0)

    files.fail_at["append"] = files.calls["append"] + 2  # the first is the raw tier's
    with pytest.raises(StoreError, match="Input/output error"):
        sample(store, machine, 10)

    assert store.last_time == START + 10
    assert store.history.latest.state == {"24,1": 2}
    sample(store, machine, 5)  # the clock jumped back: times rise all the same
    times = [
        each.split(",")[0]
        for each in (folder / "raw/20260101/1767225600.csv").read_text().splitlines()
        if ",END," in each
    ]
    assert times == ["1767225600", "1767225610", "1767225611"]
    assert [event for _, event, _ in events(store)] == ["cpu_offline"]


def test_a_gap_is_told_though_its_line_could_not_be_written_at_once(opened: Open, machine: Machine):
    files = FaultyFiles()
    store = opened(files=files)
    sample(store, machine, 0)
    files.fail_at["append"] = files.calls["append"] + 3  # after raw and 1m: events.csv
    with pytest.raises(StoreError):
        sample(store, machine, 100)

    sample(store, machine, 110)

    assert events(store) == [(100, "gap", "since 2026-01-01T00:00:00.000Z")]


def test_a_folder_that_vanishes_is_made_again_with_all_that_a_restart_needs(
    opened: Open, folder: Path, machine: Machine
):
    store = opened()
    sample(store, machine, 0, fired=40)
    machine.reset("24")
    sample(store, machine, 10)

    shutil.rmtree(folder)
    taken = sample(store, machine, 20)

    assert taken.state == machine.truth == {"24,1": 42}
    assert every_state(folder) == [{"24,1": 42}]
    killed(store)
    machine.fire("24", 0, 8)
    store = opened()
    assert store.rows.identities["24"].device == "eth0"
    assert sample(store, machine, 30).state == machine.truth == {"24,0": 8, "24,1": 43}
    assert events(store) == []


def test_a_folder_that_was_made_again_is_locked_too(opened: Open, folder: Path, machine: Machine):
    store = opened()
    sample(store, machine, 0)
    shutil.rmtree(folder)
    sample(store, machine, 10)

    with pytest.raises(StoreLockedError):
        opened()


def test_a_folder_that_another_server_took_meanwhile_is_left_to_it(
    opened: Open, folder: Path, machine: Machine
):
    store = opened()
    sample(store, machine, 0)
    shutil.rmtree(folder)
    other = opened()

    with pytest.raises(StoreLockedError):
        sample(store, machine, 10)

    assert not (folder / "raw").exists()
    killed(other)
    assert sample(store, machine, 20).state == machine.truth


def test_events_of_a_machine_that_flaps_are_bounded_and_read_over_their_files(
    opened: Open, folder: Path, machine: Machine, monkeypatch: pytest.MonkeyPatch
):
    small_events(monkeypatch)
    store = opened()
    for second in range(0, 1000, 10):
        if second % 20:
            machine.bring_back(0)
        else:
            machine.offline(0)
        sample(store, machine, second)

    every = events(store)
    assert len(list(folder.glob("events/*/*.csv.gz"))) == eventlog.FILES - 1
    assert every[-1] == (990.0, "cpu_online", "")
    assert len(every) < 40
    assert [time for time, _, _ in every] == list(range(1000 - 10 * len(every), 1000, 10))
    assert store.history.events_between(START + 970, START + 990) == store.history.events[-2:]
    assert store.status().size_bytes == size_of(folder)
    killed(store)
    assert events(opened()) == every


def test_lines_of_irqs_that_others_followed_go_where_they_are_many(
    opened: Open, folder: Path, machine: Machine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "_SPARE_LINES", 10)
    store = opened()
    for step in range(200):
        machine.lines["24"].text = "PCI-MSI 7-edge      eth0" + ", disk" * (step % 2)
        sample(store, machine, 10 * step)

    lines = (folder / "irqs.csv").read_text().splitlines()
    assert len(lines) < 40
    assert lines[1].startswith("1767225600,24,PCI-MSI,")
    assert store.rows.identities["24"].device == "eth0, disk"
    assert store.status().size_bytes == size_of(folder)
    killed(store)
    assert opened().rows.identities["24"].device == "eth0, disk"


def test_an_event_that_could_not_be_written_comes_with_the_next_sample(
    opened: Open, folder: Path, machine: Machine
):
    files = FaultyFiles()
    store = opened(files=files)
    files.broken["append"] = errno.ENOSPC
    with pytest.raises(StoreError, match="No space left"):
        store.record(Event(START, "start"))
    files.broken.clear()

    sample(store, machine, 10)

    assert events(store) == [(0.0, "start", "")]
    assert (folder / "events.csv").read_text().splitlines()[1:] == ["1767225600,start,,,"]


def test_a_read_only_folder_fails_each_sample_and_answers_what_it_has(
    opened: Open, folder: Path, machine: Machine
):
    files = FaultyFiles()
    store = opened(files=files)
    sample(store, machine, 0)
    before = size_of(folder)

    for method in ("append", "replace"):
        files.broken[method] = errno.EROFS
    with pytest.raises(StoreError, match="Read-only file system"):
        sample(store, machine, 10)

    assert store.history.window(START - 60, START + 20, START + 20).end.state == {"24,1": 1}
    assert size_of(folder) == before


# ---- bounds -----------------------------------------------------------------------------------


def busy(cpus: int = 8) -> Machine:
    machine = Machine(cpus=range(cpus))
    for number in range(24, 34):
        machine.device(number, f"eth0-{number}")
    return machine


def work(machine: Machine) -> None:
    for label in machine.lines:
        for cpu in machine.possible:
            machine.fire(label, cpu, 1_000_003)


def test_the_cap_is_never_exceeded_by_more_than_a_segment(opened: Open, folder: Path):
    machine = busy()
    cap = 64 * 1024
    store = opened(max_bytes=cap)
    largest = 0
    for step in range(160):
        work(machine)
        store.append(machine.look(), machine.boot_id, START + 60 * step, 60.0)
        largest = max(largest, size_of(folder))

    segment_bytes = 4096 + 2200  # the limit of a segment, and the sample that passes it
    assert cap * 0.8 < largest <= cap + segment_bytes
    assert store.history.latest.state == machine.truth
    first = store.history.window(START, START + 1e6, START + 1e6).start
    assert first.state == {
        key: n // 160 * ((first.time - START) / 60 + 1) for key, n in machine.truth.items()
    }


def test_the_size_that_is_told_is_the_size_on_the_disk(opened: Open, folder: Path):
    machine = busy()
    store = opened(retention_seconds={"raw": 3600.0, "1m": 7200.0})
    for step in range(50):
        work(machine)
        store.append(machine.look(), machine.boot_id, START + 400 * step, 400.0)

    status = store.status()
    assert status.size_bytes == size_of(folder)
    assert status.oldest == START
    assert status.newest == START + 400 * 49
    last = {"raw": START + 19600, "1m": START + 19600, "1h": START + 18000}
    first = {name: min(each.first for each in segments_in(folder / name)) for name in last}
    per_second = sum(size_of(folder / name) / (last[name] - first[name]) for name in last)
    assert first == {"raw": START + 14400, "1m": START, "1h": START}
    assert status.holds_seconds == pytest.approx(2**30 / per_second, rel=1e-6)


def test_samples_go_with_their_age_by_tier_and_the_coarser_stay(
    opened: Open, folder: Path, machine: Machine
):
    store = opened(retention_seconds={"raw": 3600.0, "1m": 86400.0})
    for second in range(0, 3 * 86400, 1800):
        sample(store, machine, second)

    firsts = {shape.name: segments_in(folder / shape.name)[0].first - START for shape in TIERS}
    last = 3 * 86400 - 1800
    assert last - 3600 - 3600 < firsts["raw"] <= last - 3600
    assert firsts["1m"] == 86400
    assert firsts["1h"] == 0
    early = store.history.window(START + 7200, START + 10800, START + last)
    assert (early.start.state, early.end.state) == ({"24,1": 5}, {"24,1": 7})
    assert early.resolution_seconds == 3600.0


# ---- stores of other programs, and damaged ones -------------------------------------------------


def write_foreign(folder: Path) -> None:
    rows = ["1767225600,24,3,100\n1767225600,ERR,,4\n1767225600,LOC,0,7\n", "1767225610,24,3,160\n"]
    text = "time,irq,cpu,count\n"
    for row in rows:
        time = row.partition(",")[0]
        text += f"{row}{time},END,{row.count(chr(10))},{zlib.crc32(row.encode())}\n"
    (folder / "raw/20260101").mkdir(parents=True)
    (folder / "raw/20260101/1767225600.csv").write_text(text)


def test_a_store_of_another_program_is_served(opened: Open, folder: Path):
    write_foreign(folder)

    store = opened()

    assert store.last_time == START + 10
    assert store.rows.cpus == {0, 3}
    window = store.history.window(START, START + 10, START + 15)
    assert window.end.state["24,3"] - window.start.state["24,3"] == 60
    assert window.complete
    rows = {each.identity.irq: each for each in store.rows.at(window.end)}
    assert set(rows) == {"24", "ERR", "LOC"}
    assert all(row.is_present and row.identity.device == "" for row in rows.values())
    assert [rows[irq].has_cpus for irq in ("24", "LOC", "ERR")] == [True, True, False]


def test_a_store_of_another_program_is_gone_on_with(opened: Open, folder: Path):
    write_foreign(folder)
    machine = Machine(cpus=(0, 3))
    machine.device(24, "eth0")
    machine.add("LOC", "Local timer interrupts")
    machine.figures["ERR"] = 900
    machine.fire("24", 3, 5000)
    machine.look()

    store = opened()
    first = store.append(machine.look(), machine.boot_id, START + 20, 10.0)
    machine.fire("24", 3, 5)
    second = store.append(machine.look(), machine.boot_id, START + 30, 10.0)

    assert first.state == {"24,3": 160, "ERR,": 4, "LOC,0": 7}
    assert second.state == {"24,3": 165, "ERR,": 4, "LOC,0": 7}
    assert [event for _, event, _ in events(store)] == ["gap"]
    assert store.rows.identities["24"].device == "eth0"


def test_where_the_raw_tier_is_gone_the_coarser_ones_carry_the_totals_on(
    opened: Open, folder: Path, machine: Machine
):
    store = opened()
    for second in range(0, 200, 10):
        sample(store, machine, second)
    machine.reset("24")
    sample(store, machine, 200)
    store.close()
    shutil.rmtree(folder / "raw")

    store = opened()
    assert store.history.latest.state == {"24,1": 19}  # the minute's sample at 180 s
    taken = sample(store, machine, 210)

    assert taken.state == machine.truth == {"24,1": 22}


def test_a_flipped_byte_anywhere_never_makes_totals_fall(
    opened: Open, folder: Path, machine: Machine
):
    store = opened()
    for second in range(560, 650, 10):
        sample(store, machine, second)
    store.close()
    path = folder / "raw/20260101/1767226160.csv"
    data = path.read_bytes()
    memory = (folder / "state.json").read_bytes()

    for position in range(19, len(data), 7):
        path.write_bytes(data[:position] + bytes([data[position] ^ 4]) + data[position + 1 :])
        store = opened()
        taken = store.append(machine.look(), machine.boot_id, START + 650, 10.0)
        assert taken.state == machine.truth
        store.close()
        for each in (folder / "raw/20260101").iterdir():
            each.unlink()
        (folder / "state.json").write_bytes(memory)


# ---- the rows of an answer ----------------------------------------------------------------------


def test_rows_come_in_the_machines_order_then_those_that_are_gone(opened: Open, machine: Machine):
    store = opened()
    sample(store, machine, 0)
    machine.remove("25")
    machine.device(7, "late")
    machine.texts["FIQ"] = "usb_fiq"
    taken = sample(store, machine, 10)

    rows = store.rows.at(taken)

    assert [each.identity.irq for each in rows] == ["24", "LOC", "7", "ERR", "FIQ", "25"]
    assert [each.is_present for each in rows] == [True, True, True, True, True, False]
    assert [each.has_cpus for each in rows] == [True, True, True, False, False, True]


def test_a_row_that_came_after_the_window_belongs_in_only_where_asked_for(
    opened: Open, machine: Machine
):
    store = opened()
    early = sample(store, machine, 0)
    machine.device(26, "late")
    sample(store, machine, 10)

    present = {each.identity.irq: each.is_present for each in store.rows.at(early)}
    asked = {each.identity.irq: each.is_present for each in store.rows.at(early, {"26"})}

    assert present["26"] is False
    assert present["24"] is True
    assert asked["26"] is True


def test_a_number_with_a_new_owner_is_known_by_both_names(opened: Open, machine: Machine):
    store = opened()
    sample(store, machine, 0)
    machine.device(24, "usb1", name="24#2")
    taken = sample(store, machine, 10, fired=5)

    assert store.rows.numbered == {"24#2": "24", "25": "25"}
    assert taken.state == {"24,1": 1, "24#2,1": 5}
    assert [(each.time - START, each.identity.irq) for each in store.rows.appearances][-1] == (
        10,
        "24#2",
    )
    killed(store)
    store = opened()
    assert sample(store, machine, 20).state == {"24,1": 1, "24#2,1": 6}
    assert store.rows.identities["24#2"].device == "usb1"


def test_every_cpu_that_was_ever_seen_is_known(opened: Open, machine: Machine):
    store = opened()
    machine.fire("LOC", 0, 3)
    sample(store, machine, 0)
    machine.offline(0)
    sample(store, machine, 10)

    assert store.rows.cpus == {0, 1}


def test_closing_waits_for_the_disk_and_tells_where_it_fails(opened: Open, machine: Machine):
    files = FaultyFiles()
    store = opened(files=files)
    sample(store, machine, 0)
    files.broken["sync"] = errno.EIO

    with pytest.raises(StoreError, match="Input/output error"):
        store.close()

    with closing(opened()) as again:  # the lock is free all the same
        assert again.last_time == START


def test_what_a_kill_left_while_replacing_is_cleaned_up(
    opened: Open, folder: Path, machine: Machine
):
    store = opened()
    sample(store, machine, 0)
    store.close()
    (folder / ".state.json.abcd").write_text("torn")

    opened()

    assert not (folder / ".state.json.abcd").exists()
    assert [each.name for each in (folder / "raw").iterdir()] == ["20260101"]
