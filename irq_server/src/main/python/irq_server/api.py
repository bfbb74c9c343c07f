"""The routes under /api/v1: parse the parameters, ask the store, make JSON or CSV of the answer."""

import csv
import io
import logging
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from itertools import pairwise
from typing import Any

from flask import Blueprint, Response, jsonify, request

from . import affinity, answers
from .body import parse_affinity
from .counting import Counting
from .errors import (
    AffinityError,
    AffinityRefusedError,
    NoSampleError,
    NoSuchCpuError,
    NoSuchIrqError,
    ParameterError,
    StoreError,
)
from .history import Window
from .ledger import Event
from .procfs import Affinity, Procfs
from .query import (
    FILTERS,
    WINDOW,
    Parameters,
    parse_by,
    parse_edges,
    parse_filters,
    parse_format,
    parse_step,
    series_edges,
)
from .sampler import Sampler
from .store import Store
from .totals import Identity
from .window import Counts, Filters, IrqCounts, count, point

_log = logging.getLogger(__name__)


class Api:
    """The answers of /api/v1, from one store."""

    def __init__(
        self, store: Store, sampler: Sampler, procfs: Procfs, now: Callable[[], float]
    ) -> None:
        """Takes what is asked, and a function that gives the moment, Unix seconds."""
        self._store = store
        self._counting = Counting(store)
        self._sampler = sampler
        self._procfs = procfs
        self._clock = now
        self._writer = affinity.AffinityWriter(procfs, sampler.watch, self._record)

    def _now(self) -> float:
        """Gives the moment; never one before the newest sample, where the clock was set back."""
        return max(self._clock(), self._store.last_time or 0.0)

    def blueprint(self) -> Blueprint:
        """Gives the routes."""
        routes = Blueprint("api", __name__, url_prefix="/api/v1")
        routes.add_url_rule("/interrupts", view_func=self.interrupts)
        routes.add_url_rule("/irqs", view_func=self.irqs)
        routes.add_url_rule("/irqs/<path:irq>", view_func=self.irq)
        routes.add_url_rule("/irqs/<path:irq>/affinity", view_func=self.affinity)
        routes.add_url_rule(
            "/irqs/<path:irq>/affinity", view_func=self.set_affinity, methods=["PUT"]
        )
        routes.add_url_rule("/cpus", view_func=self.cpus)
        routes.add_url_rule("/cpus/<cpu>", view_func=self.cpu)
        routes.add_url_rule("/series", view_func=self.series)
        routes.add_url_rule("/events", view_func=self.events)
        routes.add_url_rule("/status", view_func=self.status)
        routes.after_request(_never_cached)
        return routes

    def interrupts(self) -> Response:
        """IRQ by CPU counts in the window, with totals."""
        parameters = _parameters(*WINDOW, *FILTERS)
        form = _format(parameters)
        counts, window, filters = self._count(parameters)
        if form == "csv":
            return _csv(answers.interrupts_csv(counts, filters.nonzero))
        return jsonify(answers.interrupts_json(counts, window))

    def irqs(self) -> Response:
        """Per IRQ: device, counts by CPU, total, rate, affinity."""
        parameters = _parameters(*WINDOW, *FILTERS)
        form = _format(parameters)
        counts, window, _ = self._count(parameters)
        affinities = self._affinities(counts.irqs)
        if form == "csv":
            return _csv(answers.irqs_csv(counts.irqs, window, affinities))
        return jsonify(answers.irqs_json(counts, window, affinities))

    def irq(self, irq: str) -> Response:
        """One IRQ."""
        parameters = _parameters(*WINDOW, "cpu")
        form = _format(parameters)
        self._identity(irq)
        counts, window, _ = self._count(parameters, irq=irq)
        if not counts.irqs:
            raise ParameterError("cpu", f"IRQ {irq} is one figure for the machine, on no CPU")
        affinities = self._affinities(counts.irqs)
        if form == "csv":
            return _csv(answers.irqs_csv(counts.irqs, window, affinities))
        every = answers.irqs_json(counts, window, affinities)
        body = {"window": every["window"], "cpus": every["cpus"]}
        return jsonify(body | every["irqs"][0])

    def affinity(self, irq: str) -> Response:
        """Where one IRQ may go, and where the kernel sends it."""
        _parameters(formats=False)
        identity = self._identity(irq)
        return jsonify(answers.affinity_json(identity, self._affinity(identity)))

    def set_affinity(self, irq: str) -> Response:
        """Sends one IRQ to other CPUs, and answers what the kernel then says."""
        _parameters(formats=False)
        cpus = parse_affinity(request.get_data())
        identity = self._identity(irq)
        snapshot = self._store.snapshot
        if snapshot is None:
            raise NoSampleError
        if not identity.label.isdecimal():
            raise AffinityRefusedError(irq, "it is no device's: the kernel itself places it")
        if irq not in self._store.numbered_now:
            raise AffinityError(irq, "it is gone, or another device has its number now")
        who = request.remote_addr or "the Unix socket"
        wanted = affinity.Request(irq, identity.label, cpus, who)
        moment = self._store.time_as_written(self._now())
        after = self._writer.set(wanted, frozenset(snapshot.cpus), moment)
        return jsonify(answers.affinity_json(identity, after))

    def _record(self, event: Event) -> None:
        """Records an event of a request; where the disk refuses, the log alone has it."""
        _log.info("%s: IRQ %s: %s", event.event, event.irq, event.detail)
        try:
            self._store.record(event)
        except StoreError as error:
            _log.error("the event %s is not recorded: %s", event.event, error)

    def cpus(self) -> Response:
        """Per CPU: total and rate."""
        parameters = _parameters(*WINDOW, *FILTERS)
        form = _format(parameters)
        counts, window, _ = self._count(parameters)
        if form == "csv":
            return _csv(answers.cpus_csv(counts, window))
        return jsonify(answers.cpus_json(counts, window))

    def cpu(self, cpu: str) -> Response:
        """One CPU: total, rate, counts by IRQ."""
        parameters = _parameters(*WINDOW, "irq", "device", "nonzero", "top")
        form = _format(parameters)
        digits = cpu.lstrip("0")[:9] or "0"
        number = int(digits) if cpu.isdecimal() and cpu.isascii() else -1
        if number not in self._store.cpus:
            raise NoSuchCpuError(number if number >= 0 else cpu)
        counts, window, _ = self._count(parameters, cpu=number)
        if form == "csv":
            return _csv(answers.cpu_csv(counts, window))
        return jsonify(answers.cpu_json(number, counts, window))

    def series(self) -> Response:
        """Counts per step, by CPU, IRQ or both."""
        parameters = _parameters(*WINDOW, *FILTERS, "step", "by")
        form = _format(parameters)
        now = self._now()
        edges = parse_edges(parameters, now)
        by, step = parse_by(parameters), parse_step(parameters, edges)
        whole, window, filters = self._count(parameters, now=now)
        shown = None if filters.top is None else {each.irq for each in whole.irqs}
        filters = replace(filters, top=None, nonzero=True)
        samples = self._store.history.samples_at(series_edges(edges, step))
        rows = self._store.rows(window.end)
        cpus = self._store.cpus
        points = [
            point(a.time, b.time, count(a.state, b.state, rows, cpus, filters), by, shown)
            for a, b in pairwise(samples)
            if a.time < b.time
        ]
        if form == "csv":
            return _csv(answers.series_csv(points))
        return jsonify(answers.series_json(points, window, step, by))

    def events(self) -> Response:
        """What happened in the window, as it was asked for: (start, end]."""
        parameters = _parameters(*WINDOW, "irq", "cpu")
        form = _format(parameters)
        _, window, filters = self._count(parameters)
        start, end = window.requested_start, window.requested_end
        events = [
            each
            for each in self._store.history.events_between(start, end)
            if (filters.irqs is None or each.irq in filters.irqs)
            and (filters.cpus is None or each.cpu in filters.cpus)
        ]
        if form == "csv":
            return _csv(answers.events_csv(events))
        return jsonify(answers.events_json(events, window))

    def status(self) -> Response:
        """How the sampler and the store do."""
        _parameters(formats=False)
        return jsonify(answers.status_json(self._sampler.status, self._store.status()))

    def _count(
        self,
        parameters: Parameters,
        irq: str | None = None,
        cpu: int | None = None,
        now: float | None = None,
    ) -> tuple[Counts, Window, Filters]:
        now = self._now() if now is None else now
        edges = parse_edges(parameters, now)
        asked = parse_filters(parameters)
        filters = replace(
            asked,
            irqs=asked.irqs if irq is None else frozenset({irq}),
            cpus=asked.cpus if cpu is None else frozenset({cpu}),
        )
        window = self._store.history.window(edges.start, edges.end, now)
        self._check_known(filters)
        return self._counting.count(window, filters), window, filters

    def _check_known(self, filters: Filters) -> None:
        for irq in sorted(filters.irqs or ()):
            self._identity(irq)
        unknown = (filters.cpus or frozenset()) - self._store.cpus
        if unknown:
            raise NoSuchCpuError(min(unknown))

    def _identity(self, irq: str) -> Identity:
        identity = self._store.identities.get(irq)
        if identity is None:
            _ = self._store.history.latest  # before the first sample nothing is known to be wrong
            raise NoSuchIrqError(irq)
        return identity

    def _affinity(self, identity: Identity) -> Affinity:
        if identity.irq not in self._store.numbered_now:
            raise AffinityError(identity.irq, "it has no affinity now")
        return self._procfs.read_affinity(identity.label)

    def _affinities(self, items: Iterable[IrqCounts]) -> dict[str, Affinity]:
        found = {}
        for item in items:
            try:
                found[item.irq] = self._affinity(self._identity(item.irq))
            except AffinityError:
                continue
        return found


def _parameters(*known: str, formats: bool = True) -> Parameters:
    names: Collection[str] = (*known, "format") if formats else known
    return Parameters(request.args.items(multi=True), names, repeatable=("irq",))


def _format(parameters: Parameters) -> str:
    best = request.accept_mimetypes.best_match(["application/json", "text/csv"])
    return parse_format(parameters, prefers_csv=best == "text/csv")


def _csv(rows: Iterable[list[Any]]) -> Response:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return Response(text.getvalue(), mimetype="text/csv")


def _never_cached(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
