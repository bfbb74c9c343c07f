"""What a sample costs: bytes on disk and CPU, beside splitting the same text and nothing more."""

import tempfile
import threading
import time
from pathlib import Path

from machine import SIZES, Machine

from irq_server.procfs import Procfs
from irq_server.sampler import Sampler
from irq_server.store import Store

SAMPLES = 120
INTERVAL_SECONDS = 10.0
START = 1767225600.0


def split(text: str, cpu_count: int) -> None:
    """The yardstick: every line split into its cells, as plainly as Python can."""
    for line in text.split("\n"):
        [int(cell) for cell in line.partition(":")[2].split()[:cpu_count] if cell.isdecimal()]


class Clock:
    """A clock that a benchmark moves."""

    def __init__(self) -> None:
        """Starts at START."""
        self.seconds = 0.0

    def now(self) -> float:
        """Gives the moment, Unix seconds."""
        return START + self.seconds

    def monotonic(self) -> float:
        """Gives the seconds since the start."""
        return self.seconds

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        """Waits as the system does; the benchmark takes each sample itself and never asks."""
        return stop.wait(seconds)


def measure(cpu_count: int, irq_count: int) -> None:
    """Samples a simulated machine SAMPLES times, all told, and prints one line."""
    machine, clock = Machine(cpu_count, irq_count), Clock()
    spent = yardstick = 0.0
    with tempfile.TemporaryDirectory() as name:
        root = Path(name, "proc")
        for irq in range(24, 24 + irq_count):
            folder = root / "irq" / str(irq)
            folder.mkdir(parents=True)
            (folder / "smp_affinity_list").write_text(f"0-{cpu_count - 1}\n")
        (root / "sys/kernel/random").mkdir(parents=True)
        (root / "sys/kernel/random/boot_id").write_text("boot\n")
        store = Store(Path(name, "data"), interval_seconds=INTERVAL_SECONDS)
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
        raw = sum(path.stat().st_size for path in Path(name).glob("data/raw/*/*.csv"))
        store.close()
    print(
        f"{cpu_count:4d} CPUs x {irq_count:4d} IRQs: {raw / SAMPLES:8,.0f} bytes,"
        f" {spent / SAMPLES * 1000:6.2f} ms of CPU per sample,"
        f" {spent / yardstick:5.2f} times splitting the text"
    )


if __name__ == "__main__":
    print("a sample: read, parse, count, append, look at every affinity (interval 10 s)")
    for size in SIZES:
        measure(*size)
