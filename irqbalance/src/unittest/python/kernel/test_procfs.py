"""Reading /proc and /sys, of captured machines and of made ones."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import FakeMachine, row
from irqbalance.errors import FileError
from irqbalance.kernel.procfs import KernelSays, Machine, read_interrupts

pytestmark = pytest.mark.usefixtures("in_time")


def cpus(*numbers: int) -> frozenset[int]:
    return frozenset(numbers)


def test_what_the_kernel_says_of_an_irq_is_read(fake: FakeMachine):
    fake.irq(24, affinity="0-1", effective="1")
    fake.irq(25, affinity="1", mode=0o444)

    assert fake.machine.kernel_says(["24", "25", "26"]) == {
        "24": KernelSays(True, True, cpus(0, 1), cpus(1)),
        "25": KernelSays(True, False, cpus(1), None),
        "26": KernelSays(exists=False),
    }


def test_one_read_only_file_of_the_two_is_enough_to_be_managed(fake: FakeMachine):
    fake.irq(24)
    (fake.procfs / "irq/24/smp_affinity").chmod(0o444)

    assert not fake.machine.kernel_says(["24"])["24"].writable


def test_an_effective_mask_serves_where_there_is_no_list(fake: FakeMachine):
    fake.irq(24)
    fake.write("proc/irq/24/effective_affinity", "2\n")

    assert fake.machine.effective_affinity("24") == cpus(1)


def test_an_affinity_that_cannot_be_read_is_unknown_not_a_guess(fake: FakeMachine):
    fake.irq(24, affinity="nonsense", effective="")

    says = fake.machine.kernel_says(["24"])["24"]
    assert says.affinity is None
    assert says.effective == frozenset()


LINK = "its affinity is behind a symbolic link"
NO_FILE = "its affinity is no regular file"
UNREADABLE = "its affinity cannot be read, so nobody could put it back"


@pytest.mark.parametrize("component", ["irq", "irq/24", "irq/24/smp_affinity_list"])
def test_an_irq_behind_a_link_has_a_problem_and_no_affinity(fake: FakeMachine, component: str):
    fake.irq(24, affinity="0-1", effective="1")
    (fake.procfs / component).rename(fake.root / "target")
    (fake.procfs / component).symlink_to(fake.root / "target")

    says = fake.machine.kernel_says(["24"])["24"]

    assert (says.exists, says.affinity, says.problem) == (True, None, LINK)
    assert fake.machine.affinity("24") is None


def test_a_procfs_that_is_a_link_itself_is_read(fake: FakeMachine):
    fake.irq(24, affinity="0-1")
    (fake.root / "link").symlink_to(fake.procfs)

    says = Machine(fake.root / "link", fake.sysfs).kernel_says(["24"])["24"]

    assert (says.affinity, says.problem) == (cpus(0, 1), "")


@pytest.mark.parametrize("name", ["smp_affinity_list", "effective_affinity_list"])
def test_a_pipe_in_the_place_of_a_list_is_not_waited_for(fake: FakeMachine, name: str):
    fake.irq(24, effective="1")
    (fake.procfs / "irq/24" / name).unlink()
    os.mkfifo(fake.procfs / "irq/24" / name)

    says = fake.machine.kernel_says(["24"])["24"]

    assert says.problem == (NO_FILE if name == "smp_affinity_list" else "")
    assert says.effective is None


def test_a_list_with_a_second_name_is_not_to_be_written(fake: FakeMachine):
    fake.irq(24)
    (fake.root / "other").hardlink_to(fake.procfs / "irq/24/smp_affinity_list")

    problem = fake.machine.kernel_says(["24"])["24"].problem
    assert problem == "its affinity has a second name, a hard link"


@pytest.mark.parametrize("text", ["", "\n", "?", "0-", "-1", "4-2", "0,,1", "\0", "x" * 2**21])
def test_a_list_that_is_none_is_a_problem(fake: FakeMachine, text: str):
    fake.irq(24, affinity=text)

    assert fake.machine.kernel_says(["24"])["24"].problem == UNREADABLE


@pytest.mark.parametrize(
    ("name", "online", "isolated", "nohz_full"),
    [
        ("x86_64-4cpu-isolated", cpus(0, 1, 2, 3), cpus(2), cpus(3)),
        ("x86_64-4cpu-6.12", cpus(0, 1, 2, 3), cpus(), cpus()),
        ("x86_64-4cpu-cpu1off", cpus(0, 2, 3), cpus(), cpus()),
        ("s390x-4cpu", cpus(0, 1, 2, 3), cpus(), cpus()),
    ],
)
def test_the_cpu_sets_of_captured_machines_are_read(
    captured: Callable[[str], Path],
    name: str,
    online: frozenset[int],
    isolated: frozenset[int],
    nohz_full: frozenset[int],
):
    machine = Machine(captured(name) / "proc", captured(name) / "sys")

    assert machine.online() == online
    found = machine.isolated()
    assert (found["isolated"], found["nohz_full"]) == (isolated, nohz_full)


@pytest.mark.parametrize("folder", ["sys/fs/cgroup", "sys/fs/cgroup/unified"])
def test_cpus_of_isolated_cgroups_are_found(fake: FakeMachine, folder: str):
    fake.write(f"{folder}/cpuset.cpus.isolated", "1\n")

    assert fake.machine.isolated()["in an isolated cgroup"] == cpus(1)


@pytest.mark.parametrize(
    ("partitions", "isolated"),
    [
        ({"rt": "isolated", "other": "member"}, {2, 3}),
        ({"rt": "root", "rt/hard": "isolated"}, {2, 3}),
        ({"rt": "member", "rt/hard": "isolated"}, set()),
        ({"rt": "isolated invalid (Cpu list in cpuset.cpus not exclusive)"}, set()),
    ],
)
def test_before_linux_6_9_each_isolated_partition_says_so(
    fake: FakeMachine, partitions: dict[str, str], isolated: set[int]
):
    for name, kind in partitions.items():
        fake.write(f"sys/fs/cgroup/{name}/cpuset.cpus.partition", f"{kind}\n")
        fake.write(f"sys/fs/cgroup/{name}/cpuset.cpus.effective", "2-3\n")

    assert fake.machine.isolated()["in an isolated cgroup"] == isolated


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0000000f\n", {0, 1, 2, 3}), ("1,00000000\n", {32}), ("no mask", None), (None, None)],
)
def test_the_default_affinity_is_a_mask(
    fake: FakeMachine, text: str | None, expected: set[int] | None
):
    if text is not None:
        fake.write("proc/irq/default_smp_affinity", text)

    assert fake.machine.default_affinity() == expected


def test_the_boot_is_known_by_its_id_else_by_its_time_else_not_at_all(fake: FakeMachine):
    assert fake.machine.boot() == "this-boot"
    (fake.procfs / "sys/kernel/random/boot_id").unlink()
    assert fake.machine.boot() == ""
    fake.write("proc/stat", "cpu 1 2\nbtime 1767225600\n")
    assert fake.machine.boot() == "btime 1767225600"


def test_a_missing_file_is_named(fake: FakeMachine):
    with pytest.raises(FileError, match="proc/interrupts: No such file or directory"):
        fake.machine.interrupts()


def test_a_file_that_is_not_interrupts_is_named_with_the_line(fake: FakeMachine):
    fake.counters(row(24, 1, 2), "gibberish")

    with pytest.raises(FileError, match="proc/interrupts: line 3: expected a label") as caught:
        read_interrupts(fake.procfs / "interrupts")
    assert caught.value.path.endswith("proc/interrupts")


def test_bytes_that_are_no_utf8_are_read_all_the_same(fake: FakeMachine):
    path = fake.write("proc/interrupts", "")
    path.write_bytes(b"CPU0\n 24: 5 PCI-MSI 1-edge x\xff\n")

    assert fake.machine.interrupts()[1].rows[0].device == "x\ufffd"


def torn(fake: FakeMachine) -> None:
    """Write a file during which CPU 1 came online."""
    fake.counters(row(24, 1), row(25, 2, 0), cpus=(0,))


def test_a_live_file_that_met_a_cpu_coming_is_read_again(fake: FakeMachine):
    pauses = []

    def wait(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            fake.counters(row(24, 1, 0), row(25, 2, 0))

    torn(fake)

    text, snapshot = fake.machine.interrupts(wait)

    assert snapshot.cpus == (0, 1)
    assert [line.counts for line in snapshot.rows] == [(1, 0), (2, 0)]
    assert text == (fake.procfs / "interrupts").read_text()
    assert len(pauses) == 2


def test_a_live_file_that_met_a_cpu_going_is_read_again(fake: FakeMachine):
    fake.counters(row(24, 1, 2), row(25, 2))

    _, snapshot = fake.machine.interrupts(lambda _: fake.counters(row(24, 1), cpus=(0,)))

    assert snapshot.cpus == (0,)


def test_a_live_file_that_stays_torn_is_an_error_with_its_line(fake: FakeMachine):
    pauses: list[float] = []
    torn(fake)

    with pytest.raises(FileError, match="line 3: expected 1 counts for IRQ 25"):
        fake.machine.interrupts(pauses.append)

    assert 1 <= len(pauses) <= 10
    assert sum(pauses) < 1


def test_a_live_file_that_cannot_be_read_is_not_read_again(fake: FakeMachine):
    pauses: list[float] = []

    with pytest.raises(FileError, match="No such file"):
        fake.machine.interrupts(pauses.append)

    assert pauses == []


def test_a_captured_file_that_is_torn_is_an_error_at_once(fake: FakeMachine):
    torn(fake)

    with pytest.raises(FileError, match="line 3: expected 1 counts for IRQ 25"):
        read_interrupts(fake.procfs / "interrupts")
