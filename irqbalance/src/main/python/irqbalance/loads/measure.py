"""The measurement of a live run: since the last run's reading, or from now on."""

import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from ..kernel.cpu_time import CpuTime, read_cpu_times, spent
from ..kernel.devices import Devices
from ..kernel.interrupts import Snapshot
from ..kernel.procfs import Machine
from .loads import Measurement, between
from .weighing import Classes, weighed

DEFAULT_SECONDS = 10.0

COUNTS, RATES, TIME = "interrupts", "interrupts per second", "CPU milliseconds per second"
"""The units of load."""


class Clock(NamedTuple):
    """Moments in Unix seconds, spans in seconds, and waiting. A test puts another in its place."""

    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


class Basis(NamedTuple):
    """The unit of the loads, where they come from, and the seconds that they were measured for.

    ``seconds`` is None for captured files.
    """

    unit: str
    source: str
    seconds: float | None = None


class Reading(NamedTuple):
    """The counters of a live machine at one moment; ``time`` is in Unix seconds.

    ``cpu_times`` has what each CPU spent since boot; empty unless the load is measured by time.
    """

    time: float
    text: str
    snapshot: Snapshot
    cpu_times: Mapping[int, CpuTime]


def live(
    machine: Machine, earlier: Reading | None, interval: float | None, by_time: bool, clock: Clock
) -> tuple[Measurement, Basis, Reading]:
    """Return the loads of a live machine, and the last reading of its counters.

    With an `interval`, measure that many seconds from now. Else measure since `earlier`, or for
    DEFAULT_SECONDS if that is None. `earlier` does not serve for a measurement by time if it holds
    no times: a run by counts left it. Without time in hard interrupts, the load is by counts: most
    kernels without CONFIG_IRQ_TIME_ACCOUNTING do not measure it.
    """
    if interval is None and earlier is not None and (earlier.cpu_times or not by_time):
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
        times = spent(earlier.cpu_times, later.cpu_times)
        if any(time.hard for time in times.values()):
            devices = Devices(later.snapshot.rows, machine.sysfs)
            classes = Classes(devices.of_interfaces(), devices.of_disks())
            measurement, unit = weighed(measurement, times, classes), TIME
    return measurement, Basis(unit, f"over {seconds:.4g} s, {source}", seconds), later


def take(machine: Machine, by_time: bool, clock: Clock) -> Reading:
    """Read the counters now, and for a measurement `by_time` the times of the CPUs too."""
    text, snapshot = machine.interrupts()
    return Reading(clock.now(), text, snapshot, read_cpu_times(machine) if by_time else {})
