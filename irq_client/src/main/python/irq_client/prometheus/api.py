"""The HTTP API of Prometheus: expressions become series.

Source: https://prometheus.io/docs/prometheus/latest/querying/api/.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import urlencode

from ..errors import AnswerError, ShapeError
from ..server.failures import Peer
from ..server.json_fields import TIME_LIMIT, parse_object

PROMETHEUS = Peer(
    "is that a Prometheus-compatible server?",
    "is Prometheus running there?",
    {
        401: "--token-file names the file with the server's token",
        422: "a shorter window, --irq or --cpu ask for less",
        503: "try again in a moment",
    },
    ("application/json", "application/stream+json"),  # VictoriaMetrics' type of raw samples
)


_EXACT = {
    # VictoriaMetrics would move the edges otherwise: to steps, and away from now
    "nocache": "1",
    # a store that does not answer is an error then, not a smaller count: VictoriaMetrics, Thanos
    "deny_partial_response": "1",
    "partial_response": "false",
}
"""Sent with every query; an engine ignores what it does not know."""


class Series(NamedTuple):
    """The labels of a series, and its samples: Unix milliseconds and a value, oldest first."""

    labels: Mapping[str, str]
    samples: tuple[tuple[int, float], ...]

    @property
    def value(self) -> float:
        """The newest value."""
        return self.samples[-1][1]

    def keyed(self, names: Sequence[str]) -> tuple[str, str, str]:
        """Return the values of three labels; a label that is missing is empty."""
        first, second, third = (self.labels.get(name, "") for name in names)
        return first, second, third


Get = Callable[[str, Callable[[bytes], list[Series]]], list[Series]]
"""Returns what a function reads from the answer of a URL. Raises ServerError."""


class Api:
    """The API at a URL. Moments are Unix milliseconds. Raises ServerError."""

    def __init__(self, server: str, get: Get) -> None:
        self._server = server
        self._get = get

    def at(self, expression: str, moment: int) -> list[Series]:
        """Return the series of an expression at a moment."""
        return self._ask("query", query=expression, time=_seconds(moment))

    def steps(self, expression: str, start: int, end: int, step: int) -> list[Series]:
        """Return the series of an expression at each step from `start` to `end`."""
        edges = {"start": _seconds(start), "end": _seconds(end), "step": _seconds(step)}
        return self._ask("query_range", query=expression, **edges)

    def now(self) -> int:
        """Return the time of the server's clock."""
        found = self._ask("query", query="vector(time())")
        if not found or not 0 <= found[0].value < TIME_LIMIT:
            raise AnswerError(self._server, "it does not say what time it is", PROMETHEUS.not_ours)
        return round(found[0].value * 1000)

    def _ask(self, route: str, **parameters: str) -> list[Series]:
        query = urlencode({**parameters, **_EXACT})
        return self._get(f"{self._server}/api/v1/{route}?{query}", read_series)


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds / 1000:.3f}"


def read_series(text: bytes) -> list[Series]:
    """Return the series of an answer, an instant vector's or a matrix'. Raise ShapeError.

    A value that is no number is no sample: VictoriaMetrics marks so where a series ended.
    """
    answer = parse_object(text)
    if answer.has("error"):
        raise ShapeError("status", "success", answer.text("error"))
    data = answer.inner("data")
    kind = data.text("resultType")
    if kind not in ("vector", "matrix"):
        raise ShapeError("data.resultType", "vector or matrix", repr(kind))
    found = []
    for each in data.objects("result"):
        samples = each.samples("values") if kind == "matrix" else [each.sample("value")]
        if numbers := tuple(sample for sample in samples if math.isfinite(sample[1])):
            found.append(Series(each.texts("metric"), numbers))
    return found
