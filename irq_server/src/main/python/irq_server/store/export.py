"""Write a window of a store as one flat table; count saved /proc/interrupts into a store."""

import csv
import importlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import IO

from ..errors import InterruptsFormatError, StoreError
from ..kernel.interrupts import Snapshot, parse
from .segments import segment
from .segments.files import Files
from .segments.packed import texts
from .segments.segment_files import SegmentFile, is_packed, read_segment, segments_in
from .segments.tier_shape import shapes_in
from .store import Store

COLUMNS = ("time", "irq", "cpu", "count")
Row = tuple[str, str, str, int]


def rows(folder: Path, start: float, end: float) -> Iterator[Row]:
    """Yield the running totals of the window from `start` to `end`, as a segment's rows.

    First every cell that is not zero at the last sample at or before `start` (where none is, the
    first there is), then the cells that moved, up to `end`; no commit marks. So of every cell the
    last row less the first is what it counted. Of each stretch the finest tier that holds it
    answers. A server may go on sampling into the folder. Raises StoreError for one that holds no
    store.
    """
    if not shapes_in(folder):
        raise StoreError(folder, "no store: it has no tier such as raw, 1m or 1h")
    last = None
    before: segment.State = {}
    for time, state in _states(folder, start, end):
        text = segment.format_time(time, time == round(time))
        if last is None or time > last:
            for key, count in segment.changes(before, state).items():
                irq, _, cpu = key.rpartition(",")
                yield text, irq, cpu, count
            before, last = state, time


def _states(folder: Path, start: float, end: float) -> Iterator[tuple[float, segment.State]]:
    """Yield the samples from `start` on, the coarser tiers only before the finer ones begin."""
    shapes = [shape for shape in shapes_in(folder) if not shape.is_sums]
    tiers = [(shape, segments_in(folder / shape.name)) for shape in shapes]
    held = [(shape, found) for shape, found in tiers if found]
    began = False
    for index in range(len(held) - 1, -1, -1):
        finer = held[index - 1][1][0].first if index else float("inf")
        found = held[index][1]
        lower = start if not began else found[0].first
        if index and finer <= start:
            continue
        for time, state in _samples(found, lower, min(end, finer)):
            began = True
            yield time, state


def _samples(
    segments: Sequence[SegmentFile], start: float, end: float
) -> Iterator[tuple[float, segment.State]]:
    """Yield the samples of one tier, from the last at or before `start` up to `end`."""
    files = Files()
    held: tuple[float, segment.State] | None = None
    for number, each in enumerate(segments):
        behind = segments[number + 1].first if number + 1 < len(segments) else float("inf")
        if behind <= start or each.first > end:
            continue
        for time, state in _replayed(read_segment(each, files)):
            if time > end:
                break
            if time <= start:
                held = (time, state)
                continue
            if held is not None:
                yield held
                held = None
            yield time, state
    if held is not None:
        yield held


def _replayed(found: tuple[Path, bytes] | None) -> Iterator[tuple[float, segment.State]]:
    """Yield the samples of a segment's file; none if there is no file."""
    after = -1.0
    for _, _, text in texts(found[1], is_packed(found[0])) if found else ():
        state: segment.State = {}
        for each in segment.valid_samples(text, after):
            cells = segment.cells_in(text[each.start : each.mark])
            state = cells if each.is_keyframe else state | cells
            after = each.time
            yield after, state


def write_csv(table: Iterable[Row], output: IO[str]) -> int:
    """Write the rows with their header; return their number."""
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow(COLUMNS)
    count = 0
    for row in table:
        writer.writerow(row)
        count += 1
    return count


def parquet_library(path: Path) -> tuple[ModuleType, ModuleType]:
    """Return pyarrow and its writer, to write `path`. Raise StoreError if it is missing."""
    try:
        return importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise StoreError(path, "Parquet needs the package pyarrow: pip install pyarrow") from None


def write_parquet(table: Iterable[Row], output: IO[bytes]) -> int:
    """Write the rows as a Parquet file; return their number.

    Raises StoreError where pyarrow, which only this needs, is not installed.
    """
    arrow, parquet = parquet_library(Path(output.name))
    columns = list(zip(*table, strict=True)) or [(), (), (), ()]
    times, irqs, cpus, counts = columns
    values = {
        "time": arrow.array([float(time) for time in times], arrow.float64()),
        "irq": arrow.array(irqs, arrow.string()),
        "cpu": arrow.array([int(cpu) if cpu else None for cpu in cpus], arrow.int32()),
        "count": arrow.array(counts, arrow.uint64()),
    }
    parquet.write_table(arrow.table(values), output, compression="zstd")
    return len(times)


@dataclass(frozen=True, slots=True)
class Saved:
    """A saved /proc/interrupts and the moment it was read, Unix seconds."""

    time: float
    path: Path


def import_files(
    folder: Path,
    saved: Sequence[Saved],
    acting: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> int:
    """Count the saved files, the oldest first, into the store in `folder`; return their number.

    They are taken for one boot: a cell that falls has wrapped, or its IRQ started again. Every
    file is read and parsed before the first is counted. The store is opened and written inside the
    context of `acting`. Raises StoreError, with the file.
    """
    ordered = sorted(saved, key=lambda each: each.time)
    snapshots = [_parse(each.path) for each in ordered]
    whole = all(each.time == round(each.time) for each in ordered)
    with acting(), _opened(folder, _interval_of(ordered), whole) as store:
        if store.last_time is not None and ordered and ordered[0].time <= store.last_time:
            raise StoreError(ordered[0].path, "its time is not after the store's last sample")
        last = store.last_time
        for each, snapshot in zip(ordered, snapshots, strict=True):
            seconds = each.time - last if last is not None else 0.0
            last = store.append(snapshot, "imported", each.time, seconds).time
    return len(ordered)


def _opened(folder: Path, interval: float, whole: bool) -> AbstractContextManager[Store]:
    return closing(Store(folder, interval_seconds=interval, whole_seconds=whole))


def _parse(path: Path) -> Snapshot:
    try:
        return parse(path.read_text(errors="replace"))
    except OSError as error:
        raise StoreError(path, error.strerror or str(error)) from error
    except InterruptsFormatError as error:
        raise StoreError(path, str(error)) from error


def _interval_of(ordered: Sequence[Saved]) -> float:
    """Return the median of the times between the files, in seconds."""
    distances = sorted(later.time - earlier.time for earlier, later in pairwise(ordered))
    return max(distances[len(distances) // 2], 0.001) if distances else 10.0
