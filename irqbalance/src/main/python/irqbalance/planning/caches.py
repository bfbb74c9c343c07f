"""Rules of last-level caches: IRQs beside CPUs, and queues of a device apart. Pure.

1. A rule of the settings (``near``) keeps its IRQs on the CPUs that share the last-level cache with
   the CPUs of an application. These themselves are left to it: the IRQs go to its other cores, else
   to the other threads of these cores, and only if none of them may be used to its own CPUs.
2. An IRQ that moves goes to the cache with the fewest queues of its device (search/spread.py).

If no CPU shares a cache, or the kernel does not say, a package counts as one.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from ..kernel.cpuset import format_list
from ..kernel.topology import Topology
from ..loads.irqs import Irq
from ..settings.model import Rule


def beside_cpus(irqs: Sequence[Irq], topology: Topology, usable: frozenset[int]) -> tuple[Irq, ...]:
    """Return the IRQs, confined by rule 1. An IRQ is not confined if no cache is known."""
    wanted = {irq.beside for irq in irqs if irq.beside}
    found = {cpus: _beside(cpus, topology, usable) for cpus in wanted}
    return tuple(
        irq._replace(allowed=found[irq.beside]) if found.get(irq.beside) else irq for irq in irqs
    )


def _beside(cpus: frozenset[int], topology: Topology, usable: frozenset[int]) -> frozenset[int]:
    """Return the CPUs for the IRQs of an application on `cpus`; empty if no cache is known."""
    same = topology.sharing_cache(cpus)
    cores = cpus.union(*(topology.siblings.get(cpu, ()) for cpu in cpus))
    choices = (same - cores, same - cpus)
    return next((choice for choice in choices if choice & usable), same)


def without_cache(rules: Iterable[Rule], topology: Topology) -> list[str]:
    """Return a sentence for each rule whose CPUs have no cache that is known."""
    return [
        f"the rule for {rule.pattern.shown}: no cache of CPUs {format_list(rule.near)} is known, "
        "so its IRQs go anywhere"
        for rule in rules
        if rule.near and not topology.sharing_cache(rule.near)
    ]


def cache_numbers(cpus: Iterable[int], topology: Topology) -> list[int]:
    """Return the number of each CPU's cache, from 0; none if no cache is known."""
    if not topology.caches:
        return []
    numbers: dict[int, int] = {}
    first = (min(topology.caches.get(cpu, (cpu,))) for cpu in cpus)
    return [numbers.setdefault(each, len(numbers)) for each in first]


def why_apart(
    irqs: Sequence[Irq], places: Sequence[int | None], topology: Topology
) -> Callable[[Irq, int], str]:
    """Return the function that says why an IRQ moves to another cache, ``""`` for other reasons.

    `places` has the CPU that each IRQ moves to, None for those that stay.
    """
    caches = topology.caches
    if not caches:
        return _no_reason
    devices = {irq.irq: topology.device(irq.irq, irq.group) for irq in irqs}
    queues: Counter[tuple[str, frozenset[int]]] = Counter()
    for irq, place in zip(irqs, places, strict=True):
        for cpu in irq.present[:1] if place is None else (place,):
            if cpu in caches:
                queues[devices[irq.irq], caches[cpu]] += 1

    def explain(irq: Irq, cpu: int) -> str:
        device = devices[irq.irq]
        before, after = (caches.get(each) for each in (irq.present[0], cpu))
        if not device or before is None or after is None or before == after:
            return ""
        others = queues[device, after] - 1
        if others >= queues[device, before]:
            return ""
        return f"; other queues of its device in the cache of CPU {cpu}: {others}"

    return explain


def _no_reason(_irq: Irq, _cpu: int) -> str:
    return ""
