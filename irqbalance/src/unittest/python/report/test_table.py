"""The table for people: the first line, the CPUs, the moves, and why the rest stays."""

import pytest

from irqbalance.loads.irqs import Irq
from irqbalance.loads.measure import Basis
from irqbalance.planning.plan import Decision, FollowUp, Limits, revised
from irqbalance.planning.planner import make_plan
from irqbalance.planning.policy import OBJECTIVE
from irqbalance.planning.usable import LeftOut
from irqbalance.report.report import Report
from irqbalance.report.table import as_table
from irqbalance.status import Status

BASIS = Basis("interrupts per second", "over 10 s, measured just now", 10.0)
IRQS = [
    Irq("36", "virtio1-req.0", 5604.0, (1,), {1: 5604.0}),
    Irq("38", 'eth0, "usb"', 299.0, (1,), {1: 299.0}),
    Irq("39", "eth1", 0.0, (), {}),
]
PLAN = make_plan(IRQS, {0, 1}, Limits())
REPORT = Report(PLAN, BASIS)


def ticks(*loads: float) -> Irq:
    cells = {cpu: load for cpu, load in enumerate(loads) if load}
    return Irq("LOC", "", sum(loads), tuple(cells), cells, "the CPU's own", own=True)


def test_the_first_line_says_how_many_move_and_what_that_gains():
    # 5903 and 0 become 5604 and 299
    assert as_table(REPORT).splitlines()[0] == (
        "1 IRQ would move: busiest CPU 5903 -> 5604, imbalance 2.00 -> 1.90"
    )


def test_the_table_shows_the_cpus_the_moves_and_why_others_stay():
    text = as_table(REPORT)

    assert "\nLoad: interrupts per second of devices, over 10 s, measured just now\n" in text
    assert "\nNo assignment can bring the busiest CPU below 5604\n" in text
    assert f"\n      1        5903 {'#' * 23}        5604 {'#' * 22}\n" in text
    assert f"\n      0           0 {'':23}         299 #\n" in text
    assert "\n   38          299       1 -> 0  planned  eth0, " in text
    assert "\n2 IRQs not moved:\n" in text
    assert "\n    1  kept   idle: nothing to gain\n" in text
    assert max(map(len, text.splitlines())) <= 80


def test_the_objective_is_stated_where_every_irq_is_explained():
    verbose = as_table(REPORT, verbose=True)

    goals = " ".join(f"{number}. {goal}" for number, goal in enumerate(OBJECTIVE, 1))
    assert f"Objective, in this order: {goals}" in " ".join(verbose.split())
    assert "Objective" not in as_table(REPORT)
    assert [line.split()[0] for line in verbose.splitlines() if " kept " in line] == ["36", "39"]


def test_the_cpus_left_out_are_named_with_the_reason():
    left_out = (
        LeftOut(frozenset({2}), "isolated"),
        LeftOut(frozenset({3, 4}), "not in --cpus"),
    )

    text = as_table(Report(PLAN, BASIS, left_out=left_out))

    assert "\nLeft out: CPU 2 is isolated; CPUs 3-4 are not in --cpus\n" in text
    assert "Left out" not in as_table(REPORT)


def test_what_still_fires_on_isolated_cpus_is_named_the_busiest_first():
    managed = Irq("40", "nvme0q3", 0.0, (3,), {}, "managed by the kernel")
    busy = Irq("41", "nvme0q2", 7.0, (2,), {2: 7.0}, "managed by the kernel")
    plan = make_plan([*IRQS, managed, busy, ticks(0, 0, 250, 1)], {0, 1}, Limits())

    text = as_table(Report(plan, BASIS, isolated=(2, 3)))

    assert (
        "\nStill firing on CPUs 2-3:\n"
        "  LOC          251  per-CPU  the CPU's own\n"
        "   41            7  fixed    nvme0q2: managed by the kernel\n"
        "      1 IRQ that cannot leave did not fire\n"
    ) in text
    quiet = as_table(Report(PLAN, BASIS, isolated=(2,)))
    assert "\nNothing still fires on CPU 2\n" in quiet


def test_own_interrupts_are_a_thin_part_of_the_bar_and_no_load():
    # 5 of 23 characters are left to own interrupts: 5903 are 18, and 1000 are 3.05
    text = as_table(Report(make_plan([*IRQS, ticks(1000, 0)], {0, 1}, Limits()), BASIS))

    assert "busiest CPU 5903 -> 5604, imbalance 2.00 -> 1.90" in text
    assert "(# load, - the CPU's own interrupts, which are no load)" in text
    assert "\n      0           0 ---                             299 #\n" in text
    assert "own" not in as_table(REPORT)


def test_own_interrupts_beyond_the_bar_are_cut_and_marked():
    text = as_table(Report(make_plan([*IRQS, ticks(1e6, 0)], {0, 1}, Limits()), BASIS))

    assert "\n      0           0 ---->                           299 #\n" in text


def test_every_irq_has_a_line_if_asked():
    text = as_table(
        Report(make_plan([*IRQS, ticks(90, 0, 10)], {0, 1}, Limits()), BASIS), verbose=True
    )

    assert "\n  LOC          100          0,2  fixed    the CPU's own\n" in text


def test_an_idle_machine_has_a_table_too():
    text = as_table(Report(make_plan([], {0, 1}, Limits()), BASIS))

    assert text.startswith("Nothing to move: the busiest CPU's load is 0, imbalance 1.00\n")


def test_what_was_done_and_what_was_refused_is_told_apart():
    first, second, *_ = PLAN.decisions
    plan = revised(
        PLAN,
        {
            "36": Decision(first.irq, 0, Status.REFUSED, "no interrupt vector is free (ENOSPC)"),
            "38": Decision(second.irq, 0, Status.APPLIED, "pending: on CPU 1 until then"),
        },
    )

    text = as_table(Report(plan, BASIS))

    assert text.startswith("1 IRQ moved, 1 refused: busiest CPU")
    assert "refused  virtio1-req.0: no interrupt vector" in text
    assert "applied" in text


def test_a_run_whose_only_move_was_refused_says_so_first():
    (first, *_) = PLAN.decisions
    refused = Decision(first.irq, 0, Status.REFUSED, "no interrupt vector is free (ENOSPC)")
    second = PLAN.decisions[1]._replace(status=Status.REFUSED)

    text = as_table(Report(revised(PLAN, {"36": refused, "38": second}), BASIS))

    assert text.startswith("2 IRQs refused to move: the busiest CPU's load is 5903, ")


def test_a_word_that_is_too_long_is_cut_rather_than_widening_the_table():
    plan = make_plan([Irq("7", "x" * 200, 5.0, (3,), {3: 5.0})], {0, 1}, Limits())

    assert max(map(len, as_table(Report(plan, BASIS)).splitlines())) <= 80


def test_an_irq_on_many_cpus_names_their_number():
    everywhere = ticks(*[1.0] * 64)

    text = as_table(Report(make_plan([everywhere], range(64), Limits()), BASIS), verbose=True)

    assert "64 CPUs" in text


@pytest.mark.parametrize("width", [80, 120])
def test_the_table_of_256_cpus_folds_them_and_keeps_to_its_width(width: int):
    irqs = [
        Irq(str(n), f"eth{n}-TxRx-0", 100.0 + n, (n % 7,), {n % 7: 100.0 + n}) for n in range(300)
    ]
    plan = make_plan(irqs, set(range(256)), Limits())

    lines = as_table(Report(plan, BASIS), width=width).splitlines()

    assert max(map(len, lines)) <= width
    assert sum(1 for line in lines if "#" in line and "IRQ" not in line) <= 32
    assert any(line.startswith("    0-7 ") for line in lines)
    assert any(line.startswith("248-255 ") for line in lines)


@pytest.mark.parametrize(
    ("cpus", "label"),
    [
        # 40 CPUs make groups of two, 128 groups of four
        (range(0, 80, 2), "0,2"),
        (range(0, 256, 2), "0,2,4,6"),
        (range(0, 1280, 10), "0,10,20,30"),
        (range(0, 12800, 100), "4 of 0-300"),
    ],
)
def test_a_group_of_cpus_is_never_shown_as_a_range_with_others_in_it(cpus: range, label: str):
    irqs = [Irq(str(cpu), f"eth{cpu}", 100.0, (cpu,), {cpu: 100.0}) for cpu in cpus]

    lines = as_table(Report(make_plan(irqs, cpus, Limits()), BASIS)).splitlines()

    group = next(line for line in lines if "#" in line and "load" not in line)
    assert group.lstrip().startswith(f"{label}   ")
    assert max(map(len, lines)) <= 80


def test_the_table_says_what_no_placement_helps_and_what_came_of_the_last_run():
    report_ = REPORT._replace(followed=FollowUp(2.0, 1.5, 1.6))

    text = as_table(report_)

    assert "IRQ 36 (virtio1-req.0) alone is 1.9 times a CPU's share" in text
    assert "The last run's moves: imbalance 2.00, predicted 1.50, measured 1.60" in text
