"""The sentences of a plan: what no placement helps, and how figures are written."""

from irqbalance.loads.irqs import Irq
from irqbalance.planning.plan import Limits
from irqbalance.planning.planner import make_plan
from irqbalance.planning.reasons import figure
from planning import irq


def test_an_irq_that_fills_a_cpu_is_named():
    irqs = [irq(7, 900, 0), irq(8, 100, 1)]

    plan = make_plan(irqs, {0, 1, 2, 3}, Limits())

    assert plan.limit == (
        "IRQ 7 (dev7) alone is 3.6 times a CPU's share: no placement helps; "
        "add queues to its device, or use RPS"
    )


def test_load_that_cannot_be_moved_is_named_where_it_fills_a_cpu():
    # each of the five is less than a CPU's share of 300
    managed = [irq(n, 100, 0, fixed="managed") for n in range(5)]

    plan = make_plan([irq(8, 100, 1), *managed], {0, 1}, Limits())

    assert plan.limit.startswith(
        "the load that cannot be moved off CPU 0 is 1.7 times a CPU's share"
    )


def test_where_placement_helps_nothing_is_said():
    irqs = [irq(n, 100, 0) for n in range(8)]

    assert make_plan(irqs, {0, 1}, Limits()).limit == ""


def test_own_interrupts_are_not_load_that_fills_a_cpu():
    ticks = Irq("LOC", "", 900.0, (0,), {0: 900.0}, "own", own=True)

    assert make_plan([irq(8, 100, 0), irq(9, 100, 1), ticks], {0, 1}, Limits()).limit == ""


def test_figures_are_short_and_large_ones_whole():
    assert [figure(value) for value in (0, 5604.0, 5604.4, 34.9712, 0.0125)] == [
        "0",
        "5604",
        "5604",
        "34.97",
        "0.0125",
    ]
