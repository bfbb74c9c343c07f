"""Idle IRQs that may not stay where they are: they go where few IRQs are, near their device. Pure.

They add no load, so the search has no part in this. Each goes to the nearest CPUs that it may use.
The best of these has the fewest queues of its device, then the fewest on its core's other threads.
After that the CPU with fewer IRQs is better, and then the less loaded one.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from ..kernel.topology import Topology
from ..loads.irqs import Irq
from .plan import Balance
from .reasons import may_use


def place_idle(
    idle: Sequence[Irq],
    others: Iterable[tuple[Irq, int | None]],
    usable: tuple[int, ...],
    after: Balance,
    topology: Topology,
) -> list[int]:
    """Return a CPU for each of the `idle` IRQs.

    `others` are all other IRQs, each with the CPU that it moves to, None for those that stay.
    `after` has the loads of the `usable` CPUs then.
    """
    if not idle:
        return []
    every = frozenset(usable)
    loads = dict(zip(usable, after.loads, strict=True))
    crowd = _Crowd(topology)
    for irq, cpu in others:
        if not irq.own:
            for place in irq.present if cpu is None else (cpu,):
                crowd.add(irq, place)
    found = []
    for irq in idle:
        may = may_use(irq, every)
        near = next((cpus & may for cpus in irq.near if cpus & may), may)
        best = min((*crowd.cost(irq, cpu), loads[cpu], cpu) for cpu in near)[-1]
        crowd.add(irq, best)
        found.append(best)
    return found


class _Crowd:
    """The number of IRQs on each CPU, and of each device's."""

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self._irqs: Counter[int] = Counter()
        self._queues: Counter[tuple[int, str]] = Counter()

    def add(self, irq: Irq, cpu: int) -> None:
        """Count an IRQ on a CPU."""
        self._irqs[cpu] += 1
        device = self._topology.device(irq.irq, irq.group)
        if device:
            self._queues[cpu, device] += 1

    def cost(self, irq: Irq, cpu: int) -> tuple[int, int, int]:
        """Return how many queues of its device are on a CPU, and on its core, and all IRQs."""
        device = self._topology.device(irq.irq, irq.group)
        threads: Mapping[int, frozenset[int]] = self._topology.siblings
        beside = (self._queues[thread, device] for thread in threads.get(cpu, ()) if thread != cpu)
        return self._queues[cpu, device], sum(beside), self._irqs[cpu]
