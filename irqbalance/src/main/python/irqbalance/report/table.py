"""A report for people: the moves and their gain, the CPUs, each move, and the rest. Pure.

Lines are at most ``width`` characters wide, except for device names that are longer.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..kernel.cpuset import format_list
from ..planning.plan import Decision, Plan
from ..planning.policy import OBJECTIVE
from ..planning.reasons import figure
from ..status import Status
from .report import Report

NARROWEST = 80

_LARGEST_BAR, _LARGEST_CPU_LABEL = 40, 11
_FIGURE = 11
_MOST_CPU_LINES = 32
_DEVICES, _OWN, _MORE = "#", "-", ">"
_OWN_SHARE = 4
"""Own interrupts take this part of the bar at most; it is left free for them."""

_HEADER = f"{'IRQ':>5} {'load':>12}  {'CPU':>11}  {'status':8} device: reason"


def as_table(report: Report, verbose: bool = False, width: int = NARROWEST) -> str:
    """Return the table. With `verbose` it states the objective, and has a line for every IRQ."""
    plan = report.plan
    width = max(width, NARROWEST)
    lines = [
        *_folded("", _headline(plan), width),
        *_notes(report, verbose, width),
        "",
        *_cpu_lines(plan, width),
        "",
        *_isolated_lines(report, width),
        *(_rows(plan.decisions, width) if verbose else _moves_and_rest(plan, width)),
    ]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _headline(plan: Plan) -> str:
    before, after = plan.before, plan.after
    moved = len(plan.moves)
    refused = sum(each.status == Status.REFUSED for each in plan.decisions)
    if not moved:
        start = f"{_irqs(refused)} refused to move" if refused else "Nothing to move"
        return (
            f"{start}: the busiest CPU's load is {figure(before.max)}, "
            f"imbalance {before.imbalance:.2f}"
        )
    done = any(each.status == Status.APPLIED for each in plan.moves)
    start = f"{_irqs(moved)} {'moved' if done else 'would move'}"
    if refused:
        start += f", {refused} refused"
    return (
        f"{start}: busiest CPU {figure(before.max)} -> {figure(after.max)}, "
        f"imbalance {before.imbalance:.2f} -> {after.imbalance:.2f}"
    )


def _irqs(number: int) -> str:
    return "1 IRQ" if number == 1 else f"{number} IRQs"


def _notes(report: Report, verbose: bool, width: int) -> Iterator[str]:
    plan, basis = report.plan, report.basis
    yield from _folded("Load: ", f"{basis.unit} of devices, {basis.source}", width)
    yield f"No assignment can bring the busiest CPU below {figure(plan.lower_bound)}"
    if verbose:
        yield "Objective, in this order:"
        for number, goal in enumerate(OBJECTIVE, 1):
            yield from _folded(f"{number}. ", goal, width)
    if report.left_out:
        reasons = "; ".join(each.sentence() for each in report.left_out)
        yield from _folded("Left out: ", reasons, width)
    if plan.limit:
        yield from _folded("", plan.limit, width)
    if report.followed is not None:
        yield from _folded("", report.followed.sentence(), width)


class _Bars(NamedTuple):
    """The scale of the bars: characters per unit of load, and how many own interrupts may take."""

    per_load: float
    most_own: int

    def draw(self, load: float, own: float = 0.0) -> str:
        """Return a bar: the load of devices, then thin the CPU's own interrupts."""
        whole = round(own * self.per_load)
        thin = _OWN * whole if whole <= self.most_own else _OWN * (self.most_own - 1) + _MORE
        return _DEVICES * round(load * self.per_load) + thin


def _cpu_lines(plan: Plan, width: int) -> Iterator[str]:
    """Yield a line per CPU, or per group of CPUs: then the busiest one of each."""
    before, after = plan.before.loads, plan.after.loads
    size = -(-len(plan.cpus) // _MOST_CPU_LINES)
    every = range(len(plan.cpus))
    groups = [every[start : start + size] for start in every[::size]]
    labels = [_label([plan.cpus[index] for index in group]) for group in groups]
    label = max(7, *map(len, labels))
    # a label, two figures and two bars, with blanks between them
    bar = min(_LARGEST_BAR, (width - label - 2 * _FIGURE - 4) // 2)
    top = max(*before, *after)
    most_own = bar // _OWN_SHARE if any(plan.own) else 0
    bars = _Bars((bar - most_own) / top if top else 0.0, most_own)
    name = "CPU" if size == 1 else "CPUs"
    yield f"{name:>{label}} {'before':>{_FIGURE}} {'':{bar}} {'after':>{_FIGURE}}"
    legend = ["the busiest CPU of each group"] if size > 1 else []
    if any(plan.own):
        legend.append(f"{_DEVICES} load, {_OWN} the CPU's own interrupts, which are no load")
    if legend:
        yield from _folded(" " * (label + 1), f"({'; '.join(legend)})", width)
    for text, group in zip(labels, groups, strict=True):
        busiest = max(group, key=before.__getitem__)
        was, will = before[busiest], max(after[index] for index in group)
        drawn = bars.draw(was, plan.own[busiest])
        yield (
            f"{text:>{label}} {figure(was):>{_FIGURE}} {drawn:{bar}} "
            f"{figure(will):>{_FIGURE}} {bars.draw(will)}"
        )


def _isolated_lines(report: Report, width: int) -> Iterator[str]:
    """Yield a line for each IRQ that still fires on the CPUs that --isolate empties."""
    if not report.isolated:
        return
    where = f"{'CPU' if len(report.isolated) == 1 else 'CPUs'} {format_list(report.isolated)}"
    remaining = report.remaining
    firing = [each for each in remaining if any(each.loads)]
    yield f"Still firing on {where}:" if firing else f"Nothing still fires on {where}"
    for each in sorted(firing, key=lambda each: -sum(each.loads)):
        text = f"{each.irq.device}: {each.reason}" if each.irq.device else each.reason
        start = f"{each.irq.irq:>5} {figure(sum(each.loads)):>12}  {each.kind:8} "
        yield from _folded(start, text, width)
    silent = len(remaining) - len(firing)
    if silent:
        yield f"      {_irqs(silent)} that cannot leave did not fire"
    yield ""


def _label(cpus: Sequence[int]) -> str:
    """Return the list of `cpus` if that is short, else their number and first and last."""
    text = format_list(cpus)
    return text if len(text) <= _LARGEST_CPU_LABEL else f"{len(cpus)} of {cpus[0]}-{cpus[-1]}"


def _moves_and_rest(plan: Plan, width: int) -> Iterator[str]:
    rows = [each for each in plan.decisions if each.moves or each.status == Status.REFUSED]
    if rows:
        yield from _rows(sorted(rows, key=lambda each: -each.irq.load), width)
        yield ""
    staying = [each for each in plan.decisions if each.status in (Status.KEPT, Status.FIXED)]
    if staying:
        yield f"{_irqs(len(staying))} not moved:"
    counts = Counter((each.status, each.reason) for each in staying)
    for (status, reason), count in counts.most_common():
        yield from _folded(f"{count:>5}  {status:6} ", reason, width)


def _rows(decisions: Sequence[Decision], width: int) -> Iterator[str]:
    yield _HEADER
    for row in decisions:
        yield from _row(row, width)


def _row(row: Decision, width: int) -> Iterator[str]:
    present = row.irq.present
    here = format_list(present) if len(present) <= 3 else f"{len(present)} CPUs"
    where = f"{here} -> {row.to}" if row.moves or row.status == Status.REFUSED else here
    start = f"{row.irq.irq:>5} {figure(row.irq.load):>12}  {where:>11}  {row.status:8} "
    text = f"{row.irq.device}: {row.reason}" if row.irq.device else row.reason
    yield from _folded(start, text, width)


def _folded(start: str, text: str, width: int) -> Iterator[str]:
    """Yield `text` broken between words, its later lines below its own column."""
    room = max(width - len(start), 20)
    while len(text) > room:
        cut = text.rfind(" ", 0, room + 1)
        cut = cut if cut > 0 else room
        yield start + text[:cut]
        text, start = text[cut:].lstrip(), " " * len(start)
    yield start + text
