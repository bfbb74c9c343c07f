"""The CPU time of interrupts: /proc/stat and /proc/softirqs, and the time between two readings."""

import pytest

from conftest import FakeMachine
from irqbalance.errors import FileError
from irqbalance.kernel.cpu_time import CpuTime, read_cpu_times, spent

STAT = "cpu  9 9 9 9 9 9 9\n\ncpu0 1 2 3 4 5 60 7 8\ncpu2 0 0 0 0 0 0 5\nintr 5 5\n"


def test_the_times_are_those_of_online_cpus_in_hundredths_of_a_second(fake: FakeMachine):
    fake.write("proc/stat", STAT)

    assert read_cpu_times(fake.machine) == {0: CpuTime(0.6, 0.07), 2: CpuTime(0.0, 0.05)}


def test_the_softirqs_are_those_of_the_column_of_the_cpu(fake: FakeMachine):
    fake.write("proc/stat", STAT)
    fake.write(
        "proc/softirqs",
        "           CPU0       CPU1       CPU2\n  TIMER:  1  2  3\n NET_RX:  40  50  60\n",
    )

    found = read_cpu_times(fake.machine)

    assert {cpu: dict(time.softirqs) for cpu, time in found.items()} == {
        0: {"TIMER": 1, "NET_RX": 40},
        2: {"TIMER": 3, "NET_RX": 60},
    }


@pytest.mark.parametrize(
    "text", ["", "CPU0 CPUx\nHI: 1 2\n", "CPU0 CPU1\nHI: 1\n", "CPU0\nHI: -1\n", "nothing\n"]
)
def test_softirqs_of_another_text_are_unknown(fake: FakeMachine, text: str):
    fake.write("proc/stat", STAT)
    fake.write("proc/softirqs", text)

    assert all(not time.softirqs for time in read_cpu_times(fake.machine).values())


@pytest.mark.parametrize("line", ["cpu0 1 2 3", "cpu0 1 2 3 4 5 x 7"])
def test_a_stat_that_is_something_else_is_refused(fake: FakeMachine, line: str):
    fake.write("proc/stat", line)

    with pytest.raises(FileError, match="expected seven numbers after cpu0"):
        read_cpu_times(fake.machine)


def test_the_time_between_two_readings_is_that_of_cpus_in_both():
    earlier = {0: CpuTime(1.0, 2.0, {"TIMER": 5}), 1: CpuTime(9.0, 9.0)}
    later = {0: CpuTime(1.5, 2.25, {"TIMER": 8}), 2: CpuTime(3.0, 3.0)}

    assert spent(earlier, later) == {0: CpuTime(0.5, 0.25, {"TIMER": 3})}


def test_a_count_that_wrapped_goes_on_and_a_time_that_fell_is_nothing():
    earlier = {0: CpuTime(5.0, 5.0, {"NET_RX": 2**32 - 1})}
    later = {0: CpuTime(1.0, 6.0, {"NET_RX": 4, "TIMER": 7})}

    # nobody knows how many of a kind that came are new
    assert spent(earlier, later) == {0: CpuTime(0.0, 1.0, {"NET_RX": 5})}
