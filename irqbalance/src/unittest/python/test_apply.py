"""Carrying plans out: the undo record, refusals, and new plans around managed IRQs."""

import errno
import os

import pytest

from conftest import FakeMachine, row
from irqbalance.apply import Result, Tools, carry_out
from irqbalance.kernel.affinity import Writer
from irqbalance.loads.irqs import make_irqs
from irqbalance.loads.loads import since_boot
from irqbalance.planning.plan import Decision, Limits
from irqbalance.planning.planner import make_plan
from irqbalance.state.folder import UNDO, StateFolder
from irqbalance.state.records import load_refusals, load_undo

LIMITS = Limits(threshold_percent=0)


class Kernel:
    """The system calls of os; a write to some IRQs fails with an errno."""

    def __init__(self, **answers: int) -> None:
        """Take the errno of each IRQ, as ``irq24=errno.EIO``."""
        self.answers = answers
        self.paths: dict[int, str] = {}
        self.written: list[str] = []

    def open(self, path: str, flags: int) -> int:
        """Open without truncating, as /proc does."""
        fd = os.open(path, flags & ~os.O_TRUNC)
        self.paths[fd] = path.split("/")[-2]
        return fd

    def write(self, fd: int, data: bytes) -> int:
        """Fail with the errno that the test names for the IRQ; otherwise write."""
        irq = self.paths[fd]
        self.written.append(irq)
        number = self.answers.get(f"irq{irq}")
        if number:
            raise OSError(number, os.strerror(number))
        os.ftruncate(fd, 0)
        return os.write(fd, data)

    def close(self, fd: int) -> None:
        """Close."""
        os.close(fd)


@pytest.fixture
def folder(fake: FakeMachine) -> StateFolder:
    made = StateFolder(fake.state, "this-boot")
    made.prepare()
    return made


def run(fake: FakeMachine, folder: StateFolder, kernel: Kernel, limits: Limits = LIMITS) -> Result:
    """Make a plan from the counters of `fake` and carry it out."""
    _, snapshot = fake.machine.interrupts()
    measured = since_boot(snapshot)
    rows = {each.irq: each for each in snapshot.rows}
    says = fake.machine.kernel_says(rows)
    irqs = make_irqs(measured, says, refusals=load_refusals(folder, rows))
    plan = make_plan(irqs, {0, 1}, limits)
    writer = Writer(fake.machine, kernel, lambda _seconds: None)
    return carry_out(plan, limits, Tools(writer, folder), lambda _text: None)


def decisions(result: Result) -> dict[str, Decision]:
    return {each.irq.irq: each for each in result.plan.decisions}


def stacked(fake: FakeMachine, *loads: int, effective: str | None = None) -> None:
    """Make a machine with all IRQs, from 24 on, on CPU 0."""
    fake.counters(*(row(24 + n, load, 0) for n, load in enumerate(loads)))
    for n in range(len(loads)):
        fake.irq(24 + n, effective=effective)


def test_what_moves_is_written_and_what_stays_is_not(fake: FakeMachine, folder: StateFolder):
    stacked(fake, 100, 60, 40)

    result = run(fake, folder, Kernel())

    moved = [each.irq.irq for each in result.plan.moves]
    assert moved == ["24"]
    assert (fake.affinity(24), fake.affinity(25)) == ("1\n", "0-1\n")
    assert decisions(result)["24"].status == "applied"
    assert result.plan.after.loads == (100, 100)
    assert result.refused == {}


def test_a_move_that_waits_for_an_interrupt_is_applied_and_says_pending(
    fake: FakeMachine, folder: StateFolder
):
    stacked(fake, 100, 60, 40, effective="0")

    decision = decisions(run(fake, folder, Kernel()))["24"]

    assert decision.status == "applied"
    assert decision.reason.startswith("pending (on CPU 0 until its next interrupt); takes 100")


def test_a_second_run_leaves_what_is_pending_alone(fake: FakeMachine, folder: StateFolder):
    stacked(fake, 100, 60, 40, effective="0")
    run(fake, folder, Kernel())
    kernel = Kernel()

    again = run(fake, folder, kernel)

    assert kernel.written == []
    assert decisions(again)["24"].reason.startswith("pending")


def test_the_undo_record_is_there_before_the_first_write(fake: FakeMachine, folder: StateFolder):
    stacked(fake, 100, 60, 40)

    class Dying(Kernel):
        def write(self, _fd: int, _data: bytes) -> int:
            """End the run."""
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(fake, folder, Dying())

    assert load_undo(folder)["24"].before == {0, 1}


def test_the_first_affinity_is_remembered_over_several_runs(fake: FakeMachine, folder: StateFolder):
    stacked(fake, 100, 60, 40)
    run(fake, folder, Kernel())
    fake.counters(row(24, 0, 100), row(25, 0, 60), row(26, 0, 40))

    run(fake, folder, Kernel())

    undo = load_undo(folder)["24"]
    assert (undo.before, undo.written) == ({0, 1}, {0})


def test_what_somebody_else_wrote_meanwhile_is_what_an_undo_goes_back_to(
    fake: FakeMachine, folder: StateFolder
):
    stacked(fake, 100, 60, 40)
    run(fake, folder, Kernel())
    fake.irq(24, affinity="1,5")
    fake.counters(row(24, 0, 100), row(25, 0, 60), row(26, 0, 40))

    run(fake, folder, Kernel())

    assert load_undo(folder)["24"].before == {1, 5}


@pytest.mark.parametrize("number", [errno.EIO, errno.EPERM])
def test_a_managed_irq_is_fixed_and_the_rest_is_planned_around_it(
    fake: FakeMachine, folder: StateFolder, number: int
):
    # the best is to move 24; as that cannot be, the two others go
    stacked(fake, 100, 60, 40)
    kernel = Kernel(irq24=number)

    result = run(fake, folder, kernel)

    assert decisions(result)["24"].status == "fixed"
    assert decisions(result)["24"].to is None
    assert sorted(each.irq.irq for each in result.plan.moves) == ["25", "26"]
    assert result.plan.before.loads == (200, 0)
    assert result.plan.after.loads == (100, 100)
    assert result.refused == {}
    assert kernel.written == ["24", "25", "26"]


def test_a_managed_irq_is_remembered_and_not_tried_again(fake: FakeMachine, folder: StateFolder):
    stacked(fake, 100, 60, 40)
    run(fake, folder, Kernel(irq24=errno.EIO))
    kernel = Kernel(irq24=errno.EIO)

    result = run(fake, folder, kernel)

    assert "24" not in kernel.written
    assert decisions(result)["24"].reason == "managed by the kernel (EIO)"
    assert "24" not in load_undo(folder)


def test_another_device_of_that_number_is_tried(fake: FakeMachine, folder: StateFolder):
    stacked(fake, 100, 60, 40)
    run(fake, folder, Kernel(irq24=errno.EIO))
    for irq in (25, 26):
        fake.irq(irq)
    fake.counters(row(24, 100, 0, device="other"), row(25, 60, 0), row(26, 40, 0))

    result = run(fake, folder, Kernel())

    assert decisions(result)["24"].status == "applied"


def test_refusals_of_devices_that_went_are_forgotten(fake: FakeMachine, folder: StateFolder):
    stacked(fake, 100, 60, 40)
    run(fake, folder, Kernel(irq24=errno.EIO))
    fake.counters(row(30, 70, 0), row(31, 60, 0), row(32, 10, 0))
    for irq in (30, 31, 32):
        fake.irq(irq)

    run(fake, folder, Kernel(irq30=errno.EIO, irq31=errno.EIO, irq32=errno.EIO))

    rows = {each.irq: each for each in fake.machine.interrupts()[1].rows}
    assert set(load_refusals(folder, rows)) == {"30", "31", "32"}
    assert "24" not in (folder.path / "refusals.json").read_text()


def test_a_refused_irq_does_not_keep_the_others_from_moving(fake: FakeMachine, folder: StateFolder):
    stacked(fake, 100, 60, 40, 80, 120)
    first = run(fake, folder, Kernel())
    moved = [each.irq.irq for each in first.plan.moves]
    assert len(moved) > 1
    stacked(fake, 100, 60, 40, 80, 120)

    result = run(fake, folder, Kernel(**{f"irq{moved[0]}": errno.ENOSPC}))

    assert list(result.refused) == [moved[0]]
    assert decisions(result)[moved[0]].status == "refused"
    assert [each.irq.irq for each in result.plan.moves] == moved[1:]
    assert "ENOSPC" in decisions(result)[moved[0]].reason
    assert sum(result.plan.after.loads) == 400


def test_a_limit_counts_only_what_was_moved(fake: FakeMachine, folder: StateFolder):
    stacked(fake, 100, 60, 40)

    result = run(fake, folder, Kernel(irq24=errno.EIO), Limits(0, 1))

    assert len(result.plan.moves) == 1


def test_broken_records_are_told_and_replaced(fake: FakeMachine, folder: StateFolder):
    stacked(fake, 100, 60, 40)
    (folder.path / UNDO).write_text('{"version": 1, "boot": "this-boot", "irqs": 5}')

    run(fake, folder, Kernel())

    assert "undo.json is not used" in folder.problems[0]
    assert set(load_undo(folder)) == {"24"}


def test_an_irq_whose_affinity_cannot_be_read_is_moved_without_an_undo(
    fake: FakeMachine, folder: StateFolder
):
    stacked(fake, 100, 60, 40)
    fake.irq(24, affinity="?")

    result = run(fake, folder, Kernel())

    assert decisions(result)["24"].status == "applied"
    assert load_undo(folder) == {}


def test_what_the_kernel_often_keeps_for_itself_is_tried_before_what_is_busier(
    fake: FakeMachine, folder: StateFolder
):
    eth, disk = row(24, 70, 0, device="eth0-rx-0"), row(25, 60, 0, device="virtio1-req.0")
    fake.counters(eth, disk, "LOC: 130 0 Local timer interrupts")
    fake.irq(24)
    fake.irq(25)
    kernel = Kernel(irq25=errno.EIO)

    result = run(fake, folder, kernel)

    assert kernel.written == ["25", "24"]
    assert decisions(result)["24"].status == "applied"
    assert decisions(result)["25"].status == "fixed"


def test_idle_irqs_that_the_kernel_manages_make_no_new_plans_and_lower_no_threshold(
    fake: FakeMachine, folder: StateFolder
):
    # 24 to 26 cannot be better balanced by 5%; 27 to 29 are idle on CPU 2, which may not be used
    counts = [(100, 0, 0), (0, 97, 0), (1, 0, 0)]
    rows = [row(24 + n, *cells) for n, cells in enumerate(counts)]
    fake.counters(*rows, *(row(n, 0, 0, 0) for n in (27, 28, 29)), cpus=(0, 1, 2))
    for n, cpu in zip(range(24, 30), "010222", strict=True):
        fake.irq(n, effective=cpu)
    kernel = Kernel(irq27=errno.EIO, irq29=errno.EIO)

    result = run(fake, folder, kernel, Limits(threshold_percent=5))

    assert kernel.written == ["27", "28", "29"]
    assert [each.irq.irq for each in result.plan.moves] == ["28"]
    assert decisions(result)["27"].status == "fixed"
    assert result.refused == {}
    assert set(load_undo(folder)) == {"28"}
    assert set(
        load_refusals(folder, {each.irq.irq: each.irq.row for each in result.plan.decisions})
    ) == {
        "27",
        "29",
    }
