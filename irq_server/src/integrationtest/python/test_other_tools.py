"""The README's queries in other tools give the server's own answer, on the same files."""

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

README = Path(__file__).parents[3] / "README.md"
Counts = dict[int, int]


def block(language: str, words: str) -> str:
    """Return the README's code block of `language` that holds `words`."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", README.read_text(), re.M | re.S)
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
    assert [f"{time:.3f},{irq},{cpu},{count}" for time, irq, cpu, count in table] == rows
