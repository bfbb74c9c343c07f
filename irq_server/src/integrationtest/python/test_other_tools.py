"""The queries of docs/store.md in other tools give the server's own answer, on the same files."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow
import pytest

from conftest import COMMAND, Server, Tree

PROJECT = Path(__file__).parents[3]
STORE, FLEET = PROJECT / "docs/store.md", PROJECT / "docs/fleet.md"
Counts = dict[int, int]


def block(language: str, words: str) -> str:
    """Return the code block of docs/store.md that holds `words`."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", STORE.read_text(), re.M | re.S)
    (found,) = (each for each in blocks if words in each)
    return found


def asked_in_duckdb(folder: Path, start: str, end: str) -> Counts:
    query = block("sql", "read_csv").replace("START", start).replace("END)", f"{end})")
    query = query.replace("'raw/", f"'{folder}/raw/")
    with duckdb.connect() as connection:
        return dict(connection.execute(query).fetchall())


def asked_in_pandas(folder: Path, start: str, end: str) -> Counts:
    program = f"START, END = {start}, {end}\n{block('python', 'pandas')}"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return counts_in(done.stdout)


def asked_in_awk(folder: Path, start: str, end: str) -> Counts:
    command = block("sh", "zcat").replace("start=START", f"start={start}")
    done = subprocess.run(
        ["/bin/sh", "-c", command.replace("end=END", f"end={end}")],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return counts_in(done.stdout)


def counts_in(text: str) -> Counts:
    lines = [line.split(",") for line in text.split()]
    return {round(float(cpu)): int(count) for cpu, count in lines}


@pytest.mark.parametrize("ask", [asked_in_duckdb, asked_in_pandas, asked_in_awk])
def test_another_tool_gives_the_same_counts(
    tree: Tree, start: Callable[..., Server], tmp_path: Path, ask: Callable[..., Counts]
):
    tree.fire("24", 2**32 - 3, 50)
    server = start("--procfs", tree.root, "--interval", "50ms")
    server.wait_for_samples()
    for counts in ((7, 1), (2, 40)):
        tree.fire("24", *counts)
        tree.fire("LOC", 5, 6)
        server.wait_for_samples()
    answer = server.json("/api/v1/cpus")
    edges = [answer["window"][edge] for edge in ("start", "end")]
    server.stop()

    moments = [f"{datetime.fromisoformat(edge).timestamp():.3f}" for edge in edges]

    expected = {each["cpu"]: each["total"] for each in answer["cpus"]}
    assert expected == {0: 19, 1: 53}
    assert ask(tmp_path / "data", *moments) == expected


def test_an_exported_parquet_file_holds_what_the_csv_holds(
    tree: Tree, start: Callable[..., Server], tmp_path: Path
):
    tree.fire("24", 2**40 % 2**32 + 5, 50)
    server = start("--procfs", tree.root, "--interval", "50ms")
    server.wait_for_samples()
    server.stop()
    parquet, csv_file = tmp_path / "table.parquet", tmp_path / "table.csv"
    form = ["--format", "parquet", "--output", parquet]

    # the wheel does not ask for pyarrow; it is where these tests' own packages are
    packages = {"PYTHONPATH": str(Path(pyarrow.__file__).parents[1])}
    export = [COMMAND, "export", tmp_path / "data"]
    subprocess.run([*export, *form], check=True, env=os.environ | packages)
    subprocess.run([*export, "--output", csv_file], check=True)

    with duckdb.connect() as connection:
        query = 'select irq, cpu, max("count") from read_parquet(?) group by all order by all'
        assert connection.execute(query, [str(parquet)]).fetchall() == [("24", 0, 5), ("24", 1, 50)]
        table = connection.execute("from read_parquet(?)", [str(parquet)]).fetchall()
    rows = csv_file.read_text().splitlines()[1:]
    assert [
        f"{host},{time:.3f},{irq},{device},{cpu},{count}"
        for host, time, irq, device, cpu, count in table
    ] == rows


def test_the_fleets_questions_give_the_servers_own_answers(
    tree: Tree, start: Callable[..., Server], tmp_path: Path
):
    """Ship the present day as if it were over, and ask DuckDB for it as docs/fleet.md does."""
    tree.texts["30"] = "PCI-MSIX-0000:00:03.0   0-edge      nvme0q1"
    tree.fire("LOC", 7, 9)
    server = start("--procfs", tree.root, "--interval", "1s", "--retention", "raw=7d,1m=30d")
    server.wait_for_samples()
    tree.fire("24", 300, 100)
    tree.cells["30"] = [0, 0]
    tree.fire("30", 0, 50)  # a cell that is not there at first
    tree.fire("LOC", 1000, 1000)
    server.wait_for_samples()
    middle = server.json("/api/v1/status")["sampler"]["last_sample"]
    tree.fire("24", 5, 0)
    tree.fire("LOC", 1, 2)
    server.wait_for_samples()
    answer = server.json("/api/v1/cpus", start="0", end="now")
    last = server.json("/api/v1/interrupts", start=middle, end="now")
    server.stop()
    _ship(tmp_path)

    edges, by_cpu, imbalance, then = (
        re.sub(r"'/srv/.*parquet'", f"'{tmp_path}/park/tier=raw/*/*/part.parquet'", query)
        for query in re.findall(r"^```sql\n(.*?)^```", FLEET.read_text(), re.M | re.S)[:4]
    )
    with duckdb.connect() as connection:
        connection.execute(edges)
        counted = {cpu: n for _, cpu, n in connection.execute(by_cpu).fetchall()}
        ((host, factor),) = connection.execute(imbalance).fetchall()
        for edge, moment in (("03:11:00", "start"), ("03:12:00", "end")):
            then = then.replace(f"2026-01-01 {edge}", last["window"][moment].rstrip("Z"))
        minute = connection.execute(then).fetchall()
    assert counted == {each["cpu"]: each["total"] for each in answer["cpus"]}
    assert (host, factor) == ("web1", pytest.approx(answer["imbalance"]))
    assert sorted(minute) == sorted(
        (irq["irq"], irq["device"] or "", cpu, n)
        for irq in last["irqs"]
        for cpu, n in zip(last["cpus"], irq["counts"] or (), strict=False)
        if n
    )
    assert len(minute) == 3


def test_every_other_query_of_the_fleet_runs(
    tree: Tree, start: Callable[..., Server], tmp_path: Path
):
    start("--procfs", tree.root, "--interval", "50ms").wait_for_samples()
    _ship(tmp_path)

    queries = re.findall(r"^```sql\n(.*?)^```", FLEET.read_text(), re.M | re.S)
    with duckdb.connect() as connection:
        for query in queries[4:]:
            here = re.sub(r"'/srv/.*parquet'", f"'{tmp_path}/park/*/*/*/part.parquet'", query)
            connection.execute(here.replace("interrupts-1h.parquet", f"{tmp_path}/1h.parquet"))
    assert (tmp_path / "1h.parquet").exists()
    assert len(queries) == 5


def _ship(folder: Path) -> None:
    """Ship all days, the present one too: the command runs as if it were three days later."""
    packages = {"PYTHONPATH": str(Path(pyarrow.__file__).parents[1])}
    program = (
        "import sys, time; now = time.time; time.time = lambda: now() + 3 * 86400; "
        "from irq_server.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    python = next(Path(COMMAND).parent.glob("python3"), Path(sys.executable))
    options = ("--data-dir", folder / "data", "--host", "web1")
    subprocess.run(
        [python, "-c", program, "ship", folder / "park", *options],
        check=True,
        env=os.environ | packages,
    )
