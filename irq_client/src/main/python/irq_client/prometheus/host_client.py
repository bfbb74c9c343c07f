"""One host's interrupts, out of a Prometheus-compatible server that stores its /metrics.

Guarantees: counts are those of the host's irq_server, to the interrupt, between the two samples
that the window names. Cells that have no series of their own count as the row ``other``.

Caveats: who changed an affinity, and which, only the host's own irq_server knows. A cell that was
hidden for a part of the window counts as ``other`` in that part.
"""

import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from math import ceil
from typing import NamedTuple
from urllib.parse import unquote

from ..errors import ProblemError, UnknownNameError
from ..figures.imbalance import imbalance
from ..server import model
from ..server.client import A, Client
from ..server.json_fields import JsonObject, parse_object
from ..server.local_time import utc_text
from ..server.request import Request
from ..server.times import Time
from . import promql
from .api import PROMETHEUS, Api
from .counts import (
    Cells,
    Counts,
    Json,
    Row,
    by_cpu,
    chosen,
    cpu_number,
    device_rows,
    differences,
    first_values,
    keyed,
    rows_of,
    values,
)
from .samples import Past, read_past

LOOKBACK_MS = 300_000
"""The last value of a series may be this much older than a moment. Engines have the same limit."""

_BEFORE_MS = 3_600_000
"""The first sample of a window may be this much older than its start."""

_BEHIND_MS = 60_000
"""A scrape may come this much later than its sample."""

_ALL = Request()
_PERIOD_MS = 60_000
_DEFAULT_STEPS = 60
_MOST_STEPS = 10_000
_CELL = ("irq", "device", "cpu")
_KIND = ("kind", "device", "cpu")
"""The labels that name a counter. Kinds stand in the place of IRQs, and have no device."""


class Found(NamedTuple):
    """A host of the server, and if irq_server's families are there, or only node_exporter's."""

    instance: str
    is_exact: bool


class HostClient(Client):
    """A host of a Prometheus-compatible server, by its `instance`; asked like an irq_server."""

    names_changes = False

    def __init__(
        self, server: str, instance: str, *, token: str | None, timeout_seconds: float
    ) -> None:
        super().__init__(
            server, token=token, timeout_seconds=timeout_seconds, name=instance, peer=PROMETHEUS
        )
        self._instance = instance
        self._deadline = 0.0
        self._api = Api(self.server, lambda url, read: self._get(url, read, self._deadline))

    def hosts(self, pattern: str, request: Request) -> list[Found]:
        """Return the hosts that match a shell pattern, the worst balanced first.

        Hosts with node_exporter alone come last. Raise ServerError.
        """
        self._begin()
        start, end, _ = self._edges(request)
        length = end - start
        spanned = length + LOOKBACK_MS
        exact, others = (
            sorted(each.labels.get("instance", "") for each in self._api.at(expression, end))
            for expression in (
                promql.instances(promql.CHANGES, pattern, spanned),
                promql.instances(promql.NODE, pattern, spanned, cpu="0"),
            )
        )
        loads: defaultdict[str, list[float]] = defaultdict(list)
        for each in self._api.at(promql.loads(pattern, length), end):
            loads[each.labels.get("instance", "")].append(each.value)
        exact.sort(key=lambda name: -imbalance(loads[name]))
        machines = {_without_port(each) for each in exact}
        rest = [each for each in others if _without_port(each) not in machines]
        return [Found(each, True) for each in exact] + [Found(each, False) for each in rest]

    def set_affinity(self, irq: str, cpus: str) -> model.Affinity:  # noqa: ARG002 - the Client's
        """Raise ProblemError: only an irq_server sets an affinity."""
        raise self._unknown("sets affinities")

    def _ask(self, path: str, request: Request, reader: Callable[[JsonObject], A]) -> A:
        """Answer one of an irq_server's routes."""
        self._begin()

        def answered(_: bytes) -> A:
            answer = self._answer(path.strip("/").split("/"), request)
            return reader(parse_object(json.dumps(answer).encode()))

        return self._whole(self.server, b"", answered)

    def _answer(self, path: list[str], request: Request) -> Json:
        match path:
            case ["interrupts"]:
                return self._counts(request).interrupts()
            case ["irqs"]:
                return self._counts(request).irqs()
            case ["irqs", segment]:
                irq = unquote(segment)
                return self._counts(request._replace(irqs=(irq,))).one_irq(irq)
            case ["cpus"]:
                return self._counts(request, sums=True).cpus()
            case ["cpus", cpu]:
                return self._counts(request.updated(cpus=cpu)).one_cpu()
            case ["series"]:
                return self._series(request)
            case ["events"]:
                return self._events(request)
            case ["status"]:
                return self._status()
        raise self._unknown("knows affinities")

    def _unknown(self, what: str) -> ProblemError:
        reason = f"only the irq_server of {self._instance} {what}"
        return ProblemError(self.server, reason, "--server asks it", status=501)

    def _begin(self) -> None:
        """Start the time limit of a question, which its requests share."""
        self._deadline = time.monotonic() + self._timeout_seconds

    # ---- windows ------------------------------------------------------------------------------

    def _edges(self, request: Request) -> tuple[int, int, int]:
        """Return the requested start and end, and now, by the engine's clock."""
        now = self._api.now()

        def moment(at: Time) -> int:
            return now - round(at.seconds * 1000) if at.is_ago else round(at.seconds * 1000)

        period = round(request.period.seconds * 1000) if request.period else _PERIOD_MS
        end = moment(request.end) if request.end else now
        if request.start and request.period:
            end = moment(request.start) + period
        end = min(end, now)
        start = moment(request.start) if request.start else end - period
        if start >= end:
            raise ProblemError(self.server, "the window lies in the future", status=400)
        return start, end, now

    def _past(self, request: Request) -> Past:
        start, end, now = self._edges(request)
        families = (promql.CHANGES, promql.BOOT, promql.INTERVAL)
        length = end - start + _BEFORE_MS + _BEHIND_MS
        samples = promql.raw(self._selected(families), length)
        found = read_past(self._api.at(samples, end + _BEHIND_MS), start, end, now)
        if found is None:
            reason = f"it has no sample of {self._instance} until {utc_text(end)}"
            raise ProblemError(self.server, reason, status=404)
        return found

    # ---- counts -------------------------------------------------------------------------------

    def _selected(
        self, families: str | Sequence[str], request: Request = _ALL, irq_label: str = "irq"
    ) -> str:
        """Return the host's series of families, of the IRQs and CPUs that a request is about."""
        labels: dict[str, Sequence[str]] = {irq_label: request.irqs} if request.irqs else {}
        if request.cpus is not None:
            labels["cpu"] = tuple(map(str, request.cpus.cpus))
        return promql.selector(families, instance=self._instance, **labels)

    def _cells(self, request: Request) -> str:
        return self._selected((promql.CELLS, promql.MACHINE), request)

    def _kinds(self, request: Request) -> str:
        return self._selected(promql.BY_KIND, request._replace(irqs=()))

    def _edge_values(self, past: Past, series: str, labels: Sequence[str]) -> tuple[Cells, Cells]:
        """Return the values of counters at the edges of a window; those that ended in it too.

        A counter that was not there at the start has the first value that it has in the window: 0
        if it is new, its last value if it was hidden.
        """
        length = past.last - past.first
        before = values(self._api.at(promql.last(series, LOOKBACK_MS), past.first), labels)
        after = values(self._api.at(promql.last(series, length), past.last), labels)
        begun: Cells = {}
        if after.keys() - before.keys():
            begun = values(self._api.at(promql.first(series, length), past.last), labels)
        return first_values(before, begun, after), after

    def _counts(self, request: Request, *, sums: bool = False) -> Counts:
        """Return the counts of a window; with `sums` without rows if no filter needs them.

        Raise UnknownNameError for IRQs and CPUs without a series.
        """
        past = self._past(request)
        by_kind, whole = differences(*self._edge_values(past, self._kinds(request), _KIND))
        cpus = sorted({cpu_number(cpu) for _, _, cpu in by_kind})
        rows: list[Row] = []
        if not sums or request.irqs or request.device:
            cells, is_whole = differences(*self._edge_values(past, self._cells(request), _CELL))
            rows, whole = rows_of(cells), whole and is_whole
        if request.irqs or request.device:
            counted = rows_of(chosen(cells, request.device))
            totals, devices = by_cpu(counted, cpus), by_cpu(device_rows(counted), cpus)
        else:
            devices = {cpu: by_kind.get(("device", "", str(cpu)), 0) for cpu in cpus}
            totals = {cpu: n + by_kind.get(("own", "", str(cpu)), 0) for cpu, n in devices.items()}
        usable = frozenset(self._usable(past.end))
        window = past.window_json(whole)
        return self._chosen(Counts(window, past.seconds, rows, totals, devices, usable), request)

    def _chosen(self, counts: Counts, request: Request) -> Counts:
        """Return the counts that pass the filters. Raise UnknownNameError."""
        missing = sorted({*request.irqs} - {each.irq for each in counts.rows})
        if request.cpus is not None and not counts.totals:
            missing = [f"CPU {request.cpus.text}"]
        if missing and (request.cpus is None or not counts.totals):
            reason = f"{self._instance} has no series of {', '.join(missing)} in the window"
            advice = "irq_client irqs and irq_client cpus list what there is"
            raise UnknownNameError(self.server, reason, advice, status=404)
        return counts.chosen(request)

    def _usable(self, moment: int) -> list[int]:
        return [cpu for cpu, (on, isolated) in self._cpus(moment).items() if on and not isolated]

    def _cpus(self, moment: int) -> dict[int, tuple[bool, bool]]:
        """Return of each CPU if it is online, and if it is isolated."""
        found = self._api.at(promql.times(self._selected(promql.CPU_INFO)), moment)
        states = [each.keyed(("cpu", "online", "isolated")) for each in found]
        times = [each.value for each in found]
        newest = sorted(zip(times, states, strict=True))
        return {cpu_number(cpu): (on == "true", off == "true") for _, (cpu, on, off) in newest}

    # ---- series -------------------------------------------------------------------------------

    def _series(self, request: Request) -> Json:
        """Return the answer of `/series`."""
        past, by = self._past(request), request.by or "total"
        shown: set[str] | None = None
        if request.top is not None:
            shown = {each.irq for each in self._counts(request).rows}
        step = self._step_of(past, request)
        edges = [*range(past.start, past.end, step), past.end]
        points = []
        for start, end, cells in self._increments(past, request, edges):
            total, counts = keyed(chosen(cells, request.device), cells, by, shown)
            when = {"start": utc_text(start), "end": utc_text(end)}
            points.append({**when, "total": total, "counts": counts})
        window = past.window_json()
        return {"window": window, "step_seconds": step / 1000, "by": by, "points": points}

    def _step_of(self, past: Past, request: Request) -> int:
        """Return the step in milliseconds: a multiple of the resolution if a person gave none."""
        length = past.end - past.start
        step = max(round(length / _DEFAULT_STEPS), 1)
        if request.step:
            step = max(round(request.step.seconds * 1000), 1)
        elif past.resolution:
            step = ceil(step / past.resolution) * past.resolution
        if length / step > _MOST_STEPS:
            smallest = ceil(length / _MOST_STEPS) / 1000
            reason = f"too many steps; the smallest that works is {smallest:g}s"
            raise ProblemError(self.server, reason, status=400)
        return step

    def _increments(
        self, past: Past, request: Request, edges: Sequence[int]
    ) -> Iterator[tuple[int, int, Cells]]:
        """Yield the samples used for the edges of each step, and how much counters grew between.

        A counter's value at an edge is its last one at or before it. If it has none in a step, the
        one before holds on: it was hidden, or no sample came.
        """
        by_irq = request.by[:3] == "irq" or request.irqs or request.device
        labels = _CELL if by_irq else _KIND
        series = self._cells(request) if by_irq else self._kinds(request)
        state, after = self._edge_values(past, series, labels)
        at_edge: defaultdict[int, dict[tuple[str, str, str], int]] = defaultdict(dict)
        if len(edges) > 2:
            step = edges[1] - edges[0]
            last = promql.last(series, step)
            for each in self._api.steps(last, edges[1], edges[-2], step):
                key = each.keyed(labels)
                for moment, value in each.samples:
                    at_edge[moment][key] = max(round(value), at_edge[moment].get(key, 0))
        at_edge[edges[-1]] = dict(after)
        for edge, behind in pairwise(edges):
            start, end = past.at(edge), past.at(behind)
            if start < end:
                newer = {**state, **at_edge[behind]}
                yield start, end, differences(state, newer)[0]
                state = newer

    # ---- what happened ------------------------------------------------------------------------

    def _events(self, request: Request) -> Json:
        """Return the answer of `/events`: changes of affinities are counted, not named."""
        if request.irqs or request.device:
            raise self._unknown("knows which IRQs' affinities changed")
        past = self._past(request)
        found: list[tuple[int, str, int | None, str]] = [
            *((at, "affinity", None, _changes_text(n)) for at, n in past.changes),
            *((at, "boot", None, "") for at in past.boots),
            *((b, "gap", None, f"no sample for {(b - a) / 1000:g} s") for a, b in past.gaps),
            *self._hotplug(past, request),
        ]
        events = [
            {
                "time": utc_text(at),
                "event": event,
                "irq": None,
                "cpu": cpu,
                "detail": text,
                "by": "",
            }
            for at, event, cpu, text in sorted(found, key=lambda each: each[0])
            if past.start < at <= past.end
        ]
        return {"window": past.window_json(), "events": events}

    def _hotplug(self, past: Past, request: Request) -> Iterator[tuple[int, str, int, str]]:
        """Yield when a CPU came or went, as two scrapes show it."""
        length, end = past.last - past.first + 2 * _BEHIND_MS, past.last + _BEHIND_MS
        series = self._selected(promql.CPU_INFO, request._replace(irqs=()))
        for each in self._api.at(promql.changed_cpus(series, length), end):
            cpu = each.labels.get("cpu", "")
            of_cpu = promql.selector(promql.CPU_INFO, instance=self._instance, cpu=cpu)
            found = self._api.at(promql.raw(of_cpu, length), end)
            states = sorted(
                (at, s.labels.get("online") == "true") for s in found for at, _ in s.samples
            )
            for (_, was), (at, online) in pairwise(states):
                if was != online:
                    yield (
                        past.sample_of(at),
                        "cpu_online" if online else "cpu_offline",
                        cpu_number(cpu),
                        "",
                    )

    def _status(self) -> Json:
        """Return the answer of `/status`; only the host's own irq_server knows the nulls."""
        past = self._past(_ALL)
        found = self._api.at(self._selected(promql.OWN_STATE), past.now)
        figure = {each.labels.get("__name__", ""): round(each.value) for each in found}
        up, samples, late, size, damaged = map(figure.get, promql.OWN_STATE)
        state = "stopped" if up is None else "running" if up else "failing"
        cpus = [
            {"cpu": cpu, "online": online, "node": None, "isolated": isolated}
            for cpu, (online, isolated) in sorted(self._cpus(past.now).items())
        ]
        sampler = {
            "state": state,
            "interval_seconds": past.resolution / 1000,
            "last_sample": utc_text(past.last),
            "samples": samples or 0,
            "late": late or 0,
            "last_error": None,
        }
        store = {
            "bytes": size or 0,
            "max_bytes": None,
            "oldest": None,
            "newest": utc_text(past.last),
            "holds_seconds": None,
            "damaged": damaged or 0,
        }
        return {"sampler": sampler, "store": store, "now": utc_text(past.now), "cpus": cpus}


def _without_port(instance: str) -> str:
    return instance.rpartition(":")[0] or instance


def _changes_text(count: int) -> str:
    number = "1 change" if count == 1 else f"{count} changes"
    return f"{number}; its irq_server knows which, and by whom"
