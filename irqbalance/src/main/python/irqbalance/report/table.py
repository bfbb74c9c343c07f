"""A Plan -> text for people: the CPUs before and after, the moves, and why the rest stays. Pure.

Lines are at most 80 characters wide, but for the reasons of ``--verbose``.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from ..planning.plan import FIXED, KEPT, OBJECTIVE, REFUSED, Balance, Decision, Plan
from ..planning.reasons import figure
from .machine_readable import Context

_WIDTH = 80
_BAR = 22
_MOST_CPU_LINES = 32
_DEVICES, _OWN = "#", "-"


def as_table(plan: Plan, context: Context, verbose: bool = False) -> str:
    """Gives the report; with `verbose` a line for every IRQ instead of a summary."""
    lines = [
        *_heading(plan, context),
        "",
        *_cpu_lines(plan),
        "",
        *(_every_irq(plan) if verbose else [*_move_lines(plan), *_staying_lines(plan)]),
    ]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _heading(plan: Plan, context: Context) -> Iterator[str]:
    yield from _folded("Load: ", f"{context.unit}, {context.source}")
    moves = plan.moves
    done = "moved" if any(each.status == "applied" for each in moves) else "to move"
    tail = f"; {len(moves)} IRQ{'' if len(moves) == 1 else 's'} {done}"
    if any(plan.own.loads):
        before, after = plan.of_devices(plan.before), plan.of_devices(plan.after)
        yield f"Busiest CPU, by devices: {_change(before, after)}{tail}"
        yield f"With ticks and IPIs, as they were: {_change(plan.before, plan.after)}"
    else:
        yield f"Busiest CPU: {_change(plan.before, plan.after)}{tail}"
    yield f"No assignment can bring the busiest CPU below {figure(plan.lower_bound)}"
    yield from _folded("", f"Objective, in this order: {'; '.join(OBJECTIVE)}")
    if plan.limit:
        yield from _folded("", plan.limit)
    if context.followed is not None:
        yield from _folded("", context.followed.sentence())


def _change(before: Balance, after: Balance) -> str:
    return (
        f"{figure(before.max)} -> {figure(after.max)}; "
        f"imbalance {before.imbalance:.2f} -> {after.imbalance:.2f}"
    )


def _cpu_lines(plan: Plan) -> Iterator[str]:
    """A line per CPU, or per group of neighbours where there are many: the busiest one of each."""
    top = max(plan.before.max, plan.after.max)
    size = -(-len(plan.cpus) // _MOST_CPU_LINES)
    name = "CPU" if size == 1 else "CPUs"
    yield f"{name:>7} {'before':>11} {'':{_BAR}} {'after':>11} {'':{_BAR}}"
    notes = ["the busiest CPU of each group"] if size > 1 else []
    if any(plan.own.loads):
        notes.append(f"{_DEVICES} devices, {_OWN} ticks and IPIs")
    if notes:
        yield f"{'':7} ({'; '.join(notes)})"
    for start in range(0, len(plan.cpus), size):
        group = range(start, min(start + size, len(plan.cpus)))
        cells = [_cell(plan, balance, group, top) for balance in (plan.before, plan.after)]
        yield f"{_span(plan.cpus[group.start : group.stop]):>7} {' '.join(cells)}"


def _cell(plan: Plan, balance: Balance, group: range, top: float) -> str:
    """The load and the bar of the busiest CPU of a group."""
    busiest = max(group, key=balance.loads.__getitem__)
    load = balance.loads[busiest]
    return f"{figure(load):>11} {_bar(load, plan.own.loads[busiest], top):{_BAR}}"


def _span(cpus: Sequence[int]) -> str:
    return str(cpus[0]) if len(cpus) == 1 else f"{cpus[0]}-{cpus[-1]}"


def _bar(load: float, own: float, top: float) -> str:
    whole = round(_BAR * load / top) if top else 0
    part = min(whole, round(_BAR * own / top)) if top else 0
    return _OWN * part + _DEVICES * (whole - part)


def _move_lines(plan: Plan) -> Iterator[str]:
    rows = [each for each in plan.decisions if each.moves or each.status == REFUSED]
    rows.sort(key=lambda each: -each.irq.load)
    if not rows:
        yield "Nothing to move."
        yield ""
        return
    yield f"{'IRQ':>5} {'load':>12}  {'CPU':>11}  {'status':8} device: reason"
    for row in rows:
        yield from _row(row, f"{_cpus(row.irq.present)} -> {row.to}")
    yield ""


def _row(row: Decision, where: str) -> Iterator[str]:
    start = f"{row.irq.irq:>5} {figure(row.irq.load):>12}  {where:>11}  {row.status:8} "
    yield from _folded(start, f"{row.irq.device}: {row.reason}" if row.irq.device else row.reason)


def _folded(start: str, text: str) -> Iterator[str]:
    """Breaks a long line between words, the rest below its own column."""
    room = max(_WIDTH - len(start), 20)
    while len(text) > room:
        cut = text.rfind(" ", 0, room + 1)
        cut = cut if cut > 0 else room
        yield start + text[:cut]
        text, start = text[cut:].lstrip(), " " * len(start)
    yield start + text


def _staying_lines(plan: Plan) -> Iterator[str]:
    staying = [each for each in plan.decisions if each.status in (KEPT, FIXED)]
    counts = Counter((each.status, each.reason) for each in staying)
    if counts:
        yield f"{len(staying)} stay where they are:"
    for (status, reason), count in counts.most_common():
        yield from _folded(f"{count:>5}  {status:6} ", reason)


def _every_irq(plan: Plan) -> Iterator[str]:
    yield f"{'IRQ':>5} {'load':>12}  {'CPU':>11}  {'status':8} device: reason"
    for row in plan.decisions:
        where = f"{_cpus(row.irq.present)} -> {row.to}" if row.moves else _cpus(row.irq.present)
        yield from _row(row, where)


def _cpus(present: Sequence[int]) -> str:
    return ",".join(map(str, sorted(present))) if len(present) <= 3 else f"{len(present)} CPUs"
