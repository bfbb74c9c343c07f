"""What a run predicted and measured, for the next one: whether the load followed. Pure.

The state directory keeps::

    prediction.json   {"version": 1, "boot": …, "prediction": {"before": 1.27, "predicted": 1.02},
                       "unit": "interrupts per second", "loads": {"36": 374.3, "62": 369.0}}

The prediction is of the last run if that moved something, else null: imbalances of the CPUs that
were usable then; the measured one is of those usable now. A CPU's own interrupts are in none.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypeGuard

from ..loads.irqs import Irq
from ..loads.loads import Measurement
from ..planning.plan import Balance, Plan

LARGEST_LOAD = 1e15
"""No load that was measured is larger."""


class FollowUp(NamedTuple):
    """The imbalance before the last run's moves, the one that it predicted, and the one since."""

    before: float
    predicted: float
    measured: float

    def sentence(self) -> str:
        """Gives it as a person reads it."""
        return (
            f"The last run's moves: imbalance {self.before:.2f}, "
            f"predicted {self.predicted:.2f}, measured {self.measured:.2f}"
        )


def content(plan: Plan, unit: str) -> dict[str, Any]:
    """Gives what is to be kept of a run, whose loads are in `unit`."""
    irqs = (each.irq for each in plan.decisions)
    loads = {irq.irq: round(irq.load, 3) for irq in irqs if irq.load and not irq.own}
    return {"prediction": prediction(plan), "unit": unit, "loads": loads}


def last_loads(kept: Mapping[str, Any] | None, unit: str) -> dict[str, float]:
    """Gives the load of each IRQ in the last run; empty where it kept none in this unit.

    Raises ValueError where `kept` is not what this module keeps.
    """
    loads = (kept or {}).get("loads", {})
    if not isinstance(loads, dict) or not all(map(_is_load, loads.values())):
        raise ValueError("loads")
    return loads if (kept or {}).get("unit") == unit else {}


def prediction(plan: Plan) -> dict[str, Any] | None:
    """Gives what is to be kept of a plan that was carried out; None where it moved nothing."""
    if not plan.moves:
        return None
    before, after = plan.before.imbalance, plan.after.imbalance
    return {"before": round(before, 6), "predicted": round(after, 6)}


def follow_up(
    content: Mapping[str, Any] | None,
    measurement: Measurement,
    irqs: Iterable[Irq],
    usable: frozenset[int],
) -> FollowUp | None:
    """Gives what came of the last run's prediction; None where it moved nothing.

    Raises ValueError where `content` is not what this module keeps.
    """
    kept = None if content is None else content.get("prediction")
    if kept is None:
        return None
    if not isinstance(kept, dict):
        raise ValueError("prediction")
    before, predicted = kept.get("before"), kept.get("predicted")
    if not _is_load(before) or not _is_load(predicted):
        raise ValueError("prediction")
    return FollowUp(before, predicted, _counted(measurement, irqs, usable).imbalance)


def _is_load(value: Any) -> TypeGuard[float]:
    """Whether a value of the file is a number that can be a load, or a ratio of two."""
    return type(value) in (int, float) and 0 <= value < LARGEST_LOAD


def _counted(measurement: Measurement, irqs: Iterable[Irq], usable: frozenset[int]) -> Balance:
    """Return the load of each usable CPU by its own cells, wherever the IRQs are now."""
    devices = {irq.irq for irq in irqs if not irq.own}
    totals = dict.fromkeys(measurement.cpus, 0.0)
    for load in measurement.loads:
        if load.by_cpu is not None and load.total and load.row.irq in devices:
            for cpu, cell in zip(measurement.cpus, load.by_cpu, strict=True):
                totals[cpu] += cell
    return Balance(tuple(load for cpu, load in totals.items() if cpu in usable))
