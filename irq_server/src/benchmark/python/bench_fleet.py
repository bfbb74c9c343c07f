"""Fifty simulated hosts: what export, DuckDB and Prometheus take for their histories.

DuckDB answers the questions of docs/fleet.md on a day of 10 s samples of each host. Prometheus is
Debian's; it scrapes a server that shows each host the same machine's /metrics, ten seconds later at
each scrape.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from typing import Any

import duckdb
import pyarrow.parquet  # type: ignore[import-untyped]  # it has no types
import requests
from bench_series import DAY, START, build, states
from conditions import cache, conditions
from debian import MissingError, unpacked, version
from machine import SIZES, Machine
from tools import free_port

from irq_server.kernel.interrupts import parse
from irq_server.kernel.procfs import Procfs
from irq_server.sampling.sampler import Sampler
from irq_server.store.devices import IRQ_FIELDS
from irq_server.store.store import Store
from irq_server.web.app import create_app

HOSTS, STEP = 50, 10
SCRAPES, SCRAPE_SECONDS = 20, 3
RUNS = 5
FLEET = Path(__file__).parents[3] / "docs/fleet.md"
MEGABYTE = 2**20


def in_milliseconds(work: Callable[[], Any]) -> str:
    """Return the median and the worst time of some runs."""
    found = []
    for _ in range(RUNS):
        began = time.perf_counter()
        work()
        found.append((time.perf_counter() - began) * 1000)
    return f"{median(found):,.0f} ms, at worst {max(found):,.0f} ms"


# ---- export and DuckDB --------------------------------------------------------------------------


def a_day(folder: Path, cpus: int, irqs: int) -> None:
    """Write a store of a day."""
    build(folder, states(cpus, irqs, STEP, DAY // STEP), 0.0, irqs)
    rows = [f"{START},{24 + n},PCI-MSI,{n},edge,eth{n // 64}-TxRx-{n % 64}," for n in range(irqs)]
    (folder / "irqs.csv").write_text("\n".join([",".join(IRQ_FIELDS), *rows]) + "\n")


def export(store: Path, form: str, output: Path) -> str:
    """Export a store in a process of its own; return what that took."""
    command = [sys.executable, "-m", "irq_server", "export", str(store), "--host", "host0"]
    process = subprocess.Popen([*command, "--format", form, "--output", str(output)])
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    seconds = used.ru_utime + used.ru_stime
    size = output.stat().st_size / MEGABYTE
    return f"{form} {used.ru_maxrss / 1024:.0f} MB at most, {seconds:.0f} s of CPU, {size:,.1f} MB"


def spread(table: Path, park: Path) -> None:
    """Write a host's Parquet file for each of the hosts, as `ship` lays them out."""
    file = pyarrow.parquet.ParquetFile(table)
    column = file.schema_arrow.get_field_index("host")
    options = {"compression": "zstd", "use_dictionary": file.schema_arrow.names[:-1]}
    for number in range(HOSTS):
        path = park / f"tier=raw/date=2026-01-01/host=host{number}/part.parquet"
        path.parent.mkdir(parents=True)
        with pyarrow.parquet.ParquetWriter(path, file.schema_arrow, **options) as writer:
            for group in range(file.num_row_groups):
                rows = file.read_row_group(group)
                names = pyarrow.array([f"host{number}"] * len(rows)).dictionary_encode()
                writer.write_table(rows.set_column(column, file.schema_arrow.field(column), names))


def answered(connection: duckdb.DuckDBPyConnection, query: str) -> list[Any]:
    """Return the rows that answer a query."""
    return connection.execute(query).fetchall()


def ask_duckdb(park: Path) -> None:
    """Print what the questions of docs/fleet.md take."""
    queries = re.findall(r"^```sql\n(.*?)^```", FLEET.read_text(), re.M | re.S)[:4]
    names = (
        "edges of the day",
        "counts of a day by host and CPU",
        "hosts by imbalance",
        "one host at 03:12",
    )
    files = list(park.rglob("*.parquet"))
    size = sum(each.stat().st_size for each in files) / MEGABYTE
    rows = sum(pyarrow.parquet.read_metadata(each).num_rows for each in files)
    print(f"  DuckDB {duckdb.__version__}: {rows / 1e6:.1f} million rows in {size:,.0f} MB")
    with duckdb.connect() as connection:
        connection.execute("set threads = 2")
        for name, query in zip(names, queries, strict=True):
            here = query.replace("/srv/interrupts/tier=1m", f"{park}/tier=raw")
            here = here.replace("host=web1", "host=host7")
            before = time.process_time()
            took = in_milliseconds(partial(answered, connection, here))
            cpu = (time.process_time() - before) / RUNS * 1000
            print(f"  {name} (bar: 1,000 ms): {took}; {cpu:,.0f} ms of CPU", flush=True)


# ---- Prometheus ---------------------------------------------------------------------------------


def pages(folder: Path, cpus: int, irqs: int) -> list[bytes]:
    """Return what /metrics shows at successive samples, up to now."""
    machine = Machine(cpus, irqs)
    moment = float(round(time.time() / STEP - SCRAPES) * STEP)
    store = Store(folder, interval_seconds=STEP, sync="never")
    procfs = Procfs(Path("/proc"))
    client = create_app(store, Sampler(procfs, store), procfs, lambda: moment).test_client()
    found, spent = [], []
    for _ in range(SCRAPES):
        machine.fire(STEP)
        store.append(parse(machine.text()), "boot", moment, STEP)
        before = time.thread_time()
        found.append(client.get("/metrics").data)
        spent.append((time.thread_time() - before) * 1000)
        moment += STEP
    store.close()
    lines = [line for line in found[-1].decode().splitlines() if not line.startswith("#")]
    series = sum("_info{" not in line for line in lines)
    packed = client.get("/metrics", headers={"Accept-Encoding": "gzip"}).content_length or 0
    size = len(found[-1]) / 1024
    print(
        f"  /metrics: {series:,} series and {len(lines) - series:,} of _info, {size:.0f} KiB"
        f" ({packed / 1024:.1f} KiB gzipped), {median(spent):.1f} ms of CPU",
        flush=True,
    )
    return found


@contextmanager
def shown(bodies: list[bytes]) -> Iterator[int]:
    """Serve each path the next of the bodies at each request, then none; return the port."""
    served: Counter[str] = Counter()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            number = served[self.path]
            served[self.path] += 1
            body = bodies[number] if number < len(bodies) else b""
            self.send_response(200 if body else 503)  # so that Prometheus idles at last
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(ConnectionError):  # Prometheus ends in the midst
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()


@contextmanager
def prometheus(command: Path, folder: Path, port: int) -> Iterator[tuple[str, int]]:
    """Run Prometheus, which scrapes the hosts; return its address and process."""
    jobs = [
        {
            "job_name": f"host{number}",
            "metrics_path": f"/{number}",
            "static_configs": [
                {"targets": [f"127.0.0.1:{port}"], "labels": {"instance": f"host{number}"}}
            ],
        }
        for number in range(HOSTS)
    ]
    configuration = folder / "prometheus.json"
    scrape = {"scrape_interval": f"{SCRAPE_SECONDS}s"}
    configuration.write_text(json.dumps({"global": scrape, "scrape_configs": jobs}))
    own = free_port()
    options = (
        f"--config.file={configuration}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{own}",
        "--log.level=error",
    )
    with subprocess.Popen([command, *options]) as process:
        try:
            yield f"http://127.0.0.1:{own}", process.pid
        finally:
            process.terminate()


def ask_prometheus(url: str, pid: int) -> None:
    """Print what Prometheus holds, and what two instant queries over all hosts take."""

    def ask(expression: str, at: float) -> bytes:
        parameters = {"query": expression, "time": f"{at:.3f}"}
        answer = requests.get(f"{url}/api/v1/query", params=parameters, timeout=60)
        assert answer.ok, answer.text
        return answer.content

    def size(expression: str, at: float) -> int:
        return len(json.loads(ask(expression, at))["data"]["result"])

    def spent() -> float:
        """CPU milliseconds of Prometheus. Source: Documentation/scheduler/sched-stats.rst."""
        threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
        return sum(int(each.read_text().split()[0]) for each in threads) / 1e6

    def show(name: str, found: str, work: Callable[[], Any]) -> None:
        before = spent()
        took = in_milliseconds(work)
        print(f"  {name}, {found}: {took}; {(spent() - before) / RUNS:,.0f} ms of CPU", flush=True)

    counts = "sum by (instance, cpu) (irq_cpu_interrupts_total)"
    load = 'irq_cpu_interrupts_total{kind="device"}'
    recent = f"({load} - {load} offset 1m)"
    imbalance = f"sort_desc(max by (instance) {recent} / avg by (instance) {recent})"
    now = time.time()
    start = now - 60

    head = requests.get(f"{url}/api/v1/status/tsdb", timeout=60).json()["data"]["headStats"]
    status = Path(f"/proc/{pid}/status").read_text()
    resident = int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) / 1024
    series = head["numSeries"]
    print(f"  {series:,} series in {resident:,.0f} MB: {resident * 1024 / series:.1f} KiB each")
    found = f"{size(counts, start)} and {size(counts, now)} (bar: 100 ms)"
    show("counts by host and CPU", found, lambda: (ask(counts, start), ask(counts, now)))
    show("hosts by imbalance", f"{size(imbalance, now)}", lambda: ask(imbalance, now))


def main() -> None:
    """Build, ask and print."""
    try:
        root = unpacked(cache("irq_server"), ["prometheus"])
        print(conditions(f"Prometheus {version(root, 'prometheus')}"))
    except MissingError as error:
        root = None
        print(conditions())
        print(f"Prometheus is not run: {error}")
    for cpus, irqs in SIZES[1:]:
        print(f"{cpus} CPUs x {irqs} IRQs")
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            a_day(folder / "day", cpus, irqs)
            for form in ("csv", "openmetrics", "parquet"):
                cost = export(folder / "day", form, folder / "table")
                print(f"  export of a day (bar: 150 MB): {cost}", flush=True)
            if cpus == SIZES[1][0]:
                spread(folder / "table", folder / "park")
                ask_duckdb(folder / "park")
            bodies = pages(folder / "now", cpus, irqs)
            if root is not None:
                with (
                    shown(bodies) as port,
                    prometheus(root / "usr/bin/prometheus", folder, port) as (url, pid),
                ):
                    time.sleep((SCRAPES + 2) * SCRAPE_SECONDS)
                    ask_prometheus(url, pid)


if __name__ == "__main__":
    main()
