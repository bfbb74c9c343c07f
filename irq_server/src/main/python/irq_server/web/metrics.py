"""/metrics: interrupts by IRQ, device and CPU as counters, and the state of the server itself.

The counters are the store's running totals: they go on over wraps, boots and restarts of the
server. The MAX_SERIES cells with the largest totals have a series of their own; the rest of each
CPU counts under irq="other". The selection may change. metrics.json in the data directory keeps it,
so that no counter falls (selection.py). Zeros, and subtotals of other rows, are left out.
Source: https://prometheus.io/docs/practices/naming/.
"""

import logging
import threading
import time
from collections.abc import Iterator, Set

from flask import Blueprint, Flask, Response, g, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from ..errors import NoSampleError
from ..kernel.interrupts import SUBTOTAL_LABELS
from ..sampling.sampler import Sampler
from ..store.segments.segment import State
from ..store.store import Store
from .selection import Selection, read_selection, write_selection

_log = logging.getLogger(__name__)

MAX_SERIES = 2000
"""Cells with a series of their own; the answer stays below 400 KB."""

OTHER = "other"
FILE = "metrics.json"
Family = CounterMetricFamily | GaugeMetricFamily


class StoreCollector(Collector):
    """A store and its sampler as metric families."""

    def __init__(self, store: Store, sampler: Sampler, max_series: int = MAX_SERIES) -> None:
        self._store = store
        self._sampler = sampler
        self._max_series = max_series
        self._selection = _load(store)
        self._choosing = threading.Lock()

    def collect(self) -> Iterator[Family]:
        """Return the families; those of the interrupts only after a first sample."""
        try:
            state = self._store.history.latest.state
        except NoSampleError:
            pass
        else:
            yield self._interrupts(state)
            yield self._machine_wide(state)
        yield from self._own()

    def _interrupts(self, state: State) -> Family:
        family = CounterMetricFamily(
            "irq_interrupts",
            "Interrupts since the store began, by IRQ, device and CPU.",
            labels=("irq", "device", "cpu"),
        )
        identities = self._store.rows.identities
        cells = _counted(state, SUBTOTAL_LABELS & identities.keys())
        with self._choosing:
            if self._selection.update(cells, self._max_series):
                self._keep()
            for key in self._selection.shown:
                irq, _, cpu = key.rpartition(",")
                family.add_metric((irq, identities[irq].device, cpu), cells[key])
            for cpu, n in self._selection.others(cells).items():
                family.add_metric((OTHER, "", cpu), n)
        return family

    def _keep(self) -> None:
        try:
            self._store.write_beside(FILE, write_selection(self._selection))
        except OSError as error:
            path = self._store.folder / FILE
            _log.warning("%s: a restart may show other series: %s", path, error.strerror)

    def _machine_wide(self, state: State) -> Family:
        family = CounterMetricFamily(
            "irq_machine_events", "Rows with one figure for the machine: ERR, MIS.", labels=("irq",)
        )
        for key, n in state.items():
            if key.endswith(",") and n:
                family.add_metric((key[:-1],), n)
        return family

    def _own(self) -> Iterator[Family]:
        sampler, store = self._sampler.status, self._store.status()
        counters = {
            "samples": ("Samples that this process took.", sampler.samples),
            "late_samples": ("Samples that came late, or after a missed tick.", sampler.late),
            "sampling_errors": ("Ticks at which no sample could be taken.", sampler.errors),
        }
        for name, (text, count) in counters.items():
            yield CounterMetricFamily(f"irq_server_{name}", text, value=count)
        gauges: dict[str, tuple[str, float]] = {
            "sampler_up": ("1 while samples come, 0 while they fail.", sampler.state == "running"),
            "last_sample_timestamp_seconds": ("When the newest sample is from.", store.newest or 0),
            "store_bytes": ("Size of the data directory.", store.size_bytes),
            "store_max_bytes": ("Cap on the data directory.", store.max_bytes),
            "store_damaged_bytes": ("Bytes that are damaged.", store.damaged_bytes),
        }
        for name, (text, value) in gauges.items():
            yield GaugeMetricFamily(f"irq_server_{name}", text, value=float(value))


def _counted(state: State, subtotals: Set[str]) -> State:
    """Return the cells of CPUs above zero, without subtotals of others."""
    cells = {key: n for key, n in state.items() if n and key[-1] != ","}
    if subtotals:
        cells = {key: n for key, n in cells.items() if key.rpartition(",")[0] not in subtotals}
    return cells


def _load(store: Store) -> Selection:
    try:
        return read_selection(store.read_beside(FILE))
    except FileNotFoundError:
        return Selection()
    except (OSError, ValueError) as error:
        _log.warning("%s: not used, other series may be shown: %s", store.folder / FILE, error)
        return Selection()


def register(app: Flask, store: Store, sampler: Sampler) -> None:
    """Add /metrics to `app`, and measure how long its requests take."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(StoreCollector(store, sampler))
    spent = Histogram(
        "irq_server_request_duration_seconds",
        "Time from a request to its answer.",
        ("route", "status"),
        registry=registry,
    )
    known: dict[tuple[str, str], Histogram] = {}  # a look-up costs more than to observe
    routes = Blueprint("metrics", __name__)

    @routes.get("/metrics")
    def metrics() -> Response:
        """Return everything in Prometheus' text format."""
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    @app.before_request
    def begin() -> None:
        g.began = time.monotonic()

    @app.after_request
    def end(response: Response) -> Response:
        key = str(request.url_rule) if request.url_rule else "none", str(response.status_code)
        series = known.get(key)
        if series is None:
            series = known[key] = spent.labels(*key)
        series.observe(time.monotonic() - g.began)
        return response

    app.register_blueprint(routes)
