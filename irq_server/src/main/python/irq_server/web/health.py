"""Whether the process lives (/healthz) and whether it has answers (/readyz), as Kubernetes asks."""

from flask import Blueprint, Response, jsonify

from ..sampling.sampler import Sampler
from .problem import problem


def blueprint(sampler: Sampler) -> Blueprint:
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
        if status.state != "running":
            return problem(
                503, f"the sampler is {status.state}: {status.last_error or 'no thread'}"
            )
        if status.last_sample is None:
            return problem(503, "no sample was taken yet")
        return jsonify({"status": "ready"})

    return routes
