"""The Flask application. Starts no thread and opens no file."""

import time
from collections.abc import Callable

from flask import Flask, Response

from ..kernel.networks import Above
from ..kernel.procfs import Procfs
from ..kernel.topology import Topology
from ..sampling.sampler import Sampler
from ..store.store import Store
from . import compress, metrics, pages, problem
from .access import guard
from .access.guard import Rules
from .access.hosts import Hosts
from .api import Api
from .limits import MAX_BODY_BYTES


def create_app(
    store: Store,
    sampler: Sampler,
    procfs: Procfs,
    now: Callable[[], float] = time.time,
    *,
    topology: Topology | None = None,
    above: Above | None = None,
    rules: Rules | None = None,
    metrics_series: int = metrics.MAX_SERIES,
) -> Flask:
    """Return the application that answers from `store`.

    `now` returns the moment, Unix seconds, from which relative times count. `topology` describes
    the CPUs, `above` the bonds and VLANs; without them, this machine's /sys does. `rules` decide
    who may ask; without them, everybody who asks for a loopback address may read. /metrics has at
    most `metrics_series` series of interrupts.
    """
    app = Flask(__name__, static_folder=None)
    compress.register(app)  # first, so that it sees answers last
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.json.sort_keys = False  # type: ignore[attr-defined]  # Flask types it as its base class
    topology, above = topology or Topology(), above or Above()
    rules = rules or Rules(Hosts(["127.0.0.1"], []))
    writes = rules.writes_allowed
    api = Api(store, sampler, procfs, topology, above, now, writes_allowed=writes)
    app.register_blueprint(api.blueprint())
    app.register_blueprint(pages.blueprint())
    app.register_blueprint(pages.health(sampler))
    metrics.register(app, store, sampler, procfs, topology, metrics_series)
    problem.register(app)
    guard.register(app, rules)

    @app.after_request
    def keep_nothing(response: Response) -> Response:
        """Let nobody keep errors, metrics and health, which are of this moment."""
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return app
