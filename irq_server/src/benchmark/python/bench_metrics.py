"""/metrics beside node_exporter's, on the same simulated machines: bytes, series and CPU a scrape.

node_exporter is Debian's, run by chroot on a /proc of plain files, with its interrupts alone; so
much of irq_server's answer is counted as is about interrupts.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import requests
from conditions import cache, conditions
from debian import MissingError, unpacked, version
from machine import SIZES, Machine
from recorders import recording
from tools import node_exporter

from irq_server.kernel.interrupts import parse
from irq_server.kernel.procfs import Procfs
from irq_server.sampling.sampler import Sampler
from irq_server.store.store import Store
from irq_server.web.app import create_app

PACKAGE = "prometheus-node-exporter"
SCRAPES = 5
START, STEP = 1767225600.0, 10.0


def scrapes(ask: Callable[[], str], family: str, spent: Callable[[], float]) -> str:
    """Return a cell: the bytes and series of a family of metrics, and the CPU of one scrape."""
    before = spent()
    for _ in range(SCRAPES):
        text = ask()
    milliseconds = (spent() - before) / SCRAPES * 1000
    lines = [line for line in text.splitlines(keepends=True) if line.startswith(family)]
    size = sum(len(line.encode()) for line in lines)
    return f"{size / 1024:,.1f} KiB, {len(lines):,} series, {milliseconds:,.1f} ms"


def ours(cpu_count: int, irq_count: int) -> str:
    """Scrapes irq_server's application, whose store holds two samples."""
    machine = Machine(cpu_count, irq_count)
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder), interval_seconds=STEP)
        for moment in (START, START + STEP):
            machine.fire(STEP)
            store.append(parse(machine.text()), "boot", moment, moment - START)
        procfs = Procfs(Path("/proc"))
        app = create_app(store, Sampler(procfs, store), procfs, lambda: START + STEP)
        client = app.test_client()
        cell = scrapes(
            lambda: client.get("/metrics").get_data(as_text=True),
            "irq_interrupts_total",
            time.process_time,
        )
        store.close()
    return cell


def theirs(root: Path | None, cpu_count: int, irq_count: int) -> str:
    """Scrapes node_exporter."""
    if root is None:
        return ""
    text = Machine(cpu_count, irq_count).text()
    with recording(root, text, cpu_count) as own, node_exporter(own) as (url, pid):

        def spent() -> float:
            """CPU seconds of the process. Source: Documentation/scheduler/sched-stats.rst."""
            threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
            return sum(int(each.read_text().split()[0]) for each in threads) / 1e9

        return scrapes(lambda: requests.get(url, timeout=60).text, "node_interrupts_total", spent)


def main() -> None:
    """Print a table, in Markdown."""
    root = None
    try:
        root = unpacked(cache("irq_server"), [PACKAGE])
        print(conditions(f"node_exporter {version(root, PACKAGE)}"))
    except MissingError as error:
        print(conditions())
        print(f"node_exporter is not run: {error}")
    print("| CPUs x IRQs | /metrics | node_exporter |")
    print("|---|---|---|")
    for size in SIZES:
        print(f"| {size[0]} x {size[1]} | {ours(*size)} | {theirs(root, *size)} |", flush=True)


if __name__ == "__main__":
    main()
