"""/metrics: the interrupts as counters, and the state of the server itself."""

import time
from collections.abc import Iterator
from contextlib import suppress

import prometheus_client
from flask import Blueprint, Flask, Response, g, request
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from .. import __version__
from ..errors import NoSampleError
from ..kernel.procfs import Procfs
from ..kernel.topology import Topology
from ..sampling.sampler import Sampler
from ..store.store import Store
from .exposition import encode
from .sampled_metrics import SampledMetrics

MAX_SERIES = 2000
"""Cells with a series of their own, if the settings say nothing else."""

_SECONDS = (0.01, 0.1, 1.0)
"""The buckets of the time of requests."""

_OWN = "/metrics"
"""The route that has no time: Prometheus' own scrape_duration_seconds has it."""


class ServerCollector(Collector):
    """The server itself as metric families: its sampler, its store, its version."""

    def __init__(self, store: Store, sampler: Sampler) -> None:
        self._store = store
        self._sampler = sampler

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        """Return the families."""
        sampler, store = self._sampler.status, self._store.status()
        counters = {
            "samples": ("Samples that this process took.", sampler.samples),
            "late_samples": ("Samples that came late, or after a missed tick.", sampler.late),
        }
        for name, (text, count) in counters.items():
            yield CounterMetricFamily(f"irq_server_{name}", text, value=count)
        gauges: dict[str, tuple[str, float]] = {
            "sampler_up": ("1 while samples come, 0 while they fail.", sampler.state == "running"),
            "last_sample_timestamp_seconds": ("When the newest sample is from.", store.newest or 0),
            "interval_seconds": ("The sampling interval.", sampler.interval_seconds),
            "store_bytes": ("Size of the data directory.", store.size_bytes),
            "store_damaged_bytes": ("Bytes that are damaged.", store.damaged_bytes),
        }
        for name, (text, value) in gauges.items():
            yield GaugeMetricFamily(f"irq_server_{name}", text, value=float(value))
        build = GaugeMetricFamily("irq_server_build_info", "The version.", labels=("version",))
        build.add_metric((__version__,), 1)
        yield build


def register(
    app: Flask,
    store: Store,
    sampler: Sampler,
    procfs: Procfs,
    topology: Topology,
    max_series: int,
) -> None:
    """Add /metrics to `app`, and measure how long its requests take."""
    with suppress(AttributeError):  # Debian 12's 0.16 lacks it, and shows when each series began
        prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]  # no types
    registry = CollectorRegistry(auto_describe=False)
    registry.register(ServerCollector(store, sampler))
    sampled = SampledMetrics(store, procfs, topology, max_series)
    spent = Histogram(
        "irq_server_request_duration_seconds",
        "Time from a request to its answer.",
        ("route",),
        buckets=_SECONDS,
        registry=registry,
    )
    known: dict[str, Histogram] = {}  # a look-up costs more than to observe
    routes = Blueprint("metrics", __name__)

    @routes.get(_OWN)
    def metrics() -> Response:
        """Return everything in Prometheus' text format, or OpenMetrics if Accept asks for it."""
        encode_own, content_type = choose_encoder(request.headers.get("Accept", ""))
        try:
            families = sampled.families()
        except NoSampleError:
            families = []
        text = encode(families, content_type.startswith("application/openmetrics"))
        body = text.encode() + encode_own(registry)
        return Response(body, content_type=content_type, headers={"Vary": "Accept"})

    @app.before_request
    def begin() -> None:
        g.began = time.monotonic()

    @app.after_request
    def end(response: Response) -> Response:
        route = str(request.url_rule) if request.url_rule else "none"
        if route == _OWN:
            return response
        series = known.get(route)
        if series is None:
            series = known[route] = spent.labels(route)
        series.observe(time.monotonic() - g.began)
        return response

    app.register_blueprint(routes)
