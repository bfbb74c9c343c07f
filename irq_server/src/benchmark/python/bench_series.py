"""Series and long windows in process, on a day of every tier and a year of hours, beside SQLite.

The stores are written by the store's own writer. SQLite holds the same running totals, indexed by
cell and time, and looks the last one up for each cell and edge: its best way for long windows.
"""

import resource
import shutil
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

from conditions import conditions
from flask.testing import FlaskClient
from machine import SIZES, Machine

from irq_server.kernel.procfs import Procfs
from irq_server.sampling.sampler import Sampler
from irq_server.store.segments.files import Files
from irq_server.store.segments.segment import State
from irq_server.store.segments.tier import Tier
from irq_server.store.segments.tier_shape import TIERS, with_sums
from irq_server.store.store import MAX_SEGMENT_BYTES, Store
from irq_server.store.sums import Sums
from irq_server.store.totals import Identity
from irq_server.web.app import create_app

START = 1767225600
DAY = 86400
RUNS = 5

BYTES = {16: 4_300, 128: 36_000}
"""Bars: the bytes of a sample."""

BARS = {
    16: {"24 h by CPU, step 240 s": 0.1, "24 h by CPU, step 5 min": 0.1},
    128: {"24 h by CPU, step 240 s": 0.12, "1 year by CPU, step 8 h": 0.5},
}
"""Bars: seconds of CPU."""


def states(cpus: int, irqs: int, step: int, samples: int) -> Iterator[tuple[int, State]]:
    """Yield the running totals of a simulated machine, every `step` seconds."""
    machine = Machine(cpus, irqs)
    rates = [(f"{24 + n},{cpu}", rate) for n, (cpu, rate) in enumerate(machine.rates) if rate]
    state = {key: machine.dice.randrange(10**8) for key, _ in rates}
    state |= {f"{row},{cpu}": 10**6 for row in ("LOC", "RES", "CAL", "TLB") for cpu in range(cpus)}
    shared = [key for key in state if not key[0].isdigit()]
    for number in range(samples):
        state = dict(state)
        for key, rate in rates:
            state[key] += int(rate * step * machine.dice.random() * 2)
        for key in machine.dice.sample(shared, len(shared) // 2):
            state[key] += machine.dice.randrange(1, 100)
        yield START + number * step, state


def build(folder: Path, moments: Iterator[tuple[int, State]], finest: float, irqs: int) -> float:
    """Write the tiers from `finest` on; return the bytes of a sample there before packing."""
    tiers = [
        Tier(folder, shape, Files(), "never")
        for shape in with_sums(TIERS)
        if shape.step_seconds >= finest
    ]
    sums = Sums({str(24 + n): Identity(str(24 + n), "PCI-MSI", "1") for n in range(irqs)})
    size = count = 0
    for moment, state in moments:
        count += 1
        for tier in tiers:
            if tier.is_due(moment):
                kept = sums.of(state) if tier.shape.is_sums else state
                written = tier.append(moment, True, kept, MAX_SEGMENT_BYTES)
                size += written if tier is tiers[0] else 0
    for tier in tiers:
        tier.close()
    return size / count


def spent(work: Callable[[], Any]) -> float:
    """Return the median seconds of CPU of some runs, after one that fills what is kept."""
    work()
    found = []
    for _ in range(RUNS):
        began = time.thread_time()
        work()
        found.append(time.thread_time() - began)
    return median(found)


def ask(client: FlaskClient, path: str) -> Any:
    """Return an answer's JSON."""
    answer = client.get(f"/api/v1/{path}")
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def opened(folder: Path) -> tuple[Store, FlaskClient]:
    """Open a store, print how long that took, survey it, and return it with its application."""
    began = time.thread_time()
    store = Store(folder, interval_seconds=10.0)
    print(f"  opened in {(time.thread_time() - began) * 1000:.0f} ms of CPU")
    store.warm(threading.Event())
    procfs = Procfs(Path("/proc"))
    return store, create_app(store, Sampler(procfs, store), procfs).test_client()


def series(client: FlaskClient, name: str, seconds: int, step: str, bar: float | None) -> None:
    """Print what a series by CPU costs, beside its bar. Its points must add up to its window."""
    end = START + seconds
    path = f"series?start={START + 7}&end={end - 3}&step={step}&by=cpu"
    found = ask(client, path)
    window = ask(client, f"cpus?start={START + 7}&end={end - 3}")
    assert sum(point["total"] for point in found["points"]) == window["total"]
    took = spent(lambda: client.get(f"/api/v1/{path}"))
    points, bars = len(found["points"]), f" (bar: {bar} s)" if bar else ""
    print(f"  {name}: {points} points in {took:.3f} s{bars}", flush=True)


def in_sqlite(database: Path, moments: Iterator[tuple[int, State]]) -> sqlite3.Connection:
    """Return a database of running totals, a row for each that changed."""
    connection = sqlite3.connect(database)
    connection.execute(
        "create table c (cell text, t int, n int, primary key (cell, t)) without rowid"
    )
    before: State = {}
    for moment, state in moments:
        rows = [(key, moment, n) for key, n in state.items() if before.get(key) != n]
        connection.executemany("insert into c values (?, ?, ?)", rows)
        before = state
    connection.execute("create table cells as select distinct cell from c")
    return connection


def compare(store: Store, connection: sqlite3.Connection) -> None:
    """Print what a 23 h window costs, to the counts of every cell, here and in SQLite."""
    query = (
        "select cell, (select n from c where c.cell = cells.cell and t <= ? order by t desc"
        " limit 1) from cells"
    )
    edges = [START + 1803, START + 1803 + 23 * 3600]

    def here() -> State:
        store.history._recent = {}  # the edges are looked up, not remembered
        before, after = (store.history.sample_at(edge).state for edge in edges)
        return {key: n - before.get(key, 0) for key, n in after.items()}

    def there() -> State:
        before, after = (dict(connection.execute(query, (edge,))) for edge in edges)
        return {key: n - (before[key] or 0) for key, n in after.items()}

    assert here() == there()
    ours, theirs = spent(here) * 1000, spent(there) * 1000
    print(f"  23 h: {ours:.2f} ms, in SQLite {theirs:.2f} ms, ratio {ours / theirs:.2f}")


def main() -> None:
    """Build, ask and print."""
    print(conditions(f"SQLite {sqlite3.sqlite_version}"))
    for cpus, irqs in SIZES[1:]:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            size = build(folder / "day", states(cpus, irqs, 10, DAY // 10), 0.0, irqs)
            print(f"{cpus} CPUs x {irqs} IRQs: {size:,.0f} bytes a sample (bar: {BYTES[cpus]:,})")
            store, client = opened(folder / "day")
            for step in ("240s", "5m", "290s"):
                label = f"24 h by CPU, step {step[:-1]} {'min' if step[-1] == 'm' else 's'}"
                series(client, label, DAY, step, BARS[cpus].get(label))
            if cpus == SIZES[1][0]:
                moments = states(cpus, irqs, 10, DAY // 10)
                compare(store, in_sqlite(folder / "c.sqlite", moments))
            store.close()
            build(folder / "year", states(cpus, irqs, 3600, 8760), 3600.0, irqs)
            shutil.copytree(folder / "day/raw", folder / "year/raw")
            store, client = opened(folder / "year")
            label = "1 year by CPU, step 8 h"
            series(client, label, 8760 * 3600, "8h", BARS[cpus].get(label))
            store.close()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"  resident memory so far, with Flask: at most {peak:.0f} MB")


if __name__ == "__main__":
    main()
