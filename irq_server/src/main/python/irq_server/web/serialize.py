"""Values -> the JSON objects and CSV rows of the API. Pure.

The names of the rows' columns stand in routes.py.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from ..events import Event
from ..kernel.procfs import IrqAffinity
from ..kernel.topology import Cpu
from ..sampling.sampler import SamplerStatus
from ..store.counts import Counts, IrqCounts, Point
from ..store.history import Window
from ..store.store import StoreStatus
from ..store.totals import Identity
from ..times import format_moment, format_unix

Json = dict[str, Any]
Rows = list[list[Any]]


def window_json(window: Window) -> Json:
    """Return the ``window`` of an answer: the samples used, and their gaps and resets."""
    return {
        "start": format_moment(window.start.time),
        "end": format_moment(window.end.time),
        "seconds": window.seconds,
        "samples": window.samples,
        "complete": window.complete,
        "gaps": window.gaps,
        "resets": window.resets,
        "resolution_seconds": window.resolution_seconds,
        "tier": window.tier,
        "requested": {
            "start": format_moment(window.requested_start),
            "end": format_moment(window.requested_end),
        },
    }


def rate(total: int, window: Window) -> float:
    """Return counts per second; 0.0 for a window of one sample."""
    return total / window.seconds if window.seconds else 0.0


def irq_json(item: IrqCounts, window: Window) -> Json:
    """Return one IRQ with its counts by CPU."""
    return {
        "irq": item.irq,
        "device": item.device,
        "description": item.description,
        "counts": None if item.counts is None else list(item.counts),
        "total": item.total,
        "rate": rate(item.total, window),
    }


def affinity_fields(affinity: IrqAffinity | None) -> Json:
    """Return the fields of an IRQ's affinity, null and false if the kernel has none."""
    return {
        "affinity": affinity.affinity if affinity else None,
        "effective_affinity": affinity.effective if affinity else None,
        "writable": affinity is not None and affinity.writable,
        "pending": affinity is not None and affinity.is_pending,
    }


def interrupts_json(counts: Counts, window: Window) -> Json:
    """Return the answer of /interrupts."""
    return {
        "window": window_json(window),
        "cpus": list(counts.cpus),
        "irqs": [irq_json(item, window) for item in counts.irqs],
        "totals": list(counts.totals),
        "total": counts.total,
    }


def interrupts_csv(counts: Counts, nonzero: bool) -> Rows:
    """Return the tidy rows of /interrupts: a row per IRQ and CPU; a row without CPUs has none."""
    rows: Rows = []
    for item in counts.irqs:
        if item.counts is None:
            rows.append([item.irq, item.device, "", item.total])
            continue
        cells = zip(counts.cpus, item.counts, strict=True)
        rows += [[item.irq, item.device, cpu, n] for cpu, n in cells if n or not nonzero]
    return rows


def irqs_json(
    counts: Counts,
    window: Window,
    affinities: Mapping[str, IrqAffinity],
    above: Mapping[str, Sequence[str]],
) -> Json:
    """Return the answer of /irqs; `above` has the bonds and VLANs above each interface."""
    return {
        "window": window_json(window),
        "cpus": list(counts.cpus),
        "irqs": [
            irq_json(item, window)
            | affinity_fields(affinities.get(item.irq))
            | {"interface": item.interface, "above": _above(item.interface, above)}
            for item in counts.irqs
        ],
        "total": counts.total,
    }


def one_irq_json(
    counts: Counts,
    window: Window,
    affinities: Mapping[str, IrqAffinity],
    above: Mapping[str, Sequence[str]],
) -> Json:
    """Return the answer of /irqs/{irq}, from counts of that IRQ alone."""
    every = irqs_json(counts, window, affinities, above)
    (fields,) = every["irqs"]
    return {"window": every["window"], "cpus": every["cpus"], **fields}


def _above(interface: str, above: Mapping[str, Sequence[str]]) -> list[str]:
    names = (name for each in interface.split(", ") for name in above.get(each, ()))
    return list(dict.fromkeys(names))


def irqs_csv(
    items: Iterable[IrqCounts], window: Window, affinities: Mapping[str, IrqAffinity]
) -> Rows:
    """Return the rows of /irqs."""
    rows: Rows = []
    for item in items:
        affinity = affinities.get(item.irq)
        text = affinity.affinity if affinity else ""
        rows.append([item.irq, item.device, item.total, rate(item.total, window), text])
    return rows


def cpus_json(counts: Counts, window: Window, usable: Collection[int]) -> Json:
    """Return the answer of /cpus; the imbalance is that of the `usable` CPUs."""
    figures = list(zip(counts.cpus, counts.totals, counts.devices, strict=True))
    return {
        "window": window_json(window),
        "cpus": [
            {"cpu": cpu, "total": total, "rate": rate(total, window), "devices": devices}
            for cpu, total, devices in figures
        ],
        "total": counts.total,
        "imbalance": imbalance([devices for cpu, _, devices in figures if cpu in usable]),
    }


def imbalance(loads: Sequence[int]) -> float:
    """Return the largest load over the mean, 1.0 if there is none."""
    total = sum(loads)
    return max(loads) * len(loads) / total if total else 1.0


def cpus_csv(counts: Counts, window: Window) -> Rows:
    """Return the rows of /cpus."""
    cells = zip(counts.cpus, counts.totals, strict=True)
    return [[cpu, n, rate(n, window)] for cpu, n in cells]


def cpu_json(cpu: int, counts: Counts, window: Window) -> Json:
    """Return the answer of /cpus/{cpu}, from counts on that CPU alone."""
    return {
        "window": window_json(window),
        "cpu": cpu,
        "total": counts.total,
        "rate": rate(counts.total, window),
        "irqs": [
            {
                "irq": item.irq,
                "device": item.device,
                "description": item.description,
                "total": item.total,
                "rate": rate(item.total, window),
            }
            for item in counts.irqs
        ],
    }


def cpu_csv(counts: Counts, window: Window) -> Rows:
    """Return the rows of /cpus/{cpu}."""
    return [[each.irq, each.device, each.total, rate(each.total, window)] for each in counts.irqs]


def affinity_json(identity: Identity, affinity: IrqAffinity) -> Json:
    """Return the answer of /irqs/{irq}/affinity."""
    return {
        "irq": identity.irq,
        "device": identity.device,
        **affinity_fields(affinity),
    }


def affinity_csv(identity: Identity, affinity: IrqAffinity) -> Rows:
    """Return the one row of /irqs/{irq}/affinity."""
    fields = affinity_json(identity, affinity)
    words = {True: "true", False: "false", None: ""}
    return [
        [words[each] if each is None or each in (True, False) else each for each in fields.values()]
    ]


def status_json(
    sampler: SamplerStatus, store: StoreStatus, cpus: Iterable[Cpu], own: Mapping[str, Any]
) -> Json:
    """Return the answer of /status; `own` is what the server says of itself."""
    return {
        **own,
        "sampler": {
            "state": sampler.state,
            "interval_seconds": sampler.interval_seconds,
            "last_sample": _moment_json(sampler.last_sample),
            "samples": sampler.samples,
            "late": sampler.late,
            "last_error": sampler.last_error,
        },
        "store": {
            "bytes": store.size_bytes,
            "max_bytes": store.max_bytes,
            "oldest": _moment_json(store.oldest),
            "newest": _moment_json(store.newest),
            "holds_seconds": store.holds_seconds,
            "damaged": store.damaged_bytes,
        },
        "cpus": [
            {
                "cpu": each.number,
                "online": each.is_online,
                "node": each.node,
                "isolated": each.is_isolated,
            }
            for each in cpus
        ],
    }


def series_json(points: Iterable[Point], window: Window, step: float, by: str) -> Json:
    """Return the answer of /series."""
    return {
        "window": window_json(window),
        "step_seconds": step,
        "by": by,
        "points": [
            {
                "start": format_moment(each.start),
                "end": format_moment(each.end),
                "total": each.total,
                "counts": each.counts,
            }
            for each in points
        ],
    }


def series_csv(points: Iterable[Point]) -> Rows:
    """Return the tidy rows of /series: a row per step and key; times in Unix seconds."""
    rows: Rows = []
    for each in points:
        edges = [format_unix(each.start), format_unix(each.end)]
        rows += [[*edges, key, n] for key, n in each.counts.items()]
    return rows


def events_json(events: Iterable[Event], window: Window) -> Json:
    """Return the answer of /events."""
    return {
        "window": window_json(window),
        "events": [
            {
                "time": format_moment(each.time),
                "event": each.event,
                "irq": each.irq,
                "cpu": each.cpu,
                "detail": each.detail,
                "by": each.by,
            }
            for each in events
        ],
    }


def events_csv(events: Iterable[Event]) -> Rows:
    """Return the rows of /events; times in Unix seconds."""
    return [
        [
            format_unix(each.time),
            each.event,
            each.irq or "",
            "" if each.cpu is None else each.cpu,
            each.detail,
            each.by,
        ]
        for each in events
    ]


def _moment_json(moment: float | None) -> str | None:
    return None if moment is None else format_moment(moment)
