"""Plans of small problems against the exact answers.

Loads are drawn from fixed seeds; every IRQ starts on a random CPU. All figures are ratios: of
the busiest CPU's load to the least there is, of moves to the fewest.
"""

import random
from collections.abc import Callable
from statistics import mean, median

from yardsticks import fewest_moves, highest, least, least_in_moves

from irqbalance.loads.irqs import Irq
from irqbalance.planning.plan import Limits
from irqbalance.planning.planner import make_plan

Draw = Callable[[random.Random], int]
KINDS: dict[str, Draw] = {
    "uniform": lambda dice: dice.randint(1, 100_000),
    "lognormal": lambda dice: max(1, round(1000 * dice.lognormvariate(0, 1.2))),
    "pareto": lambda dice: min(10**7, round(1000 * dice.paretovariate(1.1))),
}


def plan(weights: list[int], homes: list[int], cpus: int, most: int | None = None) -> list[int]:
    """Return the CPU of each IRQ as irqbalance plans it, for any gain at all."""
    irqs = [
        Irq(str(number), "", float(load), (home,), {home: float(load)})
        for number, (load, home) in enumerate(zip(weights, homes, strict=True))
    ]
    made = make_plan(irqs, range(cpus), Limits(0.0, most))
    targets = [decision.to for decision in made.decisions]
    return [home if to is None else to for home, to in zip(homes, targets, strict=True)]


def away(homes: list[int], placed: list[int]) -> int:
    """Return the number of moves."""
    return sum(1 for home, bin_ in zip(homes, placed, strict=True) if home != bin_)


def small(cpus: int, irqs: int, kind: str, instances: int) -> None:
    """Print ratios to the exact answers."""
    loads, moves, limited = [], [], []
    for seed in range(instances):
        dice = random.Random(f"{kind} {cpus} {irqs} {seed}")
        weights = [KINDS[kind](dice) for _ in range(irqs)]
        homes = [dice.randrange(cpus) for _ in range(irqs)]
        best = least(weights, cpus)
        placed = plan(weights, homes, cpus)
        loads.append(highest(weights, cpus, placed) / best)
        fewest = fewest_moves(weights, homes, cpus, max(best, int(best * 1.002)))
        moves.append(away(homes, placed) / fewest if fewest else 1.0)
        for most in (1, 2, 4):
            of_most = highest(weights, cpus, plan(weights, homes, cpus, most))
            limited.append(of_most / least_in_moves(weights, homes, cpus, most))
    print(
        f"{cpus:>4} x {irqs:<5} {kind:10} load/exact {median(loads):.4f} (worst {max(loads):.4f})  "
        f"moves/fewest {mean(moves):.3f} (worst {max(moves):.2f})  "
        f"load/exact in 1, 2, 4 moves {mean(limited):.4f} (worst {max(limited):.3f})"
    )


def main() -> None:
    """Print every figure."""
    for cpus, irqs in ((2, 12), (3, 10), (4, 11)):
        for kind in KINDS:
            small(cpus, irqs, kind, 8)


if __name__ == "__main__":
    main()
