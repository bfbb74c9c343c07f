"""Idle IRQs that may not stay where they are: they go where few IRQs are, near their device. Pure.

They add no load, so the search has no part in this. Each goes to the nearest CPUs that it may use.
The best of these has the fewest queues of its device, then the fewest on its core's other threads,
then the fewest in its cache. After that the CPU with fewer IRQs is better, and then the less loaded
one.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

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
                crowd.add(topology.device(irq.irq, irq.group), place)
    found = []
    for irq in idle:
        may, device = may_use(irq, every), topology.device(irq.irq, irq.group)
        near = next(filter(None, (cpus & may for cpus in irq.near)), may)
        best = min((*crowd.cost(device, cpu), loads[cpu], cpu) for cpu in near)[-1]
        crowd.add(device, best)
        found.append(best)
    return found


class _Crowd:
    """The number of IRQs on each CPU, and of the queues of each device."""

    def __init__(self, topology: Topology) -> None:
        self._threads, self._caches = topology.siblings, topology.caches
        self._irqs: Counter[int] = Counter()
        self._queues: Counter[tuple[int, str]] = Counter()
        self._in_cache: Counter[tuple[frozenset[int], str]] = Counter()

    def add(self, device: str, cpu: int) -> None:
        """Count an IRQ of a device, ``""`` for none, on a CPU."""
        self._irqs[cpu] += 1
        if device:
            self._queues[cpu, device] += 1
            self._in_cache[self._caches.get(cpu, frozenset()), device] += 1

    def cost(self, device: str, cpu: int) -> tuple[int, int, int, int]:
        """Return the queues of a device on a CPU, beside it on its core, in its cache; all IRQs."""
        others = self._threads.get(cpu, frozenset()) - {cpu}
        beside = sum(self._queues[thread, device] for thread in others)
        in_cache = self._in_cache[self._caches.get(cpu, frozenset()), device]
        return self._queues[cpu, device], beside, in_cache, self._irqs[cpu]
