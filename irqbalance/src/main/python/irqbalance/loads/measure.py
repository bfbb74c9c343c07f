"""Takes the measurement of a live run: since the last run, or from now on."""

import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ..errors import InterruptsFormatError
from ..kernel.interrupts import Snapshot, parse
from ..kernel.procfs import Machine
from ..report.machine_readable import RATES, TIME, Context
from ..state.folder import SNAPSHOT, StateFolder
from .loads import Measurement, between, weighed

DEFAULT_SECONDS = 10.0
YOUNGEST_SECONDS, OLDEST_SECONDS = 10.0, 86400.0
"""The ages between which the last run's snapshot serves."""

_NOT_ITS_FIELDS = (ArithmeticError, AttributeError, KeyError, TypeError, ValueError)
"""What is raised by the content of a snapshot that has other fields than a run leaves."""


class Clock(NamedTuple):
    """Moments in Unix seconds, spans in seconds, and waiting."""

    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


class Reading(NamedTuple):
    """The counters of a live machine at one moment; ``time`` is Unix seconds."""

    time: float
    text: str
    snapshot: Snapshot
    interrupt_seconds: Mapping[int, float]

    def content(self) -> dict[str, Any]:
        """Gives what the state directory keeps of it."""
        busy = {str(cpu): seconds for cpu, seconds in self.interrupt_seconds.items()}
        return {"time": self.time, "interrupts": self.text, "interrupt_seconds": busy}


def live(
    machine: Machine, folder: StateFolder, interval: float | None, by_time: bool, clock: Clock
) -> tuple[Measurement, Context, Reading]:
    """Gives the loads of a live machine, and the last reading of its counters.

    Measures for `interval` seconds; where that is None, since the snapshot in `folder` if that
    serves, else for DEFAULT_SECONDS.
    """
    earlier = None if interval is not None else load_snapshot(folder, clock.now())
    if earlier is not None:
        source, later = "since the last run", take(machine, by_time, clock)
        seconds = later.time - earlier.time
    else:
        source, earlier = "measured just now", take(machine, by_time, clock)
        start = clock.monotonic()
        clock.sleep(DEFAULT_SECONDS if interval is None else interval)
        later = take(machine, by_time, clock)
        seconds = clock.monotonic() - start
    measurement = between(earlier.snapshot, later.snapshot, seconds)
    unit = RATES
    if by_time:
        busy = _busy(earlier.interrupt_seconds, later.interrupt_seconds)
        if any(busy.values()):
            measurement, unit = weighed(measurement, busy), TIME
    return measurement, Context(unit, f"over {seconds:.4g} s, {source}", seconds), later


def take(machine: Machine, by_time: bool, clock: Clock) -> Reading:
    """Reads the counters now; the times of /proc/stat only where they are asked for."""
    text, snapshot = machine.interrupts()
    busy = machine.interrupt_seconds() if by_time else {}
    return Reading(clock.now(), text, snapshot, busy)


def load_snapshot(folder: StateFolder, now: float) -> Reading | None:
    """Gives the last run's reading where it serves: this boot's, and of the right age."""
    content = folder.load(SNAPSHOT)
    if content is None:
        return None
    try:
        busy = {int(cpu): float(value) for cpu, value in content["interrupt_seconds"].items()}
        text = content["interrupts"]
        reading = Reading(float(content["time"]), text, parse(text), busy)
    except (*_NOT_ITS_FIELDS, InterruptsFormatError):
        folder.distrust(SNAPSHOT)
        return None
    return reading if YOUNGEST_SECONDS <= now - reading.time <= OLDEST_SECONDS else None


def _busy(earlier: Mapping[int, float], later: Mapping[int, float]) -> dict[int, float]:
    """The time of each CPU that both readings have; a CPU that restarted its count has none."""
    return {
        cpu: max(0.0, seconds - earlier[cpu]) for cpu, seconds in later.items() if cpu in earlier
    }
