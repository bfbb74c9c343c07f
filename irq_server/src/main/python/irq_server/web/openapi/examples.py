"""The document's examples that no schema makes. Pure.

Two CPUs, and a disk's IRQ 36 on one of them, in the first minute of 2026.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

from ..problem import problem_text
from ..routes import Route
from ..schemas import SHARED, Schema

MOVES = {"list": {"cpus": "0-1"}, "one CPU": {"cpu": 1}}
"""Bodies of a PUT of an affinity."""

METRICS = """\
# HELP irq_interrupts_total Interrupts since the store began, by IRQ, device and CPU.
# TYPE irq_interrupts_total counter
irq_interrupts_total{irq="36",device="virtio1-req.0",cpu="1"} 139295.0
"""

PROBLEMS: Mapping[int, tuple[str, str | None]] = {
    400: (
        "period: expected a duration above zero such as 90, 0.5, 20ms, 90s, 15m, 2h, 7d or 1w, "
        "found 'soon'",
        "period",
    ),
    401: ("a bearer token is needed: Authorization: Bearer TOKEN", None),
    403: ("writes are not allowed here: the server runs without them", None),
    404: ("no such IRQ: '99' was never seen", "irq"),
    405: ("this route has no such method; Allow names those it has", None),
    406: ("this route answers application/json or text/csv, and Accept takes neither", None),
    408: ("the request did not arrive in time", None),
    409: ("IRQ 36: managed by the kernel (EPERM)", "irq"),
    413: ("the body is larger than 65536 bytes", None),
    415: ("a write is JSON: Content-Type: application/json", None),
    421: ("this server does not serve the host 'example.org'; --allow-hosts names others", None),
    431: ("the head of a request has at most 16384 bytes", None),
    500: ("the server failed; its log says why", None),
    503: ("no sample was taken yet; ask again after one sampling interval", None),
}
"""Detail and parameter of one error for each status."""


_CELLS = {"cpu": 1, "count": 5604, "key": "total"}
_TIMES = {"start": 1767225600, "end": 1767225660, "time": 1767225612}
"""Cells of CSV that are no field of the answer in JSON, and those that have another form there."""


def answer(schema: Schema | str) -> Any:
    """Return an example of an answer, made of those of its parts; a name is a shared schema's."""
    if isinstance(schema, str):
        schema = SHARED[schema]
    if "$ref" in schema:
        return answer(schema["$ref"].rpartition("/")[2])
    if "examples" in schema:
        return schema["examples"][0]
    if "enum" in schema:
        return schema["enum"][0]
    if schema["type"] == "array":
        return [answer(schema["items"])]
    return {name: answer(each) for name, each in schema["properties"].items()}


def table(route: Route) -> str:
    """Return an example of a route's answer as CSV, of one row."""
    cells = _CELLS | dict(_cells(answer(route.schema))) | _TIMES
    text = io.StringIO()
    row = [cells[each] for each in route.columns]
    csv.writer(text, lineterminator="\n").writerows([route.columns, row])
    return text.getvalue()


def _cells(value: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the names and values of all fields of an answer, as CSV has them."""
    for name, field in value.items():
        for each in field if isinstance(field, list) else [field]:
            if isinstance(each, dict):
                yield from _cells(each)
            else:
                yield name, str(each).lower() if isinstance(each, bool) else each


def problem(status: int) -> Any:
    """Return the answer of an error with this status."""
    return json.loads(problem_text(status, *PROBLEMS[status]))
