"""Carry out a plan: undo record first, then the writes. Plan again if the kernel says no.

Before Linux 6.12 only a write shows that an IRQ is managed. The plan was made as if it could move,
so after such an answer the rest is planned again around it. IRQs that have moved stay there.
"""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from .kernel.affinity import Outcome, Writer
from .kernel.cpuset import format_list
from .kernel.topology import Topology
from .loads.irqs import Irq
from .planning.plan import Decision, Limits, Plan, revised
from .planning.planner import make_plan
from .state.folder import StateFolder
from .state.records import Attempt, Undo, correct_undo, load_undo, record_undo, remember_refusals
from .status import Status

OFTEN_MANAGED = re.compile(
    r"virtio[0-9]+-(?:req\.|request)|nvme[0-9]+q[1-9]|mpt[23]sas|megasas|smartpqi|hisi_sas|aacraid"
)
"""Action names of drivers that leave the affinity of their queues to the kernel.

Source: PCI_IRQ_AFFINITY in drivers/block/virtio_blk.c, drivers/nvme/host/pci.c, drivers/scsi."""


class Tools(NamedTuple):
    """The writer of affinities, the state directory, and the shape of the machine."""

    writer: Writer
    folder: StateFolder
    topology: Topology = Topology()


class Result(NamedTuple):
    """The plan as it was carried out, and the answers that were refusals, by IRQ."""

    plan: Plan
    refused: Mapping[str, Outcome]


class _Tried(NamedTuple):
    """The undo records from before a run, the IRQs that it made records of, and their outcomes."""

    earlier: Mapping[str, Undo]
    recorded: dict[str, Irq]
    outcomes: dict[str, Outcome]

    def unmoved(self) -> list[Irq]:
        """Return the IRQs that have a record of this run, and that it did not move."""
        moved = {irq for irq, each in self.outcomes.items() if each.status == Status.APPLIED}
        return [irq for name, irq in self.recorded.items() if name not in moved]


def carry_out(plan: Plan, limits: Limits, tools: Tools, report: Callable[[str], None]) -> Result:
    """Write the moves of `plan`, and `report` each; return the plan with their outcomes."""
    tried = _Tried(load_undo(tools.folder) if plan.moves else {}, {}, {})
    try:
        last, done = _write(plan, limits, tools, report, tried)
    finally:
        attempts = {
            irq.irq: Attempt(irq.kernel.affinity, tools.writer.affinity(irq.irq))
            for irq in tried.unmoved()
        }
        correct_undo(tools.folder, attempts, tried.earlier)
    outcomes = tried.outcomes
    managed = {irq: each.reason for irq, each in outcomes.items() if each.is_managed}
    rows = {each.irq.irq: each.irq.row for each in plan.decisions}
    remember_refusals(tools.folder, managed, rows)
    refused = {irq: each for irq, each in outcomes.items() if each.status == Status.REFUSED}
    return Result(revised(_with_last_reasons(plan, last), done), refused)


def _write(
    plan: Plan, limits: Limits, tools: Tools, report: Callable[[str], None], tried: _Tried
) -> tuple[Plan, dict[str, Decision]]:
    """Write the moves; return the last plan, and the decision on each IRQ that was tried.

    Fill in `tried` on the way, for the records of a run that is interrupted.
    """
    done: dict[str, Decision] = {}
    while moves := _in_order(plan):
        record_undo(tools.folder, [(decision.irq, cpu) for decision, cpu in moves], tried.earlier)
        tried.recorded.update((decision.irq.irq, decision.irq) for decision, _ in moves)
        is_fixed = False
        for decision, cpu in moves:
            irq = decision.irq
            outcome = tried.outcomes[irq.irq] = tools.writer.move(irq.irq, cpu)
            done[irq.irq] = _decision_after(decision, outcome)
            here = format_list(irq.present) or "?"
            report(f"{_name(irq)}: CPU {here} -> {cpu}: {outcome.reason or 'applied'}")
            # an idle IRQ that stays changes nothing for the others
            is_fixed = outcome.status == Status.FIXED and irq.load > 0
            if is_fixed:
                break
        if not is_fixed:
            break
        plan = _plan_again(plan, done, limits, tools.topology)
    return plan, done


def _in_order(plan: Plan) -> list[tuple[Decision, int]]:
    """Return the moves with their CPUs: those first that the kernel may refuse, then the busiest.

    If a refusal comes before anything is written, the plan around it is as good as the first.
    """
    moves = [(each, each.to) for each in plan.moves if each.to is not None]
    return sorted(moves, key=lambda move: not OFTEN_MANAGED.match(move[0].irq.device))


def _name(irq: Irq) -> str:
    return f"IRQ {irq.irq} ({irq.device})" if irq.device else f"IRQ {irq.irq}"


def _decision_after(decision: Decision, outcome: Outcome) -> Decision:
    if outcome.status == Status.APPLIED:
        reason = "; ".join(filter(None, (outcome.reason, decision.reason)))
        return decision._replace(status=Status.APPLIED, reason=reason)
    to = None if outcome.status == Status.FIXED else decision.to
    return decision._replace(to=to, status=outcome.status, reason=outcome.reason)


def _plan_again(
    plan: Plan, done: Mapping[str, Decision], limits: Limits, topology: Topology
) -> Plan:
    """Return the plan for the IRQs that were not tried yet, with the others where they are now."""
    irqs = [_as_it_is(each.irq, done.get(each.irq.irq)) for each in plan.decisions]
    applied = [each.irq.load for each in done.values() if each.moves]
    left = None if limits.max_moves is None else max(0, limits.max_moves - len(applied))
    threshold = 0.0 if any(applied) else limits.threshold_percent
    again = limits._replace(threshold_percent=threshold, max_moves=left)
    return make_plan(irqs, plan.cpus, again, topology)


def _as_it_is(irq: Irq, decision: Decision | None) -> Irq:
    if decision is None:
        return irq
    if decision.moves and decision.to is not None:
        here, placed = (decision.to,), {decision.to: irq.load}
        return irq._replace(present=here, placed=placed, fixed=decision.reason, heading=None)
    return irq._replace(fixed=decision.reason or "refused")


def _with_last_reasons(first: Plan, last: Plan) -> Plan:
    """Return the first plan, before anything moved, with the last decision on each IRQ."""
    if first is last:
        return first
    pairs = zip(first.decisions, last.decisions, strict=True)
    return first._replace(decisions=tuple(new._replace(irq=old.irq) for old, new in pairs))
