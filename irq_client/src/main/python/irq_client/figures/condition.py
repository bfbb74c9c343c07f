"""A condition on what fires, as a person writes it -> a value that judges answers. Pure.

::

    condition  = figure  comparison  number  ["for" duration]
    figure     = "imbalance" | "rate" | "cpu" CPU-LIST "rate" | "irq" PATTERN "rate"
    comparison = ">" | ">=" | "<" | "<=" | "==" | "!="
    number     = digits, with k, M or G for thousands, millions, milliards

Rates are per second: of all rows, of the CPUs of a list together, or of all the IRQs together that
a pattern names (by name, number, or action name).
"""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

from ..command_line.values import check_cpu_list, check_pattern, duration_seconds
from ..errors import UsageError
from ..server import model
from ..terminal.text import rate_text
from .imbalance import imbalance
from .patterns import cpu_numbers, matches

FORM = "a condition such as 'imbalance > 1.5 for 5m' or 'irq eth0-* rate > 50k'"

_CONDITION = re.compile(
    r"\s*(?P<figure>imbalance|rate|(?P<kind>cpu|irq)\s+(?P<name>\S+)\s+rate)\s*"
    r"(?P<comparison>>=|<=|==|!=|>|<)\s*(?P<number>[0-9]{1,12}(?:\.[0-9]{1,20})?)(?P<unit>[kMG]?)"
    r"(?:\s+for\s+(?P<duration>\S+))?\s*",
    re.ASCII,
)
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
}
_UNITS = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9}


@dataclass(frozen=True, slots=True)
class Condition:
    """A figure, what it is compared with, and for how long that has to hold."""

    text: str
    """As it was written, in single blanks."""
    kind: str
    """``imbalance``, ``rate``, ``cpu`` or ``irq``."""
    name: str
    comparison: str
    limit: float
    seconds: float = 0.0

    def figure(self, answer: model.Interrupts) -> float | None:
        """Gives the figure in a window; None where that holds no two samples."""
        seconds = answer.window.seconds
        if not seconds:
            return None
        if self.kind == "imbalance":
            return imbalance(answer.totals)
        return self._total(answer) / seconds

    def unknown_name(self, answer: model.Interrupts) -> str:
        """Gives what the condition names and an answer has nothing of; empty where it has."""
        if self.kind == "irq" and not any(
            matches(self.name, irq.irq, irq.device) for irq in answer.irqs
        ):
            return f"IRQ {self.name}"
        if self.kind == "cpu" and not set(cpu_numbers(self.name)) & set(answer.cpus):
            return f"CPU {self.name}"
        return ""

    def holds(self, figure: float | None) -> bool:
        """Tells whether a figure satisfies the comparison; one that is not known does not."""
        return figure is not None and _COMPARISONS[self.comparison](figure, self.limit)

    def describe(self, figure: float | None) -> str:
        """Gives a figure for people."""
        if figure is None:
            return "not known"
        return f"{figure:.2f}" if self.kind == "imbalance" else f"{rate_text(figure)}/s"

    def _total(self, answer: model.Interrupts) -> int:
        if self.kind == "irq":
            named = (irq for irq in answer.irqs if matches(self.name, irq.irq, irq.device))
            return sum(irq.total for irq in named)
        if self.kind == "cpu":
            wanted = set(cpu_numbers(self.name))
            loads = zip(answer.cpus, answer.totals, strict=True)
            return sum(total for cpu, total in loads if cpu in wanted)
        return answer.total


def parse_condition(option: str, text: str) -> Condition:
    """Reads a condition. Raises UsageError with the option's name."""
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise UsageError(option, text, FORM)
    kind, name = match["kind"] or match["figure"], match["name"] or ""
    if kind == "cpu":
        check_cpu_list(option, name)
    if kind == "irq":
        check_pattern(option, name)
    if kind == "imbalance" and match["unit"]:
        raise UsageError(option, text, "a number without a unit after imbalance")
    duration = match["duration"]
    return Condition(
        text=" ".join(text.split()),
        kind=kind,
        name=name,
        comparison=match["comparison"],
        limit=float(match["number"]) * _UNITS[match["unit"]],
        seconds=duration_seconds(option, duration) if duration else 0.0,
    )
