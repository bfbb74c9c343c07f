"""A simulated machine that prints /proc/interrupts: 40% of its IRQs alive, log-normal rates."""

import random
from dataclasses import dataclass, field

SIZES = ((2, 40), (16, 120), (128, 1000))
"""CPUs and IRQs of a small virtual machine, a server and a large server."""

ROWS_ON_ALL_CPUS = ("LOC", "RES", "CAL", "TLB")


@dataclass
class Machine:
    """Cells that fire, with a fixed seed, so that every run sees the same counts."""

    cpu_count: int
    irq_count: int
    dice: random.Random = field(default_factory=lambda: random.Random(2026))
    cells: list[list[int]] = field(default_factory=list)
    rates: list[tuple[int, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Deals every IRQ a CPU and a rate; six in ten never fire."""
        for _ in range(self.irq_count):
            rate = self.dice.lognormvariate(1.5, 2.0) if self.dice.random() < 0.4 else 0.0
            self.rates.append((self.dice.randrange(self.cpu_count), rate))
            self.cells.append([0] * self.cpu_count)
        self.cells += [[0] * self.cpu_count for _ in ROWS_ON_ALL_CPUS]
        self.fire(100_000.0)

    def fire(self, seconds: float) -> None:
        """Lets the machine run for so long."""
        for cells, (cpu, rate) in zip(self.cells, self.rates, strict=False):
            if rate:
                cells[cpu] += max(int(self.dice.gauss(rate * seconds, rate)), 0)
        for cells in self.cells[self.irq_count :]:
            for cpu in range(self.cpu_count):
                if self.dice.random() < 0.5:
                    cells[cpu] += self.dice.randrange(1, 100)

    def text(self) -> str:
        """Return the machine's /proc/interrupts."""
        lines = ["           " + "".join(f"CPU{cpu:<8d}" for cpu in range(self.cpu_count))]
        for number, cells in enumerate(self.cells):
            shown = "".join(f"{cell % 2**32:10d} " for cell in cells)
            if number < self.irq_count:
                name = f"{number + 24:4d}: {shown} PCI-MSIX-0000:{number // 64:02x}:00.0"
                lines.append(
                    f"{name} {number % 64:3d}-edge      eth{number // 64}-TxRx-{number % 64}"
                )
            else:
                lines.append(f"{ROWS_ON_ALL_CPUS[number - self.irq_count]:>4}: {shown}  text")
        return "\n".join([*lines, f" ERR: {0:10d}"]) + "\n"
