"""The runs on a live machine, restoring included: reading, deciding and doing together."""

import os
from collections.abc import Callable

from . import apply as act
from . import restore
from .console import Tellers
from .errors import AtWorkError, FileError, NoUsableCpuError
from .kernel.affinity import Writer, is_not_permitted
from .kernel.balancers import find_balancers
from .kernel.cpuset import format_list
from .kernel.procfs import Machine
from .kernel.topology import read_topology
from .loads.irqs import Irq, describe
from .loads.loads import Measurement
from .loads.measure import Clock, live
from .offline import Report, limits_of
from .planning.planner import make_plan
from .report.machine_readable import TIME
from .settings.model import Settings
from .state.folder import PREDICTION, SNAPSHOT, StateFolder
from .state.last_run import FollowUp, content, follow_up, last_loads

ROOT_TAKES = "not allowed to write here: this takes root (--dry-run does not)"


def on_machine(settings: Settings, tellers: Tellers, clock: Clock) -> Report:
    """Measures, plans and, unless the run is to write nothing, carries the plan out."""
    machine = Machine(settings.procfs, settings.sysfs)
    folder = StateFolder(settings.state_dir, machine.boot())
    if not settings.writes:
        return _measure_and_act(settings, machine, folder, tellers, clock)
    make_ready(settings, machine, folder)
    with folder.locked():
        return _measure_and_act(settings, machine, folder, tellers, clock)


def restoring(settings: Settings, tellers: Tellers, clock: Clock) -> list[restore.Restored]:
    """Puts back what stood before; a dry run only says what it would put back."""
    machine = Machine(settings.procfs, settings.sysfs)
    folder = StateFolder(settings.state_dir, machine.boot())
    if not settings.writes:
        planned = restore.plan_restore(machine, folder, settings.force)
        _tell_problems(folder, tellers)
        return planned
    make_ready(settings, machine, folder)
    with folder.locked():
        planned = restore.plan_restore(machine, folder, settings.force)
        _tell_problems(folder, tellers)
        writer = Writer(machine, wait=clock.sleep)
        return restore.carry_out(planned, writer, folder, tellers.told)


def make_ready(settings: Settings, machine: Machine, folder: StateFolder) -> None:
    """Raises what keeps a run from writing, before anything is measured; makes the folder."""
    require_permission(machine)
    if not settings.force:
        others = find_balancers(machine.procfs)
        if others:
            raise AtWorkError(f"{', '.join(others)} runs too; stop it, or use --force")
    folder.prepare()


def require_permission(machine: Machine) -> None:
    """Raises FileError where affinities cannot be written at all."""
    folder = machine.irq_folder
    if not folder.is_dir():
        return
    if os.statvfs(folder).f_flag & os.ST_RDONLY:
        raise FileError(folder, "mounted read-only here, so nothing can be moved (see --dry-run)")
    for path in folder.glob("[0-9]*/smp_affinity_list"):
        if path.stat().st_mode & 0o222:
            if not os.access(path, os.W_OK):
                raise FileError(path, ROOT_TAKES)
            return


def usable_cpus(
    settings: Settings, machine: Machine, header: tuple[int, ...], tellers: Tellers
) -> frozenset[int]:
    """Gives the CPUs that IRQs may be moved to; raises NoUsableCpuError where none is left."""
    online = machine.online()
    usable = frozenset(header) if online is None else frozenset(header) & online
    why = [f"CPUs {format_list(usable)} are online"]
    if settings.cpus is not None:
        if settings.cpus - usable:
            tellers.warned(f"--cpus: CPUs {format_list(settings.cpus - usable)} are not online")
        usable &= settings.cpus
        why.append(f"--cpus says {format_list(settings.cpus)}")
    else:
        for words, cpus in machine.isolated().items():
            if cpus:
                usable -= cpus
                why.append(f"{format_list(cpus)} are {words}")
    if settings.ban_cpus:
        usable -= settings.ban_cpus
        why.append(f"--ban-cpus says {format_list(settings.ban_cpus)}")
    if not usable:
        raise NoUsableCpuError(", ".join(why))
    return usable


def _measure_and_act(
    settings: Settings, machine: Machine, folder: StateFolder, tellers: Tellers, clock: Clock
) -> Report:
    by_time = settings.load == "time"
    sleeper = clock._replace(sleep=_told_sleep(clock, tellers))
    measurement, context, reading = live(machine, folder, settings.interval, by_time, sleeper)
    if by_time and context.unit != TIME:
        tellers.warned("/proc/stat shows no time spent on interrupts, so counts are weighed")
    rows = {load.row.irq: load.row for load in measurement.loads}
    kernel = machine.kernel_says(irq for irq, row in rows.items() if row.is_numbered)
    refusals = act.remembered_refusals(folder, rows)
    irqs = describe(measurement, kernel, refusals, settings.selection())
    last = _last_loads(folder, context.unit)
    irqs = tuple(irq._replace(last=last.get(irq.irq)) for irq in irqs)
    usable = usable_cpus(settings, machine, measurement.cpus, tellers)
    rated = None if context.unit == TIME else context.seconds
    limits = limits_of(settings)._replace(seconds=rated)
    topology = read_topology(machine, (irq.irq for irq in irqs if irq.load and not irq.own))
    plan = make_plan(irqs, usable, limits, topology)
    context = context._replace(followed=_follow_up(folder, measurement, irqs, usable))
    _tell_problems(folder, tellers)
    if not settings.writes:
        return Report(plan, context, {})
    folder.save(SNAPSHOT, reading.content())
    tools = act.Machinery(rows, kernel, Writer(machine, wait=clock.sleep), folder, topology)
    result = act.carry_out(plan, limits, tools, tellers.told)
    _tell_problems(folder, tellers)
    folder.save(PREDICTION, content(result.plan, context.unit))
    refused = {irq: outcome.reason for irq, outcome in result.refused.items()}
    not_permitted = all(is_not_permitted(each) for each in result.refused.values())
    return Report(result.plan, context, refused, not_permitted and not result.plan.moves)


def _last_loads(folder: StateFolder, unit: str) -> dict[str, float]:
    """Return the load of each IRQ in the last run; empty if it left none."""
    try:
        return last_loads(folder.load(PREDICTION), unit)
    except ValueError:
        folder.distrust(PREDICTION)
        return {}


def _follow_up(
    folder: StateFolder,
    measurement: Measurement,
    irqs: tuple[Irq, ...],
    usable: frozenset[int],
) -> FollowUp | None:
    """What came of the last run's prediction, None where that is not known."""
    try:
        return follow_up(folder.load(PREDICTION), measurement, irqs, usable)
    except ValueError:
        folder.distrust(PREDICTION)
        return None


def _told_sleep(clock: Clock, tellers: Tellers) -> Callable[[float], None]:
    def sleep(seconds: float) -> None:
        tellers.progress(f"measuring for {seconds:g} s ...")
        clock.sleep(seconds)

    return sleep


def _tell_problems(folder: StateFolder, tellers: Tellers) -> None:
    """Tells what of the state could not be used, each once."""
    while folder.problems:
        tellers.failed(folder.problems.pop(0))
