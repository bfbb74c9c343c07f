"""The Flask application. Starts no thread and opens no file: cli.py owns those."""

import time
from collections.abc import Callable

from flask import Flask

from . import health, problem
from .api import Api
from .procfs import Procfs
from .sampler import Sampler
from .store import Store

MAX_BODY_BYTES = 64 * 1024


def create_app(
    store: Store, sampler: Sampler, procfs: Procfs, now: Callable[[], float] = time.time
) -> Flask:
    """Gives the application that answers from `store`.

    `now` gives the moment, Unix seconds, that relative times count from.
    """
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.json.sort_keys = False  # type: ignore[attr-defined]  # Flask types it as its base class
    app.register_blueprint(Api(store, sampler, procfs, now).blueprint())
    app.register_blueprint(health.blueprint(sampler, now))
    problem.register(app)
    return app
