"""Windows over HTTP on a store of one day and of many, beside SQLite with an index on the same day.

Usage: bench_window.py [DAYS], 90 unless said. Builds its stores below the temporary folder.
"""

import gzip
import random
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import requests
from machine import Machine

from irq_server import segment
from irq_server.app import create_app
from irq_server.listening import listen, url_of
from irq_server.procfs import Procfs
from irq_server.sampler import Sampler
from irq_server.serve import WebServer
from irq_server.store import Store

CPUS, IRQS = 16, 120
START = 1767225600
DAY = 86400
STEP = 10
QUERIES = 300


def states(days: int) -> Iterator[tuple[int, segment.State]]:
    """Gives the running totals of a simulated machine, every STEP seconds."""
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


def build(folder: Path, days: int, database: Path | None = None) -> int:
    """Writes a store of `days`, its closed segments packed; gives the bytes before packing."""
    raw, last, before = 0, START + days * DAY, {}
    parts: list[bytes] = []
    rows: list[tuple[int, str, int, int]] = []
    first = START
    for moment, state in states(days):
        keyframe = moment % segment.KEYFRAME_SECONDS == 0
        cells = state if keyframe else segment.moved(before, state)
        parts.append(segment.encode_sample(str(moment), cells))
        if database is not None:
            old = before or dict.fromkeys(state, 0)
            deltas = [(key.split(","), n - old[key]) for key, n in state.items()]
            rows += [(moment, irq, int(cpu), n) for (irq, cpu), n in deltas if n]
        before = state
        if (moment + STEP) % 3600 == 0 or moment + STEP == last:
            day = time.strftime("%Y%m%d", time.gmtime(first))
            path = folder / "raw" / day / f"{first}.csv.gz"
            path.parent.mkdir(parents=True, exist_ok=True)
            data = segment.HEADER + b"".join(parts)
            raw += len(data)
            path.write_bytes(gzip.compress(data, 1))
            parts, first = [], moment + STEP
    if database is not None:
        fill(database, rows)
    return raw


def fill(database: Path, rows: list[tuple[int, str, int, int]]) -> None:
    """Writes the counts between samples into SQLite, indexed by time."""
    connection = sqlite3.connect(database)
    connection.execute(
        "create table c (t int, irq text, cpu int, n int, primary key (t, irq, cpu)) without rowid"
    )
    connection.executemany("insert into c values (?, ?, ?, ?)", rows)
    connection.commit()
    connection.close()


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Opens a store, says how long that took, and serves it; every segment is surveyed first."""
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
    """Gives the value that so large a share of `values` does not exceed."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def time_all(calls: list[Callable[[], object]]) -> list[float]:
    """Gives how many milliseconds each call took."""
    spent = []
    for call in calls:
        began = time.perf_counter()
        call()
        spent.append((time.perf_counter() - began) * 1000)
    return spent


def windows(days: int) -> list[tuple[int, int]]:
    """Gives random windows, from seconds to the whole store, always the same ones."""
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


def all_rows(connection: sqlite3.Connection, query: str, window: tuple[int, int]) -> list[object]:
    """Runs a query and gives its rows."""
    return connection.execute(query, window).fetchall()


def ask_sqlite(database: Path) -> tuple[float, float]:
    """Asks SQLite for the counts by CPU in a day's random windows; a new answer each time."""
    connection = sqlite3.connect(database)
    query = "select cpu, sum(n) from c where t > ? and t <= ? group by cpu"
    spent = time_all([partial(all_rows, connection, query, window) for window in windows(1)])
    connection.close()
    return quantile(spent, 0.5), quantile(spent, 0.99)


def main(days: int) -> None:
    """Builds, asks and prints."""
    with tempfile.TemporaryDirectory() as folder:
        one, many, database = Path(folder, "one"), Path(folder, "many"), Path(folder, "c.sqlite")
        raw = build(one, 1, database)
        print(f"one day of {CPUS} CPUs x {IRQS} IRQs: {raw / (DAY / STEP):,.0f} bytes per sample")
        one_median, one_p99 = ask(one, 1)
        print(f"  windows over HTTP: median {one_median:.1f} ms, p99 {one_p99:.1f} ms")
        sqlite_median, sqlite_p99 = ask_sqlite(database)
        print(f"  SQLite, no HTTP: median {sqlite_median:.1f} ms, p99 {sqlite_p99:.1f} ms")
        build(many, days)
        print(f"{days} days")
        many_median, many_p99 = ask(many, days)
        print(f"  windows over HTTP: median {many_median:.1f} ms, p99 {many_p99:.1f} ms")
    print(
        f"p99 on {days} days over p99 on one: {many_p99 / one_p99:.2f};"
        f" median on one day over SQLite's: {one_median / sqlite_median:.2f}"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 90)
