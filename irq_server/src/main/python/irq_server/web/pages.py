"""The pages for a person, the document, and whether the server is well."""

import json
from functools import cache
from importlib import resources

from flask import Blueprint, Response, jsonify, render_template, request

from .. import __version__
from ..sampling.sampler import Sampler
from .problem import problem
from .routes import JSON

_DASHBOARD = resources.files(__package__).joinpath("static", "dashboard")
MODULES = (
    *sorted(f"dashboard/{each.name}" for each in _DASHBOARD.iterdir() if each.name.endswith(".js")),
    "uplot/uPlot.esm.js",
)
"""The dashboard's scripts. The page names all, so that a browser fetches them at the same time."""

KEPT = "private, no-cache"
"""To keep, and to request again by its ETag."""


def blueprint() -> Blueprint:
    """Return the two pages, their files, and the document."""
    routes = Blueprint(
        "pages",
        __name__,
        template_folder="templates",
        static_folder="static",
        static_url_path="/static",
    )

    @routes.get("/")
    def home() -> Response | str:
        """Return the dashboard."""
        return _refusal() or render_template("home.html", version=__version__, modules=MODULES)

    @routes.get("/docs")
    def docs() -> Response | str:
        """Return the document's page."""
        return _refusal() or render_template("docs.html", version=__version__)

    @routes.get("/openapi.json")
    def openapi() -> Response:
        """Return the document."""
        return _refusal() or Response(_document(), mimetype=JSON)

    @routes.after_request
    def kept(response: Response) -> Response:
        response.headers["Cache-Control"] = KEPT
        if response.status_code == 200:
            response.direct_passthrough = False
            response.add_etag(weak=True)
            response.make_conditional(request)
        return response

    return routes


@cache
def _document() -> str:
    """Return the document as JSON, made at the first request for it."""
    from .openapi.document import document

    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


def health(sampler: Sampler) -> Blueprint:
    """Return the two routes by which Kubernetes finds whether the server is well."""
    routes = Blueprint("health", __name__)

    @routes.get("/healthz")
    def healthz() -> Response:
        """Return 200 as long as the process answers at all."""
        return jsonify({"status": "ok"})

    @routes.get("/readyz")
    def readyz() -> Response:
        """Return 200 while samples come, else 503 with the reason."""
        status = sampler.status
        if status.state != "running":
            return problem(
                503, f"the sampler is {status.state}: {status.last_error or 'no thread'}"
            )
        if status.last_sample is None:
            return problem(503, "no sample was taken yet")
        return jsonify({"status": "ready"})

    return routes


def _refusal() -> Response | None:
    for name in request.args:
        if request.endpoint != "pages.static":
            detail = f"{name[:60]}: no such parameter here; this route has none"
            return problem(400, detail, name[:60])
    return None
