"""The routes under /api/v1: parse the query, read the store, answer in JSON or CSV."""

import csv
import io
import json
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from flask import Blueprint, Response, request

from .. import __version__
from ..errors import (
    AffinityError,
    AffinityRefusedError,
    InterruptsFormatError,
    NoSampleError,
    NoSuchCpuError,
    NoSuchIrqError,
    ParameterError,
    StoreError,
)
from ..events import Event
from ..kernel import affinity
from ..kernel.interrupts import Snapshot
from ..kernel.procfs import IrqAffinity, Procfs
from ..kernel.topology import Cpu, Topology
from ..sampling.sampler import Sampler
from ..store.counting import Counting
from ..store.counts import Counts, Filters, IrqCounts, KnownRow, Point, keys
from ..store.history import Window
from ..store.series import Tally
from ..store.store import Store
from ..store.sums import ROWS, serves
from ..store.totals import Identity
from ..times import format_moment
from . import serialize
from .body import parse_affinity
from .limits import check_bytes, check_events, check_series, check_table
from .parameters import BY, FORMAT, PATH_CPU
from .problem import problem
from .query import (
    Query,
    is_fixed,
    parse_edges,
    parse_filters,
    parse_step,
    series_edges,
)
from .routes import API_ROUTES, CSV, JSON, Route

_log = logging.getLogger(__name__)


LIVE = "no-store"
FIXED = "private, no-cache"
"""For a window in the past: to keep, and to request again by its ETag."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A route's answer in its forms; only the requested form is made.

    ``is_fixed``: the same request may find the same answer at any later moment.
    """

    json: Callable[[], dict[str, Any]]
    csv: Callable[[], Iterable[list[Any]]] | None = None
    is_fixed: bool = False


@dataclass(frozen=True, slots=True)
class _Counted:
    """The counts of a requested window, by its filters."""

    counts: Counts
    window: Window
    filters: Filters
    is_fixed: bool


class Api:
    """The answers of /api/v1, from one store; `now` returns the moment, Unix seconds."""

    def __init__(
        self,
        store: Store,
        sampler: Sampler,
        procfs: Procfs,
        topology: Topology,
        now: Callable[[], float],
        *,
        writes_allowed: bool,
    ) -> None:
        self._store = store
        self._counting = Counting(store)
        self._sampler = sampler
        self._procfs = procfs
        self._topology = topology
        self._writes_allowed = writes_allowed
        self._clock = now
        self._writer = affinity.AffinityWriter(procfs, sampler.watch, self._record)

    def _now(self) -> float:
        """Return the moment, or the newest sample's if the clock was set back."""
        return max(self._clock(), self._store.last_time or 0.0)

    def blueprint(self) -> Blueprint:
        """Return the routes of the table; the method of each route's name answers it."""
        blueprint = Blueprint("api", __name__)
        for route in API_ROUTES:
            function = view(route, getattr(self, route.name))
            blueprint.add_url_rule(route.rule, route.name, function, methods=[route.method])
        return blueprint

    def interrupts(self, query: Query) -> Answer:
        """Return counts by IRQ and CPU in the window, with totals."""
        asked = self._count(query)
        counts, window = asked.counts, asked.window
        check_table(counts)
        return Answer(
            lambda: serialize.interrupts_json(counts, window),
            lambda: serialize.interrupts_csv(counts, asked.filters.nonzero),
            asked.is_fixed,
        )

    def irqs(self, query: Query) -> Answer:
        """Return per IRQ: device, counts by CPU, total, rate, and the affinity of now."""
        asked = self._count(query)
        counts, window = asked.counts, asked.window
        check_table(counts)
        affinities = self._affinities(counts.irqs)
        return Answer(
            lambda: serialize.irqs_json(counts, window, affinities),
            lambda: serialize.irqs_csv(counts.irqs, window, affinities),
        )

    def irq(self, query: Query, irq: str) -> Answer:
        """Return one IRQ."""
        self._identity(irq)
        asked = self._count(query, irq=irq)
        counts, window = asked.counts, asked.window
        if not counts.irqs:
            raise ParameterError("cpu", f"IRQ {irq} is one figure for the machine, on no CPU")
        affinities = self._affinities(counts.irqs)
        return Answer(
            lambda: serialize.one_irq_json(counts, window, affinities),
            lambda: serialize.irqs_csv(counts.irqs, window, affinities),
        )

    def affinity(self, _: Query, irq: str) -> Answer:
        """Return where one IRQ may go, and where the kernel sends it."""
        identity = self._identity(irq)
        return _affinity_answer(identity, self._affinity(identity))

    def set_affinity(self, _: Query, irq: str) -> Answer:
        """Send one IRQ to other CPUs; return what the kernel then says."""
        cpus = parse_affinity(request.get_data())
        identity = self._identity(irq)
        if not identity.label.isdecimal():
            raise AffinityRefusedError(irq, "it is no device's: the kernel itself places it")
        snapshot = self._machine_now()
        here = any(row.irq == identity.label and identity.is_still(row) for row in snapshot.rows)
        if not here or irq not in self._store.rows.numbered:
            raise AffinityError(irq, "it is gone, or another device has its number now")
        who = request.remote_addr or "the Unix socket"
        wanted = affinity.Request(irq, identity.label, cpus, who)
        moment = self._store.time_as_written(self._now())
        after = self._writer.set(wanted, frozenset(snapshot.cpus), moment)
        return _affinity_answer(identity, after)

    def _machine_now(self) -> Snapshot:
        """Return a snapshot of now, as an interval may be long: CPUs online, devices of numbers."""
        last = self._store.rows.snapshot
        if last is None:
            raise NoSampleError
        try:
            return self._procfs.snapshot()
        except (OSError, InterruptsFormatError):
            return last

    def _record(self, event: Event) -> None:
        """Record an event of a request; if the disk refuses, only the log has it."""
        _log.info("%s: IRQ %s: %s", event.event, event.irq, event.detail)
        try:
            self._store.record(event)
        except StoreError as error:
            _log.error("the event %s is not recorded: %s", event.event, error)

    def cpus(self, query: Query) -> Answer:
        """Return per CPU: total and rate."""
        asked = self._count(query)
        usable = {each.number for each in self._cpus() if each.is_usable}
        return Answer(
            lambda: serialize.cpus_json(asked.counts, asked.window, usable),
            lambda: serialize.cpus_csv(asked.counts, asked.window),
            asked.is_fixed,
        )

    def cpu(self, query: Query, cpu: str) -> Answer:
        """Return one CPU: total, rate, counts by IRQ."""
        number = PATH_CPU.parse(cpu)
        if number not in self._store.rows.cpus:
            raise NoSuchCpuError(cpu if number is None else number)
        asked = self._count(query, cpu=number)
        return Answer(
            lambda: serialize.cpu_json(number, asked.counts, asked.window),
            lambda: serialize.cpu_csv(asked.counts, asked.window),
            asked.is_fixed,
        )

    def series(self, query: Query) -> Answer:
        """Return counts per step, by CPU, IRQ or both."""
        now = self._now()
        edges = parse_edges(query, now)
        by, step = query.one(BY) or "total", parse_step(query, edges)
        asked = self._count(query, now=now)
        rows = self._store.rows.at(asked.window.end)
        reads = max(len(asked.window.end.state), len(rows))
        check_series(edges, step, len(keys(asked.counts, by)), reads)
        points = list(self._points(asked, by, step, series_edges(edges, step), rows))
        return Answer(
            lambda: serialize.series_json(points, asked.window, step, by),
            lambda: serialize.series_csv(points),
            asked.is_fixed,
        )

    def _points(
        self,
        asked: _Counted,
        by: str,
        step: float,
        moments: Sequence[float],
        rows: Sequence[KnownRow],
    ) -> Iterator[Point]:
        shown = None
        if asked.filters.top is not None:
            shown = {each.irq for each in asked.counts.irqs}
        is_summed = serves(asked.filters, by)
        rows = ROWS if is_summed else rows
        tally = Tally(rows, self._store.rows.cpus, asked.filters, by, shown)
        for a, b in pairwise(self._store.history.samples_at(moments, step, is_summed)):
            if a.time < b.time:
                yield tally.point(a.time, b.time, a.state, b.state)

    def events(self, query: Query) -> Answer:
        """Return the events of the requested window, ``(start, end]``."""
        window, filters, fixed = self._window(query)
        events = [
            each
            for each in self._store.history.events_between(
                window.requested_start, window.requested_end
            )
            if self._concerns(each, filters)
        ]
        check_events(events)
        return Answer(
            lambda: serialize.events_json(events, window),
            lambda: serialize.events_csv(events),
            fixed,
        )

    def status(self, _: Query) -> Answer:
        """Return the state of the sampler and the store, and the CPUs."""
        own = {
            "now": format_moment(self._clock()),
            "hostname": self._procfs.read_hostname(),
            "version": __version__,
            "writes_allowed": self._writes_allowed,
        }
        sampler, store, cpus = self._sampler.status, self._store.status(), self._cpus()
        return Answer(lambda: serialize.status_json(sampler, store, cpus, own))

    def _cpus(self) -> tuple[Cpu, ...]:
        """Return every CPU that was ever seen, none before the first sample."""
        snapshot = self._store.rows.snapshot
        try:
            numbers = self._store.rows.cpus
        except NoSampleError:
            return ()
        return self._topology.cpus(numbers, snapshot.cpus if snapshot else numbers)

    def _count(
        self,
        query: Query,
        irq: str | None = None,
        cpu: int | None = None,
        now: float | None = None,
    ) -> _Counted:
        window, filters, fixed = self._window(query, irq, cpu, now)
        return _Counted(self._counting.count(window, filters), window, filters, fixed)

    def _window(
        self,
        query: Query,
        irq: str | None = None,
        cpu: int | None = None,
        now: float | None = None,
    ) -> tuple[Window, Filters, bool]:
        """Return the requested window and filters, and whether the answer stays the same."""
        now = self._now() if now is None else now
        edges = parse_edges(query, now)
        asked = parse_filters(query)
        filters = replace(
            asked,
            irqs=asked.irqs if irq is None else frozenset({irq}),
            cpus=asked.cpus if cpu is None else frozenset({cpu}),
        )
        window = self._store.history.window(edges.start, edges.end, now)
        self._check_known(filters)
        fixed = is_fixed(query, edges, self._store.history.latest.time)
        return window, filters, fixed

    def _concerns(self, event: Event, filters: Filters) -> bool:
        """Return whether an event is about an IRQ and a CPU that pass `filters`."""
        if filters.cpus is not None and event.cpu not in filters.cpus:
            return False
        if filters.irqs is None and filters.device is None:
            return True
        identity = self._store.rows.identities.get(event.irq or "")
        return identity is not None and filters.take(identity)

    def _check_known(self, filters: Filters) -> None:
        for irq in sorted(filters.irqs or ()):
            self._identity(irq)
        unknown = (filters.cpus or frozenset()) - self._store.rows.cpus
        if unknown:
            raise NoSuchCpuError(min(unknown))

    def _identity(self, irq: str) -> Identity:
        identity = self._store.rows.identities.get(irq)
        if identity is None:
            _ = self._store.history.latest  # before the first sample no IRQ is known to be missing
            raise NoSuchIrqError(irq)
        return identity

    def _affinity(self, identity: Identity) -> IrqAffinity:
        if identity.irq not in self._store.rows.numbered:
            raise AffinityError(identity.irq, "it has no affinity now")
        return self._procfs.read_affinity(identity.label)

    def _affinities(self, items: Iterable[IrqCounts]) -> dict[str, IrqAffinity]:
        found = {}
        for item in items:
            try:
                found[item.irq] = self._affinity(self._identity(item.irq))
            except AffinityError:
                continue
        return found


def _affinity_answer(identity: Identity, affinity: IrqAffinity) -> Answer:
    return Answer(
        lambda: serialize.affinity_json(identity, affinity),
        lambda: serialize.affinity_csv(identity, affinity),
    )


def view(route: Route, answer: Callable[..., Answer]) -> Callable[..., Response]:
    """Return the function that Flask calls for `route`; `answer` takes the query."""

    def respond(**path: str) -> Response:
        query = Query(request.args.items(multi=True), route.known)
        form = _form(route, query)
        if form is None:
            return problem(406, f"this route answers {_types(route)}, and Accept takes neither")
        found = answer(query, **path)
        response = _csv(found) if form == "csv" else _json(found)
        check_bytes(response.content_length or 0, route.narrow)
        response.headers["Cache-Control"] = FIXED if found.is_fixed else LIVE
        if route.columns:
            response.headers["Vary"] = "Accept"
        if found.is_fixed:
            response.add_etag(weak=True)  # gzip may follow
            response.make_conditional(request)
        return response

    respond.__doc__ = f"{route.summary}."
    return respond


def _types(route: Route) -> str:
    return f"{JSON} or {CSV}" if route.columns else f"only {JSON}"


def _form(route: Route, query: Query) -> str | None:
    """Return ``json`` or ``csv``; None if the Accept header takes neither."""
    accepted = request.headers.get("Accept", "").strip()
    offers = [JSON, CSV] if route.columns else [JSON]
    best = request.accept_mimetypes.best_match(offers) if accepted else JSON
    form = query.one(FORMAT)
    if form is None and best is not None:
        return "csv" if best == CSV else "json"
    return form


def _json(answer: Answer) -> Response:
    return Response(json.dumps(answer.json()) + "\n", mimetype=JSON)


def _csv(answer: Answer) -> Response:
    text = io.StringIO()
    if answer.csv is not None:
        csv.writer(text, lineterminator="\n").writerows(answer.csv())
    return Response(text.getvalue(), mimetype=CSV)
