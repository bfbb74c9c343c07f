"""A condition on the interrupts of a window. Pure.

::

    condition  = figure [comparison number ["for" duration]]
    figure     = "imbalance" | "rate" | "cpu" CPU-LIST "rate" | "irq" IRQ "rate"
    comparison = "above" | "below" | ">" | ">=" | "<" | "<=" | "==" | "!="
    number     = digits, with k, M or G for thousands, millions, milliards

The imbalance is the machine's. Rates are per second: of all rows, of the CPUs of a list together,
or of all the IRQs together that a name means, in any form that `server.names` lists.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ..server import model

COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    "above": operator.gt,
    "below": operator.lt,
}


class Condition(NamedTuple):
    """A figure, its limit, and the time for which the comparison has to hold."""

    text: str
    """As it was written, in single blanks."""
    kind: str
    """``imbalance``, ``rate``, ``cpu`` or ``irq``."""
    name: str
    """The CPU list or the pattern, as it was written."""
    cpus: frozenset[int]
    """The CPUs of a list; none for other kinds."""
    compare: Callable[[float, float], bool] | None
    """None for a figure alone, which has no limit."""
    limit: float
    seconds: float = 0.0

    @property
    def irqs(self) -> tuple[str, ...]:
        """The name of the IRQs that an answer has to be about; none for all."""
        return (self.name,) if self.kind == "irq" else ()

    def figure(self, answer: model.Interrupts) -> float | None:
        """Return the rate in a window; None if that holds no two samples."""
        seconds = answer.window.seconds
        return self._total(answer) / seconds if seconds else None

    def unknown_name(self, answer: model.Interrupts) -> str:
        """Return the name in the condition that an answer knows nothing of; empty if it does."""
        if self.kind == "cpu" and not self.cpus & set(answer.cpus):
            return f"CPU {self.name}"
        return ""

    def holds(self, figure: float | None) -> bool:
        """Return True if a figure satisfies the comparison; one that is not known does not."""
        if figure is None:
            return False
        return self.compare is None or self.compare(figure, self.limit)

    def _total(self, answer: model.Interrupts) -> int:
        if self.kind == "cpu":
            loads = zip(answer.cpus, answer.totals, strict=True)
            return sum(total for cpu, total in loads if cpu in self.cpus)
        return answer.total
