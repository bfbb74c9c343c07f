"""Runs that plan from captured files alone, and what every run has to show."""

from pathlib import Path
from typing import NamedTuple

from .errors import NoUsableCpuError
from .kernel.cpuset import format_list
from .kernel.procfs import read_interrupts
from .loads.irqs import describe
from .loads.loads import Measurement, between, since_boot
from .planning.plan import Limits, Plan
from .planning.planner import make_plan
from .report.machine_readable import COUNTS, Context
from .settings.model import Settings


class Report(NamedTuple):
    """What a run has to show: the plan and what refused to move, by IRQ with the reason."""

    plan: Plan
    context: Context
    refused: dict[str, str]
    refused_as_not_permitted: bool = False


def offline(settings: Settings, source: Path) -> Report:
    """Plans from captured files alone."""
    measurement, context = from_files(source, settings.to_file)
    cpus = frozenset(measurement.cpus)
    usable = (cpus if settings.cpus is None else cpus & settings.cpus) - settings.ban_cpus
    if not usable:
        raise NoUsableCpuError(f"{settings.to_file or source} has CPUs {format_list(cpus)}")
    irqs = describe(measurement, None, {}, settings.selection())
    return Report(make_plan(irqs, usable, limits_of(settings)), context, {})


def from_files(earlier: Path, later: Path | None) -> tuple[Measurement, Context]:
    """Gives the loads of one captured file, or of two."""
    _, first = read_interrupts(earlier)
    if later is None:
        return since_boot(first), Context(COUNTS, f"all that {earlier} holds")
    _, second = read_interrupts(later)
    return between(first, second), Context(COUNTS, f"between {earlier} and {later}")


def limits_of(settings: Settings) -> Limits:
    """Gives when the settings let a run act."""
    return Limits(settings.threshold, settings.max_moves)
