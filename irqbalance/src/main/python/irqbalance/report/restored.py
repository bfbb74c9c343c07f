"""The outcome of ``--restore`` as a table, JSON and CSV. Pure."""

import csv
import io
from collections.abc import Sequence

from ..kernel.cpuset import format_list
from ..restore import Restored
from ..status import Status

FIELDS = ("irq", "device", "affinity", "before", "status", "reason")
"""``affinity`` stood when the run began, ``before`` stood before the first write."""

_MOVES = (Status.PLANNED, Status.APPLIED)


def as_text(restored: Sequence[Restored], form: str) -> str:
    """Return the report in the form ``table``, ``json`` or ``csv``."""
    rows = [_row(each) for each in restored]
    if form == "json":
        import json

        moves = sum(1 for each in restored if each.status in _MOVES)
        return json.dumps({"irqs": rows, "moves": moves}) + "\n"
    if form == "csv":
        text = io.StringIO()
        writer = csv.DictWriter(text, FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return text.getvalue()
    if not rows:
        return "Nothing to restore.\n"
    lines = [f"{'IRQ':>5} {'affinity':>11}  {'before':11} {'status':8} device: reason"]
    lines += [
        f"{row['irq']:>5} {row['affinity'] or '-':>11}  {row['before']:11} {row['status']:8} "
        f"{row['device']}: {row['reason']}"
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def _row(restored: Restored) -> dict[str, str]:
    return {
        "irq": restored.irq,
        "device": restored.device,
        "affinity": format_list(restored.now or ()),
        "before": format_list(restored.before),
        "status": restored.status,
        "reason": restored.reason,
    }
