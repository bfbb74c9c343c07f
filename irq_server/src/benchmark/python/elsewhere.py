"""The same counts in SQLite, in DuckDB and by a scan of the CSV, and ways to ask for a window.

Each way gives what fired where from `start`, exclusive, to `end`, inclusive, by IRQ and CPU.
"""

import csv
import gzip
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import duckdb

Fired = tuple[int, str, int, int]
"""Counts that came since the sample before: the sample's time, IRQ, CPU, count."""

Counts = dict[tuple[str, int], int]
Way = Callable[[int, int], Counts]

SCAN = "scan of the store's CSV in Python"

_SUMS = "select irq, cpu, sum(n) from c where t > ? and t <= ? group by irq, cpu"

_OF_FILES = """
    select irq, cpu, after - coalesce(before, 0)
    from (
        select irq, cpu,
               max("count") filter (where time <= ?) as before,
               max("count") filter (where time <= ?) as after
        from read_csv('{files}', types = {{'irq': 'varchar'}})
        where irq not in ('KEY', 'END') and cpu is not null
        group by irq, cpu
    )
"""


def elsewhere(folder: Path, rows: Sequence[Fired]) -> Mapping[str, Way]:
    """Return each way, its tables filled with `rows`, or on the store in `folder`/one."""
    store = folder / "one"
    return {
        "SQLite, a row for each count, indexed by time": _in_sqlite(folder / "c.sqlite", rows),
        "DuckDB, a table of the same rows": _in_duckdb(folder, rows),
        "DuckDB on the store's CSV": _of_files(store),
        SCAN: lambda start, end: _scanned(store, start, end),
    }


def _in_sqlite(database: Path, rows: Sequence[Fired]) -> Way:
    connection = sqlite3.connect(database)
    connection.execute(
        "create table c (t int, irq text, cpu int, n int, primary key (t, irq, cpu)) without rowid"
    )
    connection.executemany("insert into c values (?, ?, ?, ?)", rows)
    connection.commit()
    return lambda start, end: _counts(connection.execute(_SUMS, (start, end)).fetchall())


def _in_duckdb(folder: Path, rows: Sequence[Fired]) -> Way:
    path = folder / "c.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("t", "irq", "cpu", "n"), *rows])
    connection = duckdb.connect(str(folder / "c.duckdb"))
    types = "types = {'irq': 'varchar'}"
    connection.execute(f"create table c as select * from read_csv('{path}', {types})")  # noqa: S608
    return lambda start, end: _counts(connection.execute(_SUMS, (start, end)).fetchall())


def _of_files(store: Path) -> Way:
    """The query of docs/store.md."""
    connection = duckdb.connect()
    query = _OF_FILES.format(files=store / "raw/*/*.csv*")
    return lambda start, end: _counts(connection.execute(query, (start, end)).fetchall())


def _scanned(store: Path, start: int, end: int) -> Counts:
    """Read every line of the store, as a program would that knows nothing of its order."""
    before: Counts = {}
    after: Counts = {}
    for path in sorted((store / "raw").glob("*/*.csv.gz")):
        with gzip.open(path, "rt", newline="") as file:
            for time, irq, cpu, count in csv.reader(file):
                if irq in ("KEY", "END") or not cpu.isdecimal():
                    continue
                moment, cell = int(time), (irq, int(cpu))
                if moment <= end:
                    after[cell] = int(count)
                if moment <= start:
                    before[cell] = int(count)
    return _counts([(*cell, count - before.get(cell, 0)) for cell, count in after.items()])


def _counts(rows: Sequence[tuple[str, int, int]]) -> Counts:
    return {(irq, cpu): int(count) for irq, cpu, count in rows if count}
