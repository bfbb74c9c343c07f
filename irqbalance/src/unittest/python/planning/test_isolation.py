"""IRQs that stay on CPUs that --isolate empties, and why, in the rows of many kernels."""

import pytest

from irqbalance.kernel.interrupts import parse
from irqbalance.kernel.procfs import KernelSays
from irqbalance.loads.irqs import Irq, make_irqs
from irqbalance.loads.loads import since_boot
from irqbalance.planning.isolation import Remaining, remaining
from irqbalance.planning.plan import Limits
from irqbalance.planning.planner import make_plan
from irqbalance.settings.model import Selection
from irqbalance.settings.values import parse_pattern
from planning import irq

MAY_BE_WRITTEN = KernelSays(True, True, frozenset({1}), frozenset({1}))
NOBODY, ANY_NUMBER = Selection(), Limits()
READ_ONLY = MAY_BE_WRITTEN._replace(writable=False)


def kind(row: str) -> str:
    """Return the kind of a row that fires on CPU 1, which is to be empty."""
    text = f"           CPU0       CPU1\n{row}\n"
    plan = make_plan(make_irqs(since_boot(parse(text))), {0}, Limits())
    (found,) = remaining(plan, (1,), Selection())
    assert found.loads == (7.0,)
    return found.kind


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("LOC:          9          7   Local timer interrupts", "timer"),  # x86
        (" 11:          9          7     GICv3  27 Level     arch_timer", "timer"),  # arm64
        ("  5:          9          7  RISC-V INTC   5 Edge      riscv-timer", "timer"),
        ("CLK:          9          7   [EXT] Clock Comparator", "timer"),  # s390x
        (" 16:          9          7   xen-percpu    -virq      timer0", "timer"),
        ("LOC:          9          7   Local timer interrupts for timer event device", "timer"),
        ("RES:          9          7   Rescheduling interrupts", "IPI"),
        ("CAL:          9          7   Function call interrupts", "IPI"),
        ("TLB:          9          7   TLB shootdowns", "IPI"),
        ("IWI:          9          7   IRQ work interrupts", "IPI"),
        ("IPI4:         9          7       Timer broadcast interrupts", "IPI"),  # arm64
        ("IPI1:         9          7  Function call interrupts", "IPI"),
        ("DBL:          9          7   Doorbell interrupts", "IPI"),  # powerpc
        ("EXC:          9          7   [EXT] External Call", "IPI"),  # s390x
        (" 17:          9          7   xen-percpu    -ipi       resched0", "IPI"),
        ("NMI:          9          7   Non-maskable interrupts", "per-CPU"),
        ("PMI:          9          7   Performance monitoring interrupts", "per-CPU"),
    ],
)
def test_a_cpus_own_interrupts_are_timers_ipis_or_others(row: str, expected: str):
    assert kind(row) == expected


def what_stays(*irqs: Irq, selection: Selection = NOBODY, limits: Limits = ANY_NUMBER):
    plan = make_plan(irqs, {0}, limits)
    return {each.irq.irq: each for each in remaining(plan, (1, 2), selection)}


def test_an_irq_that_moves_away_does_not_remain():
    assert what_stays(irq(24, 100.0, 1), irq(25, 0.0, 2), irq(26, 5.0, 0)) == {}


def test_managed_banned_and_unreachable_irqs_have_kinds_of_their_own():
    banned = Selection(banned=(parse_pattern("dev25"),))
    text = "     CPU0 CPU1\n 25:  0  7  PCI-MSI 1-edge      dev25\n"
    (row,) = parse(text).rows
    found = what_stays(
        irq(24, 100.0, 1, fixed="managed by the kernel", kernel=READ_ONLY),
        irq(25, 0.0, 2, fixed="banned by --ban-irq dev25", kernel=MAY_BE_WRITTEN, row=row),
        irq(26, 1.0, 1, fixed="managed by the kernel (EIO)", kernel=MAY_BE_WRITTEN),
        irq(27, 1.0, 1, fixed="it has no affinity in /proc/irq"),
        irq(28, 1.0, 0, fixed="managed by the kernel", kernel=READ_ONLY),
        selection=banned,
    )

    assert {name: each.kind for name, each in found.items()} == {
        "24": "managed",
        "25": "banned",
        "26": "managed",
        "27": "fixed",
    }
    assert found["25"].loads == (0.0, 0.0)
    assert found["24"].loads == (100.0, 0.0)


def test_an_irq_that_no_move_is_left_for_and_one_that_is_on_its_way_remain_for_now():
    found = what_stays(irq(24, 100.0, 1), irq(25, 3.0, 2, heading=0), limits=Limits(max_moves=0))

    assert {name: each.kind for name, each in found.items()} == {"24": "kept", "25": "pending"}
    assert isinstance(found["24"], Remaining)
