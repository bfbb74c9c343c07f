"""Judge a run of irqbalance by the figures of that very run. Pure.

A busy host changes how much a guest's devices do, from one minute to the next. So a figure of
another run, or of an idle host, says nothing of this one. Three questions need no such figure:

- Does the report show the counters? `mismeasured` compares its loads with counters that were read
  beside the run: one window must have all of its loads.
- Is the plan as good as its loads allow? `flaws` searches for a better placement of the same loads.
- Does the kernel carry the plan out? `strays` looks where the interrupts of each IRQ arrived
  afterwards. However often it fired then, it fired on the CPU of the plan.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
Cells = Mapping[str, Mapping[int, int]]
"""Counts by IRQ and CPU."""

SLACK = 1.01
"""A placement is better than another if its busiest CPU carries 1% less.

The plan keeps moves down at 0.2% of load, and its search may miss the best by 0.4%.
"""

CLEARLY_BUSIER = 1.1
"""How many times busier local CPUs may be than what all CPUs could do."""

SCATTER = 2.0
"""Scattering rates ask a gain of up to this many times the threshold."""

SURE = 3.0
"""A gain of this many times what it takes needs no consent of the last run's loads."""

IN_FLIGHT = 3
"""Interrupts that an IRQ may still deliver to its old CPU: the kernel moves it at the next one."""

PATIENCE = 100_000
"""Steps after which a search for a placement gives up."""

_ROUNDING = 0.01
"""Interrupts per second; a report rounds to three decimals."""


@dataclass(frozen=True)
class View:
    """Loads in interrupts per second, by IRQ that may move and by CPU for what stays.

    `near` has the CPUs of the device's node, for IRQs whose device has one.
    """

    loads: Mapping[str, float]
    homes: Mapping[str, int]
    plan: Mapping[str, int]
    fixed: Mapping[int, float]
    near: Mapping[str, frozenset[int]]

    def by_cpu(self, placement: Mapping[str, int]) -> dict[int, float]:
        """Return the load of each usable CPU under a placement."""
        found = dict(self.fixed)
        for irq, cpu in placement.items():
            if cpu in found:
                found[cpu] += self.loads[irq]
        return found

    def busiest(self, placement: Mapping[str, int]) -> float:
        """Return the load of the busiest usable CPU under a placement."""
        return max(self.by_cpu(placement).values())

    def busiest_by_shares(self, cells: Cells) -> float:
        """Return the load of the busiest usable CPU if each IRQ is spread as its cells are."""
        found = dict(self.fixed)
        for irq, load in self.loads.items():
            counts = cells.get(irq, {})
            whole = sum(counts.values())
            for cpu, count in counts.items():
                if cpu in found and count:
                    found[cpu] += load * count / whole
        return max(found.values())


def is_own(row: Json) -> bool:
    """Return True if a row of a report counts interrupts that are a CPU's own."""
    return bool(row.get("own", not row["irq"].partition("#")[0].isdecimal()))


def placed_rows(report: Json) -> list[Json]:
    """Return the rows with load that a plan has on one usable CPU, and could have on another."""
    return [
        row
        for row in report["irqs"]
        if row["status"] != "fixed"
        and row["load"] > 0
        and row["to"] in report["cpus"]
        and (row["status"] != "kept" or len(row["from"]) <= 1)
    ]


def views(report: Json, cells: Cells, near: Mapping[str, Sequence[int]]) -> list[View]:
    """Return the loads as the report counts them and, if these hold the CPUs' own, without these.

    `cells` are counts from about the time of the run. They split the load of a fixed IRQ.
    """
    cpus, rows = report["cpus"], placed_rows(report)
    loads = {row["irq"]: row["load"] for row in rows}
    plan = {row["irq"]: row["to"] for row in rows}
    homes = {row["irq"]: row["from"][0] if row["from"] else row["to"] for row in rows}
    local = {irq: frozenset(near[irq]) & frozenset(cpus) for irq in near if irq in loads}
    counted = dict(zip(cpus, report["balance"]["after"]["loads"], strict=True))
    for irq, cpu in plan.items():
        counted[cpu] -= loads[irq]
    counted = {cpu: max(0.0, load) for cpu, load in counted.items()}
    found = [View(loads, homes, plan, counted, {irq: its for irq, its in local.items() if its})]
    if not any("own" in row for row in report["irqs"]):
        devices = dict.fromkeys(cpus, 0.0)
        for row in report["irqs"]:
            if row["irq"] not in loads and not is_own(row):
                counts = cells.get(row["irq"], {})
                whole = sum(counts.values())
                for cpu, count in counts.items():
                    if cpu in devices and count:
                        devices[cpu] += row["load"] * count / whole
        found.append(View(loads, homes, plan, devices, found[0].near))
    return found


def fitting(view: View, most: float, *, near: bool = False) -> dict[str, int] | None:
    """Return a placement that loads no CPU by more than `most`.

    None if there is none, or none was found with patience. With `near` every IRQ whose device has
    a node stays on it.
    """
    loads = dict(view.fixed)
    whole = sum(loads.values()) + sum(view.loads.values())
    if max(loads.values()) > most or whole > most * len(loads):
        return None
    heaviest_first = sorted(view.loads, key=lambda irq: -view.loads[irq])
    placement: dict[str, int] = {}
    steps = iter(range(PATIENCE))

    def place(index: int) -> bool:
        if index == len(heaviest_first):
            return True
        irq = heaviest_first[index]
        allowed = view.near.get(irq, loads.keys()) if near else loads.keys()
        tried = set()
        for cpu in sorted(allowed, key=lambda each: (-loads[each], each)):
            before = loads[cpu]
            # CPUs that are alike lead to placements that are alike
            alike = (before, frozenset(name for name, its in view.near.items() if cpu in its))
            if before + view.loads[irq] > most or alike in tried or next(steps, None) is None:
                continue
            tried.add(alike)
            loads[cpu], placement[irq] = before + view.loads[irq], cpu
            if place(index + 1):
                return True
            loads[cpu] = before
        return False

    return placement if place(0) else None


def least(view: View) -> float:
    """Return the least load of the busiest CPU that any placement was found to reach, to 0.1%."""
    low = sum([*view.fixed.values(), *view.loads.values()]) / len(view.fixed)
    high = view.busiest(view.plan)
    while high > low * 1.001:
        middle = (low + high) / 2
        better = fitting(view, middle)
        if better is None:
            low = middle
        else:
            high = min(middle, view.busiest(better))
    return high


def flaws(
    report: Json,
    threshold_percent: float,
    cells: Cells,
    near: Mapping[str, Sequence[int]],
    *,
    knows_last: bool = False,
) -> list[str]:
    """Return what is wrong with a plan, by its own loads; an empty list for a good plan.

    A run that `knows_last` run's loads may wait if its gain would have been none by these.
    """
    both = views(report, cells, near)
    found = list(_flaws_of_balance(report, both[0], threshold_percent))
    # a report whose loads hold the CPUs' own may go by either: ticks follow the work, or do not
    candidates = [
        list(_flaws_of_view(report, view, threshold_percent, knows_last)) for view in both
    ]
    return found + min(candidates, key=len)


def _flaws_of_balance(report: Json, view: View, threshold_percent: float) -> Iterator[str]:
    balance = report["balance"]
    before, after = balance["before"]["max"], balance["after"]["max"]
    bound = balance["lower_bound"]
    if bound > after + _ROUNDING:
        yield f"the plan has {after} on its busiest CPU, below its lower bound of {bound}"
    if fitting(view, bound / SLACK) is not None:
        yield f"a placement goes below the lower bound of {bound}"
    spread = any(len(row["from"]) != 1 for row in placed_rows(report))
    loads = view.by_cpu(view.homes)
    for cpu, load in zip(report["cpus"], balance["before"]["loads"], strict=True):
        if not spread and abs(loads[cpu] - load) > len(loads) * _ROUNDING + 0.001 * load:
            yield f"CPU {cpu} has {load} before, but its IRQs have {loads[cpu]:.3f}"
    if _moves_load(report) and after > before * (1 - threshold_percent / 100) + _ROUNDING:
        yield f"it moves for {before} -> {after}, less than the threshold of {threshold_percent}%"


def _flaws_of_view(
    report: Json, view: View, threshold_percent: float, knows_last: bool
) -> Iterator[str]:
    before, planned = view.busiest(view.homes), view.busiest(view.plan)
    gain = threshold_percent / 100 * SCATTER
    if not _moves_load(report):
        enough = before * (1 - gain * (SURE if knows_last else 1.0)) / SLACK
        better = fitting(view, enough)
        if better is not None:
            yield f"it moves nothing at {before:.1f}, and {_shown(view, better)}"
        return
    is_near = all(view.plan[irq] in cpus for irq, cpus in view.near.items())
    better = fitting(view, planned / SLACK, near=is_near)
    if better is None and view.near and is_near:
        better = fitting(view, planned / SLACK / CLEARLY_BUSIER)
    if better is not None:
        yield f"the plan's busiest CPU has {planned:.1f}, and {_shown(view, better)}"
    if not is_near and not knows_last:
        enough = min(planned * CLEARLY_BUSIER / SLACK**2, before * (1 - gain) / SLACK)
        local = fitting(view, enough, near=True)
        if local is not None:
            yield f"IRQs leave their node for {planned:.1f}, and there {_shown(view, local)}"


def _moves_load(report: Json) -> bool:
    """Return whether an IRQ moves that is not idle: idle ones leave unusable CPUs in any case."""
    return any(row["load"] and row["status"] in ("planned", "applied") for row in report["irqs"])


def _shown(view: View, placement: Mapping[str, int]) -> str:
    return f"{view.busiest(placement):.1f} can be had: {placement}"


def strays(report: Json, cells: Cells) -> dict[str, dict[int, int]]:
    """Return where else than on the CPU of the plan IRQs arrived: counts by IRQ and CPU.

    Interrupts that were in flight when an IRQ was moved are none.
    """
    found = {}
    for row in placed_rows(report):
        elsewhere = {
            cpu: count
            for cpu, count in cells.get(row["irq"], {}).items()
            if count and cpu != row["to"]
        }
        if sum(elsewhere.values()) > IN_FLIGHT:
            found[row["irq"]] = elsewhere
    return found


def mismeasured(report: Json, looks: Sequence[Json]) -> list[str]:
    """Return the loads that no one window of the counters has; an empty list if one has them all.

    `looks` come from beside the run. Each has the times when reading `began` and `ended`, and the
    `totals` of each IRQ. The run read the counters somewhere between two looks, and again
    `seconds` later. A look more on each side allows for a program that is held up in between.
    """
    seconds, best = report["seconds"], ["the run took less time than it measured"]
    for first in range(len(looks) - 1):
        earliest, latest = looks[first]["ended"], looks[first + 1]["ended"] + seconds
        outer_end = next((at for at, look in enumerate(looks) if look["began"] >= latest), -1)
        outer = (max(0, first - 1), min(outer_end + 1, len(looks) - 1) if outer_end >= 0 else -1)
        within = [at for at, look in enumerate(looks) if look["ended"] <= earliest + seconds]
        inner = (min(first + 3, len(looks) - 1), max(within[-1] - 1, 0))
        if looks[-1]["ended"] < earliest + seconds:
            break
        wrong = []
        for row in report["irqs"]:
            irq = row["irq"]
            if irq not in looks[0]["totals"]:
                continue
            count = row["load"] * seconds
            more, less = _between(looks, *outer, irq), _between(looks, *inner, irq)
            slack = 1 + 0.001 * count
            if not less - slack <= count <= more + slack:
                wrong.append(f"IRQ {irq}: {count:.1f} interrupts, {less} to {more} counted")
        if not wrong:
            return []
        if first == 0 or len(wrong) < len(best):
            best = wrong
    return best


def _between(looks: Sequence[Json], start: int, end: int, irq: str) -> int:
    return max(0, looks[end]["totals"].get(irq, 0) - looks[start]["totals"].get(irq, 0))
