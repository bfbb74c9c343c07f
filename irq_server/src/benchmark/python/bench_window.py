"""Windows on a store of one day and of many, beside SQLite, DuckDB and a scan of the same day.

Usage: bench_window.py [DAYS], 90 unless said. Builds its stores below the temporary folder. The
others (elsewhere.py) hold what came between the samples, or read the store's own files; they are
asked what fired where, IRQ by CPU, in a few random windows, and every answer is compared.
"""

import random
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import duckdb
import requests
from conditions import conditions
from elsewhere import SCAN, Counts, Fired, Way, elsewhere
from machine import Machine

from irq_server.kernel.procfs import Procfs
from irq_server.sampling.sampler import Sampler
from irq_server.serving.server import WebServer
from irq_server.serving.sockets import listen, url_of
from irq_server.store.segments.files import Files
from irq_server.store.segments.segment import State
from irq_server.store.segments.tier import Tier
from irq_server.store.segments.tier_shape import RAW
from irq_server.store.store import MAX_SEGMENT_BYTES, Store
from irq_server.web.app import create_app

CPUS, IRQS = 16, 120
START = 1767225600
DAY = 86400
STEP = 10
QUERIES = 300
COMPARED = 50
LIMITS = {SCAN: 3}
"""Of COMPARED windows, so few for what takes long."""


def states(days: int) -> Iterator[tuple[int, State]]:
    """Return the running totals of a simulated machine, every STEP seconds."""
    machine = Machine(CPUS, IRQS)
    rates = [(str(24 + n), cpu, rate) for n, (cpu, rate) in enumerate(machine.rates) if rate]
    state = {f"{irq},{cpu}": machine.dice.randrange(10**8) for irq, cpu, _ in rates}
    state |= {f"{row},{cpu}": 10**6 for row in ("LOC", "RES", "CAL", "TLB") for cpu in range(CPUS)}
    shared = [key for key in state if not key[0].isdigit()]
    for moment in range(START, START + days * DAY, STEP):
        state = dict(state)
        for irq, cpu, rate in rates:
            state[f"{irq},{cpu}"] += int(rate * STEP * machine.dice.random() * 2)
        for key in machine.dice.sample(shared, len(shared) // 2):
            state[key] += machine.dice.randrange(1, 100)
        yield moment, state


def build(folder: Path, days: int, rows: list[Fired] | None = None) -> int:
    """Write a store of `days`, its closed segments packed; return the bytes before packing.

    What came between the samples goes into `rows`, too.
    """
    raw = 0
    before: State = {}
    tier = Tier(folder, RAW, Files(), "never")
    for moment, state in states(days):
        raw += tier.append(moment, True, state, MAX_SEGMENT_BYTES)
        if rows is not None:
            old = before or dict.fromkeys(state, 0)
            deltas = [(key.split(","), n - old[key]) for key, n in state.items()]
            rows += [(moment, irq, int(cpu), n) for (irq, cpu), n in deltas if n]
        before = state
    tier.close()
    return raw


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Open a store, say how long that took, and serve it; every segment is surveyed first."""
    began = time.perf_counter()
    store = Store(folder, interval_seconds=STEP)
    opened = time.perf_counter() - began
    began = time.perf_counter()
    store.warm(threading.Event())
    surveyed = time.perf_counter() - began
    print(f"  opened in {opened * 1000:,.0f} ms, surveyed in {surveyed:,.1f} s of the background")
    procfs = Procfs(Path("/proc"))
    with listen("127.0.0.1", 0) as bound:
        web = WebServer(create_app(store, Sampler(procfs, store), procfs), bound)
        thread = threading.Thread(target=web.run)
        thread.start()
        try:
            yield url_of(bound)
        finally:
            web.stop()
            thread.join()
            store.close()


def quantile(values: list[float], share: float) -> float:
    """Return the value that so large a share of `values` does not exceed."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def time_all(calls: list[Callable[[], object]]) -> list[float]:
    """Return how many milliseconds each call took."""
    spent = []
    for call in calls:
        began = time.perf_counter()
        call()
        spent.append((time.perf_counter() - began) * 1000)
    return spent


def windows(days: int) -> list[tuple[int, int]]:
    """Return random windows, from seconds to the whole store, always the same ones."""
    dice = random.Random(7)
    edges = [sorted(dice.sample(range(START, START + days * DAY), 2)) for _ in range(QUERIES)]
    return [(start, end) for start, end in edges]


def ask(folder: Path, days: int) -> tuple[float, float]:
    """Asks random windows and gives the median and the 99th percentile, in milliseconds."""
    with served(folder) as url, requests.Session() as session:

        def call(start: int, end: int) -> Callable[[], object]:
            parameters = {"start": str(start), "end": str(end)}
            return lambda: session.get(
                f"{url}/api/v1/cpus", params=parameters, timeout=60
            ).raise_for_status()

        spent = time_all([call(*window) for window in windows(days)])
        series = {"start": str(START + 7), "end": str(START + DAY - 3), "step": "300", "by": "cpu"}
        address = f"{url}/api/v1/series"
        steps = time_all([lambda: session.get(address, params=series, timeout=60)] * 3)
        print(f"  288 steps over a day: {min(steps):,.0f} ms")
    return quantile(spent, 0.5), quantile(spent, 0.99)


def ask_interrupts(url: str) -> Way:
    """Return what asks irq_server for a window's counts, IRQ by CPU."""
    session = requests.Session()

    def ask_window(start: int, end: int) -> Counts:
        parameters = {"start": str(start), "end": str(end), "nonzero": "true"}
        answer = session.get(f"{url}/api/v1/interrupts", params=parameters, timeout=60)
        answer.raise_for_status()
        found = answer.json()
        return {
            (each["irq"], cpu): count
            for each in found["irqs"]
            for cpu, count in zip(found["cpus"], each["counts"], strict=True)
            if count
        }

    return ask_window


def compare(folder: Path, rows: list[Fired]) -> None:
    """Asks irq_server and the others the same, and prints a table in Markdown."""
    ways = elsewhere(folder, rows)
    with served(folder / "one") as url:
        ours = ask_interrupts(url)
        asked = windows(1)[:COMPARED]
        truth = [ours(*window) for window in asked]
        first = [spent(ours, window)[1] for window in windows(1)[COMPARED : 2 * COMPARED]]
        print(f"| counts in {COMPARED} windows of a day | CPU: median, worst | of ours |")
        print("|---|---|---|")
        tell("irq_server, over HTTP", first, first)
        for name, way in ways.items():
            times = []
            for window, counts in list(zip(asked, truth, strict=True))[: LIMITS.get(name)]:
                found, milliseconds = spent(way, window)
                if found != counts:
                    raise SystemExit(f"{name} does not agree with irq_server in {window}")
                times.append(milliseconds)
            tell(name, times, first)


def spent(way: Way, window: tuple[int, int]) -> tuple[Counts, float]:
    """Return an answer, and the milliseconds of CPU that all threads took for it."""
    began = time.process_time()
    found = way(*window)
    return found, (time.process_time() - began) * 1000


def tell(name: str, times: list[float], ours: list[float]) -> None:
    """Print a row of the table; a ratio above 1 is slower than irq_server."""
    ratio = median(times) / median(ours)
    print(f"| {name} | {median(times):.1f} ms, {max(times):.1f} ms | {ratio:.2f} |", flush=True)


def main(days: int) -> None:
    """Build, ask and print."""
    with tempfile.TemporaryDirectory() as folder:
        one, many = Path(folder, "one"), Path(folder, "many")
        rows: list[Fired] = []
        raw = build(one, 1, rows)
        print(conditions(f"SQLite {sqlite3.sqlite_version}", f"DuckDB {duckdb.__version__}"))
        print(f"one day of {CPUS} CPUs x {IRQS} IRQs: {raw / (DAY / STEP):,.0f} bytes per sample")
        one_median, one_p99 = ask(one, 1)
        print(f"  windows over HTTP: median {one_median:.1f} ms, p99 {one_p99:.1f} ms")
        compare(Path(folder), rows)
        rows.clear()
        build(many, days)
        print(f"{days} days")
        many_median, many_p99 = ask(many, days)
        print(f"  windows over HTTP: median {many_median:.1f} ms, p99 {many_p99:.1f} ms")
    print(f"p99 on {days} days over p99 on one: {many_p99 / one_p99:.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 90)
