"""The Flask application. Starts no thread and opens no file: cli.py owns those."""

import time
from collections.abc import Callable, Collection

from flask import Flask, Response, request

from . import health, metrics, problem
from .api import Api
from .hosts import is_served
from .procfs import Procfs
from .sampler import Sampler
from .store import Store

MAX_BODY_BYTES = 64 * 1024


def create_app(
    store: Store,
    sampler: Sampler,
    procfs: Procfs,
    now: Callable[[], float] = time.time,
    *,
    host: str = "127.0.0.1",
    names: Collection[str] = (),
) -> Flask:
    """Gives the application that answers from `store`.

    `now` gives the moment, Unix seconds, that relative times count from. Requests must be for
    `host`, which the server listens on, or for one of `names`, else the answer is 421.
    """
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.json.sort_keys = False  # type: ignore[attr-defined]  # Flask types it as its base class
    app.register_blueprint(Api(store, sampler, procfs, now).blueprint())
    app.register_blueprint(health.blueprint(sampler, now))
    metrics.register(app, store, sampler)
    problem.register(app)

    @app.before_request
    def refuse_foreign_hosts() -> Response | None:
        header = request.headers.get("Host", "")
        if not header or is_served(header, host, names):
            return None
        return problem.problem(421, f"this server does not serve the host {header[:100]!r}")

    return app
