"""What a sample costs: bytes on disk and CPU, beside splitting the same text and nothing more."""

import tempfile
import time
from pathlib import Path

from machine import SIZES, Machine

from irq_server.interrupts import Parser
from irq_server.store import Store

SAMPLES = 120
INTERVAL_SECONDS = 10.0
START = 1767225600.0


def split(text: str, cpu_count: int) -> None:
    """The yardstick: every line split into its cells, as plainly as Python can."""
    for line in text.split("\n"):
        [int(cell) for cell in line.partition(":")[2].split()[:cpu_count] if cell.isdecimal()]


def measure(cpu_count: int, irq_count: int) -> None:
    """Samples a simulated machine SAMPLES times and prints one line."""
    machine = Machine(cpu_count, irq_count)
    parser = Parser()
    texts = []
    for _ in range(SAMPLES):
        machine.fire(INTERVAL_SECONDS)
        texts.append(machine.text())
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder), interval_seconds=INTERVAL_SECONDS)
        spent, yardstick, first_bytes = 0.0, 0.0, 0
        for number, text in enumerate(texts):
            began = time.process_time()
            snapshot = parser.parse(text)
            store.append(snapshot, "boot", START + number * INTERVAL_SECONDS, INTERVAL_SECONDS)
            spent += time.process_time() - began
            began = time.process_time()
            split(text, cpu_count)
            yardstick += time.process_time() - began
            first_bytes = first_bytes or store.status().size_bytes
        raw = sum(path.stat().st_size for path in Path(folder).glob("raw/*/*.csv"))
        store.close()
    print(
        f"{cpu_count:4d} CPUs x {irq_count:4d} IRQs: {raw / SAMPLES:8,.0f} bytes,"
        f" {spent / SAMPLES * 1000:6.2f} ms of CPU per sample,"
        f" {spent / yardstick:5.2f} times splitting the text"
    )


if __name__ == "__main__":
    print("a sample: parse, count, append (interval 10 s)")
    for size in SIZES:
        measure(*size)
