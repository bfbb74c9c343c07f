"""The store within its bounds, and stores of other programs and damaged ones."""

import shutil
import threading
import zlib
from pathlib import Path

import pytest

from irq_server.events import Event, Kind
from irq_server.store import retention
from irq_server.store.segments.segment_files import segments_in
from irq_server.store.segments.tier_shape import shapes_in, shapes_of
from simulated import Machine
from storing import START, Open, events, killed, sample, size_of


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
    last |= {"cpus-1m": START + 19600, "cpus-1h": START + 18000}
    first = {name: min(each.first for each in segments_in(folder / name)) for name in last}
    per_second = sum(size_of(folder / name) / (last[name] - first[name]) for name in last)
    assert first == dict.fromkeys(last, START) | {"raw": START + 14400}
    assert status.holds_seconds == pytest.approx(2**30 / per_second, rel=1e-6)


def test_samples_go_with_their_age_by_tier_and_the_coarser_stay(
    opened: Open, folder: Path, machine: Machine
):
    store = opened(retention_seconds={"raw": 3600.0, "1m": 86400.0})
    for second in range(0, 3 * 86400, 1800):
        sample(store, machine, second)

    shapes = shapes_in(folder)
    firsts = {shape.name: segments_in(folder / shape.name)[0].first - START for shape in shapes}
    last = 3 * 86400 - 1800
    assert last - 3600 - 3600 < firsts["raw"] <= last - 3600
    assert firsts["1m"] == firsts["cpus-1m"] == 86400
    assert firsts["1h"] == firsts["cpus-1h"] == 0
    early = store.history.window(START + 7200, START + 10800, START + last)
    assert (early.start.state, early.end.state) == ({"24,1": 5}, {"24,1": 7})
    assert early.resolution_seconds == 3600.0


# ---- tiers that are not kept any more -----------------------------------------------------------


def with_orphans(opened: Open, machine: Machine, hours: int = 3) -> None:
    """Leave a store with a tier 5m, and its sums, behind."""
    store = opened(tiers=shapes_of(["5m", "1h"]), retention_seconds={"5m": 1e9, "1h": 1e9})
    for second in range(0, hours * 3600, 300):
        sample(store, machine, second, ago=300.0)
    killed(store)


def test_a_tier_that_is_not_kept_any_more_goes_at_the_oldest_age(
    opened: Open, folder: Path, machine: Machine
):
    with_orphans(opened, machine)
    store = opened(retention_seconds={"raw": 3600.0, "1m": 3600.0, "1h": 2 * 86400.0})

    sample(store, machine, 2 * 86400 + 86399)
    assert {"5m", "cpus-5m"} <= {each.name for each in folder.iterdir()}
    assert store.status().size_bytes == size_of(folder)

    sample(store, machine, 3 * 86400)  # all of the day that the file may hold is old now
    assert not {"5m", "cpus-5m"} & {each.name for each in folder.iterdir()}
    assert store.status().size_bytes == size_of(folder)


def test_a_tier_that_is_not_kept_any_more_goes_first_if_the_store_is_too_large(
    opened: Open, folder: Path
):
    machine = busy()
    store = opened(tiers=shapes_of(["5m", "1h"]), max_bytes=2**20)
    for step in range(60):
        work(machine)
        store.append(machine.look(), machine.boot_id, START + 300 * step, 300.0)
    killed(store)
    before = segments_in(folder / "raw")

    store = opened(max_bytes=size_of(folder) - size_of(folder / "5m") // 2)
    sample(store, machine, 300 * 60)

    assert "5m" not in {each.name for each in folder.iterdir()}
    assert before[0] in segments_in(folder / "raw")


# ---- stores of other programs, and damaged ones -------------------------------------------------


def write_foreign(folder: Path) -> None:
    rows = ["1767225600,24,3,100\n1767225600,ERR,,4\n1767225600,LOC,0,7\n", "1767225610,24,3,160\n"]
    frame = ""
    for row, kind in zip(rows, ("KEY", "END"), strict=True):
        frame += f"{row}{row.partition(',')[0]},{kind},{row.count(chr(10))},"
        frame += f"{zlib.crc32(frame.encode())}\n"
    text = f"time,irq,cpu,count\n{frame}"
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


def test_events_that_come_while_the_sizes_are_measured_are_stored_once(
    opened: Open, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    store = opened()
    sample(store, busy(), 0)
    measuring, measured = threading.Event(), threading.Event()
    size = retention.size_of

    def slow_size_of(path: Path) -> int:
        found = size(path)
        if path == folder:  # all tiers are known by now, and the rest is not
            measuring.set()
            measured.wait(0.2)
        return found

    monkeypatch.setattr(retention, "size_of", slow_size_of)
    measurer = threading.Thread(target=store._bounds.measure)
    measurer.start()
    assert measuring.wait(10.0)
    store.record(Event(START + 1, Kind.STOP))
    measured.set()
    measurer.join(10.0)
    store.record(Event(START + 2, Kind.START))

    assert (folder / "events.csv").read_text().count("stop") == 1


def test_many_threads_record_while_the_sizes_are_measured(opened: Open, folder: Path):
    store = opened()
    sample(store, busy(), 0)
    ending = threading.Event()
    failures = []

    def measure() -> None:
        while not ending.is_set():
            store._bounds.measure()

    def record(number: int) -> None:
        try:
            for step in range(50):
                store.record(Event(START + step, Kind.RESET, irq=f"{number}-{step}"))
        except Exception as error:  # noqa: BLE001 - any fails the test
            failures.append(error)

    measurer = threading.Thread(target=measure)
    recorders = [threading.Thread(target=record, args=(number,)) for number in range(4)]
    for each in (measurer, *recorders):
        each.start()
    for each in recorders:
        each.join(60.0)
    ending.set()
    measurer.join(60.0)

    assert failures == []
    lines = [line for line in (folder / "events.csv").read_text().splitlines() if ",reset," in line]
    assert len(lines) == len(set(lines)) == 200
