"""Carrying plans out: the undo record, refusals, and new plans around managed IRQs."""

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import FakeMachine, row
from irqbalance.apply import Result, Tools, carry_out
from irqbalance.kernel.affinity import MEANINGS, Outcome, Writer
from irqbalance.kernel.cpuset import parse_list
from irqbalance.loads.irqs import make_irqs
from irqbalance.loads.loads import since_boot
from irqbalance.planning.plan import Decision, Limits
from irqbalance.planning.planner import make_plan
from irqbalance.restore import plan_restore
from irqbalance.state.folder import REFUSALS, UNDO, StateFolder
from irqbalance.state.records import load_refusals, load_undo

LIMITS = Limits(threshold_percent=0)


class Kernel:
    """The system calls of os; a write to some IRQs fails with an errno."""

    def __init__(self, **answers: int) -> None:
        """Take the errno of each IRQ, as ``irq24=errno.EIO``."""
        self.answers = answers
        self.paths: dict[int, str] = {}
        self.written: list[str] = []

    def open(self, path: str, flags: int, *, dir_fd: int | None = None) -> int:
        """Open without truncating, as /proc does."""
        fd = os.open(path, flags & ~os.O_TRUNC, dir_fd=dir_fd)
        self.paths[fd] = Path(f"/proc/self/fd/{fd}").readlink().parts[-2]
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

    seen = []

    class Dying(Kernel):
        def write(self, _fd: int, _data: bytes) -> int:
            """Look at the record, and end the run."""
            seen.append(load_undo(folder)["24"].before)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(fake, folder, Dying())

    assert seen == [{0, 1}]


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


def moved_once(fake: FakeMachine, folder: StateFolder, *loads: int) -> None:
    """Move IRQ 24 from 0-1 to CPU 1, and let the next run find `loads` on CPU 1."""
    stacked(fake, 100, 60, 40)
    run(fake, folder, Kernel())
    assert fake.affinity(24) == "1\n"
    fake.counters(*(row(24 + n, 0, load) for n, load in enumerate(loads)))


@pytest.mark.parametrize(
    "number", [errno.ENOSPC, errno.EIO, errno.EPERM, errno.EINVAL, errno.EBUSY, errno.EACCES]
)
def test_a_refusal_puts_the_record_of_an_earlier_move_back(
    fake: FakeMachine, folder: StateFolder, number: int
):
    moved_once(fake, folder, 100, 60, 40)
    earlier = load_undo(folder)

    run(fake, folder, Kernel(irq24=number, irq25=number, irq26=number))

    assert load_undo(folder) == earlier


@pytest.mark.parametrize("before", ["0-1", "0,5"])
def test_a_write_that_the_kernel_turns_into_another_cpu_stays_in_the_record(
    fake: FakeMachine, folder: StateFolder, before: str
):
    class Stubborn(Kernel):
        def write(self, fd: int, data: bytes) -> int:
            """Put the IRQ on CPU 7, whatever is written."""
            os.ftruncate(fd, 0)
            return os.write(fd, b"7\n") + 0 * len(data)

    stacked(fake, 100, 60, 40)
    fake.irq(24, affinity=before)

    result = run(fake, folder, Stubborn())

    assert decisions(result)["24"].reason == "the kernel made it CPU 7"
    undo = load_undo(folder)["24"]
    assert (undo.before, undo.written) == (parse_list(before), {7})
    assert plan_restore(fake.machine, folder, False)[0].status == "planned"


def test_a_run_that_is_interrupted_keeps_the_records_of_earlier_moves(
    fake: FakeMachine, folder: StateFolder
):
    moved_once(fake, folder, 100, 60, 40)
    earlier = load_undo(folder)

    class Interrupted(Kernel):
        def write(self, _fd: int, _data: bytes) -> int:
            """Let a person press Ctrl-C."""
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(fake, folder, Interrupted())

    assert load_undo(folder) == earlier


@given(
    st.lists(
        st.tuples(
            st.lists(st.integers(0, 200), min_size=3, max_size=3),
            st.lists(st.sampled_from([0, 0, errno.ENOSPC, errno.EIO]), min_size=3, max_size=3),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_after_any_runs_a_restore_knows_the_way_back_for_every_irq_that_is_elsewhere(
    tmp_path_factory: pytest.TempPathFactory, runs: list[tuple[list[int], list[int]]]
):
    fake = FakeMachine(tmp_path_factory.mktemp("machine"))
    folder = StateFolder(fake.state, "this-boot")
    folder.prepare()
    places = dict.fromkeys((24, 25, 26), 0)
    for irq in places:
        fake.irq(irq)
    for loads, answers in runs:
        lines = [
            row(irq, *((load, 0) if places[irq] == 0 else (0, load)))
            for irq, load in zip(places, loads, strict=True)
        ]
        fake.counters(*lines)
        named = {f"irq{irq}": number for irq, number in zip(places, answers, strict=True)}
        run(fake, folder, Kernel(**named))
        for irq in places:
            if fake.affinity(irq) != "0-1\n":
                places[irq] = int(fake.affinity(irq))

    planned = {each.irq: each for each in plan_restore(fake.machine, folder, False)}

    elsewhere = {str(irq) for irq in places if fake.affinity(irq) != "0-1\n"}
    assert {irq for irq, each in planned.items() if each.status == "planned"} == elsewhere
    assert all(planned[irq].before == {0, 1} for irq in elsewhere)


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


@pytest.mark.parametrize(
    "number",
    sorted(MEANINGS.keys() - {errno.EIO, errno.EPERM}),
    ids=lambda number: errno.errorcode[number],
)
def test_only_a_managed_irq_is_remembered(fake: FakeMachine, folder: StateFolder, number: int):
    stacked(fake, 100, 60, 40)
    run(fake, folder, Kernel(irq24=number))
    kernel = Kernel()

    result = run(fake, folder, kernel)

    assert not (folder.path / REFUSALS).exists()
    assert decisions(result)["24"].reason != Outcome(*MEANINGS[number]).reason


def test_an_irq_whose_driver_reloads_is_fixed_in_this_run_and_tried_in_the_next(
    fake: FakeMachine, folder: StateFolder
):
    stacked(fake, 100, 60, 40)

    result = run(fake, folder, Kernel(irq24=errno.ENOENT))

    assert decisions(result)["24"].status == "fixed"
    assert decisions(result)["24"].reason == "gone: its device freed it (ENOENT)"
    assert result.refused == {}
    for irq in (24, 25, 26):
        fake.irq(irq)
    assert decisions(run(fake, folder, Kernel()))["24"].status == "applied"


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


@pytest.mark.parametrize("affinity", ["?", "", "0-", "99999999", "0-1\x00", "x" * 2**21])
def test_an_irq_whose_affinity_cannot_be_read_is_fixed_as_it_could_not_be_put_back(
    fake: FakeMachine, folder: StateFolder, affinity: str
):
    stacked(fake, 100, 60, 40)
    fake.irq(24, affinity=affinity)
    kernel = Kernel()

    result = run(fake, folder, kernel)

    assert decisions(result)["24"].status == "fixed"
    assert decisions(result)["24"].reason == (
        "its affinity cannot be read, so nobody could put it back"
    )
    assert kernel.written == ["25", "26"]
    assert set(load_undo(folder)) == {"25", "26"}


@pytest.mark.parametrize("component", ["irq/24", "irq/24/smp_affinity_list"])
def test_an_irq_behind_a_link_is_fixed_and_the_others_are_planned_around_it(
    fake: FakeMachine, folder: StateFolder, component: str
):
    stacked(fake, 100, 60, 40)
    (fake.procfs / component).rename(fake.root / "target")
    (fake.procfs / component).symlink_to(fake.root / "target")
    kernel = Kernel()

    result = run(fake, folder, kernel)

    assert decisions(result)["24"].status == "fixed"
    assert decisions(result)["24"].reason == "its affinity is behind a symbolic link"
    assert fake.affinity(24) == "0-1\n"
    assert kernel.written == ["25", "26"]
    assert result.refused == {}


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
