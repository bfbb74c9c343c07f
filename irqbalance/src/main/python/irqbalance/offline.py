"""A run that plans from captured files alone. It imports nothing that a live run needs."""

from pathlib import Path

from .console import Console
from .kernel.devices import Devices
from .kernel.procfs import read_interrupts
from .kernel.topology import Topology
from .loads.irqs import make_irqs
from .loads.loads import Measurement, between, since_boot
from .loads.measure import COUNTS, Basis
from .planning.caches import without_cache
from .planning.plan import Limits
from .planning.planner import make_plan
from .planning.usable import usable_cpus
from .report.report import Report
from .settings.model import Settings


def plan_from_files(settings: Settings, source: Path, console: Console) -> Report:
    """Return the plan for one captured file, or for two."""
    measurement, basis = read_captures(source, settings.to_file)
    cpus = frozenset(measurement.cpus)
    usable = usable_cpus(settings, cpus, {})
    rows = [load.row for load in measurement.loads]
    selection = settings.selection.on_machine(Devices(rows).irqs)
    problems = (*selection.without_irq(rows), *without_cache(selection.rules, Topology()))
    for problem in problems:
        console.warning(problem)
    irqs = make_irqs(measurement, selection=selection)
    limits = Limits(settings.threshold, settings.max_moves)
    return Report(
        make_plan(irqs, usable.cpus, limits),
        basis,
        left_out=usable.left_out,
        isolated=tuple(sorted(settings.isolate & cpus)),
        selection=selection,
    )


def read_captures(earlier: Path, later: Path | None) -> tuple[Measurement, Basis]:
    """Return the counts of one captured file, or the difference of two."""
    _, first = read_interrupts(earlier)
    if later is None:
        return since_boot(first), Basis(COUNTS, f"all counts in {earlier}")
    _, second = read_interrupts(later)
    return between(first, second), Basis(COUNTS, f"between {earlier} and {later}")
