"""Measured loads and the kernel's facts become the IRQs that a plan is made from. Pure.

An IRQ is fixed if the kernel or the person keeps it from being moved; the reason is in plain words.
The present CPU of an IRQ is where its interrupts arrive: its effective affinity, else the cell that
grew. Its affinity mask says only where it may go. It is the place of an idle IRQ if nothing else
says so and it names one CPU.
"""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from ..kernel.devices import PCI_ADDRESS
from ..kernel.interrupts import Description, Row
from ..kernel.procfs import KernelSays
from ..settings.model import Selection
from .loads import Load, Measurement

SMALL_SHARE = 0.1
"""A CPU that took less than this share of the busiest CPU's part of an IRQ is not its place."""

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
"""Devices that request one interrupt per CPU (request_percpu_irq) under one IRQ number."""

PER_CPU_CHIPS = frozenset(
    {
        "XIVE-IPI",  # arch/powerpc/sysdev/xive/common.c
        "xen-percpu",  # drivers/xen/events/events_base.c
    }
)
"""Interrupt controllers whose interrupts belong to one CPU each."""

NOT_INTERRUPTS = frozenset({"STK", "IST"})
"""Rows of parisc that hold bytes of stack. Source: arch/parisc/kernel/irq.c."""

_PCI_DEVICE = re.compile(
    rf"@pci:(?P<place>\S+)|(?<![0-9a-f])(?P<address>{PCI_ADDRESS})(?![0-9a-f])"
)
"""The PCI address of the device in an action's name: ``mlx5_comp3@pci:0000:81:00.0``."""

_QUEUE = re.compile(
    r"(?: \(queue [0-9]+\)|(?:-q[0-9]+)?[-.](?:tx-?rx|rx-?tx|rx|tx)[-.]?[0-9]*)$", re.I
)
"""The queue of a network device, at the end of an action's name."""

_GROUP = re.compile(r"(?:[-.@:\[].*|(?<=[0-9])q[0-9]+)$")
"""The part of another action's name after the device: the queue, or where the device sits."""

_NO_ROW = Row("", None, None, Description())
_NO_FACTS = KernelSays(exists=False)
_NOTHING: Mapping[str, str] = MappingProxyType({})
_NO_LOADS: Mapping[str, float] = MappingProxyType({})
_ANY = Selection()


class Irq(NamedTuple):
    """One row of /proc/interrupts as the planner sees it.

    ``present`` holds the CPUs where it arrives, the busiest first. ``placed`` has its load on each
    of them; for a CPU's own interrupts, on each CPU that they ran on. ``fixed`` is why it cannot be
    moved, ``""`` if it can. ``allowed`` are the CPUs that a rule gives it, None for all.
    ``heading`` is the CPU of a move that waits for its next interrupt, None for nearly all.
    ``own`` marks a CPU's own interrupts, which are in no load. ``local`` are the CPUs on its
    device's node, None if unknown. ``together`` names the rule that keeps it on one node with
    others, ``""`` for none. ``last`` is the load that the last run measured, None if unknown.
    ``row`` and ``kernel`` are what it was made from. ``near`` has sets of CPUs, each with the one
    before in it: those nearest to its device, then those a node further, and so on. ``mask`` are
    the online CPUs that an idle IRQ may go to whose place nobody knows. ``beside`` are the CPUs
    whose cache a rule keeps it in, none for most.
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
    row: Row = _NO_ROW
    kernel: KernelSays = _NO_FACTS
    near: tuple[frozenset[int], ...] = ()
    mask: frozenset[int] = frozenset()
    beside: frozenset[int] = frozenset()

    @property
    def group(self) -> str:
        """Return the device that this IRQ is a queue of, by its first action's name.

        ``eth0`` for ``eth0-TxRx-3``, ``virtio6`` for ``virtio6-input.0``, ``nvme0`` for
        ``nvme0q3``, ``0000:81:00.0`` for ``mlx5_comp3@pci:0000:81:00.0``; ``""`` if there is no
        name.
        """
        name = self.device.partition(", ")[0]
        where = _PCI_DEVICE.search(name)
        if where is not None:
            return where["place"] or where["address"]
        device = _QUEUE.sub("", name)
        return _GROUP.sub("", name) if device == name else device

    @property
    def home(self) -> int | None:
        """Return the one CPU where it is unless it is moved; None if there is not one."""
        if self.heading is not None:
            return self.heading
        return self.present[0] if len(self.present) == 1 else None


def make_irqs(
    measurement: Measurement,
    kernel: Mapping[str, KernelSays] | None = None,
    selection: Selection = _ANY,
    refusals: Mapping[str, str] = _NOTHING,
    last: Mapping[str, float] = _NO_LOADS,
) -> tuple[Irq, ...]:
    """Return every numbered row, and every other row that fired, in the order of the file.

    `kernel` has the facts of the numbered rows, None for captured files without /proc/irq.
    `refusals` has the reason of each IRQ that the kernel did not move in an earlier run, and `last`
    the load of each IRQ in the last run.
    """
    cpus = measurement.cpus
    found = []
    for load in measurement.loads:
        row = load.row
        if row.is_numbered:
            says = None if kernel is None else kernel.get(row.irq, _NO_FACTS)
            own = _why_per_cpu(load, says)
        elif load.total and row.irq not in NOT_INTERRUPTS:
            says, own = None, _why_unnumbered(load)
        else:
            continue
        if own:
            # a subtotal counts nothing: its parts have rows of their own
            cells = _cells(load, cpus)
            present, placed = tuple(cells), {} if row.is_subtotal else cells
        else:
            present = _present(load, cpus, says)
            placed = _placed(load, cpus, present)
        fixed = own or _why_fixed(says, refusals.get(row.irq, ""), row, selection)
        found.append(
            Irq(
                row.irq,
                row.device,
                load.total,
                present,
                placed,
                fixed,
                allowed=None if own else selection.allowed(row),
                heading=None if own else _heading(says, present, cpus),
                own=bool(own),
                together="" if own else selection.together(row),
                beside=frozenset() if own else selection.beside(row),
                last=last.get(row.irq),
                row=row,
                kernel=says or _NO_FACTS,
                mask=frozenset() if own or present else _mask(load, cpus, says),
            )
        )
    return tuple(found)


def is_per_cpu(row: Row) -> bool:
    """Return whether the chip or the action of a numbered row says that it is the CPUs' own."""
    return row.description.chip in PER_CPU_CHIPS or not PER_CPU_DEVICES.isdisjoint(row.actions)


def _why_unnumbered(load: Load) -> str:
    if load.by_cpu is None:
        return "one figure for the whole machine, in no total"
    if load.row.is_subtotal:
        return "a subtotal of other rows, in no total"
    return "the CPU's own interrupts, no device's"


def _why_per_cpu(load: Load, says: KernelSays | None) -> str:
    """Return why a numbered row's interrupts are the CPUs' own, ``""`` if they are a device's.

    An empty effective affinity alone says nothing, as some chips never record it. If one CPU takes
    all, and the file may be written, the IRQ is a device's. A per-CPU one may look like that too
    while one CPU uses it: its file is read-only since Linux 6.12, and before that a write says so.
    """
    row = load.row
    if is_per_cpu(row):
        return "per-CPU: every CPU has its own of this number"
    if says is None or not says.exists or says.effective != frozenset() or not load.total:
        return ""
    cells = load.by_cpu if says.writable else row.counts
    if _number_of_takers(cells or ()) < 2:
        return ""
    return "the kernel routes it to no CPU in particular"


def _number_of_takers(cells: Sequence[float]) -> int:
    """Return how many CPUs took a share that counts."""
    least = SMALL_SHARE * max(cells, default=0)
    return sum(1 for cell in cells if cell and cell >= least)


def _why_fixed(says: KernelSays | None, refused: str, row: Row, selection: Selection) -> str:
    if says is not None and not says.exists:
        return "it has no affinity in /proc/irq"
    if says is not None and not says.writable:
        return "managed by the kernel: its affinity is read-only"
    if says is not None and says.problem:
        return says.problem
    return refused or selection.why_fixed(row)


def _present(load: Load, cpus: tuple[int, ...], says: KernelSays | None) -> tuple[int, ...]:
    """Return the CPUs where the interrupts arrive, the busiest first; empty if nobody knows.

    The effective affinity decides. If it names several CPUs, or is missing, the cells that grew do.
    Captured files without /proc/irq show only the one cell that grew most.
    """
    effective = frozenset(cpus) & (says.effective if says and says.effective else frozenset())
    if effective and (len(effective) == 1 or not load.total):
        return tuple(sorted(effective))
    cells = load.by_cpu or ()
    if not any(cells):
        mask = _mask(load, cpus, says)
        return tuple(mask) if len(mask) == 1 else ()
    busiest = max(cells)
    first = cpus[cells.index(busiest)]
    if says is None:
        return (first,)
    large = {cpu for cpu, cell in zip(cpus, cells, strict=True) if cell >= SMALL_SHARE * busiest}
    if effective and not effective.isdisjoint(large):
        large &= effective
    return tuple(sorted(large, key=lambda cpu: (-cells[cpus.index(cpu)], cpu)))


def _mask(load: Load, cpus: tuple[int, ...], says: KernelSays | None) -> frozenset[int]:
    """Return the CPUs that an idle IRQ may go to; the kernel keeps offline ones in an affinity."""
    if load.total or says is None or says.affinity is None:
        return frozenset()
    return says.affinity.intersection(cpus)


def _heading(
    says: KernelSays | None, present: tuple[int, ...], cpus: tuple[int, ...]
) -> int | None:
    """Return the CPU of a move that is written, and that the kernel has not carried out yet.

    Without interrupt remapping x86 moves an IRQ at its next interrupt. Until then its affinity
    names the new CPU, and its effective affinity the old one. Source: kernel/irq/migration.c.
    """
    if says is None or not says.effective or not says.affinity or len(says.affinity) > 1:
        return None
    (cpu,) = says.affinity
    return cpu if cpu in cpus and len(present) == 1 and cpu != present[0] else None


def _placed(load: Load, cpus: tuple[int, ...], present: tuple[int, ...]) -> dict[int, float]:
    """Return the load on each present CPU: all of it if there is one, else shared by the cells."""
    if not load.total:
        return {}
    if len(present) == 1:
        return {present[0]: load.total}
    cells = _cells(load, cpus)
    known = sum(cells.get(cpu, 0) for cpu in present)
    return {cpu: load.total * cells.get(cpu, 0) / known for cpu in present}


def _cells(load: Load, cpus: tuple[int, ...]) -> dict[int, float]:
    """Return the cells that are not zero, by rising CPU."""
    if load.by_cpu is None:
        return {}
    return {cpu: cell for cpu, cell in zip(cpus, load.by_cpu, strict=True) if cell}
