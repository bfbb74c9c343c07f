"""The store: exact over restarts, reboots and jumps of the clock, with one writer."""

import errno
import json
from pathlib import Path

import pytest

from irq_server.errors import NoSampleError, StoreError, StoreLockedError
from irq_server.events import Event, Kind
from irq_server.store.history import NOT_COUNTED, Sample
from irq_server.store.store import Store
from simulated import FaultyFiles, Machine
from storing import START, Open, events, every_state, files_in, killed, sample


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


def test_a_sample_is_in_every_tier_with_its_rows_and_the_memory(
    opened: Open, folder: Path, machine: Machine
):
    taken = sample(opened(), machine, 0)

    assert taken.time == START
    assert taken.state == {"24,1": 1}
    assert files_in(folder) == [
        "1h/202601/1767225600.csv",
        "1m/20260101/1767225600.csv",
        "cpus-1h/202601/1767225600.csv",
        "cpus-1m/20260101/1767225600.csv",
        "irqs.csv",
        "lock",
        "raw/20260101/1767225600.csv",
        "state.json",
    ]
    text = "time,irq,cpu,count\n1767225600,24,1,1\n1767225600,KEY,1,"
    assert (folder / "raw/20260101/1767225600.csv").read_text().startswith(text)
    assert (folder / "irqs.csv").read_text().splitlines()[:2] == [
        "time,irq,chip,hwirq,trigger,device,interface",
        f"1767225600,24,PCI-MSI,{sum(map(ord, 'eth0'))},edge,eth0,",
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


def test_readers_see_a_sample_only_with_its_events(
    opened: Open, machine: Machine, monkeypatch: pytest.MonkeyPatch
):
    store = opened()
    sample(store, machine, 0)
    machine.boot()
    seen, publish = [], store.history.set_latest

    def look(taken: Sample) -> None:
        seen.append(events(store))
        publish(taken)

    monkeypatch.setattr(store.history, "set_latest", look)
    sample(store, machine, 10)

    assert seen == [[(10, "boot", "")]]


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

    store.record(Event(START + 0.25, Kind.START, detail="every 10s"))

    assert (folder / "events.csv").read_text().endswith("1767225600.250,start,,,every 10s\n")
    assert events(store) == [(0.25, "start", "every 10s")]


def test_an_event_that_cannot_be_written_is_an_error_of_the_store(opened: Open):
    files = FaultyFiles()
    store = opened(files=files)
    files.broken["append"] = errno.ENOSPC

    with pytest.raises(StoreError, match="No space left"):
        store.record(Event(START, Kind.STOP))


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


def test_labels_that_no_segment_can_hold_get_other_names(
    opened: Open, folder: Path, machine: Machine
):
    labels = ("KEY", "END", "a,b", "a;b", ",0")
    for number, label in enumerate(labels, 1):
        machine.add(label, "odd")
        machine.fire(label, 1, number)
    store = opened()
    sample(store, machine, 0)
    machine.fire("KEY", 0, 9)
    last = sample(store, machine, 10)

    names = {"KEY;,1": 1, "END;,1": 2, "a;b;,1": 3, "a;b,1": 4, ";0,1": 5, "KEY;,0": 9}
    assert {key: n for key, n in last.state.items() if key in names} == names
    assert every_state(folder)[-1] == {key: n for key, n in last.state.items() if n}
    killed(store)
    assert opened().history.latest.state == every_state(folder)[-1]
