"""Putting affinities back, and the IRQs that are skipped."""

import csv
import errno
import io
import json
import os

import pytest

from conftest import FakeMachine, row
from irqbalance.kernel.affinity import Writer
from irqbalance.report.restored import as_text
from irqbalance.restore import Restored, carry_out, plan_restore
from irqbalance.state.folder import UNDO, StateFolder
from irqbalance.state.records import load_undo
from irqbalance.status import Status


@pytest.fixture
def folder(fake: FakeMachine) -> StateFolder:
    """Return a state directory whose record says that IRQ 24 was at 0-1 and was sent to 1."""
    fake.counters(row(24, 0, 9), row(25, 5, 5))
    fake.irq(24, affinity="1")
    made = StateFolder(fake.state, "this-boot")
    made.prepare()
    device = {"chip": "PCI-MSI", "hwirq": "1", "device": "dev24"}
    made.save(UNDO, {"irqs": {"24": {**device, "before": "0-1", "written": "1"}}})
    return made


def restore(fake: FakeMachine, folder: StateFolder, force: bool = False) -> Restored:
    """Restore; return the result of the only IRQ."""
    (result,) = carry_out(
        plan_restore(fake.machine, folder, force),
        Writer(fake.machine, wait=lambda _seconds: None),
        folder,
        lambda _text: None,
    )
    return result


def test_what_stood_before_is_put_back_once(fake: FakeMachine, folder: StateFolder):
    assert restore(fake, folder).status == "applied"

    assert fake.affinity(24) == "0-1\n"
    assert plan_restore(fake.machine, folder, False) == []


def test_a_plan_writes_nothing(fake: FakeMachine, folder: StateFolder):
    (planned,) = plan_restore(fake.machine, folder, False)

    assert (planned.status, planned.reason) == ("planned", "back to 0-1")
    assert fake.affinity(24) == "1\n"


def test_what_somebody_else_wrote_since_is_left_unless_forced(
    fake: FakeMachine, folder: StateFolder
):
    fake.irq(24, affinity="0")

    skipped = restore(fake, folder)

    assert skipped.status == "kept"
    assert skipped.reason == "skipped: somebody wrote 0 since (--force overrides)"
    assert fake.affinity(24) == "0\n"
    assert restore(fake, folder, force=True).status == "applied"
    assert fake.affinity(24) == "0-1\n"


def test_what_is_as_before_needs_nothing(fake: FakeMachine, folder: StateFolder):
    fake.irq(24, affinity="0,1")

    assert restore(fake, folder).reason == "it is as it was before"


@pytest.mark.parametrize("line", [row(24, 0, 9, device="other"), row(30, 1, 1)])
def test_another_device_is_left_alone_even_when_forced(
    fake: FakeMachine, folder: StateFolder, line: str
):
    fake.counters(line)

    assert "another device" in restore(fake, folder, force=True).reason
    assert fake.affinity(24) == "1\n"


def test_a_refusal_stays_in_the_record(fake: FakeMachine, folder: StateFolder):
    class Full:
        open, close = staticmethod(os.open), staticmethod(os.close)

        @staticmethod
        def write(_fd: int, _data: bytes) -> int:
            """Fail for lack of a vector."""
            raise OSError(errno.ENOSPC, "")

    planned = plan_restore(fake.machine, folder, False)
    writer = Writer(fake.machine, Full(), lambda _seconds: None)
    (result,) = carry_out(planned, writer, folder, lambda _text: None)

    assert (result.status, result.reason) == (
        "refused",
        "no interrupt vector is free on that CPU (ENOSPC)",
    )
    fake.irq(24, affinity="1")
    assert plan_restore(fake.machine, folder, False)[0].status == "planned"


def records(folder: StateFolder) -> set[str]:
    return set(load_undo(folder))


@pytest.mark.parametrize("kept", [b"0\n", b"7\n"])
def test_a_restore_that_the_kernel_turns_into_another_cpu_is_refused_and_stays_in_the_record(
    fake: FakeMachine, folder: StateFolder, kept: bytes
):
    class Stubborn:
        open, close = staticmethod(os.open), staticmethod(os.close)

        @staticmethod
        def write(fd: int, data: bytes) -> int:
            """Keep another CPU than the one that is written."""
            os.ftruncate(fd, 0)
            return os.write(fd, kept) + len(data) - len(kept)

    planned = plan_restore(fake.machine, folder, False)
    writer = Writer(fake.machine, Stubborn(), lambda _seconds: None)
    (result,) = carry_out(planned, writer, folder, lambda _text: None)

    assert result.status == "refused"
    assert result.reason == f"the kernel made it CPU {kept.decode().strip()}"
    assert plan_restore(fake.machine, folder, False)[0].status == "planned"


def test_only_what_is_as_before_leaves_the_record(fake: FakeMachine, folder: StateFolder):
    fake.counters(row(30, 1, 1))  # a driver that reloads has no row for a moment
    assert restore(fake, folder).reason == "skipped: the IRQ is gone, or another device's now"
    assert records(folder) == {"24"}

    fake.counters(row(24, 0, 9))
    assert restore(fake, folder).status == "applied"
    assert records(folder) == set()


def test_an_irq_that_goes_during_a_restore_is_skipped_and_no_refusal(
    fake: FakeMachine, folder: StateFolder
):
    planned = plan_restore(fake.machine, folder, False)
    (fake.procfs / "irq/24/smp_affinity_list").unlink()

    (result,) = carry_out(planned, Writer(fake.machine), folder, lambda _text: None)

    assert (result.status, result.reason) == ("kept", "gone: its device freed it (ENOENT)")
    assert records(folder) == {"24"}


def test_a_record_of_another_boot_restores_nothing(fake: FakeMachine, folder: StateFolder):
    other = StateFolder(folder.path, "next-boot")

    assert plan_restore(fake.machine, other, True) == []
    assert carry_out([], Writer(fake.machine), other, print) == []


def test_the_reports_say_what_was_done(fake: FakeMachine, folder: StateFolder):
    done = [restore(fake, folder), Restored("9", "x", None, frozenset({2}), Status.KEPT, "skipped")]

    assert json.loads(as_text(done, "json")) == {
        "irqs": [
            {
                "irq": "24",
                "device": "dev24",
                "affinity": "1",
                "before": "0-1",
                "status": "applied",
                "reason": "back to 0-1",
            },
            {
                "irq": "9",
                "device": "x",
                "affinity": "",
                "before": "2",
                "status": "kept",
                "reason": "skipped",
            },
        ],
        "moves": 1,
    }
    rows = list(csv.DictReader(io.StringIO(as_text(done, "csv"))))
    assert [each["irq"] for each in rows] == ["24", "9"]
    assert "   24           1  0-1         applied  dev24: back to 0-1" in as_text(done, "table")
    assert as_text([], "table") == "Nothing to restore.\n"
