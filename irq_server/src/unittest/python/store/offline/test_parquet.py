"""Samples as a Parquet file, in row groups."""

import sys
from pathlib import Path

import duckdb
import mock
import pyarrow.parquet
import pytest

from irq_server.errors import StoreError
from irq_server.store.offline import parquet
from irq_server.store.offline.parquet import write_parquet
from irq_server.store.offline.tables import COLUMNS, Row

TABLE: list[Row] = [
    ("web1", "600", "24", 'eth0, "x"', "0", 2**63),
    ("web1", "600.500", "ERR", "", "", 2),
]


def test_parquet_without_pyarrow_says_what_to_install(tmp_path: Path):
    with (
        mock.patch.dict(sys.modules, {"pyarrow": None}),
        (tmp_path / "table.parquet").open("wb") as output,
        pytest.raises(StoreError, match="pip install pyarrow"),
    ):
        write_parquet([], output)


def test_parquet_is_written_by_row_groups_with_types(tmp_path: Path):
    path = tmp_path / "table.parquet"
    with mock.patch.object(parquet, "ROWS_PER_GROUP", 2), path.open("wb") as output:
        assert write_parquet([*TABLE, *TABLE, TABLE[0]], output) == 5

    assert pyarrow.parquet.ParquetFile(path).num_row_groups == 3
    with duckdb.connect() as connection:
        found = connection.execute("from read_parquet(?) limit 2", [str(path)]).fetchall()
    assert found == [
        ("web1", 600.0, "24", 'eth0, "x"', 0, 2**63),
        ("web1", 600.5, "ERR", "", None, 2),
    ]


def test_an_empty_table_is_a_parquet_file_with_columns(tmp_path: Path):
    path = tmp_path / "table.parquet"
    with path.open("wb") as output:
        assert write_parquet([], output) == 0
    assert pyarrow.parquet.read_schema(path).names == list(COLUMNS)
