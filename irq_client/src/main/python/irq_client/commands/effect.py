"""Two windows -> what changed between them. Pure.

Everything that a server named passes through `visible` here.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ..figures.imbalance import imbalance
from ..server import model
from ..terminal.table import Column, Sheet
from ..terminal.text import rate_text, visible
from .records import Row
from .views import change_text, window_line, window_warnings

MOST_IRQS = 20


@dataclass(frozen=True, slots=True)
class Effect:
    """The counts before and after a moment, and what happened then."""

    before: model.Interrupts
    after: model.Interrupts
    event: model.Event | None
    """The affinity change, None where a person gave the time."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One figure before and after; None where it was not counted. Rates are per second."""

    kind: str
    """``imbalance``, ``total``, ``cpu`` or ``irq``."""
    name: str
    device: str
    before: float | None
    after: float | None
    cpus: tuple[str, str] = ("", "")
    """Where an IRQ fired mostly, before and after."""


def pairs(effect: Effect, most_irqs: int | None = None) -> list[Pair]:
    """Gives imbalance, total, each CPU by its number, then the IRQs that changed most first.

    `most_irqs` bounds the IRQs; those that fired in neither window are left out.
    """
    before, after = effect.before, effect.after
    found = [
        Pair("imbalance", "", "", imbalance(before.totals), imbalance(after.totals)),
        Pair("total", "", "", _rate(before.total, before), _rate(after.total, after)),
    ]
    loads = [dict(zip(each.cpus, each.totals, strict=True)) for each in (before, after)]
    for cpu in sorted({*before.cpus, *after.cpus}):
        rates = (_rate(loads[0].get(cpu), before), _rate(loads[1].get(cpu), after))
        found.append(Pair("cpu", str(cpu), "", *rates))
    irqs = _irq_pairs(before, after)
    irqs.sort(key=lambda pair: -abs((pair.after or 0.0) - (pair.before or 0.0)))
    return found + irqs[:most_irqs]


def _irq_pairs(before: model.Interrupts, after: model.Interrupts) -> list[Pair]:
    rows = [{irq.irq: irq for irq in each.irqs} for each in (before, after)]
    found = []
    for name in dict.fromkeys([*rows[1], *rows[0]]):
        first, last = rows[0].get(name), rows[1].get(name)
        if not any(irq and irq.total for irq in (first, last)):
            continue
        named = last or first
        found.append(
            Pair(
                "irq",
                name,
                named.device if named else "",
                _rate(first.total if first else None, before),
                _rate(last.total if last else None, after),
                (_mostly(first, before), _mostly(last, after)),
            )
        )
    return found


def _rate(total: int | None, answer: model.Interrupts) -> float | None:
    seconds = answer.window.seconds
    return None if total is None or not seconds else total / seconds


def _mostly(irq: model.Irq | None, answer: model.Interrupts) -> str:
    """Gives the CPU where most of an IRQ fired and the share there: ``CPU3 98%``."""
    if irq is None or not irq.counts or not irq.total:
        return ""
    place = max(range(len(irq.counts)), key=irq.counts.__getitem__)
    return f"CPU{answer.cpus[place]} {100 * irq.counts[place] / irq.total:.0f}%"


def show_effect(effect: Effect, most_irqs: int = MOST_IRQS) -> Sheet:
    """Before and after, side by side."""
    event = effect.event
    told: tuple[str, ...] = ()
    if event is not None:
        told = (f"{change_text(event)}, at {event.time}",)
    return Sheet(
        notes=(
            *told,
            f"before  {window_line(effect.before.window)}",
            f"after   {window_line(effect.after.window)}",
        ),
        warnings=tuple(
            f"{when}: {text}"
            for when, answer in (("before", effect.before), ("after", effect.after))
            for text in window_warnings(answer.window)
        ),
        columns=(
            Column(""),
            Column("DEVICE", flexible=True),
            Column("BEFORE/s", right=True, heat=True),
            Column("AFTER/s", right=True, heat=True),
            Column("CHANGE", right=True),
            Column("MOSTLY BEFORE"),
            Column("MOSTLY AFTER"),
        ),
        rows=tuple(_row(pair) for pair in pairs(effect, most_irqs)),
    )


def _row(pair: Pair) -> tuple[str | float | None, ...]:
    """Gives one line of the table; the imbalance is no rate and has two decimals."""
    titles = {"cpu": f"CPU{pair.name}", "irq": f"IRQ {visible(pair.name)}"}
    before, after = pair.before, pair.after
    figures: tuple[str | float | None, ...] = (before, after)
    if pair.kind == "imbalance":
        figures = tuple("" if each is None else f"{each:.2f}" for each in (before, after))
    title = titles.get(pair.kind, pair.kind)
    return (title, visible(pair.device), *figures, _change(before, after, pair.kind), *pair.cpus)


def _change(before: float | None, after: float | None, kind: str) -> str:
    if before is None or after is None:
        return ""
    size = abs(after - before)
    sign = "+" if after > before else "-"
    text = f"{size:.2f}" if kind == "imbalance" else rate_text(size)
    return "=" if text in ("0.0", "0.00") else sign + text


def list_effect(effect: Effect) -> Iterator[Row]:
    """One row per figure: rates per second, exact."""
    yield ("kind", "name", "device", "before", "after")
    for pair in pairs(effect):
        yield (pair.kind, visible(pair.name), visible(pair.device), pair.before, pair.after)
