"""Counts per CPU -> how evenly devices load the CPUs. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from .rows import is_own

if TYPE_CHECKING:
    from ..server import model


def imbalance(loads: Collection[float]) -> float:
    """Return the busiest CPU's load over the mean load; 1.0 is perfect, and so is an idle machine.

    Loads are counts or rates, one to a CPU.
    """
    total = sum(loads)
    return max(loads) * len(loads) / total if total > 0 else 1.0


def device_loads(
    answer: model.Interrupts, usable: Collection[int] | None = None
) -> Mapping[int, int]:
    """Return the device interrupts of each usable CPU (None: of every CPU), as counts.

    The answer has to hold all IRQs.
    """
    rows = [irq.counts for irq in answer.irqs if irq.counts and not is_own(irq.irq, irq.device)]
    sums = map(sum, zip(*rows, strict=True)) if rows else (0 for _ in answer.cpus)
    loads = zip(answer.cpus, sums if answer.devices is None else answer.devices, strict=True)
    return {cpu: load for cpu, load in loads if usable is None or cpu in usable}
