"""What a run predicted and measured, for the next one: whether the load followed. Pure.

The state directory keeps::

    prediction.json   {"version": 1, "boot": …, "prediction": {"before": 1.27, "predicted": 1.02},
                       "unit": "interrupts per second", "loads": {"36": 374.3, "62": 369.0},
                       "own": {"0": 101.2, "1": 98.7}}

The prediction is of the last run if that moved something, else null: imbalances of the CPUs that
were usable then; the measured one is of those usable now. The loads are those of its devices' IRQs;
what is the CPUs' own (ticks, IPIs) stands by CPU.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeGuard

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
    own = {str(cpu): round(load, 3) for cpu, load in zip(plan.cpus, plan.own.loads, strict=True)}
    return {"prediction": prediction(plan), "unit": unit, "loads": loads, "own": own}


def last_loads(kept: Mapping[str, Any] | None, unit: str) -> dict[str, float]:
    """Gives the load of each IRQ in the last run; empty where it kept none in this unit.

    Raises ValueError where `kept` is not what this module keeps.
    """
    loads = (kept or {}).get("loads", {})
    if not isinstance(loads, dict) or not all(map(_is_load, loads.values())):
        raise ValueError("loads")
    return loads if (kept or {}).get("unit") == unit else {}


def last_own(kept: Mapping[str, Any] | None, unit: str) -> dict[int, float] | None:
    """Gives what the CPUs' own interrupts were in the last run, None where that is not known.

    Raises ValueError where `kept` is not what this module keeps.
    """
    own = (kept or {}).get("own")
    if own is None or (kept or {}).get("unit") != unit:
        return None
    if not isinstance(own, dict) or not all(map(_is_load, own.values())):
        raise ValueError("own")
    return {int(cpu): load for cpu, load in own.items()}


def prediction(plan: Plan) -> dict[str, Any] | None:
    """Gives what is to be kept of a plan that was carried out; None where it moved nothing."""
    if not plan.moves:
        return None
    before, after = plan.before.imbalance, plan.after.imbalance
    return {"before": round(before, 6), "predicted": round(after, 6)}


def follow_up(
    content: Mapping[str, Any] | None, measurement: Measurement, usable: frozenset[int]
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
    return FollowUp(before, predicted, _counted(measurement, usable).imbalance)


def _is_load(value: Any) -> TypeGuard[float]:
    """Whether a value of the file is a number that can be a load, or a ratio of two."""
    return type(value) in (int, float) and 0 <= value < LARGEST_LOAD


def _counted(measurement: Measurement, usable: frozenset[int]) -> Balance:
    """The load of each usable CPU by its own cells, wherever the IRQs are now."""
    totals = dict.fromkeys(measurement.cpus, 0.0)
    for load in measurement.loads:
        if load.by_cpu is not None and load.total and not load.row.is_subtotal:
            for cpu, cell in zip(measurement.cpus, load.by_cpu, strict=True):
                totals[cpu] += cell
    return Balance(tuple(load for cpu, load in totals.items() if cpu in usable))
