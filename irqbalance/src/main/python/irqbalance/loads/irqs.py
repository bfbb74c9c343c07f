"""Measured loads and what the kernel says of each IRQ -> the IRQs that a plan is made from. Pure.

An IRQ is fixed where the kernel or the person keeps it from being moved; the reason is in plain
words. The present CPU of an IRQ is where its interrupts arrive: its effective affinity, else the
cell that grew. Its affinity mask says only where it may go, and is never asked.
"""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from ..kernel.interrupts import Row
from ..kernel.procfs import KernelSays
from .loads import Load, Measurement

SMALL_SHARE = 0.1
"""A CPU that took less than this share of what an IRQ's busiest CPU took is not its place."""

PER_CPU_DEVICES = frozenset(
    {
        "arch_timer",  # drivers/clocksource/arm_arch_timer.c
        "arm-pmu",  # drivers/perf/arm_pmu_platform.c
        "clint-timer",  # drivers/clocksource/timer-clint.c
        "kvm guest ptimer",  # arch/arm64/kvm/arch_timer.c
        "kvm guest vtimer",
        "riscv-timer",  # drivers/clocksource/timer-riscv.c
        "twd",  # arch/arm/kernel/smp_twd.c
        "vgic",  # arch/arm64/kvm/vgic/vgic-init.c
    }
)
"""Devices that ask for one interrupt per CPU (request_percpu_irq) under one IRQ number."""

PER_CPU_CHIPS = frozenset(
    {
        "XIVE-IPI",  # arch/powerpc/sysdev/xive/common.c
        "xen-percpu",  # drivers/xen/events/events_base.c
    }
)
"""Interrupt controllers whose interrupts belong to one CPU each."""

NOT_INTERRUPTS = frozenset({"STK", "IST"})
"""Rows of parisc that hold bytes of stack. Source: arch/parisc/kernel/irq.c."""


_GROUP = re.compile(r"(?:[-.@:\[].*|(?<=[0-9])q[0-9]+)$")
"""What follows the device in an action's name: the queue, or where the device sits."""


class Irq(NamedTuple):
    """One row of /proc/interrupts as the planner sees it.

    ``present`` holds the CPUs where it arrives, the busiest first; ``placed`` its load on each of
    them and, for what is not one IRQ at one place, on each CPU that it ran on. ``fixed`` is why it
    cannot be moved, ``""`` where it can. ``allowed`` are the CPUs that a rule gives it, None where
    no rule does. ``heading`` is the CPU that it was sent to already and moves to at its next
    interrupt, None for nearly all. ``own`` marks the CPUs' own interrupts, which are in no load.
    ``local`` are the CPUs on its device's node, None where nobody knows; ``together`` names the
    rule that keeps it on one node with others, ``""`` for none. ``last`` is the load that the last
    run measured, None where it knew of none.
    """

    irq: str
    device: str
    load: float
    present: tuple[int, ...]
    placed: Mapping[int, float]
    fixed: str = ""
    allowed: frozenset[int] | None = None
    heading: int | None = None
    own: bool = False
    local: frozenset[int] | None = None
    together: str = ""
    last: float | None = None

    @property
    def group(self) -> str:
        """The device that this IRQ is a queue of, as its first action's name tells it.

        ``eth0`` for ``eth0-TxRx-3``, ``virtio6`` for ``virtio6-input.0``, ``nvme0`` for
        ``nvme0q3``; ``""`` where there is no name.
        """
        return _GROUP.sub("", self.device.partition(",")[0])

    @property
    def home(self) -> int | None:
        """The one CPU where it is unless it is moved; None where there is not one."""
        if self.heading is not None:
            return self.heading
        return self.present[0] if len(self.present) == 1 else None


class Selection(NamedTuple):
    """What a person lets irqbalance do with an IRQ.

    ``why_fixed`` gives the reason why a row must stay, ``""`` where it may be moved; ``allowed``
    the CPUs that a rule gives a row, None for all; ``together`` names the rule that keeps a row on
    one node with others, ``""`` where none does.
    """

    why_fixed: Callable[[Row], str] = lambda _row: ""
    allowed: Callable[[Row], frozenset[int] | None] = lambda _row: None
    together: Callable[[Row], str] = lambda _row: ""


def describe(
    measurement: Measurement,
    kernel: Mapping[str, KernelSays] | None,
    refusals: Mapping[str, str],
    selection: Selection,
) -> tuple[Irq, ...]:
    """Gives every numbered row, and every other row that fired, in the order of the file.

    `kernel` is what /proc/irq says of the numbered rows, None for captured files without it.
    `refusals` gives the reason of each IRQ that the kernel would not move in an earlier run.
    """
    found = []
    for load in measurement.loads:
        row = load.row
        if row.is_numbered:
            says = None if kernel is None else kernel.get(row.irq, KernelSays(exists=False))
            found.append(_numbered(load, measurement.cpus, says, refusals, selection))
        elif load.total and row.irq not in NOT_INTERRUPTS:
            found.append(_other(load, measurement.cpus))
    return tuple(found)


def _other(load: Load, cpus: tuple[int, ...]) -> Irq:
    if load.by_cpu is None:
        reason = "one figure for the whole machine, in no total"
        return Irq(load.row.irq, "", load.total, (), {}, reason, own=True)
    cells = _cells(load.by_cpu, cpus)
    present = tuple(sorted(cells))
    if load.row.is_subtotal:
        reason = "a subtotal of other rows, in no total"
        return Irq(load.row.irq, "", load.total, present, {}, reason, own=True)
    reason = "not a device's interrupt but the CPU's own"
    return Irq(load.row.irq, "", load.total, present, cells, reason, own=True)


def _numbered(
    load: Load,
    cpus: tuple[int, ...],
    says: KernelSays | None,
    refusals: Mapping[str, str],
    selection: Selection,
) -> Irq:
    row = load.row
    fixed = _why_per_cpu(row, load.total, says)
    if fixed:
        cells = _cells(load.by_cpu or (), cpus)
        return Irq(row.irq, row.device, load.total, tuple(sorted(cells)), cells, fixed, own=True)
    present = _present(load, cpus, says)
    fixed = _why_kernel_fixes(says) or refusals.get(row.irq, "") or selection.why_fixed(row)
    placed = _placed(load, cpus, present)
    heading = _heading(says, present, cpus) if load.total else None
    allowed = selection.allowed(row)
    together = selection.together(row)
    return Irq(
        row.irq, row.device, load.total, present, placed, fixed, allowed, heading, together=together
    )


def _why_per_cpu(row: Row, total: float, says: KernelSays | None) -> str:
    if row.description.chip in PER_CPU_CHIPS or not PER_CPU_DEVICES.isdisjoint(row.actions):
        return "per-CPU: every CPU has its own of this number"
    if says is not None and says.exists and says.effective == frozenset() and total:
        return "the kernel routes it to no CPU in particular"
    return ""


def _why_kernel_fixes(says: KernelSays | None) -> str:
    if says is None:
        return ""
    if not says.exists:
        return "it has no affinity in /proc/irq"
    if not says.writable:
        return "managed by the kernel: its affinity is read-only"
    return ""


def _present(load: Load, cpus: tuple[int, ...], says: KernelSays | None) -> tuple[int, ...]:
    """Where the interrupts arrive, the busiest CPU first; empty where nobody knows.

    The effective affinity says it; where it names several CPUs, or there is none, the cells that
    grew do. Captured files without /proc/irq tell only the one cell that grew most.
    """
    effective = frozenset(cpus) & (says.effective if says and says.effective else frozenset())
    if effective and (len(effective) == 1 or not load.total):
        return tuple(sorted(effective))
    cells = load.by_cpu or ()
    if not any(cells):
        return ()
    busiest = max(cells)
    first = cpus[cells.index(busiest)]
    if says is None:
        return (first,)
    large = {cpu for cpu, cell in zip(cpus, cells, strict=True) if cell >= SMALL_SHARE * busiest}
    if effective and not effective.isdisjoint(large):
        large &= effective
    return tuple(sorted(large, key=lambda cpu: (-cells[cpus.index(cpu)], cpu)))


def _heading(
    says: KernelSays | None, present: tuple[int, ...], cpus: tuple[int, ...]
) -> int | None:
    """The CPU of a move that the kernel has been asked for and has not carried out yet.

    Without interrupt remapping x86 moves an IRQ when its next interrupt comes; until then its
    affinity names the new CPU, its effective affinity the old. Source: kernel/irq/migration.c.
    """
    if says is None or not says.effective or not says.affinity or len(says.affinity) > 1:
        return None
    (cpu,) = says.affinity
    return cpu if cpu in cpus and len(present) == 1 and cpu != present[0] else None


def _placed(load: Load, cpus: tuple[int, ...], present: tuple[int, ...]) -> dict[int, float]:
    """The load on each present CPU: all of it where there is one, else shared as the cells say."""
    if not load.total:
        return {}
    if len(present) == 1:
        return {present[0]: load.total}
    cells = _cells(load.by_cpu or (), cpus)
    known = sum(cells.get(cpu, 0) for cpu in present)
    return {cpu: load.total * cells.get(cpu, 0) / known for cpu in present}


def _cells(by_cpu: tuple[float, ...], cpus: tuple[int, ...]) -> dict[int, float]:
    return {cpu: cell for cpu, cell in zip(cpus, by_cpu, strict=True) if cell}
