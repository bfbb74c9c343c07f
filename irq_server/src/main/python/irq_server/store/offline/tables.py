"""Samples as tables in the forms of other tools: CSV and OpenMetrics; Parquet is in parquet.py.

A table has a row for each cell of a sample::

    host,time,irq,device,cpu,count
    web1,1767225600,24,eth0-rx-0,3,8123456

`count` is a running total. A row without a CPU is a figure of the whole machine. Each form is
written part by part, in memory that does not grow with the table.
"""

import csv
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from ...labels import labels
from ..devices import IRQ_FIELDS, read_appearances
from ..ledger import Ledger
from ..segments.files import Files
from ..segments.segment import State, format_time

COLUMNS = ("host", "time", "irq", "device", "cpu", "count")

Row = tuple[str, str, str, str, str, int]
Samples = Iterable[tuple[float, State]]


class DeviceNames:
    """The devices of a store's IRQs, at any moment."""

    def __init__(self, folder: Path) -> None:
        """Read irqs.csv of a data directory. Raise OSError."""
        self._times: dict[str, list[float]] = {}
        self._names: dict[str, list[str]] = {}
        for each in read_appearances(Ledger(folder / "irqs.csv", IRQ_FIELDS, Files()).read()):
            self._times.setdefault(each.identity.irq, []).append(each.time)
            self._names.setdefault(each.identity.irq, []).append(each.identity.device)

    def at(self, irq: str, time: float) -> str:
        """Return the device of an IRQ; the first known one before the IRQ appeared; or ""."""
        names = self._names.get(irq)
        if names is None:
            return ""
        return names[max(bisect_right(self._times[irq], time) - 1, 0)]


def rows(samples: Samples, devices: DeviceNames, host: str) -> Iterator[Row]:
    """Yield the rows of a table."""
    for time, cells in samples:
        text = format_time(time, time == round(time))
        for key, count in cells.items():
            irq, _, cpu = key.rpartition(",")
            yield host, text, irq, devices.at(irq, time), cpu, count


def write_csv(table: Iterable[Row], output: IO[str]) -> int:
    """Write the rows with their header; return their number."""
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow(COLUMNS)
    count = 0
    for row in table:
        writer.writerow(row)
        count += 1
    return count


def write_openmetrics(table: Iterable[Row], output: IO[str]) -> int:
    """Write the rows for `promtool tsdb create-blocks-from openmetrics`; return their number."""
    output.write("# TYPE irq_interrupts counter\n")
    count = 0
    for host, time, irq, device, cpu, total in table:
        if cpu:  # machine-wide figures are no interrupts
            series = labels(instance=host, irq=irq, device=device, cpu=cpu)
            output.write(f"irq_interrupts_total{{{series}}} {total} {time}\n")
            count += 1
    output.write("# EOF\n")
    return count
