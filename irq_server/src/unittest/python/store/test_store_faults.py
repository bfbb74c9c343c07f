"""The store on full, read-only and vanished disks: no count is lost and no sample broken."""

import errno
import shutil
from contextlib import closing
from pathlib import Path

import pytest

import pace
from irq_server.errors import StoreError, StoreLockedError
from irq_server.events import Event, Kind
from irq_server.store import event_log
from irq_server.store import store as module
from irq_server.store.store import Store
from simulated import FaultyFiles, Machine
from storing import START, Open, events, every_state, killed, sample, size_of


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
    """Sample over two hours with all that happens in them; return how many samples failed."""
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
        monkeypatch.setattr(event_log, name, 80 * event_log.FILES)


def calls_of(folder: Path, method: str) -> int:
    """Return how often a while of sampling calls a method."""
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
    for number in pace.some(range(1, calls + 1)):
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
        if ",END," in each or ",KEY," in each
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
    assert len(list(folder.glob("events/*/*.csv.gz"))) == event_log.FILES - 1
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
        store.record(Event(START, Kind.START))
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


def test_closing_waits_for_the_disk_and_tells_where_it_fails(opened: Open, machine: Machine):
    files = FaultyFiles()
    store = opened(files=files)
    sample(store, machine, 0)
    files.broken["sync"] = errno.EIO

    with pytest.raises(StoreError, match="Input/output error"):
        store.close()

    with closing(opened()) as again:  # the lock is free all the same
        assert again.last_time == START
