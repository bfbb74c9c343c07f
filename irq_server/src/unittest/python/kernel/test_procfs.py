"""Reading below the root of /proc."""

import errno
import os
import resource
from pathlib import Path

import mock
import pytest

from irq_server.errors import AffinityError, ProcfsError
from irq_server.kernel.procfs import AffinityLists, IrqAffinity, Procfs
from simulated import Machine


def test_interrupts_are_read_whole_whatever_bytes_they_hold(machine: Machine):
    assert machine.root
    (machine.root / "interrupts").write_bytes(b"CPU0\n 24: 5 \xff device\n")

    assert Procfs(machine.root).read_interrupts() == "CPU0\n 24: 5 \ufffd device\n"


def test_a_snapshot_of_a_file_that_met_a_cpu_going_is_read_again(machine: Machine):
    assert machine.root
    path, pauses = machine.root / "interrupts", []

    def wait(seconds: float) -> None:
        pauses.append(seconds)
        path.write_text("CPU0\n 24: 5 x\n 25: 6 y\n")

    path.write_text("CPU0 CPU1\n 24: 5 1 x\n 25: 6 y\n")
    procfs = Procfs(machine.root, wait)

    procfs.check()
    assert procfs.snapshot().cpus == (0,)
    assert len(pauses) == 1


def test_a_file_that_stays_torn_fails_the_check_with_its_line(machine: Machine):
    assert machine.root
    pauses: list[float] = []
    (machine.root / "interrupts").write_text("CPU0\n 24: 5 1 x\n")

    with pytest.raises(ProcfsError, match="line 2: expected 1 counts for IRQ 24"):
        Procfs(machine.root, pauses.append).check()

    assert pauses


def test_the_boot_is_told_by_its_id_else_by_its_time_else_not(tmp_path: Path):
    procfs = Procfs(tmp_path)
    assert procfs.read_boot_id() == ""

    (tmp_path / "stat").write_text("cpu 1 2\nbtime 1767225600\nprocesses 5\n")
    assert procfs.read_boot_id() == "btime 1767225600"

    (tmp_path / "sys/kernel/random").mkdir(parents=True)
    (tmp_path / "sys/kernel/random/boot_id").write_text("an-id\n")
    assert procfs.read_boot_id() == "an-id"


def test_a_boot_id_that_cannot_be_read_just_now_is_not_another_boot(machine: Machine):
    assert machine.root
    (machine.root / "stat").write_text("btime 1767225600\n")
    procfs = Procfs(machine.root)

    with (
        mock.patch.object(os, "open", side_effect=OSError(errno.EMFILE, "Too many open files")),
        pytest.raises(OSError, match="Too many open files"),
    ):
        procfs.read_boot_id()

    assert procfs.read_boot_id() == machine.boot_id


@pytest.mark.parametrize(
    ("affinity", "effective", "mode", "read"),
    [
        ("0-3", "2", 0o644, IrqAffinity("0-3", "2", True)),
        ("0,1,2,3", "1", 0o644, IrqAffinity("0-3", "1", True)),
        ("1", "1", 0o444, IrqAffinity("1", "1", False)),
        ("0-3", "", 0o644, IrqAffinity("0-3", None, True)),
        ("0-3", None, 0o644, IrqAffinity("0-3", None, True)),
    ],
)
def test_an_affinity_is_read_with_its_files_mode(
    machine: Machine, affinity: str, effective: str | None, mode: int, read: IrqAffinity
):
    machine.set_affinity(24, affinity, effective, mode)
    assert machine.root

    assert Procfs(machine.root).read_affinity("24") == read


@pytest.mark.parametrize(
    ("affinity", "effective", "pending"),
    [("1", "0", True), ("0-1", "1", False), ("1", None, False), ("0-1", "0-3", True)],
)
def test_an_affinity_is_pending_while_the_kernel_sends_the_irq_elsewhere(
    affinity: str, effective: str | None, pending: bool
):
    assert IrqAffinity(affinity, effective, True).is_pending is pending


def test_an_irq_without_affinity_and_one_that_cannot_be_read_are_named(machine: Machine):
    assert machine.root
    procfs = Procfs(machine.root)
    with pytest.raises(AffinityError, match=r"^IRQ 99: the kernel has no affinity"):
        procfs.read_affinity("99")

    machine.set_affinity(24, "rubbish")
    with pytest.raises(AffinityError, match=r"^IRQ 24: .* cannot be read: expected a CPU"):
        procfs.read_affinity("24")

    machine.set_affinity(24, "0", "rubbish")
    with pytest.raises(AffinityError, match=r"^IRQ 24: its affinity cannot be read"):
        procfs.read_affinity("24")


def test_a_file_that_may_not_be_read_is_named(machine: Machine):
    machine.set_affinity(24, "0")
    assert machine.root
    denied = PermissionError(13, "Permission denied")

    with (
        mock.patch("os.open", side_effect=denied),
        pytest.raises(AffinityError, match="Permission denied"),
    ):
        Procfs(machine.root).read_affinity("24")


def lists(tmp_path: Path) -> AffinityLists:
    (tmp_path / "irq/24").mkdir(parents=True)
    (tmp_path / "irq/24/smp_affinity_list").write_text("0-3\n")
    return AffinityLists(Procfs(tmp_path))


def test_a_list_that_is_read_again_is_what_stands_there_then(tmp_path: Path):
    reader, path = lists(tmp_path), tmp_path / "irq/24/smp_affinity_list"
    assert reader.read("24") == b"0-3\n"
    with mock.patch.object(os, "open", side_effect=AssertionError("it is open")):
        path.write_text("2\n")
        assert reader.read("24") == b"2\n"

    path.unlink()
    assert reader.read("24") is None
    path.write_text("7\n")
    assert reader.read("24") == b"7\n"
    (tmp_path / "new").write_text("1\n")
    (tmp_path / "new").rename(path)
    assert reader.read("24") == b"1\n"
    reader.close()


def test_a_kernels_file_of_an_irq_that_came_again_is_opened_again(tmp_path: Path):
    reader = lists(tmp_path)
    assert reader.read("24") == b"0-3\n"

    with mock.patch.object(os, "pread", side_effect=OSError(errno.EIO, "Input/output error")):
        (tmp_path / "irq/24/smp_affinity_list").write_text("5\n")
        assert reader.read("24") == b"5\n"
    reader.close()


def test_a_list_too_long_to_be_read_at_once_is_read_whole(tmp_path: Path):
    reader = lists(tmp_path)
    text = ",".join(map(str, range(0, 4096, 2))) + "\n"
    (tmp_path / "irq/24/smp_affinity_list").write_text(text)

    assert [reader.read("24"), reader.read("24")] == [text.encode()] * 2
    reader.close()


def test_no_more_files_stay_open_than_a_quarter_of_what_may(tmp_path: Path):
    before = len(list(Path("/proc/self/fd").iterdir()))
    with mock.patch.object(resource, "getrlimit", return_value=(12, 12)):
        reader = lists(tmp_path)
    for irq in range(30, 50):
        (tmp_path / f"irq/{irq}").mkdir()
        (tmp_path / f"irq/{irq}/smp_affinity_list").write_text(f"{irq}\n")

    for _ in range(2):
        assert [reader.read(str(irq)) for irq in range(30, 50)] == [
            b"%d\n" % irq for irq in range(30, 50)
        ]
    assert len(list(Path("/proc/self/fd").iterdir())) == before + 3
    reader.close()
    assert len(list(Path("/proc/self/fd").iterdir())) == before
