"""IRQs -> CPUs that carry them, one each, by load. Pure."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

SLACK = 1.1
"""An IRQ stays on a CPU that is at most this much busier than it has to be."""


class Placed(NamedTuple):
    """An IRQ, its load, and the one CPU that its affinity names; None if it names several."""

    irq: str
    load: float
    cpu: int | None


def spread(irqs: Sequence[Placed], others: Mapping[int, float]) -> dict[str, int]:
    """Return a CPU for each IRQ; `others` are the CPUs to choose from, with their other load.

    The busiest IRQ comes first and goes to the CPU with the least load; an idle one to that with
    the fewest IRQs. An IRQ that is on one of the CPUs stays, if that keeps the load even. So the
    same loads give the same CPUs again.
    """
    loads, numbers = dict(others), dict.fromkeys(others, 0)
    total = sum(loads.values()) + sum(each.load for each in irqs)
    heaviest = max((each.load for each in irqs), default=0.0)
    bound = SLACK * max(total / len(loads), heaviest)
    chosen = {}
    for each in sorted(irqs, key=lambda irq: -irq.load):
        cpu = each.cpu
        if cpu not in loads or (each.load and loads[cpu] + each.load > bound):
            first, second = (loads, numbers) if each.load else (numbers, loads)
            cpu = min(loads, key=lambda cpu: (first[cpu], second[cpu]))
        chosen[each.irq] = cpu
        loads[cpu] += each.load
        numbers[cpu] += 1
    return chosen
