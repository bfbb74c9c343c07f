"""Measurements: since the last run where that serves, else from now on; and by CPU time."""

import pytest

from conftest import FakeClock, FakeMachine, row
from irqbalance.loads.measure import Reading, live, load_snapshot, take
from irqbalance.offline import from_files
from irqbalance.state.folder import SNAPSHOT, StateFolder


@pytest.fixture
def folder(fake: FakeMachine) -> StateFolder:
    made = StateFolder(fake.state, "this-boot")
    made.prepare()
    return made


def save(folder: StateFolder, fake: FakeMachine, clock: FakeClock, by_time: bool = False) -> None:
    folder.save(SNAPSHOT, take(fake.machine, by_time, clock.clock).content())


def test_an_interval_is_measured_from_now(fake: FakeMachine, folder: StateFolder):
    fake.counters(row(24, 100, 0))
    clock = FakeClock(lambda: fake.counters(row(24, 150, 0)))

    measured, context, reading = live(fake.machine, folder, 2.0, False, clock.clock)

    assert clock.slept == [2.0]
    assert measured.loads[0].total == pytest.approx(25)
    assert (context.unit, context.seconds) == ("interrupts per second", 2.0)
    assert reading.snapshot.rows[0].counts == (150, 0)


def test_without_an_interval_the_last_run_serves(fake: FakeMachine, folder: StateFolder):
    fake.counters(row(24, 100, 0))
    clock = FakeClock()
    save(folder, fake, clock)
    clock.time += 60
    fake.counters(row(24, 700, 0))

    measured, context, _ = live(fake.machine, folder, None, False, clock.clock)

    assert clock.slept == []
    assert measured.loads[0].total == pytest.approx(10)
    assert "since the last run" in context.source


@pytest.mark.parametrize(("age", "serves"), [(9.9, 0), (10, 1), (86400, 1), (86401, 0), (-60, 0)])
def test_a_snapshot_serves_from_ten_seconds_to_a_day(
    fake: FakeMachine, folder: StateFolder, age: float, serves: int
):
    fake.counters(row(24, 100, 0))
    clock = FakeClock()
    save(folder, fake, clock)

    found = load_snapshot(folder, clock.time + age)

    assert (found is not None) == serves


def test_a_snapshot_of_another_boot_does_not_serve(fake: FakeMachine, folder: StateFolder):
    fake.counters(row(24, 100, 0))
    clock = FakeClock()
    save(folder, fake, clock)
    clock.time += 60

    _, _, _ = live(fake.machine, StateFolder(folder.path, "next-boot"), None, False, clock.clock)

    assert clock.slept == [10.0]


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"time": "x", "interrupts": "", "interrupt_seconds": {}},
        {"time": 1, "interrupts": "", "interrupt_seconds": {}},
        {"time": 1, "interrupts": 5, "interrupt_seconds": {}},
        {"time": 1, "interrupts": "CPU0\n1: 5\n", "interrupt_seconds": []},
    ],
)
def test_a_snapshot_with_other_fields_is_told_and_not_used(
    folder: StateFolder, content: dict[str, object]
):
    folder.save(SNAPSHOT, content)

    assert load_snapshot(folder, 100.0) is None
    assert "fields" in folder.problems[0]


def test_a_reading_keeps_what_the_next_run_needs(fake: FakeMachine, folder: StateFolder):
    fake.counters(row(24, 100, 0))
    fake.write("proc/stat", "cpu0 0 0 0 0 0 5 5\n")
    clock = FakeClock()
    save(folder, fake, clock, by_time=True)

    reading = load_snapshot(folder, clock.time + 20)

    assert isinstance(reading, Reading)
    assert reading.interrupt_seconds == {0: 0.1}
    assert reading.snapshot.rows[0].counts == (100, 0)


def test_loads_by_time_are_what_the_cpu_spent(fake: FakeMachine, folder: StateFolder):
    fake.counters(row(24, 0, 0))
    fake.write("proc/stat", "cpu0 0 0 0 0 0 5 5\ncpu1 0 0 0 0 0 0 9\n")

    def later() -> None:
        fake.counters(row(24, 50, 0))
        fake.write("proc/stat", "cpu0 0 0 0 0 0 15 15\ncpu2 0 0 0 0 0 0 9\n")

    measured, context, _ = live(fake.machine, folder, 1.0, True, FakeClock(later).clock)

    assert context.unit == "CPU milliseconds per second"
    assert measured.loads[0].by_cpu == pytest.approx((200, 0))


def test_a_kernel_that_accounts_no_interrupt_time_gives_counts(
    fake: FakeMachine, folder: StateFolder
):
    fake.counters(row(24, 0, 0))
    fake.write("proc/stat", "cpu0 1 1 1 1 1 0 0\n")

    _, context, _ = live(fake.machine, folder, 1.0, True, FakeClock().clock)

    assert context.unit == "interrupts per second"


def test_files_give_counts(fake: FakeMachine):
    fake.counters(row(24, 100, 7))
    first = fake.procfs / "interrupts"
    second = fake.write("later", first.read_text().replace("100", "150"))

    assert from_files(first, None)[0].loads[0].total == 107
    measured, context = from_files(first, second)
    assert measured.loads[0].total == 50
    assert context.unit == "interrupts"
    assert context.seconds is None
