"""A Plan -> JSON and CSV; table.py makes the third form. Pure."""

from typing import Any, NamedTuple

from ..kernel.cpuset import format_list
from ..planning.plan import OBJECTIVE, Balance, Decision, Plan
from ..state.last_run import FollowUp

CSV_FIELDS = ("irq", "device", "load", "from", "to", "status", "reason")

COUNTS, RATES, TIME = "interrupts", "interrupts per second", "CPU milliseconds per second"
"""The units of load."""

_DECIMALS = 3


class Context(NamedTuple):
    """What a reader needs to know beside the plan: the unit of load, and where it came from.

    ``followed`` is what came of the last run's moves, None where there were none.
    """

    unit: str
    source: str
    seconds: float | None = None
    followed: FollowUp | None = None


def as_json(plan: Plan, context: Context) -> str:
    """Gives the report as one JSON object and a line end."""
    import json  # the table, which most runs print, does without

    return json.dumps(as_object(plan, context)) + "\n"


def as_object(plan: Plan, context: Context) -> dict[str, Any]:
    """Gives the report as what JSON has: objects, lists, numbers and texts."""
    return {
        "cpus": list(plan.cpus),
        "irqs": [_irq_object(decision) for decision in plan.decisions],
        "balance": {
            "before": _balance_object(plan.before),
            "after": _balance_object(plan.after),
            "lower_bound": _rounded(plan.lower_bound),
        },
        "moves": len(plan.moves),
        "objective": list(OBJECTIVE),
        "limit": plan.limit or None,
        "followed": _followed_object(context.followed),
        "unit": context.unit,
        "source": context.source,
        "seconds": None if context.seconds is None else _rounded(context.seconds),
    }


def as_csv(plan: Plan) -> str:
    """Gives the report as CSV, a line per IRQ; ``from`` is a CPU list."""
    import csv  # as json above
    import io

    text = io.StringIO()
    writer = csv.DictWriter(text, CSV_FIELDS, lineterminator="\n")
    writer.writeheader()
    for decision in plan.decisions:
        row = _irq_object(decision) | {"from": format_list(decision.irq.present)}
        writer.writerow({field: row[field] for field in CSV_FIELDS})
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


def _balance_object(balance: Balance) -> dict[str, Any]:
    return {
        "max": _rounded(balance.max),
        "mean": _rounded(balance.mean),
        "imbalance": _rounded(balance.imbalance),
        "loads": [_rounded(load) for load in balance.loads],
    }


def _followed_object(followed: FollowUp | None) -> dict[str, float] | None:
    if followed is None:
        return None
    return {name: _rounded(getattr(followed, name)) for name in ("before", "predicted", "measured")}


def _rounded(number: float) -> float:
    return round(float(number), _DECIMALS)
