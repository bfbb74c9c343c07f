"""The routes: one table, for the application and for its document."""

import re
from dataclasses import dataclass

from .parameters import FILTERS, WINDOW

API = "/api/v1"
JSON, CSV, PROBLEM = "application/json", "text/csv", "application/problem+json"
METRICS, HTML = "text/plain", "text/html"


@dataclass(frozen=True, slots=True)
class Route:
    """A method of a path.

    ``name`` is the answering function's, ``query`` holds the names of the parameters beside those
    in the path. ``schema`` names the answer's, ``columns`` are those of its CSV, if it has one.
    ``errors`` are the statuses of its problems beside those of every route. ``narrow`` is the
    parameter that shortens too long an answer. An answer that ``is_kept`` may have an ETag. A route
    that ``is_open`` answers no data of the machine, and never needs a token.
    """

    method: str
    path: str
    name: str
    tag: str
    summary: str
    help: str = ""
    query: tuple[str, ...] = ()
    schema: str = ""
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


def _read(path: str, name: str, summary: str, **more: object) -> Route:
    return Route("GET", API + path, name, "interrupts", summary, **more)  # type: ignore[arg-type]  # passed on as given


_WINDOWED = (400, 404, 406, 503)
_IRQ_WINDOW = (*WINDOW, "cpu")

ROUTES = (
    _read(
        "/interrupts",
        "interrupts",
        "IRQ by CPU counts in the window, with totals",
        query=(*WINDOW, *FILTERS),
        schema="Interrupts",
        columns=("irq", "device", "cpu", "count"),
        errors=_WINDOWED,
        is_kept=True,
    ),
    _read(
        "/irqs",
        "irqs",
        "Per IRQ: device, counts by CPU, total, rate, affinity",
        query=(*WINDOW, *FILTERS),
        schema="Irqs",
        columns=("irq", "device", "total", "rate", "affinity"),
        errors=_WINDOWED,
    ),
    _read(
        "/irqs/{irq}",
        "irq",
        "One IRQ",
        query=_IRQ_WINDOW,
        schema="Irq",
        columns=("irq", "device", "total", "rate", "affinity"),
        errors=_WINDOWED,
    ),
    _read(
        "/irqs/{irq}/affinity",
        "affinity",
        "Where the IRQ may go, and where the kernel sends it",
        schema="Affinity",
        columns=("irq", "device", "affinity", "effective_affinity", "writable", "pending"),
        errors=(400, 404, 406, 503),
    ),
    Route(
        "PUT",
        f"{API}/irqs/{{irq}}/affinity",
        "set_affinity",
        "affinity",
        "Send the IRQ to other CPUs",
        help="Writes the CPU list to the kernel, and answers what it then says; `pending` means "
        "that the IRQ arrives where it was until it fires next. What the kernel refuses, or "
        "would, is a 409 with its reason. Takes `--allow-affinity` and a token that may write.",
        schema="Affinity",
        errors=(400, 404, 406, 409, 413, 415, 503),
    ),
    _read(
        "/cpus",
        "cpus",
        "Per CPU: total and rate",
        query=(*WINDOW, *FILTERS),
        schema="Cpus",
        columns=("cpu", "total", "rate"),
        errors=_WINDOWED,
        is_kept=True,
    ),
    _read(
        "/cpus/{cpu}",
        "cpu",
        "One CPU: total, rate, counts by IRQ",
        query=(*WINDOW, "irq", "device", "nonzero", "top"),
        schema="Cpu",
        columns=("irq", "device", "total", "rate"),
        errors=_WINDOWED,
        is_kept=True,
    ),
    _read(
        "/series",
        "series",
        "Counts per step, by CPU, IRQ or both",
        query=(*WINDOW, *FILTERS, "step", "by"),
        schema="Series",
        columns=("start", "end", "key", "count"),
        errors=_WINDOWED,
        narrow="step",
        is_kept=True,
    ),
    _read(
        "/events",
        "events",
        "What happened: affinities changed, CPUs, boots, gaps, starts and stops",
        query=(*WINDOW, "irq", "cpu", "device"),
        schema="Events",
        columns=("time", "event", "irq", "cpu", "detail", "by"),
        errors=_WINDOWED,
        narrow="start",
        is_kept=True,
    ),
    _read(
        "/status",
        "status",
        "How the sampler and the store do",
        schema="Status",
        errors=(400, 406),
    ),
    Route(
        "GET",
        "/healthz",
        "healthz",
        "server",
        "Whether the process lives",
        help="Answers as long as the process answers at all: where it does not, restart it.",
        schema="Health",
        is_open=True,
    ),
    Route(
        "GET",
        "/readyz",
        "readyz",
        "server",
        "Whether samples come",
        help="503 with the reason until the first sample, and while the sampler or the disk fails.",
        schema="Health",
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
        "themselves and the rest as `other`; how the server does.",
        media=METRICS,
    ),
    Route(
        "GET",
        "/openapi.json",
        "openapi",
        "server",
        "This document",
        schema="Document",
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
        "This document, for a person",
        media=HTML,
        is_kept=True,
        is_open=True,
    ),
)

OPEN_PATHS = frozenset(each.path for each in ROUTES if each.is_open)
"""Paths that never need a token, as those of the pages' files, below STATIC."""

STATIC = "/static/"

HEALTH_PATHS = frozenset(each.path for each in ROUTES if each.schema == "Health")

API_ROUTES = tuple(each for each in ROUTES if each.path.startswith(f"{API}/"))
