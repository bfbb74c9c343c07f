"""Samples as a Parquet file, a row group after the other.

A row group is gathered in arrays of numbers, texts as indexes into their list. pyarrow takes these
as they are. Lists of Python objects would take ten times the memory, and make pyarrow load pandas.
"""

import importlib
from array import array
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import IO, Any

from ...errors import StoreError
from .tables import COLUMNS, Row

ROWS_PER_GROUP = 100_000
"""The rows of a row group: what is in memory at once."""


def parquet_library(path: Path) -> tuple[ModuleType, ModuleType]:
    """Return pyarrow and its writer, to write `path`. Raise StoreError if it is missing."""
    try:
        return importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise StoreError(path, "Parquet needs the package pyarrow: pip install pyarrow") from None


def write_parquet(table: Iterable[Row], output: IO[bytes]) -> int:
    """Write the rows as a Parquet file; return their number.

    Raise StoreError if pyarrow, which only this needs, is not installed.
    """
    arrow, parquet = parquet_library(Path(output.name))
    text = arrow.dictionary(arrow.int32(), arrow.string())
    types = (text, arrow.float64(), text, text, arrow.int32(), arrow.uint64())
    schema = arrow.schema(list(zip(COLUMNS, types, strict=True)))
    count, group = 0, _Group(arrow)
    repeated = COLUMNS[:-1]  # counts differ: a dictionary of them would be as long as they are
    options = {"compression": "zstd", "use_dictionary": repeated}
    with parquet.ParquetWriter(output, schema, **options) as writer:
        for row in table:
            group.add(row)
            if len(group) == ROWS_PER_GROUP:
                writer.write_table(arrow.Table.from_arrays(group.columns(), schema=schema))
                count, group = count + len(group), _Group(arrow)
        if len(group):
            writer.write_table(arrow.Table.from_arrays(group.columns(), schema=schema))
    return count + len(group)


class _Texts:
    """A column of texts, of which few differ."""

    def __init__(self) -> None:
        self._indexes = array("i")
        self._known: dict[str, int] = {}

    def add(self, text: str) -> None:
        self._indexes.append(self._known.setdefault(text, len(self._known)))

    def column(self, arrow: ModuleType) -> Any:
        """Return it as an array of Arrow: the indexes, and the texts one behind the other."""
        texts = [text.encode() for text in self._known]
        ends = array("i", [0])
        for each in texts:
            ends.append(ends[-1] + len(each))
        parts = map(arrow.py_buffer, (ends, b"".join(texts)))
        known = arrow.StringArray.from_buffers(len(texts), *parts)
        return arrow.DictionaryArray.from_arrays(
            _numbers(arrow, arrow.int32(), self._indexes), known
        )


class _Group:
    """The rows of one row group, by columns."""

    def __init__(self, arrow: ModuleType) -> None:
        self._arrow = arrow
        self._hosts, self._irqs, self._devices = _Texts(), _Texts(), _Texts()
        self._times, self._cpus, self._counts = array("d"), array("i"), array("Q")
        self._without_cpu: list[int] = []

    def __len__(self) -> int:
        return len(self._times)

    def add(self, row: Row) -> None:
        """Add a row."""
        host, time, irq, device, cpu, count = row
        if not cpu:
            self._without_cpu.append(len(self))
        self._hosts.add(host)
        self._times.append(float(time))
        self._irqs.add(irq)
        self._devices.add(device)
        self._cpus.append(int(cpu or 0))
        self._counts.append(count)

    def columns(self) -> list[Any]:
        """Return them as arrays of Arrow, in the order of COLUMNS."""
        arrow = self._arrow
        valid = bytearray(b"\xff" * ((len(self) + 7) // 8))  # a bit a row, the lowest first
        for number in self._without_cpu:
            valid[number // 8] &= ~(1 << number % 8)
        return [
            self._hosts.column(arrow),
            _numbers(arrow, arrow.float64(), self._times),
            self._irqs.column(arrow),
            self._devices.column(arrow),
            _numbers(arrow, arrow.int32(), self._cpus, arrow.py_buffer(valid)),
            _numbers(arrow, arrow.uint64(), self._counts),
        ]


def _numbers(arrow: ModuleType, kind: Any, numbers: "array[Any]", valid: Any = None) -> Any:
    """Return numbers as an array of Arrow; it shares their memory."""
    return arrow.Array.from_buffers(kind, len(numbers), [valid, arrow.py_buffer(numbers)])
