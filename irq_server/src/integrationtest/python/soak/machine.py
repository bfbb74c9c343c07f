"""A machine whose every count is known: each cell is a function of one number, the sequence.

Run as a program, ``machine.py ROOT SEED RATE``, it shows one sequence after the other in a tree in
the place of /proc, `RATE` a second, until its standard input ends.

On the last CPU but one of the first rows the cells add up to the sequence s, on the last CPU to the
triangle s(s+1)/2, as floor((n + 0) / 16) + ... + floor((n + 15) / 16) = n (Hermite). From the two
counts of a window follow both sequences that it lies between, and so all its other counts.
"""

import mmap
import random
import select
import struct
import sys
import time
from dataclasses import dataclass
from pathlib import Path

CPUS = 16
LINEAR, TRIANGLE = CPUS - 2, CPUS - 1
"""The CPUs whose totals tell the sequence."""

NUMBERED = 104
NAMED = ("NMI", "LOC", "SPU", "PMI", "IWI", "RTR", "RES", "CAL")
NAMED += ("TLB", "TRM", "THR", "DFR", "MCE", "MCP", "PIN", "PIW")
IRQS = (*map(str, range(24, 24 + NUMBERED)), *NAMED)
SPREAD = 16
"""So many rows share what tells the sequence, so that no cell counts too fast to be believed."""

_CELL = 2**32
_SEQUENCE = struct.Struct("=Q")


@dataclass(frozen=True)
class Cell:
    """Counts `step` at every sequence that `period` divides, `phase` aside."""

    base: int = 0
    step: int = 0
    phase: int = 0
    period: int = 1

    def at(self, sequence: int) -> int:
        """Return the true count: it never wraps."""
        return self.base + self.step * ((sequence + self.phase) // self.period)


def _cell(dice: random.Random) -> Cell:
    kind = dice.random()
    if kind < 0.25:
        return Cell()
    period = dice.randrange(8, 60)
    step = dice.randrange(1, 2000)
    # one in sixteen wraps soon
    base = _CELL - step * dice.randrange(1, 600) if kind > 1 - 1 / 16 else dice.randrange(10**6)
    return Cell(base, step, dice.randrange(period), period)


def triangle(sequence: int) -> int:
    """Return 1 + 2 + ... + `sequence`."""
    return sequence * (sequence + 1) // 2


class Machine:
    """The counters of 16 CPUs and 120 rows, and ERR; `seed` decides what fires how often."""

    def __init__(self, seed: int) -> None:
        """Make the cells."""
        dice = random.Random(seed)
        self._cells = [[_cell(dice) for _ in range(LINEAR)] for _ in IRQS]

    def row(self, number: int, sequence: int) -> list[int]:
        """Return the true counts of a row, by CPU."""
        counts = [cell.at(sequence) for cell in self._cells[number]]
        if number < SPREAD:
            linear, square = sequence + number, triangle(sequence) + number
            return [*counts, linear // SPREAD, square // SPREAD]
        return [*counts, 0, 0]

    def table(self, sequence: int) -> dict[str, list[int]]:
        """Return the true counts of every row."""
        return {irq: self.row(number, sequence) for number, irq in enumerate(IRQS)}

    @staticmethod
    def errors(sequence: int) -> int:
        """Return the figure of ERR."""
        return sequence // 100

    def text(self, sequence: int) -> str:
        """Return /proc/interrupts: cells of 32 bits, as the kernel's."""
        lines = ["           " + "".join(f"CPU{cpu:<8d}" for cpu in range(CPUS))]
        for number, irq in enumerate(IRQS):
            cells = "".join([f"{count % _CELL:10d} " for count in self.row(number, sequence)])
            lines.append(f"{irq:>3}: {cells} {_description(irq)}")
        return "\n".join([*lines, f"ERR: {self.errors(sequence):10d}"]) + "\n"


def _description(irq: str) -> str:
    if not irq.isdecimal():
        return f"What {irq} counts"
    return f"PCI-MSIX-0000:00:{int(irq) // 8:02d}.0   {int(irq) % 8}-edge      eth{int(irq)}-rx-0"


class Tree:
    """The tree in the place of /proc, and the sequence that it shows."""

    def __init__(self, root: Path) -> None:
        """Make the tree, where it is missing, without /proc/interrupts."""
        self.root = root
        shown = root / "sequence"
        if not shown.exists():
            (root / "sys/kernel/random").mkdir(parents=True)
            boot_id = "11111111-0000-0000-0000-000000000000\n"
            (root / "sys/kernel/random/boot_id").write_text(boot_id)
            for irq in map(str, range(24, 24 + NUMBERED)):
                (root / "irq" / irq).mkdir(parents=True)
                (root / "irq" / irq / "smp_affinity_list").write_text(f"0-{CPUS - 1}\n")
            shown.write_bytes(_SEQUENCE.pack(0))
        with shown.open("r+b") as file:
            self._shown = mmap.mmap(file.fileno(), _SEQUENCE.size)

    @property
    def done(self) -> int:
        """The newest sequence that every reader sees from now on, or a later one."""
        return int(_SEQUENCE.unpack(self._shown[:])[0])

    def show(self, machine: Machine, sequence: int) -> None:
        """Put the counters into interrupts, at once, as the kernel would."""
        temporary = self.root / "interrupts.new"
        temporary.write_text(machine.text(sequence))
        temporary.rename(self.root / "interrupts")
        self._shown[:] = _SEQUENCE.pack(sequence)


def main(root: str, seed: str, rate: str) -> None:
    """Show one sequence after the other until standard input ends."""
    machine, tree = Machine(int(seed)), Tree(Path(root))
    due = time.monotonic()
    while True:
        tree.show(machine, tree.done + 1)
        now = time.monotonic()
        due = max(due + 1 / float(rate), now)
        if select.select([sys.stdin], [], [], due - now)[0]:
            return


if __name__ == "__main__":
    main(*sys.argv[1:])
