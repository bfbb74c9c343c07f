"""Counts per CPU -> how evenly they are spread. Pure."""

from collections.abc import Sequence


def imbalance(loads: Sequence[float]) -> float:
    """Return the busiest CPU's load over the mean load; 1.0 is perfect, and so is an idle machine.

    Loads are counts or rates, one to a CPU.
    """
    total = sum(loads)
    return max(loads) * len(loads) / total if total > 0 else 1.0
