"""The runs on a live machine, a restore among them: read, decide, do."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import apply, restore
from .console import Console
from .errors import AtWorkError, FileError
from .kernel.affinity import Writer
from .kernel.balancers import find_balancers
from .kernel.cpuset import format_list
from .kernel.devices import Devices
from .kernel.procfs import Machine
from .kernel.topology import read_topology
from .loads.irqs import make_irqs
from .loads.measure import TIME, Clock, live
from .planning.caches import without_cache
from .planning.plan import Limits
from .planning.planner import make_plan
from .planning.usable import Usable, usable_cpus
from .report.report import Report
from .settings.model import Settings
from .state.folder import StateFolder
from .state.last_run import load_last_run, save_prediction, save_reading
from .state.records import load_refusals

NEEDS_ROOT = "not allowed to write here: that needs root (--dry-run does not)"


def balance_machine(settings: Settings, console: Console, clock: Clock) -> Report:
    """Measure, plan and, unless the run is to write nothing, carry the plan out."""
    machine = Machine(settings.procfs, settings.sysfs)
    with _state(settings, machine, console) as folder:
        report = _balance(settings, machine, folder, console, clock)
        if folder.closed:
            problem = "not allowed to read the last run's state, so it is not used"
            console.warning(f"{folder.path}: {problem}")
        return report


def restore_machine(settings: Settings, console: Console, clock: Clock) -> list[restore.Restored]:
    """Put back the affinities from before; a dry run only plans that."""
    machine = Machine(settings.procfs, settings.sysfs)
    with _state(settings, machine, console) as folder:
        planned = restore.plan_restore(machine, folder, settings.force)
        if folder.closed:
            raise FileError(folder.closed, "not allowed to read it: that needs root")
        if not settings.writes:
            return planned
        writer = Writer(machine, wait=clock.sleep)
        return restore.carry_out(planned, writer, folder, console.written)


@contextmanager
def _state(settings: Settings, machine: Machine, console: Console) -> Iterator[StateFolder]:
    """Open the state directory: locked, and with all that may forbid a write checked before."""
    folder = StateFolder(settings.state_dir, machine.boot())
    try:
        others = [] if settings.force else find_balancers(machine.procfs)
        if not settings.writes:
            for other in others:
                console.warning(f"a run would end with exit status 4: {other.sentence()}")
            folder.check()
            yield folder
            return
        require_permission(machine)
        if others:
            raise AtWorkError("; ".join(other.sentence() for other in others))
        folder.prepare()
        with folder.locked():
            yield folder
    finally:
        for problem in folder.problems:
            console.failure(problem)


def require_permission(machine: Machine) -> None:
    """Raise FileError if affinities cannot be written at all."""
    folder = machine.irq_folder
    try:
        is_read_only = os.statvfs(folder).f_flag & os.ST_RDONLY
        irqs = [name for name in os.listdir(folder) if name.isdecimal()]  # noqa: PTH208 - names
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise FileError(folder, error.strerror or str(error)) from error
    if is_read_only:
        raise FileError(folder, "mounted read-only here, so nothing can be moved (see --dry-run)")
    for path in (folder / irq / "smp_affinity_list" for irq in irqs):
        if not _is_writable_by_mode(path):
            continue
        if os.access(path, os.W_OK):
            return
        if _is_writable_by_mode(path):  # it did not go meanwhile
            raise FileError(path, NEEDS_ROOT)


def _is_writable_by_mode(path: Path) -> bool:
    """Return whether a file's mode lets anybody write; False for one that is gone, or a link."""
    try:
        status = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and bool(status.st_mode & 0o222)


def usable_here(
    settings: Settings, machine: Machine, header: tuple[int, ...], console: Console
) -> Usable:
    """Return the CPUs that IRQs may be moved to; raise NoUsableCpuError if none is left."""
    shown = machine.online()
    online = frozenset(header) if shown is None else frozenset(header) & shown
    for option, cpus in (("--cpus", settings.cpus), ("--isolate", settings.isolate)):
        if cpus and cpus - online:
            console.warning(f"{option}: CPUs {format_list(cpus - online)} are not online")
    return usable_cpus(settings, online, machine.isolated(), machine.default_affinity())


def _balance(
    settings: Settings, machine: Machine, folder: StateFolder, console: Console, clock: Clock
) -> Report:
    last = load_last_run(folder)

    def sleep(seconds: float) -> None:
        console.progress(f"measuring for {seconds:g} s ...")
        clock.sleep(seconds)

    by_time = settings.load == "time"
    measurement, basis, reading = live(
        machine,
        last.reading_at(clock.now()),
        settings.interval,
        by_time,
        clock._replace(sleep=sleep),
    )
    if by_time and basis.unit != TIME:
        console.warning(
            f"/proc/stat shows no time in hard interrupts {basis.source}, so counts are the load"
            " (the kernel may lack CONFIG_IRQ_TIME_ACCOUNTING)"
        )
    usable = usable_here(settings, machine, measurement.cpus, console)
    rows = {load.row.irq: load.row for load in measurement.loads}
    selection = settings.selection.on_machine(Devices(rows.values(), machine.sysfs).irqs)
    for problem in selection.without_irq(tuple(rows.values())):
        console.warning(problem)
    irqs = make_irqs(
        measurement,
        machine.kernel_says(irq for irq, row in rows.items() if row.is_numbered),
        selection,
        load_refusals(folder, rows),
        last.loads_in(basis.unit),
    )
    isolated = settings.isolate.intersection(measurement.cpus)
    if isolated:
        from .planning.isolation import stricter  # few runs need it

        irqs = stricter(irqs, isolated)
    rated = None if basis.unit == TIME else basis.seconds
    limits = Limits(settings.threshold, settings.max_moves, rated)
    topology = read_topology(machine, (irq.irq for irq in irqs if not irq.own))
    for problem in without_cache(selection.rules, topology):
        console.warning(problem)
    plan = make_plan(irqs, usable.cpus, limits, topology)
    followed = last.follow_up(measurement, irqs, usable.cpus, basis.unit)
    report = Report(
        plan,
        basis,
        followed,
        left_out=usable.left_out,
        isolated=tuple(sorted(isolated)),
        selection=selection,
    )
    if not settings.writes:
        return report
    save_reading(folder, reading)
    tools = apply.Tools(Writer(machine, wait=clock.sleep), folder, topology)
    result = apply.carry_out(plan, limits, tools, console.written)
    save_prediction(folder, result.plan, basis.unit)
    refused = result.refused
    not_permitted = all(each.not_permitted for each in refused.values()) and not result.plan.moves
    return report._replace(
        plan=result.plan,
        refused={irq: outcome.reason for irq, outcome in refused.items()},
        not_permitted=not_permitted,
    )
