"""irqbalance, the C irqbalance, largest first and Karmarkar-Karp on the same simulated machines.

Usage: bench_balancers.py [INSTANCES], 5 of each kind unless said, at most 3 of the largest. A cell
is the busiest CPU's load over what no placement can go below, and the number of affinities written:
medians, and the worst load if that differs. Fixed seeds draw the loads; every IRQ starts on a
random CPU.

irqbalance and the C irqbalance run unchanged on a tree of /proc and /sys. Its counters follow the
affinities that they write (machine.py). Both run once, and ROUNDS times, ten seconds of the machine
apart. The C irqbalance is Debian's own program, in a chroot of plain files. It cannot reach this
machine's /proc.
"""

import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench_plan import KINDS
from conditions import cache, conditions
from debian import MissingError, command_in, linked, unpacked, version
from machine import Machine
from watch import Watch
from yardsticks import differencing, largest_first

from irqbalance.cli import main as irqbalance
from irqbalance.loads.measure import Clock

ROUNDS = 12
SECONDS = 10.0
"""Between two looks at the counters, on the machine's clock; the C irqbalance's own default."""

REAL_SECONDS = 1
"""The same on this machine's clock, for the C irqbalance, which has no other."""

SETTLE_SECONDS = 0.6
"""From when the C irqbalance read the counters until all that it then writes is written."""

MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made there
"""Where machines are kept, if there is such a place: they are thousands of files each."""

LARGE = 1000
"""IRQs of a machine that takes long to simulate."""

SIDE_BY_SIDE = 6
"""So many C irqbalances at a time, as they mostly sleep."""

PROBLEMS = (
    *(
        (cpus, irqs, 1, kind)
        for cpus, irqs in ((2, 40), (16, 120), (128, 1000))
        for kind in ("uniform", "lognormal")
    ),
    (16, 120, 2, "lognormal"),
)
"""CPUs, IRQs, NUMA nodes and the kind of loads."""

UNTOUCHED = "before"
OURS_ONCE, OURS = "irqbalance, once", f"{ROUNDS} times"
THEIRS_ONCE, THEIRS = "C irqbalance --oneshot", f"{ROUNDS} rounds"
LARGEST_FIRST, DIFFERENCING = "largest first", "Karmarkar-Karp"


@dataclass
class Cell:
    """The results of some instances in one way."""

    loads: list[float] = field(default_factory=list)
    changes: list[int] = field(default_factory=list)

    def add(self, machine: Machine) -> None:
        """Add what a machine shows now."""
        machine.settle()
        self.loads.append(machine.load() / machine.bound())
        self.changes.append(machine.changes)

    def __str__(self) -> str:
        """Return the cell's text."""
        middle, worst = f"{median(self.loads):.3f}", f"{max(self.loads):.3f}"
        shown = middle if middle == worst else f"{middle} (worst {worst})"
        changes = round(median(self.changes))
        return f"{shown}, {changes}" if changes else shown


class Instances:
    """The machines of one problem, from which every way starts."""

    def __init__(self, problem: tuple[int, int, int, str], count: int, folder: Path) -> None:
        """Take the problem, the number of machines, and the folder for their trees."""
        self.cpus, self.irqs, self.nodes, self.kind = problem
        self.count, self.folder = count, folder
        self.made = 0

    def fresh(self, seed: int, root: Path | None = None) -> Machine:
        """Return a machine that has just started."""
        dice = random.Random(f"{self.kind} {self.cpus} {self.irqs} {seed}")
        rates = [float(KINDS[self.kind](dice)) for _ in range(self.irqs)]
        homes = [dice.randrange(self.cpus) for _ in range(self.irqs)]
        self.made += 1
        return Machine(root or self.folder / f"m{self.made}", rates, homes, self.cpus, self.nodes)


def run_ours(instances: Instances, seed: int, once: Cell, often: Cell) -> None:
    """Run irqbalance on a machine once and, on the same machine, ROUNDS times in all."""
    machine = instances.fresh(seed)
    now = [1767225600.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds
        machine.run(seconds)

    clock = Clock(lambda: now[0], lambda: now[0], sleep)
    trees = [f"--procfs={machine.proc}", f"--sysfs={machine.sys}"]
    state = f"--state-dir={machine.proc.parent}/state"
    for number in range(ROUNDS):
        status = irqbalance(["--quiet", "--interval=10", *trees, state], clock)
        if status:
            raise SystemExit(f"irqbalance: exit status {status}")
        if number == 0:
            once.add(machine)
    often.add(machine)


def run_theirs(instances: Instances, seed: int, root: Path, rounds: int, cell: Cell) -> None:
    """Run the C irqbalance on a machine: once for one round, or as a daemon for several."""
    own = instances.folder / f"root-{rounds}-{seed}"
    linked(root, own)
    socket = own / "run/irqbalance"  # without it they want one and the same abstract socket
    socket.mkdir(parents=True)
    socket.chmod(0o777)
    machine = instances.fresh(seed, own)
    argv = ["/usr/sbin/irqbalance", "--foreground", f"--interval={REAL_SECONDS}"]
    command = command_in(own, *argv, *(["--oneshot"] if rounds == 1 else []))
    with Watch(machine.proc / "stat") as watch:
        # it says that it is not root, which does not matter here
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            # it reads the counters once before its first round
            for _ in range(rounds + 1):
                if not watch.wait(60):
                    raise SystemExit(f"the C irqbalance read nothing: {process.poll()}")
                time.sleep(SETTLE_SECONDS)
                # it must not look again before the machine went on, however long this takes
                process.send_signal(signal.SIGSTOP)
                machine.run(SECONDS)
                process.send_signal(signal.SIGCONT)
        finally:
            process.kill()  # it may be stopped
            process.wait()
    cell.add(machine)


def run_all_theirs(instances: Instances, root: Path, cells: dict[str, Cell]) -> None:
    """Run the C irqbalance on every machine in both ways."""
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        done = [
            pool.submit(run_theirs, instances, seed, root, rounds, cells[name])
            for seed in range(instances.count)
            for rounds, name in ((1, THEIRS_ONCE), (ROUNDS, THEIRS))
        ]
        for each in done:
            each.result()


def place(cell: Cell, machine: Machine, way: Callable[[list[int], int], list[int]]) -> None:
    """Place a machine's IRQs in a way that ignores their homes; count the IRQs that move."""
    weights = [round(rate) for rate in machine.rates]
    placed = way(weights, machine.cpus)
    machine.changes = sum(a != b for a, b in zip(machine.placed, placed, strict=True))
    machine.placed = placed
    cell.add(machine)


def compare(problem: tuple[int, int, int, str], count: int, root: Path | None) -> dict[str, Cell]:
    """Return what each way made of the machines of one problem."""
    names = (UNTOUCHED, OURS_ONCE, OURS, THEIRS_ONCE, THEIRS, LARGEST_FIRST, DIFFERENCING)
    cells = {name: Cell() for name in names}
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
        Path(name).chmod(0o755)
        instances = Instances(problem, count, Path(name))
        for seed in range(count):
            cells[UNTOUCHED].add(instances.fresh(seed))
            run_ours(instances, seed, cells[OURS_ONCE], cells[OURS])
            place(cells[LARGEST_FIRST], instances.fresh(seed), largest_first)
            place(cells[DIFFERENCING], instances.fresh(seed), differencing)
        if root is not None:
            run_all_theirs(instances, linked(root, instances.folder / "debians"), cells)
    return cells


def main() -> None:
    """Print a table, in Markdown."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    root = None
    try:
        root = unpacked(cache("irqbalance"), ["irqbalance"])
        print(conditions(f"the C irqbalance {version(root, 'irqbalance')}"))
    except MissingError as error:
        print(conditions())
        print(f"the C irqbalance is not run: {error}")
    shown = False
    for problem in PROBLEMS:
        cpus, irqs, nodes, kind = problem
        cells = compare(problem, min(count, 3) if irqs >= LARGE else count, root)
        if not shown:
            print(f"| CPUs x IRQs, loads | {' | '.join(cells)} |")
            print("|---" * (len(cells) + 1) + "|")
            shown = True
        of_nodes = f", {nodes} nodes" if nodes > 1 else ""
        texts = [str(cell) if cell.loads else "" for cell in cells.values()]
        print(f"| {cpus} x {irqs} {kind}{of_nodes} | {' | '.join(texts)} |", flush=True)


if __name__ == "__main__":
    main()
