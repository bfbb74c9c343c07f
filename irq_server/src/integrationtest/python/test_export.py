"""`irq_server export` of a large store, in a process that may not hold all of it."""

import os
import resource
import subprocess
from pathlib import Path

import pyarrow.parquet
import pytest

from conftest import COMMAND
from irq_server.store.segments.segment import HEADER, changes, encode

pytestmark = pytest.mark.slow

HOURS, STEP, CELLS = 4, 10, 1000
FEW = {"MALLOC_ARENA_MAX": "1", "OMP_NUM_THREADS": "1", "ARROW_DEFAULT_MEMORY_POOL": "system"}
"""Few threads and arenas: each takes address space, on large machines much of it."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store of four hours, in which half of a thousand cells move in each sample."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "raw/19700101").mkdir(parents=True)
    state = {f"{24 + cell},{cell % 128}": 10**9 for cell in range(CELLS)}
    for hour in range(HOURS):
        parts, crc, before = [HEADER], None, state
        for second in range(3600 * hour, 3600 * (hour + 1), STEP):
            before, state = state, dict(state)
            for key in list(state)[second // STEP % 2 :: 2]:
                state[key] += 17
            cells = state if crc is None else changes(before, state)
            data, crc = encode(str(second), cells, crc)
            parts.append(data)
        (folder / f"raw/19700101/{3600 * hour}.csv").write_bytes(b"".join(parts))
    return folder


def export(store: Path, form: str, megabytes: int) -> Path:
    """Run the command in that much address space, and return the file that it wrote."""
    output = store / f"table.{form}"
    packages = {"PYTHONPATH": str(Path(pyarrow.__file__).parents[1])}
    size = megabytes * 2**20
    command = [COMMAND, "export", store, "--format", form, "--host", "web1", "--output", output]
    done = subprocess.run(
        command,
        env=os.environ | FEW | packages,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (size, size)),
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return output


ROWS = HOURS * (CELLS + (3600 // STEP - 1) * CELLS // 2)
"""Every cell in the first sample of each hour, half of them in the others."""


@pytest.mark.parametrize("form", ["csv", "openmetrics"])
def test_a_text_is_written_sample_by_sample(store: Path, form: str):
    table = export(store, form, 64)

    with table.open() as lines:
        count = sum(line[0] != "#" for line in lines)
    assert count == (ROWS + 1 if form == "csv" else HOURS * 3600 // STEP * CELLS)


def test_a_parquet_file_is_written_by_row_groups(store: Path):
    found = pyarrow.parquet.ParquetFile(export(store, "parquet", 300)).metadata

    assert found.num_rows == ROWS
    assert found.num_row_groups == ROWS // 100_000 + 1
