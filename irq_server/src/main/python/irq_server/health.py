"""Whether the process lives (/healthz) and whether it has answers (/readyz), as Kubernetes asks."""

from collections.abc import Callable

from flask import Blueprint, Response, jsonify

from .problem import problem
from .sampler import Sampler
from .tiershape import GAP_INTERVALS


def blueprint(sampler: Sampler, now: Callable[[], float]) -> Blueprint:
    """Gives the two routes."""
    routes = Blueprint("health", __name__)

    @routes.get("/healthz")
    def healthz() -> Response:
        """200 as long as the process answers at all."""
        return jsonify({"status": "ok"})

    @routes.get("/readyz")
    def readyz() -> Response:
        """200 while samples come; 503 with the reason where none do."""
        status = sampler.status
        limit = max(GAP_INTERVALS * status.interval_seconds, 1.0)
        if status.state != "running":
            return problem(
                503, f"the sampler is {status.state}: {status.last_error or 'no thread'}"
            )
        if status.last_sample is None:
            return problem(503, "no sample was taken yet")
        if now() - status.last_sample > limit:
            return problem(503, "the sampler is stuck: its last sample is too old")
        return jsonify({"status": "ready"})

    return routes
