"""The families of /metrics that are of one sample: counters that Prometheus counts by exactly.

The counters are the store's running totals: they go on over wraps, boots and restarts of the
server. They carry the time of their sample, so that a scraper cannot shift them. The busiest cells
have a series each, at most `max_series`; the rest of each CPU counts under irq="other"
(selection.py). metrics.json in the data directory keeps the values that a restart needs. Zeros, and
subtotals of other rows, are left out.
Source: https://prometheus.io/docs/practices/naming/.
"""

import json
import logging
import threading
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from functools import lru_cache

from ..events import Kind
from ..kernel.interrupts import SUBTOTAL_LABELS
from ..kernel.procfs import Procfs
from ..kernel.topology import Cpu, Topology
from ..labels import labels
from ..store.history import Sample
from ..store.segments.segment import State
from ..store.store import Store
from ..store.totals import Identity
from .exposition import Family
from .selection import Name, Selection, read_selection, selection_json

_log = logging.getLogger(__name__)

OTHER = "other"
FILE = "metrics.json"


@dataclass(slots=True)
class _Memory:
    """The values that a restart needs: series, affinity changes and up to when, and the boot."""

    selection: Selection = field(default_factory=Selection)
    affinity_changes: int = 0
    changes_until: float | None = None
    boot_id: str = ""
    boot_seconds: float | None = None


class SampledMetrics:
    """A store's newest sample as families.

    They are made once for a sample: two scrapers must get the same values for one time.
    """

    def __init__(self, store: Store, procfs: Procfs, topology: Topology, max_series: int) -> None:
        self._store = store
        self._procfs = procfs
        self._topology = topology
        self._max_series = max_series
        self._lock = threading.Lock()  # for the two below
        self._memory: _Memory | None = None
        self._made: tuple[float, list[Family]] | None = None

    def families(self) -> list[Family]:
        """Return the families. Raise NoSampleError."""
        sample = self._store.history.latest
        with self._lock:
            if self._made is None or self._made[0] < sample.time:
                self._made = sample.time, self._make(sample)
            return self._made[1]

    def _make(self, sample: Sample) -> list[Family]:
        identities = dict(self._store.rows.identities)  # rows may appear meanwhile
        cells = _counted(sample.state, SUBTOTAL_LABELS & identities.keys())
        memory = self._memory = self._memory or self._load(cells)
        devices = {irq: each.device for irq, each in identities.items()}
        changed = memory.selection.update(cells, devices, sample.time, self._max_series)
        changed |= self._count_changes(memory, sample.time)
        changed |= self._note_boot(memory)
        if changed:
            self._keep(memory)
        others = memory.selection.others(cells, self._store.rows.cpus)
        irqs = {key[: key.rindex(",")] for key in cells}
        own = {irq for irq in irqs if identities[irq].is_own}
        families = [
            _interrupts(memory.selection, others, sample.time),
            _by_kind(cells, own, others, sample.time),
            _machine_wide(sample.state, sample.time),
            Family(
                "irq_affinity_changes",
                "counter",
                "Changes of affinities, by anybody.",
                {"": memory.affinity_changes},
                sample.time,
            ),
            _info(memory.selection, identities),
            _cpu_info(self._topology.cpus(self._store.rows.cpus, self._store.rows.online)),
        ]
        if memory.boot_seconds is not None:
            text = "When the machine booted, Unix seconds; another value is another boot."
            values = {"": round(memory.boot_seconds)}
            families.append(Family("irq_server_boot_time_seconds", "gauge", text, values))
        return families

    def _count_changes(self, memory: _Memory, moment: float) -> bool:
        """Count the changes of affinities up to a moment; return whether there is one more."""
        since = moment if memory.changes_until is None else memory.changes_until
        events = self._store.history.events_between(since, moment)
        found = sum(each.event == Kind.AFFINITY for each in events)
        memory.affinity_changes += found
        memory.changes_until = moment
        return bool(found)

    def _note_boot(self, memory: _Memory) -> bool:
        """Note when the machine booted, once a boot: the kernel's figure follows its clock."""
        try:
            boot_id = self._procfs.read_boot_id()
        except OSError:
            return False
        if boot_id == memory.boot_id:
            return False
        memory.boot_id, memory.boot_seconds = boot_id, self._procfs.read_boot_seconds()
        return True

    def _load(self, cells: State) -> _Memory:
        try:
            return _read_memory(self._store.read_beside(FILE), cells)
        except FileNotFoundError:
            return _Memory()
        except (OSError, ValueError) as error:
            path = self._store.folder / FILE
            _log.warning("%s: not used, all series begin again at 0: %s", path, error)
            return _Memory()

    def _keep(self, memory: _Memory) -> None:
        try:
            self._store.write_beside(FILE, _write_memory(memory))
        except OSError as error:
            path = self._store.folder / FILE
            _log.warning("%s: a restart may show other series: %s", path, error.strerror)


def _interrupts(selection: Selection, others: Mapping[str, int], moment: float) -> Family:
    values = {_labels(series.name): series.value for series in selection.shown.values()}
    values |= {labels(cpu=cpu, device="", irq=OTHER): n for cpu, n in others.items()}
    text = (
        "Interrupts by IRQ, device and CPU. A series counts from when it was first shown. What it "
        "counted before is in other."
    )
    return Family("irq_interrupts", "counter", text, values, moment)


@lru_cache(maxsize=8192)
def _labels(name: Name) -> str:
    irq, _, cpu = name.key.rpartition(",")
    return labels(cpu=cpu, device=name.device, irq=irq)


def _by_kind(cells: State, own: Set[str], cpus: Iterable[str], moment: float) -> Family:
    counts = {kind: dict.fromkeys(cpus, 0) for kind in ("device", "own")}
    for key, n in cells.items():
        irq, _, cpu = key.rpartition(",")
        counts["own" if irq in own else "device"][cpu] += n
    values = {
        labels(cpu=cpu, kind=kind): n
        for kind, by_cpu in counts.items()
        for cpu, n in by_cpu.items()
    }
    text = "Interrupts by CPU: of devices, and its own (ticks, IPIs)."
    return Family("irq_cpu_interrupts", "counter", text, values, moment)


def _machine_wide(state: State, moment: float) -> Family:
    values = {labels(irq=key[:-1]): n for key, n in state.items() if key[-1] == ","}
    text = "Rows with one figure for the machine: ERR, MIS."
    return Family("irq_machine_events", "counter", text, values, moment)


def _info(selection: Selection, identities: Mapping[str, Identity]) -> Family:
    irqs = dict.fromkeys(key[: key.rindex(",")] for key in selection.shown)
    found = [identities[irq] for irq in irqs]
    values = {
        labels(chip=each.chip, device=each.device, hwirq=each.hwirq, irq=each.irq): 1
        for each in found
    }
    return Family("irq_info", "gauge", "What the IRQs are that have a series.", values)


def _cpu_info(cpus: Iterable[Cpu]) -> Family:
    values = {
        labels(
            cpu=str(each.number),
            isolated=_truth(each.is_isolated),
            node="" if each.node is None else str(each.node),
            online=_truth(each.is_online),
            package="" if each.package is None else str(each.package),
        ): 1
        for each in cpus
    }
    return Family("irq_cpu_info", "gauge", "What the CPUs are.", values)


def _truth(value: bool) -> str:
    return "true" if value else "false"


def _counted(state: State, subtotals: Set[str]) -> State:
    """Return the cells of CPUs above zero, without subtotals of others."""
    cells = {key: n for key, n in state.items() if n and key[-1] != ","}
    if subtotals:
        cells = {key: n for key, n in cells.items() if key.rpartition(",")[0] not in subtotals}
    return cells


def _write_memory(memory: _Memory) -> bytes:
    """Return the bytes of metrics.json."""
    values = {
        "affinity_changes": [memory.affinity_changes, memory.changes_until],
        "boot": [memory.boot_id, memory.boot_seconds],
        **selection_json(memory.selection),
    }
    return json.dumps(values).encode() + b"\n"


def _read_memory(data: bytes, cells: State) -> _Memory:
    """Return what metrics.json holds. Raise ValueError for anything else."""
    match json.loads(data):
        case {"affinity_changes": [int(n), float(until)], "boot": [str(boot), at]} as values:
            seconds = at if isinstance(at, float) else None
            return _Memory(read_selection(values, cells), n, until, boot, seconds)
        case _:
            raise ValueError("it holds something else")
