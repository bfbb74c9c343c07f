"""What the last run left for the next one: its counters, its loads, and its prediction.

::

    snapshot.json     {"time": Unix seconds, "interrupts": the file's text,
                       "cpu_times": {CPU: [seconds in hard interrupts, in softirqs, {"NET_RX": 8}]}}
    prediction.json   {"prediction": {"before": 1.27, "predicted": 1.02},
                       "unit": "interrupts per second", "loads": {"36": 374.3, "62": 369.0}}

The prediction is null if the run moved nothing. ``before`` and ``predicted`` are imbalances of the
CPUs that were usable then.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypeGuard

from ..errors import InterruptsFormatError
from ..kernel.cpu_time import CpuTime
from ..kernel.interrupts import parse
from ..loads.irqs import Irq
from ..loads.loads import Measurement
from ..loads.measure import Reading
from ..planning.plan import Balance, FollowUp, Plan
from .folder import PREDICTION, SNAPSHOT, StateFolder

YOUNGEST_SECONDS, OLDEST_SECONDS = 10.0, 86400.0
"""The ages between which the last run's counters serve as the start of a measurement."""

LARGEST_LOAD = 1e15
"""No load that was measured is larger."""

_WRONG_FIELDS = (ArithmeticError, AttributeError, KeyError, TypeError, ValueError)
"""The errors of content that has other fields than a run leaves."""


class Prediction(NamedTuple):
    """The imbalance before the last run's moves, and the one that it predicted."""

    before: float
    predicted: float


class LastRun(NamedTuple):
    """All that the last run left in this boot; None or empty for what it did not leave.

    ``loads`` are those of devices, by IRQ, in ``unit``.
    """

    reading: Reading | None = None
    prediction: Prediction | None = None
    unit: str = ""
    loads: Mapping[str, float] = {}

    def reading_at(self, now: float) -> Reading | None:
        """Return the counters if they are of the right age `now`, in Unix seconds."""
        reading = self.reading
        if reading is None or not YOUNGEST_SECONDS <= now - reading.time <= OLDEST_SECONDS:
            return None
        return reading

    def loads_in(self, unit: str) -> Mapping[str, float]:
        """Return the load of each IRQ; empty if the last run measured in another unit."""
        return self.loads if unit == self.unit else {}

    def follow_up(
        self, measurement: Measurement, irqs: Iterable[Irq], usable: frozenset[int], unit: str
    ) -> FollowUp | None:
        """Return whether the load followed the last run's moves, for a `measurement` in `unit`.

        None if it moved nothing, or measured in another unit: the imbalances differ then anyway.
        """
        if self.prediction is None or unit != self.unit:
            return None
        measured = _counted(measurement, irqs, usable).imbalance
        return FollowUp(self.prediction.before, self.prediction.predicted, measured)


def load_last_run(folder: StateFolder) -> LastRun:
    """Return what the last run left. The folder notes each file that cannot be used."""
    reading = _load_reading(folder)
    content = folder.load(PREDICTION)
    if content is None:
        return LastRun(reading)
    try:
        prediction, loads = _prediction(content.get("prediction")), content.get("loads", {})
        if not isinstance(loads, dict) or not all(map(_is_load, loads.values())):
            raise ValueError("loads")
    except _WRONG_FIELDS:
        folder.distrust(PREDICTION)
        return LastRun(reading)
    return LastRun(reading, prediction, content.get("unit", ""), loads)


def save_reading(folder: StateFolder, reading: Reading) -> None:
    """Save the counters, from which the next run measures."""
    times = {
        str(cpu): [time.hard, time.soft, dict(time.softirqs)]
        for cpu, time in reading.cpu_times.items()
    }
    folder.save(SNAPSHOT, {"time": reading.time, "interrupts": reading.text, "cpu_times": times})


def save_prediction(folder: StateFolder, plan: Plan, unit: str) -> None:
    """Save the loads of a run in `unit`, and the imbalance that its plan predicts."""
    irqs = (each.irq for each in plan.decisions)
    loads = {irq.irq: round(irq.load, 3) for irq in irqs if irq.load and not irq.own}
    prediction = None
    if plan.moves:
        before, after = plan.before.imbalance, plan.after.imbalance
        prediction = {"before": round(before, 6), "predicted": round(after, 6)}
    folder.save(PREDICTION, {"prediction": prediction, "unit": unit, "loads": loads})


def _load_reading(folder: StateFolder) -> Reading | None:
    content = folder.load(SNAPSHOT)
    if content is None:
        return None
    try:
        times = {int(cpu): _cpu_time(*kept) for cpu, kept in content["cpu_times"].items()}
        text = content["interrupts"]
        return Reading(float(content["time"]), text, parse(text), times)
    except (*_WRONG_FIELDS, InterruptsFormatError):
        folder.distrust(SNAPSHOT)
        return None


def _cpu_time(hard: Any, soft: Any, softirqs: Any) -> CpuTime:
    if not _is_load(hard) or not _is_load(soft):
        raise ValueError("cpu_times")
    counts = {str(kind): int(count) for kind, count in softirqs.items()}
    return CpuTime(hard, soft, counts)


def _prediction(kept: Any) -> Prediction | None:
    if kept is None:
        return None
    before, predicted = kept["before"], kept["predicted"]
    if not _is_load(before) or not _is_load(predicted):
        raise ValueError("prediction")
    return Prediction(before, predicted)


def _is_load(value: Any) -> TypeGuard[float]:
    """Return whether a value of the file is a number that can be a load, or a ratio of two."""
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
