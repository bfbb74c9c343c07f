"""What a sample costs: bytes on disk and CPU, beside sadc, pmlogger and splitting the same text.

irq_server's is all that a sample takes; the recorders' is reading and writing interrupts (of
recorders.py). Their bytes are those before any packing, as irq_server's are.
"""

import tempfile
import threading
import time
from pathlib import Path

from conditions import cache, conditions
from debian import MissingError, unpacked, version
from machine import SIZES, Machine
from recorders import PACKAGES, pmlogger, recording, sadc

from irq_server.kernel.procfs import Procfs
from irq_server.sampling.sampler import Sampler
from irq_server.store.segments.files import Files
from irq_server.store.segments.segment_files import segments_in
from irq_server.store.store import Store

SAMPLES = 400
"""More than an hour, so that a segment is closed and packed too."""

RUNS, LARGE = 3, 1000
"""Runs of a machine, but one of those with so many IRQs."""

BARS = {16: (4_300, 0.8, 2.6), 128: (36_000, 12.0, 0.8)}
"""The bytes and milliseconds of CPU that a sample may cost, by the number of CPUs.

The third is the milliseconds as a multiple of the yardstick's, on a machine at rest.
"""

INTERVAL_SECONDS = 10.0
START = 1767225600.0


def split(text: str, cpu_count: int) -> None:
    """The yardstick: every line split into its cells, as plainly as Python can."""
    for line in text.split("\n"):
        [int(cell) for cell in line.partition(":")[2].split()[:cpu_count] if cell.isdecimal()]


class Clock:
    """A clock that a benchmark moves."""

    def __init__(self) -> None:
        """Start at START."""
        self.seconds = 0.0

    def now(self) -> float:
        """Return the moment, Unix seconds."""
        return START + self.seconds

    def monotonic(self) -> float:
        """Return the seconds since the start."""
        return self.seconds

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        """Wait as the system does; the benchmark takes each sample itself and never asks."""
        return stop.wait(seconds)


def measure(cpu_count: int, irq_count: int) -> tuple[float, float, float]:
    """Return the bytes and the milliseconds of CPU of a sample, and those of the yardstick.

    Take SAMPLES samples of a simulated machine, with all that the server does for each.
    """
    machine, clock = Machine(cpu_count, irq_count), Clock()
    spent = yardstick = 0.0
    with tempfile.TemporaryDirectory() as name:
        root, data = Path(name, "proc"), Path(name, "data")
        for irq in range(24, 24 + irq_count):
            folder = root / "irq" / str(irq)
            folder.mkdir(parents=True)
            (folder / "smp_affinity_list").write_text(f"0-{cpu_count - 1}\n")
        (root / "sys/kernel/random").mkdir(parents=True)
        (root / "sys/kernel/random/boot_id").write_text("boot\n")
        store = Store(data, interval_seconds=INTERVAL_SECONDS)
        sampler = Sampler(Procfs(root), store, clock)
        for _ in range(SAMPLES):
            machine.fire(INTERVAL_SECONDS)
            clock.seconds += INTERVAL_SECONDS
            text = machine.text()
            (root / "interrupts").write_text(text)
            began = time.process_time()
            sampler.sample(round(clock.now() * 1000))
            spent += time.process_time() - began
            began = time.process_time()
            split(text, cpu_count)
            yardstick += time.process_time() - began
        raw = sum(len(Files().read(each.path)) for each in segments_in(data / "raw"))
        store.close()
    return raw / SAMPLES, spent / SAMPLES * 1000, yardstick / SAMPLES * 1000


def others(root: Path | None, cpu_count: int, irq_count: int) -> list[str]:
    """Return the table's cells of the other recorders."""
    if root is None:
        return ["", ""]
    with recording(root, Machine(cpu_count, irq_count).text(), cpu_count) as own:
        costs = [record(own, cpu_count * irq_count) for record in (sadc, pmlogger)]
    return [f"{each.size_bytes:,.0f} bytes, {each.milliseconds:.2f} ms" for each in costs]


def main() -> None:
    """Print a table, in Markdown: the cheapest of RUNS, as other programs use the CPUs too."""
    root = None
    try:
        root = unpacked(cache("irq_server"), PACKAGES)
        versions = [f"{name} {version(root, name)}" for name in PACKAGES]
        print(conditions(*versions))
    except MissingError as error:
        print(conditions())
        print(f"sadc and pmlogger are not run: {error}")
    print("a sample: read, parse, count, append, pack each hour, look at every affinity (10 s)")
    print("| CPUs x IRQs | irq_server | bar | times splitting the text | bar | sadc | pmlogger |")
    print("|---|---|---|---|---|---|---|")
    for cpu_count, irq_count in SIZES:
        runs = [measure(cpu_count, irq_count) for _ in range(RUNS if irq_count < LARGE else 1)]
        size, spent, yardstick = min(runs, key=lambda run: run[1])
        bars = BARS.get(cpu_count)
        cells = [
            f"{cpu_count} x {irq_count}",
            f"{size:,.0f} bytes, {spent:.2f} ms",
            f"{bars[0]:,}, {bars[1]:g}" if bars else "",
            f"{spent / yardstick:.2f}",
            f"{bars[2]:g}" if bars else "",
            *others(root, cpu_count, irq_count),
        ]
        print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
