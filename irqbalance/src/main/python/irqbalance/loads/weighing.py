"""Loads as CPU time: what each CPU spent on interrupts becomes the load of its IRQs. Pure.

The kernel counts time by CPU, and interrupts by IRQ and CPU. It does not join the two. So:

- The hard time of a CPU is shared among all rows that fired there, by their counts. Ticks and IPIs
  have their share, which is in no load.
- The soft time is shared among the kinds of softirqs first: see ``_device_seconds``. NET_RX and
  NET_TX go to the IRQs of network devices that fired there, BLOCK and IRQ_POLL to those of block
  devices, HI and TASKLET to those of any device; each by their counts.
- TIMER, SCHED, HRTIMER and RCU are in no load. Neither is a kind without such an IRQ on that CPU:
  loopback, and packets that another CPU passes on (RPS), raise NET_RX too.
- If /proc/softirqs is unknown, soft time is shared like hard time.

Source: include/linux/interrupt.h (the kinds), net/core/dev.c, block/blk-mq.c.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from operator import add
from typing import NamedTuple

from ..kernel.cpu_time import TICKS_PER_SECOND, CpuTime
from .irqs import is_per_cpu
from .loads import Load, Measurement

NETWORK_KINDS = frozenset({"NET_RX", "NET_TX"})
BLOCK_KINDS = frozenset({"BLOCK", "IRQ_POLL"})
ANY_KINDS = frozenset({"HI", "TASKLET"})
DEVICE_KINDS = NETWORK_KINDS | BLOCK_KINDS | ANY_KINDS

_NO_TIME = CpuTime(0.0, 0.0)


class Classes(NamedTuple):
    """The IRQs of network devices, and those of block devices."""

    network: frozenset[str] = frozenset()
    block: frozenset[str] = frozenset()


def weighed(
    measurement: Measurement, times: Mapping[int, CpuTime], classes: Classes
) -> Measurement:
    """Return the loads as CPU time: milliseconds per second that a CPU spends on each IRQ.

    `times` has what each CPU spent during the measurement.
    """
    cpus = measurement.cpus
    rows = {
        load.row.irq: load for load in measurement.loads if load.by_cpu and not load.row.is_subtotal
    }
    devices = {
        irq for irq, load in rows.items() if load.row.is_numbered and not is_per_cpu(load.row)
    }
    known = [times.get(cpu, _NO_TIME) for cpu in cpus]
    soft = _device_seconds(known)
    costs = {irq: [0.0] * len(cpus) for irq in rows}
    hard = [time.hard if time.softirqs else time.hard + time.soft for time in known]
    for irqs, seconds in (
        (rows.keys(), hard),
        (classes.network, _seconds_of(NETWORK_KINDS, soft)),
        (classes.block, _seconds_of(BLOCK_KINDS, soft)),
        (devices, _seconds_of(ANY_KINDS, soft)),
    ):
        _share(seconds, [load for irq, load in rows.items() if irq in irqs], costs)
    factor = 1000 / (measurement.seconds or 1.0)
    loads = (_costing(load, costs, factor, len(cpus)) for load in measurement.loads)
    return Measurement(cpus, tuple(loads), measurement.seconds)


def _share(seconds: Sequence[float], loads: Sequence[Load], costs: dict[str, list[float]]) -> None:
    """Add to `costs` each CPU's `seconds`, shared among `loads` by their counts on that CPU."""
    counts = [0.0] * len(seconds)
    for load in loads:
        counts = list(map(add, counts, load.by_cpu or ()))
    shares = [spent / count if count else 0.0 for spent, count in zip(seconds, counts, strict=True)]
    if any(shares):
        for load in loads:
            cells = zip(costs[load.row.irq], load.by_cpu or (), shares, strict=True)
            costs[load.row.irq] = [cost + count * share for cost, count, share in cells]


def _costing(load: Load, costs: Mapping[str, list[float]], factor: float, cpus: int) -> Load:
    """Return the load with its `costs` in the place of its counts; a subtotal costs nothing."""
    if load.by_cpu is None:
        return load
    cells = tuple(factor * cost for cost in costs.get(load.row.irq, [0.0] * cpus))
    return Load(load.row, cells, sum(cells), load.history)


def _seconds_of(kinds: Collection[str], soft: Iterable[Mapping[str, float]]) -> list[float]:
    return [sum(each.get(kind, 0.0) for kind in kinds) for each in soft]


def _device_seconds(times: Sequence[CpuTime]) -> list[dict[str, float]]:
    """Return the soft time of each CPU by kind, for the kinds that devices raise.

    /proc/softirqs says how often a kind ran, not for how long. By these counts alone, NET_RX would
    have too little: one run handles up to 300 packets, and one of TIMER often nothing. The quietest
    CPU shows more. A run of TIMER, SCHED, HRTIMER or RCU is taken to last the same on every CPU,
    and no longer than the mean run of any CPU. The rest of a CPU's soft time is its devices', by
    their counts. The mean allows for one step of /proc/stat.
    """
    runs = [sum(time.softirqs.values()) for time in times]
    longest = min(
        (
            (time.soft + 1 / TICKS_PER_SECOND) / all_
            for time, all_ in zip(times, runs, strict=True)
            if all_
        ),
        default=0.0,
    )
    found = []
    for time, all_ in zip(times, runs, strict=True):
        by_kind = {kind: n for kind, n in time.softirqs.items() if kind in DEVICE_KINDS and n}
        devices = sum(by_kind.values())
        own = min(longest, time.soft / all_) * (all_ - devices) if all_ else 0.0
        found.append({kind: (time.soft - own) * n / devices for kind, n in by_kind.items()})
    return found
