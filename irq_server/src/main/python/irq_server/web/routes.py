"""The routes: one table, for the application and for its document."""

import re
from dataclasses import dataclass

from .. import __version__
from ..events import Kind
from . import schemas as shape
from .parameters import FILTERS, SERIES_KEYS, WINDOW
from .schemas import Schema, fields, listed

OPENAPI_VERSION = "3.1.0"
API = "/api/v1"
JSON, CSV, PROBLEM = "application/json", "text/csv", "application/problem+json"
METRICS, HTML = "text/plain", "text/html"


@dataclass(frozen=True, slots=True)
class Route:
    """A method of a path.

    ``name`` is the answering function's, ``query`` holds the names of the parameters beside those
    in the path. ``schema`` is the answer's in JSON, or its name if routes share it; ``columns`` are
    those of its CSV, if it has one. ``errors`` are the statuses of its problems beside those of
    every route. ``narrow`` is the parameter that shortens too long an answer. An answer that
    ``is_kept`` may have an ETag. A route that ``is_open`` answers no data of the machine, and never
    needs a token.
    """

    method: str
    path: str
    name: str
    tag: str
    summary: str
    help: str = ""
    query: tuple[str, ...] = ()
    schema: Schema | str = ""
    columns: tuple[str, ...] = ()
    errors: tuple[int, ...] = ()
    media: str = JSON
    narrow: str = "top"
    is_kept: bool = False
    is_open: bool = False

    @property
    def rule(self) -> str:
        """The path in Flask's form; an IRQ may have a slash in its name."""
        return self.path.replace("{irq}", "<path:irq>").replace("{cpu}", "<cpu>")

    @property
    def in_path(self) -> tuple[str, ...]:
        """The names of the parameters in the path."""
        return tuple(re.findall(r"{(\w+)}", self.path))

    @property
    def known(self) -> tuple[str, ...]:
        """The names of every parameter of the query."""
        return (*self.query, "format") if self.columns else self.query


def _read(
    path: str,
    name: str,
    summary: str,
    errors: tuple[int, ...] = (400, 404, 406, 503),
    **more: object,
) -> Route:
    return Route("GET", API + path, name, "interrupts", summary, errors=errors, **more)  # type: ignore[arg-type]  # passed on as given


def _health(word: str) -> Schema:
    return fields("All is well", status={"type": "string", "enum": [word]})


ROUTES = (
    _read(
        "/interrupts",
        "interrupts",
        "IRQ by CPU counts in the window, with totals",
        query=(*WINDOW, *FILTERS),
        schema=fields(
            "IRQ by CPU counts",
            window=shape.WINDOW,
            cpus=shape.CPUS,
            irqs=listed(fields("One IRQ", **shape.COUNTED), "Each IRQ"),
            totals=listed(shape.COUNT, "By CPU, in the order of `cpus`", 0, 5604),
            total=shape.ALL,
        ),
        columns=("irq", "device", "cpu", "count"),
        is_kept=True,
    ),
    _read(
        "/irqs",
        "irqs",
        "Per IRQ: device, counts by CPU, total, rate, affinity",
        query=(*WINDOW, *FILTERS),
        schema=fields(
            "IRQs with their affinity",
            window=shape.WINDOW,
            cpus=shape.CPUS,
            irqs=listed(fields("One IRQ", **shape.PLACED), "Each IRQ"),
            total=shape.ALL,
        ),
        columns=("irq", "device", "total", "rate", "affinity"),
    ),
    _read(
        "/irqs/{irq}",
        "irq",
        "One IRQ",
        query=(*WINDOW, "cpu"),
        schema=fields("One IRQ", window=shape.WINDOW, cpus=shape.CPUS, **shape.PLACED),
        columns=("irq", "device", "total", "rate", "affinity"),
    ),
    _read(
        "/irqs/{irq}/affinity",
        "affinity",
        "Where the IRQ may go, and where the kernel sends it",
        schema="Affinity",
        columns=("irq", "device", "affinity", "effective_affinity", "writable", "pending"),
    ),
    Route(
        "PUT",
        f"{API}/irqs/{{irq}}/affinity",
        "set_affinity",
        "affinity",
        "Send the IRQ to other CPUs",
        help="Writes the CPU list to the kernel, and returns what it then says. `pending` means "
        "that the IRQ arrives at its old CPU until it fires next. If the kernel refuses, or would "
        "refuse, the answer is a 409 with its reason. Needs `--allow-affinity` and a token that "
        "may write.",
        schema="Affinity",
        errors=(400, 404, 406, 409, 413, 415, 503),
    ),
    _read(
        "/cpus",
        "cpus",
        "Per CPU: total and rate",
        query=(*WINDOW, *FILTERS),
        schema=fields(
            "CPUs",
            window=shape.WINDOW,
            cpus=listed(
                fields(
                    "One CPU",
                    cpu=shape.CPU,
                    total=shape.TOTAL,
                    rate=shape.RATE,
                    devices=shape.natural(
                        "Of the total, what devices asked for: not ticks, not IPIs", 5604
                    ),
                ),
                "Each CPU",
            ),
            total=shape.ALL,
            imbalance=shape.number(
                "`devices` of the busiest CPU that is online and not isolated, over the mean of "
                "such CPUs; 1 is perfect",
                1.0,
            )
            | {"minimum": 1},
        ),
        columns=("cpu", "total", "rate"),
        is_kept=True,
    ),
    _read(
        "/cpus/{cpu}",
        "cpu",
        "One CPU: total, rate, counts by IRQ",
        query=(*WINDOW, "irq", "device", "nonzero", "top"),
        schema=fields(
            "One CPU",
            window=shape.WINDOW,
            cpu=shape.CPU,
            total=shape.TOTAL,
            rate=shape.RATE,
            irqs=listed(
                fields(
                    "One IRQ on that CPU",
                    **shape.NAMED,
                    total=shape.TOTAL,
                    rate=shape.RATE,
                ),
                "Each IRQ",
            ),
        ),
        columns=("irq", "device", "total", "rate"),
        is_kept=True,
    ),
    _read(
        "/series",
        "series",
        "Counts per step, by CPU, IRQ or both",
        query=(*WINDOW, *FILTERS, "step", "by"),
        schema=fields(
            "Counts per step",
            window=shape.WINDOW,
            step_seconds=shape.number("The step, seconds", 60.0),
            by={"type": "string", "enum": list(SERIES_KEYS)},
            points=listed(
                fields(
                    "One step, from sample to sample",
                    start=shape.START,
                    end=shape.END,
                    total=shape.ALL,
                    counts={
                        "type": "object",
                        "description": "By `total`, CPU, IRQ or `IRQ,CPU`; IRQs that fired only",
                        "additionalProperties": shape.COUNT,
                        "examples": [{"total": 5604}],
                    },
                ),
                "Each step",
            ),
        ),
        columns=("start", "end", "key", "count"),
        narrow="step",
        is_kept=True,
    ),
    _read(
        "/events",
        "events",
        "What happened: affinities changed, CPUs, boots, gaps, starts and stops",
        query=(*WINDOW, "irq", "cpu", "device"),
        schema=fields(
            "What happened",
            window=shape.WINDOW,
            events=listed(
                fields(
                    "One event",
                    time=shape.moment("2026-01-01T00:00:12.000Z"),
                    event={"type": "string", "enum": list(Kind), "examples": [Kind.AFFINITY]},
                    irq=shape.or_null(shape.IRQ),
                    cpu=shape.or_null(shape.CPU, None),
                    detail=shape.text("What else is known; of affinity `OLD -> NEW`", "0-1 -> 1"),
                    by=shape.text(
                        "Who asked this server for the change; empty if nobody did", "127.0.0.1"
                    ),
                ),
                "Each event, oldest first",
            ),
        ),
        columns=("time", "event", "irq", "cpu", "detail", "by"),
        narrow="start",
        is_kept=True,
    ),
    _read(
        "/status",
        "status",
        "State of the sampler and the store",
        schema=fields(
            "State of the server",
            sampler=fields(
                "The thread that samples",
                state={"type": "string", "enum": ["running", "failing", "stopped"]},
                interval_seconds=shape.number("The sampling interval, seconds", 10.0),
                last_sample=shape.or_null(shape.END),
                samples=shape.natural("Samples that this process took", 8640),
                late=shape.natural("Of them, those that came late", 0),
                last_error=shape.or_null(
                    shape.text("Why it fails; null while it does not", ""), None
                ),
            ),
            store=fields(
                "The data directory",
                bytes=shape.natural("Its size", 7340032),
                max_bytes=shape.natural("The cap on it", 2**30),
                oldest=shape.or_null(shape.moment("2025-12-31T00:00:00.000Z")),
                newest=shape.or_null(shape.END),
                holds_seconds=shape.or_null(
                    shape.number("How long the cap holds at the present rate, seconds", 12667904.0)
                ),
                damaged=shape.natural("Bytes that are damaged", 0),
            ),
            now=shape.moment("2026-01-01T00:01:04.200Z"),
            hostname=shape.text("The machine's name", "web1"),
            version=shape.text("irq_server's version", __version__),
            writes_allowed=shape.truth("Whether a token may set affinities here", False),
            cpus=listed(
                fields(
                    "One CPU that was ever seen",
                    cpu=shape.CPU,
                    online=shape.truth("Whether it is online", True),
                    node=shape.or_null(shape.natural("Its NUMA node; null if it is unknown", 0)),
                    isolated=shape.truth("Kept free of other work: isolcpus, nohz_full", False),
                ),
                "Each CPU",
            ),
        ),
        errors=(400, 406),
    ),
    Route(
        "GET",
        "/healthz",
        "healthz",
        "server",
        "State of the process",
        help="Answers as long as the process lives. If no answer comes, restart the process.",
        schema=_health("ok"),
        is_open=True,
    ),
    Route(
        "GET",
        "/readyz",
        "readyz",
        "server",
        "State of the sampling",
        help="503 with the reason until the first sample, and while the sampler or the disk fails.",
        schema=_health("ready"),
        errors=(503,),
        is_open=True,
    ),
    Route(
        "GET",
        "/metrics",
        "metrics",
        "server",
        "Everything for Prometheus",
        help="Interrupts by IRQ, device and CPU as counters that survive restarts, the busiest by "
        "themselves and the rest as `other`; the server's own state.",
        media=METRICS,
    ),
    Route(
        "GET",
        "/openapi.json",
        "openapi",
        "server",
        "The API as an OpenAPI document",
        schema={
            "type": "object",
            "description": "An OpenAPI document",
            "required": ["openapi"],
            "examples": [{"openapi": OPENAPI_VERSION}],
        },
        is_kept=True,
        is_open=True,
    ),
    Route(
        "GET",
        "/",
        "home",
        "server",
        "The dashboard: which CPU drowns in which device's interrupts",
        media=HTML,
        is_kept=True,
        is_open=True,
    ),
    Route(
        "GET",
        "/docs",
        "docs",
        "server",
        "The OpenAPI document, to read and to try",
        media=HTML,
        is_kept=True,
        is_open=True,
    ),
)

OPEN_PATHS = frozenset(each.path for each in ROUTES if each.is_open)
"""Paths that never need a token, as those of the pages' files, below STATIC."""

STATIC = "/static/"

HEALTH_PATHS = frozenset(each.path for each in ROUTES if each.name in ("healthz", "readyz"))

API_ROUTES = tuple(each for each in ROUTES if each.path.startswith(f"{API}/"))
