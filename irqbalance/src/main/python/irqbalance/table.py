"""A Plan -> text for people: the CPUs before and after, the moves, and why the rest stays. Pure.

Lines are at most 80 characters wide, but for the reasons of ``--verbose``.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from .plan import FIXED, KEPT, REFUSED, Decision, Plan
from .report import Context
from .words import figure

_WIDTH = 80
_BAR = 23


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
    yield (
        f"Busiest CPU: {figure(plan.before.max)} -> {figure(plan.after.max)}; "
        f"imbalance {plan.before.imbalance:.2f} -> {plan.after.imbalance:.2f}; "
        f"{len(moves)} IRQ{'' if len(moves) == 1 else 's'} {done}"
    )
    yield f"No assignment can bring the busiest CPU below {figure(plan.lower_bound)}"


def _cpu_lines(plan: Plan) -> Iterator[str]:
    top = max(plan.before.max, plan.after.max)
    yield f"{'CPU':>5} {'before':>12} {'':{_BAR}} {'after':>12} {'':{_BAR}}"
    for cpu, before, after in zip(plan.cpus, plan.before.loads, plan.after.loads, strict=True):
        yield (
            f"{cpu:>5} {figure(before):>12} {_bar(before, top):{_BAR}}"
            f" {figure(after):>12} {_bar(after, top)}"
        )


def _bar(load: float, top: float) -> str:
    return "#" * (round(_BAR * load / top) if top else 0)


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
