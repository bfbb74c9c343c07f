"""The cost of a whole run: the CPU time of a plan from a file, against that of starting Python."""

import os
import random
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

RUNS = 7


def cpu_seconds(command: list[str]) -> float:
    """Return the least CPU time, user and system, that `command` takes in a few runs."""
    # an installed program is compiled already
    compiled = {key: value for key, value in os.environ.items() if "BYTECODE" not in key}
    taken = []
    for _ in range(RUNS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=compiled)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(taken)


def counters(cpus: int, irqs: int) -> str:
    """Return a /proc/interrupts where every IRQ counted on one CPU."""
    dice = random.Random(f"{cpus} {irqs}")
    lines = ["           " + "".join(f"CPU{cpu:<8d}" for cpu in range(cpus))]
    for irq in range(24, 24 + irqs):
        cells = [0] * cpus
        cells[dice.randrange(cpus)] = dice.randint(1, 10**6)
        shown = "".join(f"{cell:10d} " for cell in cells)
        lines.append(f"{irq:>4}: {shown} PCI-MSI {irq}-edge      eth0-TxRx-{irq}")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Print the ratios."""
    floor = cpu_seconds([sys.executable, "-c", "import argparse, json"])
    print(f"python -c 'import argparse, json': {1000 * floor:.0f} ms")
    with tempfile.TemporaryDirectory() as folder:
        for cpus, irqs, aim in ((2, 40, "3"), (16, 120, "none"), (128, 1000, "8")):
            path = Path(folder) / f"{cpus}x{irqs}"
            path.write_text(counters(cpus, irqs))
            taken = cpu_seconds([sys.executable, "-m", "irqbalance", "--from", str(path)])
            ratio = taken / floor
            print(f"plan of {cpus} x {irqs}: {1000 * taken:.0f} ms, {ratio:.1f} times (aim: {aim})")


if __name__ == "__main__":
    main()
