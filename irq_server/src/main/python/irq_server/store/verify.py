"""Checks every commit mark of a store, and sets damaged stretches aside. Works on a copy, offline.

A stretch is damaged from the first byte that a reader does not believe to the next keyframe: what
lies between may be whole, but says only what moved since samples that are lost.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import StoreError
from .restart import Lock
from .segments import segment
from .segments.files import Files
from .segments.segment_files import read_segment, segments_in
from .segments.tier_shape import shapes_in


@dataclass(frozen=True, slots=True)
class Stretch:
    """Bytes of a segment that no reader believes, from ``start`` up to ``end``."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class SegmentReport:
    """What a segment holds: believed samples, and the stretches between them.

    ``error`` is the reason where the file cannot be read at all.
    """

    path: Path
    samples: int
    size_bytes: int
    damaged: tuple[Stretch, ...]
    error: str | None = None

    @property
    def is_sound(self) -> bool:
        """Whether all of it is believed."""
        return not self.damaged and self.error is None


def examine(data: bytes) -> tuple[int, tuple[Stretch, ...]]:
    """Gives how many samples of a segment are believed, and the stretches that are not."""
    position = segment.header_length(data)
    samples, damaged = 0, []
    for mark, _ in segment.believed(data):
        if mark.start > position:
            damaged.append(Stretch(position, mark.start))
        samples, position = samples + 1, mark.end
    if position < len(data) or not samples:
        damaged.append(Stretch(position, len(data)))
    return samples, tuple(damaged)


def verify(folder: Path) -> Iterator[SegmentReport]:
    """Examines each segment of the store in `folder`, tier by tier, the oldest first.

    Raises StoreError for a folder that holds no store.
    """
    shapes = shapes_in(folder)
    if not shapes:
        raise StoreError(folder, "no store: it has no tier such as raw, 1m or 1h")
    files = Files()
    for shape in shapes:
        for each in segments_in(folder / shape.name):
            try:
                data = read_segment(each, files)
            except (OSError, EOFError) as error:
                yield SegmentReport(each.path, 0, 0, (), str(error))
                continue
            if data is None:  # a server that samples into the folder dropped it meanwhile
                continue
            samples, damaged = examine(data)
            yield SegmentReport(each.path, samples, len(data), damaged)


def repair(folder: Path) -> Iterator[SegmentReport]:
    """Sets aside what verify() finds, as ``NAME.damaged`` beside the segment; gives what it did.

    A segment without one believed sample is set aside as a whole. Nothing is thrown away. Raises
    StoreLockedError while a server samples into the folder, and StoreError.
    """
    reports = [report for report in verify(folder) if not report.is_sound]
    try:
        lock = Lock(folder)
        try:
            for report in reports:
                _set_aside(report)
                yield report
        finally:
            lock.close()
    except OSError as error:
        raise StoreError(folder, error.strerror or str(error)) from error


def _set_aside(report: SegmentReport) -> None:
    path, files = report.path, Files()
    aside = _free_name(path)
    if report.error is not None or not report.samples:
        path.rename(aside)
        return
    data = files.read(path)
    files.replace(aside, b"".join(data[each.start : each.end] for each in report.damaged))
    whole = _kept(data, report.damaged)
    first = whole.partition(b",")[0].decode()
    # a segment is named by its first sample, which may be another one now
    mended = path.with_name(f"{first}.csv")
    files.replace(mended, segment.HEADER + whole)
    if mended != path:
        path.unlink()


def _kept(data: bytes, damaged: Sequence[Stretch]) -> bytes:
    """Gives the believed samples: what no stretch holds, less the header."""
    position = segment.header_length(data)
    kept = []
    for each in damaged:
        kept.append(data[position : each.start])
        position = each.end
    return b"".join([*kept, data[position:]])


def _free_name(path: Path) -> Path:
    stem = path.name.removesuffix(".gz")
    names = (f"{stem}.damaged", *(f"{stem}.damaged.{number}" for number in range(2, 10_000)))
    return next(path.with_name(name) for name in names if not path.with_name(name).exists())
