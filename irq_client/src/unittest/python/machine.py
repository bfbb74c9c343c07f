"""Answers of an irq_server, as the contract of the three projects says, for a machine made up."""

import json
from collections.abc import Mapping

from service import Request, WebService, json_reply, problem, reply

WINDOW = {
    "start": "2026-01-01T00:00:00Z",
    "end": "2026-01-01T00:01:00Z",
    "seconds": 60.0,
    "samples": 7,
    "complete": True,
    "gaps": 0,
    "resets": 0,
    "resolution_seconds": 10.0,
    "requested": {"start": "2026-01-01T00:00:03Z", "end": "2026-01-01T00:01:03Z"},
}

ROWS = [
    {"irq": "24", "device": "ahci[0000:00:1f.2]", "counts": [1800, 0], "total": 1800, "rate": 30.0},
    {"irq": "36", "device": "virtio1-req.0", "counts": [0, 5604], "total": 5604, "rate": 93.4},
    {"irq": "NMI", "device": "", "counts": [4, 3697], "total": 3701, "rate": 61.7},
    {"irq": "ERR", "device": "", "counts": None, "total": 2, "rate": 0.0},
]

INTERRUPTS = {
    "window": WINDOW,
    "cpus": [0, 1],
    "irqs": ROWS,
    "totals": [1804, 9301],
    "total": 11105,
}

AFFINITIES = {"24": ("0-1", "0"), "36": ("0-1", "1")}

IRQS = {
    "window": WINDOW,
    "cpus": [0, 1],
    "irqs": [
        row
        | dict(
            zip(
                ("affinity", "effective_affinity"),
                AFFINITIES.get(str(row["irq"]), (None, None)),
                strict=True,
            )
        )
        for row in ROWS
    ],
    "total": 11105,
}

ONE_IRQ = {"window": WINDOW, "cpus": [0, 1], **IRQS["irqs"][1]}

CPUS = {
    "window": WINDOW,
    "cpus": [
        {"cpu": 0, "total": 1804, "rate": 30.1, "devices": 1800},
        {"cpu": 1, "total": 9301, "rate": 155.0, "devices": 5604},
    ],
    "total": 11105,
    "imbalance": 5604 / 3702,
}

ONE_CPU = {
    "window": WINDOW,
    "cpu": 1,
    "total": 9301,
    "rate": 155.0,
    "irqs": [
        {"irq": "NMI", "device": "", "total": 3697, "rate": 61.6},
        {"irq": "36", "device": "virtio1-req.0", "total": 5604, "rate": 93.4},
    ],
}

SERIES = {
    "window": WINDOW,
    "step_seconds": 30.0,
    "by": "cpu",
    "points": [
        {
            "start": "2026-01-01T00:00:00Z",
            "end": "2026-01-01T00:00:30.250Z",
            "total": 5000,
            "counts": {"0": 900, "1": 4100},
        },
        {
            "start": "2026-01-01T00:00:30.250Z",
            "end": "2026-01-01T00:01:00Z",
            "total": 6105,
            "counts": {"0": 904, "1": 5201},
        },
    ],
}

EVENTS = {
    "window": WINDOW,
    "events": [
        {
            "time": "2026-01-01T00:00:08Z",
            "event": "affinity_request",
            "irq": "36",
            "cpu": None,
            "detail": "1 from 192.0.2.7",
            "by": "192.0.2.7",
        },
        {
            "time": "2026-01-01T00:00:10Z",
            "event": "affinity",
            "irq": "36",
            "cpu": None,
            "detail": "0-1 -> 1",
            "by": "192.0.2.7",
        },
        {
            "time": "2026-01-01T00:00:20.500Z",
            "event": "cpu_offline",
            "irq": None,
            "cpu": 3,
            "detail": "",
            "by": "",
        },
    ],
}

AFFINITY = {
    "irq": "36",
    "device": "virtio1-req.0",
    "affinity": "0-1",
    "effective_affinity": "1",
    "writable": True,
    "pending": False,
}

STATUS = {
    "sampler": {
        "state": "running",
        "interval_seconds": 10.0,
        "last_sample": "2026-01-01T00:01:00Z",
        "samples": 4321,
        "late": 2,
        "last_error": None,
    },
    "store": {
        "bytes": 1_572_864,
        "max_bytes": 1_073_741_824,
        "oldest": "2025-12-31T12:00:00Z",
        "newest": "2026-01-01T00:01:00Z",
        "holds_seconds": 8_640_000.0,
        "damaged": 0,
    },
    "cpus": [
        {"cpu": 0, "online": True, "node": 0, "isolated": False},
        {"cpu": 1, "online": True, "node": 0, "isolated": False},
        {"cpu": 2, "online": True, "node": 0, "isolated": True},
        {"cpu": 3, "online": False, "node": None, "isolated": False},
    ],
}

ANSWERS: Mapping[str, object] = {
    "/api/v1/interrupts": INTERRUPTS,
    "/api/v1/irqs": IRQS,
    "/api/v1/irqs/36": ONE_IRQ,
    "/api/v1/irqs/36/affinity": AFFINITY,
    "/api/v1/cpus": CPUS,
    "/api/v1/cpus/1": ONE_CPU,
    "/api/v1/series": SERIES,
    "/api/v1/events": EVENTS,
    "/api/v1/status": STATUS,
}


def answer_well(_: WebService, request: Request) -> bytes:
    """Answer as an irq_server on that machine would, whatever the window."""
    if request.path not in ANSWERS:
        return problem(404, f"never saw {request.path.rpartition('/')[2]}")
    if request.method == "PUT":
        cpus = json.loads(request.body)["cpus"]
        return json_reply(AFFINITY | {"affinity": cpus, "pending": True})
    return json_reply(ANSWERS[request.path])


def wide_machine(cpu_count: int, irq_count: int) -> bytes:
    """Return the answer of `/interrupts` on a large machine: IRQ n counts on CPU n, and a little.

    CPU 0 is busy by the timer, so it is the busiest; the others fall from CPU 1 on.
    """
    rows = []
    totals = [0] * cpu_count
    for number in range(irq_count):
        counts = [0] * cpu_count
        counts[number % cpu_count] = 2_000_000 - 1000 * (number % cpu_count)
        counts[0] += 500
        totals = [total + count for total, count in zip(totals, counts, strict=True)]
        rows.append(
            {
                "irq": str(24 + number),
                "device": f"mlx5_comp{number}@pci:0000:c1:00.{number % 2}",
                "counts": counts,
                "total": sum(counts),
                "rate": sum(counts) / 60,
            }
        )
    answer = {
        "window": WINDOW,
        "cpus": list(range(cpu_count)),
        "irqs": rows,
        "totals": totals,
        "total": sum(totals),
    }
    return json_reply(answer)


HTML = reply(b"<html><body>It works!</body></html>", kind="text/html; charset=utf-8")

WIDE = wide_machine(128, 1000)
