"""A report as JSON and CSV, for programs. Pure."""

from typing import Any

from ..kernel.cpuset import format_list
from ..planning.plan import Balance, Decision
from ..planning.policy import OBJECTIVE
from .report import Report

CSV_FIELDS = ("irq", "device", "load", "from", "to", "status", "reason")

_DECIMALS = 3


def as_json(report: Report) -> str:
    """Return the report as one JSON object and a line end."""
    import json  # the table, which most runs print, does without

    plan, basis, followed = report.plan, report.basis, report.followed
    content = {
        "cpus": list(plan.cpus),
        "irqs": [_irq_object(decision) for decision in plan.decisions],
        "balance": {
            "before": _balance_object(plan.before),
            "after": _balance_object(plan.after),
            "lower_bound": _rounded(plan.lower_bound),
        },
        "moves": len(plan.moves),
        "left_out": [
            {"cpus": sorted(each.cpus), "reason": each.reason} for each in report.left_out
        ],
        "isolated": _isolated_object(report),
        "objective": list(OBJECTIVE),
        "limit": plan.limit or None,
        "followed": followed and {key: _rounded(each) for key, each in followed._asdict().items()},
        "unit": basis.unit,
        "source": basis.source,
        "seconds": None if basis.seconds is None else _rounded(basis.seconds),
    }
    return json.dumps(content) + "\n"


def as_csv(report: Report) -> str:
    """Return the report as CSV, a line per IRQ; ``from`` is a CPU list."""
    import csv  # as json above
    import io

    text = io.StringIO()
    writer = csv.DictWriter(text, CSV_FIELDS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for decision in report.plan.decisions:
        writer.writerow(_irq_object(decision) | {"from": format_list(decision.irq.present)})
    return text.getvalue()


def _irq_object(decision: Decision) -> dict[str, Any]:
    irq = decision.irq
    return {
        "irq": irq.irq,
        "device": irq.device,
        "load": _rounded(irq.load),
        "from": sorted(irq.present),
        "to": decision.to,
        "status": decision.status,
        "reason": decision.reason,
        "own": irq.own,
    }


def _isolated_object(report: Report) -> dict[str, Any] | None:
    """Return what stays on the CPUs that --isolate empties; ``loads`` follow its ``cpus``."""
    if not report.isolated:
        return None
    remaining = [
        {
            "irq": each.irq.irq,
            "device": each.irq.device,
            "kind": each.kind,
            "reason": each.reason,
            "loads": [_rounded(load) for load in each.loads],
        }
        for each in report.remaining
    ]
    return {"cpus": list(report.isolated), "remaining": remaining}


def _balance_object(balance: Balance) -> dict[str, Any]:
    return {
        "max": _rounded(balance.max),
        "mean": _rounded(balance.mean),
        "imbalance": _rounded(balance.imbalance),
        "loads": [_rounded(load) for load in balance.loads],
    }


def _rounded(number: float) -> float:
    return round(float(number), _DECIMALS)
