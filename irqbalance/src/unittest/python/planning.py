"""The shared helpers of the planner's tests: IRQs in few words, and decisions by IRQ."""

from irqbalance.loads.irqs import Irq
from irqbalance.planning.plan import Decision, Plan


def irq(number: int | str, load: float, *present: int, **more: object) -> Irq:
    """Return an IRQ whose load is on its one present CPU, or evenly on several."""
    placed = {cpu: load / len(present) for cpu in present} if load else {}
    return Irq(str(number), f"dev{number}", load, present, placed, **more)  # type: ignore[arg-type]


def by_irq(plan: Plan) -> dict[str, Decision]:
    """Return the decision of each IRQ."""
    return {decision.irq.irq: decision for decision in plan.decisions}
