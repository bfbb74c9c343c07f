"""The document's examples: answers of a small machine, made by the code of real ones. Pure.

Two CPUs, a disk's IRQ 36, the local timer and ERR, in the first minute of 2026.
"""

import csv
import io
import json
from collections.abc import Mapping
from typing import Any

from ... import __version__
from ...events import Event, Kind
from ...kernel.procfs import IrqAffinity
from ...kernel.topology import Cpu
from ...sampling.sampler import SamplerStatus
from ...store.counts import Counts, Filters, KnownRow, count, point
from ...store.history import Sample, Window
from ...store.segments.tier_shape import RAW
from ...store.store import StoreStatus
from ...store.totals import Identity
from ...times import format_moment
from .. import serialize
from ..parameters import SERIES_KEYS
from ..problem import problem_text

_START, _END = 1767225600.0, 1767225660.0
_DISK = Identity("36", "PCI-MSIX-0000:00:02.0", "1", "edge", "virtio1-req.0")
_ROWS = (
    KnownRow(_DISK, is_present=True, has_cpus=True),
    KnownRow(Identity("LOC"), is_present=True, has_cpus=True),
    KnownRow(Identity("ERR"), is_present=True, has_cpus=False),
)
_BEFORE = {"36,1": 133691, "LOC,0": 880123, "LOC,1": 903456}
_AFTER = {"36,1": 139295, "LOC,0": 881927, "LOC,1": 907153}
_CPUS = (0, 1)
_WINDOW = Window(
    requested_start=_START + 4.2,
    requested_end=_END + 4.2,
    start=Sample(_START, _BEFORE, RAW),
    end=Sample(_END, _AFTER, RAW),
    samples=7,
    gaps=0,
    resets=0,
    complete=True,
    resolution_seconds=10.0,
    tier="raw",
)
_AFFINITY = IrqAffinity("0-1", "1", writable=True)
_AFFINITIES = {"36": _AFFINITY}
_EVENTS = (
    Event(_START + 12, Kind.AFFINITY, irq="36", detail="0-1 -> 1", by="127.0.0.1"),
    Event(_START + 12, Kind.AFFINITY_REQUEST, irq="36", detail="1 from 127.0.0.1", by="127.0.0.1"),
    Event(_START + 40, Kind.CPU_OFFLINE, cpu=1),
)
_SAMPLER = SamplerStatus("running", 10.0, _END, 8640, 0, 0, None)
_STORE = StoreStatus(7340032, 2**30, _START - 86400.0, _END, 12667904.0, 0)

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


def answer(name: str) -> Any:
    """Return the answer of the route of this name, as JSON."""
    return _ANSWERS[name]()


def table(name: str) -> str:
    """Return the answer of the route of this name, as CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(_TABLES[name]())
    return text.getvalue()


def problem(status: int) -> Any:
    """Return the answer of an error with this status."""
    return json.loads(problem_text(status, *PROBLEMS[status]))


_SEEN = [Cpu(cpu, is_online=True, node=0, package=0, is_isolated=False) for cpu in _CPUS]
_OWN = {
    "now": format_moment(_END),
    "hostname": "web1",
    "version": __version__,
    "writes_allowed": False,
}


def _counts(**filters: Any) -> Counts:
    return count(_BEFORE, _AFTER, _ROWS, _CPUS, Filters(**filters))


def _disk() -> Counts:
    return _counts(irqs=frozenset({"36"}))


def _points() -> list[Any]:
    return [point(_START, _END, _counts(), SERIES_KEYS[1])]


_ANSWERS: Mapping[str, Any] = {
    "interrupts": lambda: serialize.interrupts_json(_counts(), _WINDOW),
    "irqs": lambda: serialize.irqs_json(_counts(), _WINDOW, _AFFINITIES),
    "irq": lambda: serialize.one_irq_json(_disk(), _WINDOW, _AFFINITIES),
    "affinity": lambda: serialize.affinity_json(_DISK, _AFFINITY),
    "set_affinity": lambda: serialize.affinity_json(_DISK, _AFFINITY),
    "cpus": lambda: serialize.cpus_json(_counts(), _WINDOW, _CPUS),
    "cpu": lambda: serialize.cpu_json(1, _counts(cpus=frozenset({1})), _WINDOW),
    "series": lambda: serialize.series_json(_points(), _WINDOW, 60.0, SERIES_KEYS[1]),
    "events": lambda: serialize.events_json(_EVENTS, _WINDOW),
    "status": lambda: serialize.status_json(_SAMPLER, _STORE, _SEEN, _OWN),
    "healthz": lambda: {"status": "ok"},
    "readyz": lambda: {"status": "ready"},
}

_TABLES: Mapping[str, Any] = {
    "interrupts": lambda: serialize.interrupts_csv(_counts(), nonzero=False),
    "irqs": lambda: serialize.irqs_csv(_counts().irqs, _WINDOW, _AFFINITIES),
    "irq": lambda: serialize.irqs_csv(_disk().irqs, _WINDOW, _AFFINITIES),
    "affinity": lambda: serialize.affinity_csv(_DISK, _AFFINITY),
    "cpus": lambda: serialize.cpus_csv(_counts(), _WINDOW),
    "cpu": lambda: serialize.cpu_csv(_counts(cpus=frozenset({1})), _WINDOW),
    "series": lambda: serialize.series_csv(_points()),
    "events": lambda: serialize.events_csv(_EVENTS),
}
