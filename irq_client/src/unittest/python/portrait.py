"""A made-up machine for pictures, of any number of CPUs: a network card, a disk, the kernel's rows.

It stands still: an answer depends on the request alone. The queues of `eth0` were dealt out to all
CPUs but for one, which CPU 1 got as well; it was moved away at MOVED.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from irq_client.command_line.values import read_duration, read_time
from machine import STATUS
from service import Request, WebService, json_reply, problem

END = 1_767_268_860
"""2026-01-01T12:01:00Z, in Unix seconds: the newest sample."""

MOVED = END - 130
QUEUE = "26"
"""The queue that was moved from CPU 1 to CPU 0."""


def moment(seconds: float) -> str:
    """Return a Unix time as RFC 3339."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def window(query: Mapping[str, str]) -> tuple[float, float]:
    """Return the edges of the samples that a query asks for, in Unix seconds."""
    period = read_duration("period", query.get("period", "60")).seconds
    if "start" in query:
        start = read_time("start", query["start"]).seconds
        end = read_time("end", query["end"]).seconds if "end" in query else END
        end = start + period if "period" in query else end
    else:
        end = read_time("end", query.get("end", str(END))).seconds
        start = end - period
    return min(start, END) // 10 * 10, min(end, END) // 10 * 10


class Portrait:
    """Answers as an irq_server on that machine; an answerer of `WebService`."""

    def __init__(self, cpu_count: int) -> None:
        self.cpus = list(range(cpu_count))
        self.queues = min(cpu_count, 32)

    def __call__(self, _: WebService, request: Request) -> bytes:
        """Answer."""
        path = request.path.removeprefix("/api/v1/")
        if path == "status":
            online = {"online": True, "node": 0, "isolated": False}
            return json_reply(STATUS | {"cpus": [{"cpu": cpu} | online for cpu in self.cpus]})
        start, end = window(dict(request.query))
        answers = {
            "interrupts": self.irqs,
            "irqs": self.irqs,
            "cpus": self.cpu_totals,
            "series": self.series,
            "events": self.events,
        }
        if path not in answers:
            return problem(404, f"never saw {path}")
        edges = {
            "start": moment(start),
            "end": moment(end),
            "seconds": end - start,
            "samples": int(end - start) // 10 + 1,
            "complete": True,
            "gaps": 0,
            "resets": 0,
            "resolution_seconds": 10.0,
        }
        return json_reply({"window": edges} | answers[path](start, end))

    def rates(self, at: float) -> dict[tuple[str, str], list[int]]:
        """Return the interrupts per second of each IRQ and device by CPU."""
        count = len(self.cpus)
        rows = {("24", "ahci[0000:00:1f.2]"): self.alone(count - 1, 120), ("25", "xhci_hcd"): []}
        for queue in range(self.queues):
            cpu = queue % count if str(26 + queue) != QUEUE or at > MOVED else 1
            rate = 3400 // (1 + queue) * (80 + (int(at) // 10 * 37 + 53 * queue) % 41) // 100
            rows[(str(26 + queue), f"eth0-TxRx-{queue}")] = self.alone(cpu, rate)
        rows[("NMI", "")] = [1] * count
        rows[("LOC", "")] = [250 + 31 * cpu % 97 for cpu in self.cpus]
        rows[("RES", "")] = [18 + 7 * cpu % 11 for cpu in self.cpus]
        rows[("TLB", "")] = [4 * cpu % 9 for cpu in self.cpus]
        return {name: rates or [0] * count for name, rates in rows.items()}

    def alone(self, cpu: int, rate: int) -> list[int]:
        """Return the rates of an IRQ that fires on one CPU."""
        return [rate * (each == cpu) for each in self.cpus]

    def irqs(self, start: float, end: float) -> dict[str, object]:
        """Return the answer of /interrupts, which is one of /irqs too."""
        rows = []
        totals = [0] * len(self.cpus)
        for (irq, device), rates in self.rates(end).items():
            counts = [round(rate * (end - start)) for rate in rates]
            totals = [total + each for total, each in zip(totals, counts, strict=True)]
            busiest = rates.index(max(rates))
            row = {"irq": irq, "device": device, "counts": counts, "total": sum(counts)}
            row |= {"rate": sum(rates), "interface": device[:4] if "TxRx" in device else ""}
            affinity = str(busiest) if irq.isdecimal() else None
            row |= {"affinity": affinity, "effective_affinity": affinity}
            row |= {"writable": irq.isdecimal(), "pending": False}
            rows.append(row)
        return {"cpus": self.cpus, "irqs": rows, "totals": totals, "total": sum(totals)}

    def cpu_totals(self, start: float, end: float) -> dict[str, object]:
        """Return the answer of /cpus."""
        rows = self.rates(end)
        seconds = round(end - start)
        cpus = []
        for cpu in self.cpus:
            total = sum(rates[cpu] for rates in rows.values())
            devices = sum(rates[cpu] for (_, device), rates in rows.items() if device)
            row = {"cpu": cpu, "total": total * seconds, "rate": total}
            cpus.append(row | {"devices": devices * seconds})
        loads = [row["devices"] for row in cpus]
        imbalance = max(loads) * len(loads) / sum(loads)
        return {"cpus": cpus, "total": sum(row["total"] for row in cpus), "imbalance": imbalance}

    def series(self, start: float, end: float) -> dict[str, object]:
        """Return the answer of /series by CPU."""
        points = []
        for at in range(int(start), int(end), 10):
            rows = self.rates(at + 10).values()
            counts = {str(cpu): 10 * sum(row[cpu] for row in rows) for cpu in self.cpus}
            point = {"start": moment(at), "end": moment(at + 10)}
            points.append(point | {"total": sum(counts.values()), "counts": counts})
        return {"step_seconds": 10.0, "by": "cpu", "points": points}

    def events(self, start: float, end: float) -> dict[str, object]:
        """Return the answer of /events."""
        event = {
            "time": moment(MOVED),
            "event": "affinity",
            "irq": QUEUE,
            "cpu": None,
            "detail": "1 -> 0",
            "by": "192.0.2.7",
        }
        return {"events": [event] if start < MOVED <= end else []}
