"""Count saved /proc/interrupts files into a store."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from ...errors import InterruptsFormatError, StoreError
from ...kernel.interrupts import Snapshot, parse
from ..segments.tier_shape import TIERS, shapes_of
from ..store import Store
from .export import tiers_of

_NO_CAP_BYTES = 2**62


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
    """Return the store with every tier that it has, and no cap: a server knows what is to go."""
    tiers = shapes_of([shape.name for shape in (*tiers_of(folder), *TIERS)])
    store = Store(
        folder, interval_seconds=interval, whole_seconds=whole, tiers=tiers, max_bytes=_NO_CAP_BYTES
    )
    return closing(store)


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
