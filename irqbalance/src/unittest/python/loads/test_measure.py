"""Measurements: since an earlier reading, or from now on; and by CPU time."""

import pytest

from conftest import FakeClock, FakeMachine, row
from irqbalance.kernel.cpu_time import CpuTime
from irqbalance.loads.measure import live, take


def test_an_interval_is_measured_from_now(fake: FakeMachine):
    fake.counters(row(24, 100, 0))
    clock = FakeClock(lambda: fake.counters(row(24, 150, 0)))
    earlier = take(fake.machine, False, clock.clock)

    measured, basis, reading = live(fake.machine, earlier, 2.0, False, clock.clock)

    assert clock.slept == [2.0]
    assert measured.loads[0].total == pytest.approx(25)
    assert (basis.unit, basis.seconds) == ("interrupts per second", 2.0)
    assert reading.snapshot.rows[0].counts == (150, 0)


def test_without_an_interval_an_earlier_reading_serves(fake: FakeMachine):
    fake.counters(row(24, 100, 0))
    clock = FakeClock()
    earlier = take(fake.machine, False, clock.clock)
    clock.time += 60
    fake.counters(row(24, 700, 0))

    measured, basis, _ = live(fake.machine, earlier, None, False, clock.clock)

    assert clock.slept == []
    assert measured.loads[0].total == pytest.approx(10)
    assert "since the last run" in basis.source


def test_without_either_ten_seconds_are_measured(fake: FakeMachine):
    fake.counters(row(24, 100, 0))
    clock = FakeClock()

    _, basis, _ = live(fake.machine, None, None, False, clock.clock)

    assert clock.slept == [10.0]
    assert basis.source == "over 10 s, measured just now"


def test_loads_by_time_are_the_time_that_the_cpu_spent(fake: FakeMachine):
    fake.counters(row(24, 0, 0))
    fake.write("proc/stat", "cpu0 0 0 0 0 0 5 5\ncpu1 0 0 0 0 0 0 9\n")

    def later() -> None:
        fake.counters(row(24, 50, 0))
        fake.write("proc/stat", "cpu0 0 0 0 0 0 15 15\ncpu2 0 0 0 0 0 0 9\n")

    measured, basis, reading = live(fake.machine, None, 1.0, True, FakeClock(later).clock)

    assert basis.unit == "CPU milliseconds per second"
    assert measured.loads[0].by_cpu == pytest.approx((200, 0))
    assert reading.cpu_times == {0: CpuTime(0.15, 0.15), 2: CpuTime(0.0, 0.09)}


def test_a_measurement_by_time_behind_a_reading_without_times_starts_now(fake: FakeMachine):
    fake.counters(row(24, 100, 0))
    fake.write("proc/stat", "cpu0 0 0 0 0 0 10 0\ncpu1 0 0 0 0 0 0 0\n")

    def later() -> None:
        fake.counters(row(24, 300, 0))
        fake.write("proc/stat", "cpu0 0 0 0 0 0 60 0\ncpu1 0 0 0 0 0 0 0\n")

    clock = FakeClock(later)
    by_counts = take(fake.machine, False, clock.clock)
    clock.time += 60

    measured, basis, _ = live(fake.machine, by_counts, None, True, clock.clock)

    # 50 ticks of 10 ms in the ten seconds of a first measurement
    assert clock.slept == [10.0]
    assert (basis.unit, basis.source) == (
        "CPU milliseconds per second",
        "over 10 s, measured just now",
    )
    assert measured.loads[0].by_cpu == pytest.approx((50, 0))


def test_a_measurement_by_time_behind_another_by_time_goes_on_from_it(fake: FakeMachine):
    fake.counters(row(24, 100, 0))
    fake.write("proc/stat", "cpu0 0 0 0 0 0 10 0\n")
    clock = FakeClock()
    earlier = take(fake.machine, True, clock.clock)
    clock.time += 20
    fake.counters(row(24, 300, 0))
    fake.write("proc/stat", "cpu0 0 0 0 0 0 110 0\n")

    measured, basis, _ = live(fake.machine, earlier, None, True, clock.clock)

    assert clock.slept == []
    assert basis.source == "over 20 s, since the last run"
    assert measured.loads[0].total == pytest.approx(50)


def test_a_measurement_by_counts_behind_one_by_time_goes_on_from_it(fake: FakeMachine):
    fake.counters(row(24, 100, 0))
    fake.write("proc/stat", "cpu0 0 0 0 0 0 10 0\n")
    clock = FakeClock()
    earlier = take(fake.machine, True, clock.clock)
    clock.time += 20

    _, basis, _ = live(fake.machine, earlier, None, False, clock.clock)

    assert (clock.slept, basis.unit) == ([], "interrupts per second")


def test_a_kernel_that_accounts_no_interrupt_time_gives_counts(fake: FakeMachine):
    fake.counters(row(24, 0, 0))
    fake.write("proc/stat", "cpu0 1 1 1 1 1 0 0\n")

    _, basis, _ = live(fake.machine, None, 1.0, True, FakeClock().clock)

    assert basis.unit == "interrupts per second"


def test_soft_time_alone_gives_counts(fake: FakeMachine):
    # without CONFIG_IRQ_TIME_ACCOUNTING ticks sample softirqs, and never a hard interrupt
    fake.counters(row(24, 0, 0))
    fake.write("proc/stat", "cpu0 1 1 1 1 1 0 0\n")

    def later() -> None:
        fake.counters(row(24, 50, 0))
        fake.write("proc/stat", "cpu0 1 1 1 1 1 0 50\n")

    measured, basis, _ = live(fake.machine, None, 1.0, True, FakeClock(later).clock)

    assert (basis.unit, measured.loads[0].total) == ("interrupts per second", 50)


def test_the_classes_of_irqs_come_from_sysfs(fake: FakeMachine):
    fake.counters(row(24, 0, 0), row(25, 0, 0))
    fake.write("sys/class/net/eth0/device/msi_irqs/24", "msix\n")
    fake.write("proc/stat", "cpu0 0 0 0 0 0 0 0\n")
    fake.write("proc/softirqs", "CPU0\nNET_RX: 0\nTIMER: 0\n")

    def later() -> None:
        fake.counters(row(24, 50, 0), row(25, 50, 0))
        fake.write("proc/stat", "cpu0 0 0 0 0 0 10 20\n")
        fake.write("proc/softirqs", "CPU0\nNET_RX: 100\nTIMER: 100\n")

    measured, _, _ = live(fake.machine, None, 1.0, True, FakeClock(later).clock)

    # 100 ms for 100 interrupts; half of 200 ms for NET_RX
    assert [load.total for load in measured.loads] == pytest.approx([150, 50])
