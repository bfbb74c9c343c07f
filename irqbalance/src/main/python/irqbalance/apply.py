"""Carries a plan out: undo record first, then the writes, planning anew where the kernel says no.

Before Linux 6.12 only a write tells that an IRQ is managed. The plan was made as if it could move,
so after such an answer the rest is planned again around it. What was moved already stays.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from .kernel.affinity import APPLIED, FIXED, PENDING, Outcome, Writer
from .kernel.cpuset import format_list
from .kernel.interrupts import Row
from .kernel.procfs import KernelSays
from .kernel.topology import Topology
from .loads.irqs import Irq
from .planning.plan import Decision, Limits, Plan, revised
from .planning.planner import make_plan
from .state.folder import REFUSALS, UNDO, StateFolder
from .state.records import (
    REFUSAL_FIELDS,
    UNDO_FIELDS,
    Undo,
    belongs,
    read_entries,
    refusal_entry,
    undo_entry,
    undo_of,
)

OFTEN_MANAGED = re.compile(
    r"virtio[0-9]+-(?:req\.|request)|nvme[0-9]+q[1-9]|mpt[23]sas|megasas|smartpqi|hisi_sas|aacraid"
)
"""Drivers that leave the affinity of their queues to the kernel, by what they call them.

Source: PCI_IRQ_AFFINITY in drivers/block/virtio_blk.c, drivers/nvme/host/pci.c, drivers/scsi."""


class Machinery(NamedTuple):
    """What carrying out works with: rows and affinities by IRQ, the writer, state and topology."""

    rows: Mapping[str, Row]
    kernel: Mapping[str, KernelSays]
    writer: Writer
    folder: StateFolder
    topology: Topology = Topology()


class Result(NamedTuple):
    """The plan as it was carried out, and the answers that were refusals, by IRQ."""

    plan: Plan
    refused: Mapping[str, Outcome]


def load_entries(
    folder: StateFolder, name: str, fields: tuple[str, ...]
) -> dict[str, dict[str, str]]:
    """Gives the records of a file of the state directory; none where it cannot be used."""
    try:
        return read_entries(folder.load(name), fields)
    except ValueError:
        folder.distrust(name)
        return {}


def remembered_refusals(folder: StateFolder, rows: Mapping[str, Row]) -> dict[str, str]:
    """Gives why earlier runs could not move IRQs, for those that are still the same device."""
    entries = load_entries(folder, REFUSALS, REFUSAL_FIELDS)
    return {
        irq: entry["reason"]
        for irq, entry in entries.items()
        if irq in rows and belongs(entry, rows[irq])
    }


def carry_out(plan: Plan, limits: Limits, tools: Machinery, tell: Callable[[str], None]) -> Result:
    """Writes what `plan` moves; gives the plan as it came out."""
    first, done = plan, dict[str, Decision]()
    outcomes: dict[str, Outcome] = {}
    while plan.moves:
        _record_undo(plan.moves, tools)
        stopped = False
        for decision in _in_order(plan.moves):
            outcome = tools.writer.move(decision.irq.irq, decision.to or 0)
            outcomes[decision.irq.irq] = outcome
            done[decision.irq.irq] = _decision_after(decision, outcome)
            tell(_what_was_done(decision, outcome))
            if outcome.status == FIXED:
                stopped = True
                break
        if not stopped:
            break
        plan = _plan_again(plan, done, limits, tools.topology)
    _forget_unwritten(outcomes, tools)
    _remember_refusals(outcomes, tools)
    final = revised(_with_last_reasons(first, plan), done)
    refused = {irq: each for irq, each in outcomes.items() if done[irq].status == "refused"}
    return Result(final, refused)


def _in_order(moves: Sequence[Decision]) -> list[Decision]:
    """The moves, those first that the kernel may well refuse, else the busiest first.

    Where a refusal comes before anything is written, the plan around it is as good as the first.
    """
    return sorted(moves, key=lambda each: not OFTEN_MANAGED.match(each.irq.device))


def _what_was_done(decision: Decision, outcome: Outcome) -> str:
    irq = decision.irq
    name = f"IRQ {irq.irq} ({irq.device})" if irq.device else f"IRQ {irq.irq}"
    came_from = format_list(irq.present) or "?"
    return f"{name}: CPU {came_from} -> {decision.to}: {outcome.reason or 'applied'}"


def _decision_after(decision: Decision, outcome: Outcome) -> Decision:
    if outcome.status in (APPLIED, PENDING):
        reason = "; ".join(filter(None, (outcome.reason, decision.reason)))
        return decision._replace(status=APPLIED, reason=reason)
    to = None if outcome.status == FIXED else decision.to
    return decision._replace(to=to, status=outcome.status, reason=outcome.reason)


def _plan_again(
    plan: Plan, done: Mapping[str, Decision], limits: Limits, topology: Topology
) -> Plan:
    """The plan for what was not tried yet, with what was tried where it is now."""
    irqs = [_as_it_is(each.irq, done.get(each.irq.irq)) for each in plan.decisions]
    applied = sum(1 for each in done.values() if each.moves)
    left = None if limits.max_moves is None else max(0, limits.max_moves - applied)
    threshold = 0.0 if applied else limits.threshold_percent
    again = limits._replace(threshold_percent=threshold, max_moves=left)
    return make_plan(irqs, plan.cpus, again, topology)


def _as_it_is(irq: Irq, decision: Decision | None) -> Irq:
    if decision is None:
        return irq
    if decision.moves and decision.to is not None:
        here = (decision.to,)
        placed = {decision.to: irq.load}
        return irq._replace(present=here, placed=placed, fixed=decision.reason, heading=None)
    return irq._replace(fixed=decision.reason or "refused")


def _with_last_reasons(first: Plan, last: Plan) -> Plan:
    """The first plan, before anything moved, with what was decided last on each IRQ."""
    if first is last:
        return first
    pairs = zip(first.decisions, last.decisions, strict=True)
    return first._replace(decisions=tuple(new._replace(irq=old.irq) for old, new in pairs))


def _record_undo(moves: Sequence[Decision], tools: Machinery) -> None:
    """Keeps the affinities from before, on the disk before the first of them is written.

    An affinity that somebody else wrote since is theirs, and is what an undo goes back to.
    """
    entries = load_entries(tools.folder, UNDO, UNDO_FIELDS)
    for decision in moves:
        irq = decision.irq.irq
        row, now = tools.rows[irq], tools.kernel[irq].affinity
        if not now or decision.to is None:
            continue
        old = entries.get(irq)
        before = now
        if old is not None and belongs(old, row) and undo_of(old).written == now:
            before = undo_of(old).before
        entries[irq] = undo_entry(row, Undo(before, frozenset({decision.to})))
    tools.folder.save(UNDO, {"irqs": entries})


def _forget_unwritten(outcomes: Mapping[str, Outcome], tools: Machinery) -> None:
    """Drops the undo records of IRQs that could not be moved and are as they were."""
    unwritten = {irq for irq, each in outcomes.items() if each.status not in (APPLIED, PENDING)}
    if not unwritten:
        return
    entries = load_entries(tools.folder, UNDO, UNDO_FIELDS)
    kept = {irq: entry for irq, entry in entries.items() if irq not in unwritten}
    tools.folder.save(UNDO, {"irqs": kept})


def _remember_refusals(outcomes: Mapping[str, Outcome], tools: Machinery) -> None:
    fixed = {irq: each.reason for irq, each in outcomes.items() if each.status == FIXED}
    if not fixed:
        return
    entries = load_entries(tools.folder, REFUSALS, REFUSAL_FIELDS)
    entries = {
        irq: entry
        for irq, entry in entries.items()
        if irq in tools.rows and belongs(entry, tools.rows[irq])
    }
    entries |= {irq: refusal_entry(tools.rows[irq], reason) for irq, reason in fixed.items()}
    tools.folder.save(REFUSALS, {"irqs": entries})
