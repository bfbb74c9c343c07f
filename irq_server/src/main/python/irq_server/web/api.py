"""The routes under /api/v1: parse the query, read the store, answer in JSON or CSV."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from flask import Blueprint, request

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
from ..kernel.networks import Above
from ..kernel.procfs import IrqAffinity, Procfs
from ..kernel.topology import Cpu, Topology
from ..sampling.sampler import Sampler
from ..store.counting import Counting
from ..store.counts import Counts, Filters, IrqCounts, KnownRow, Point, keys
from ..store.history import Sample, Window
from ..store.pattern import Pattern
from ..store.series import Tally
from ..store.store import Store
from ..store.sums import SumsTally, serves
from ..store.totals import Identity
from ..times import format_moment
from . import serialize
from .answers import Answer, view
from .body import parse_affinity
from .limits import check_events, check_series, check_table
from .parameters import BY, PATH_CPU
from .query import (
    Query,
    is_absolute,
    parse_edges,
    parse_filters,
    parse_step,
    series_edges,
)
from .routes import API_ROUTES, Route

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Moment:
    """The moment of a request, Unix seconds, and the newest sample then; None before the first.

    A request takes it once: samples come meanwhile, and each answer is of one moment.
    """

    now: float
    newest: Sample | None


@dataclass(frozen=True, slots=True)
class _Counted:
    """The counts of a requested window, by its filters."""

    counts: Counts
    window: Window
    filters: Filters


class Api:
    """The answers of /api/v1, from one store; `now` returns the moment, Unix seconds."""

    def __init__(
        self,
        store: Store,
        sampler: Sampler,
        procfs: Procfs,
        topology: Topology,
        above: Above,
        now: Callable[[], float],
        *,
        writes_allowed: bool,
    ) -> None:
        self._store = store
        self._counting = Counting(store)
        self._sampler = sampler
        self._procfs = procfs
        self._topology, self._above = topology, above
        self._usable: tuple[Snapshot | None, frozenset[int]] = None, frozenset()
        self._writes_allowed = writes_allowed
        self._clock = now
        self._writer = affinity.AffinityWriter(procfs, sampler.watch, self._record)

    def _moment(self) -> _Moment:
        """Return the moment; it is the newest sample's if the clock was set back."""
        newest = self._store.history.newest
        return _Moment(max(self._clock(), newest.time if newest else 0.0), newest)

    def blueprint(self) -> Blueprint:
        """Return the routes of the table; the method of each route's name answers it."""
        blueprint = Blueprint("api", __name__)
        for route in API_ROUTES:
            function = view(route, getattr(self, route.name), self._sources)
            blueprint.add_url_rule(route.rule, route.name, function, methods=[route.method])
        return blueprint

    def _sources(self, route: Route, query: Query) -> object | None:
        """Return everything that the answer about a window that is over depends on; else None."""
        moment = self._moment()
        if moment.newest is None or not is_absolute(query):
            return None
        edges = parse_edges(query, moment.now)
        if edges.end > moment.newest.time:  # later samples may lie in it
            return None
        usable = sorted(self._usable_cpus()) if route.name == "cpus" else None
        below = sorted(self._below(parse_filters(query).device))
        return self._store.version_of(edges.start, edges.end), usable, below

    def interrupts(self, query: Query) -> Answer:
        """Return counts by IRQ and CPU in the window, with totals."""
        asked = self._count(query)
        counts, window = asked.counts, asked.window
        check_table(counts)
        return Answer(
            lambda: serialize.interrupts_json(counts, window),
            lambda: serialize.interrupts_csv(counts, asked.filters.nonzero),
        )

    def irqs(self, query: Query) -> Answer:
        """Return per IRQ: device, counts by CPU, total, rate, and the affinity of now."""
        asked = self._count(query)
        counts, window = asked.counts, asked.window
        check_table(counts)
        affinities = self._affinities(counts.irqs)
        return Answer(
            lambda: serialize.irqs_json(counts, window, affinities, self._above.above()),
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
            lambda: serialize.one_irq_json(counts, window, affinities, self._above.above()),
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
        moment = self._store.time_as_written(self._moment().now)
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
        asked = self._count(query, sums=True)
        usable = self._usable_cpus()
        return Answer(
            lambda: serialize.cpus_json(asked.counts, asked.window, usable),
            lambda: serialize.cpus_csv(asked.counts, asked.window),
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
        )

    def series(self, query: Query) -> Answer:
        """Return counts per step, by CPU, IRQ or both."""
        moment = self._moment()
        edges = parse_edges(query, moment.now)
        by, step = query.one(BY) or "total", parse_step(query, edges)
        asked = self._count(query, moment=moment)
        rows = self._store.rows.at(asked.window.end)
        reads = max(len(asked.window.end.state), len(rows))
        check_series(edges, step, len(keys(asked.counts, by)), reads)
        points = list(self._points(asked, by, step, series_edges(edges, step), rows))
        return Answer(
            lambda: serialize.series_json(points, asked.window, step, by),
            lambda: serialize.series_csv(points),
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
        cpus, filters = self._store.rows.cpus, asked.filters
        tally: Tally | SumsTally = (
            SumsTally(cpus, filters, by) if is_summed else Tally(rows, cpus, filters, by, shown)
        )
        edges = asked.window.start, asked.window.end
        for a, b in pairwise(self._store.history.samples_at(moments, step, is_summed, edges)):
            if a.time < b.time:
                yield tally.point(a.time, b.time, a.state, b.state)

    def events(self, query: Query) -> Answer:
        """Return the events of the requested window, ``(start, end]``."""
        window, filters = self._window(query)
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

    def _usable_cpus(self) -> frozenset[int]:
        """Return the CPUs that count in an imbalance, as they are at the newest snapshot."""
        (snapshot, usable), newest = self._usable, self._store.rows.snapshot
        if newest is None or newest is not snapshot:
            usable = frozenset(each.number for each in self._cpus() if each.is_usable)
            self._usable = newest, usable  # replaced whole, as many threads ask
        return usable

    def _cpus(self) -> tuple[Cpu, ...]:
        """Return every CPU that was ever seen, none before the first sample."""
        rows = self._store.rows
        try:
            return self._topology.cpus(rows.cpus, rows.online)
        except NoSampleError:
            return ()

    def _count(
        self,
        query: Query,
        irq: str | None = None,
        cpu: int | None = None,
        moment: _Moment | None = None,
        sums: bool = False,
    ) -> _Counted:
        window, filters = self._window(query, irq, cpu, moment, sums)
        return _Counted(self._counting.count(window, filters), window, filters)

    def _window(
        self,
        query: Query,
        irq: str | None = None,
        cpu: int | None = None,
        moment: _Moment | None = None,
        sums: bool = False,
    ) -> tuple[Window, Filters]:
        """Return the requested window and filters; with `sums`, the sums of CPUs are enough."""
        moment = moment or self._moment()
        edges = parse_edges(query, moment.now)
        asked = parse_filters(query)
        filters = replace(
            asked,
            irqs=asked.irqs if irq is None else frozenset({irq}),
            cpus=asked.cpus if cpu is None else frozenset({cpu}),
            interfaces=self._below(asked.device),
        )
        if moment.newest is None:
            raise NoSampleError
        summed = sums and serves(filters, "cpu")
        window = self._store.history.window(
            edges.start, edges.end, moment.now, moment.newest, summed
        )
        self._check_known(filters)
        return window, filters

    def _below(self, pattern: Pattern | None) -> frozenset[str]:
        """Return the interfaces below the bonds and VLANs that a pattern matches."""
        if pattern is None:
            return frozenset()
        above = self._above.above().items()
        return frozenset(name for name, names in above if any(map(pattern.matches, names)))

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
