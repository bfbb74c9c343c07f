"""Write the closed days of a store as Parquet files, for a machine park's common history.

Below the target lies a file for each tier, day and host, as DuckDB and others read partitions::

    tier=1m/date=2026-01-01/host=web1/part.parquet

A file is complete by itself: it begins with all cells at the last sample before its day. It is
written aside and renamed. A day that is there already is passed over, so to ship again is harmless.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path

from ...errors import StoreError
from ..segments.segment_files import segments_in
from .export import samples, tiers_of
from .parquet import parquet_library, write_parquet
from .tables import DeviceNames, Row, Samples, rows

DAY_SECONDS = 86400.0

Acting = Callable[[], AbstractContextManager[None]]


def ship(
    folder: Path,
    target: Path,
    host: str,
    now: float,
    tiers: Sequence[str] = (),
    acting: Acting = nullcontext,
) -> Iterator[Path]:
    """Yield each file that was written: a day that ended before `now`, of each of `tiers`.

    Without `tiers` it is every tier of the data directory but those of sums. The directory is read
    inside the context of `acting`. Raise StoreError, OSError.
    """
    parquet_library(target)  # before anything is made
    with acting():
        held = {shape.name: shape for shape in tiers_of(folder)}
        devices = DeviceNames(folder)
    if not held:
        raise StoreError(folder, "no store: it has no tier such as raw, 1m or 1h")
    for name in tiers or held:
        if name not in held:
            raise StoreError(folder, f"it has no tier {name}, only {', '.join(held)}")
        with acting():
            found = segments_in(folder / name)
        first = found[0].first if found else now
        for day in _days(first, now):
            path = target / f"tier={name}/date={_date(day)}/host={host}/part.parquet"
            if path.exists():
                continue
            with acting():
                found_samples = _of_day(folder, name, day)
            if found_samples is not None:
                yield _write(path, rows(found_samples, devices, host), acting)


def _of_day(folder: Path, tier: str, day: float) -> Samples | None:
    """Return the samples of a day, behind the last one before it; None if it has none."""
    found = samples(folder, day, day + DAY_SECONDS, tier=tier)
    first = list(islice(found, 2))
    return chain(first, found) if first and first[-1][0] > day else None


def _write(path: Path, table: Iterator[Row], acting: Acting) -> Path:
    """Write one file aside, rename it, and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    try:
        with unfinished.open("wb") as output, acting():
            write_parquet(table, output)
            output.flush()
            os.fsync(output.fileno())
        unfinished.rename(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    return path


def _days(first: float, now: float) -> Iterator[float]:
    """Yield the starts of the days, in UTC, from that of `first` on that are over at `now`."""
    day = first // DAY_SECONDS * DAY_SECONDS
    while day + DAY_SECONDS <= now:
        yield day
        day += DAY_SECONDS


def _date(day: float) -> str:
    return datetime.fromtimestamp(day, UTC).strftime("%Y-%m-%d")
