"""Check every commit mark of a store, and set damaged bytes aside. Works on a copy, offline.

Damage lasts to the end of its frame: what follows there says only which cells changed since samples
that are lost. In a packed segment a frame is a gzip member, and one that is damaged counts whole.
"""

import gzip
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import StoreError
from ..restart import Lock
from ..segments import segment
from ..segments.files import Files
from ..segments.packed import texts
from ..segments.segment_files import is_packed, read_segment, segments_in
from ..segments.tier_shape import shapes_in


@dataclass(frozen=True, slots=True)
class Stretch:
    """Damaged bytes of a segment's file, as they are there, from ``start`` up to ``end``."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class SegmentReport:
    """The valid samples of a segment, and its damaged stretches.

    ``size_bytes`` are those of its text; ``error`` is why the file cannot be read at all.
    """

    path: Path
    samples: int
    size_bytes: int
    damaged: tuple[Stretch, ...]
    error: str | None = None

    @property
    def is_sound(self) -> bool:
        """Return whether nothing is damaged."""
        return not self.damaged and self.error is None


def examine(path: Path, data: bytes) -> SegmentReport:
    """Return what a segment's file holds. A file without a valid sample is damaged."""
    samples, size, position, after = 0, 0, 0, -1.0
    damaged: list[Stretch] = []
    for start, end, text in texts(data, is_packed(path)):
        valid = list(segment.valid_samples(text, after))
        samples, size, after = samples + len(valid), size + len(text), _last_time(valid, after)
        inner = _between(valid, text)
        if is_packed(path):
            inner = [Stretch(start, end)] if inner else []
        damaged += [Stretch(position, start)] if position < start else []
        damaged += inner
        position = end
    damaged += [Stretch(position, len(data))] if position < len(data) else []
    if not samples and not damaged:
        damaged.append(Stretch(0, len(data)))
    return SegmentReport(path, samples, size, _joined(damaged))


def _last_time(valid: Sequence[segment.MarkedSample], after: float) -> float:
    return valid[-1].time if valid else after


def _between(valid: Sequence[segment.MarkedSample], text: bytes) -> list[Stretch]:
    """Return the stretches of a text that no valid sample holds, less its header."""
    starts = [*(each.start for each in valid), len(text)]
    ends = [segment.header_length(text), *(each.end for each in valid)]
    return [Stretch(end, start) for end, start in zip(ends, starts, strict=True) if end < start]


def _joined(damaged: Sequence[Stretch]) -> tuple[Stretch, ...]:
    """Return the stretches, those that touch as one."""
    found: list[Stretch] = []
    for each in damaged:
        if found and found[-1].end == each.start:
            each = Stretch(found.pop().start, each.end)
        found.append(each)
    return tuple(found)


def verify(folder: Path) -> Iterator[SegmentReport]:
    """Examine each segment of the store in `folder`, tier by tier, the oldest first.

    Raise StoreError for a folder that holds no store.
    """
    shapes = shapes_in(folder)
    if not shapes:
        raise StoreError(folder, "no store: it has no tier such as raw, 1m or 1h")
    files = Files()
    for shape in shapes:
        for each in segments_in(folder / shape.name):
            try:
                found = read_segment(each, files)
            except OSError as error:
                yield SegmentReport(each.path, 0, 0, (), str(error))
                continue
            if found is not None:  # else a server that samples into the folder dropped it
                yield examine(*found)


def repair(folder: Path) -> Iterator[SegmentReport]:
    """Set aside what verify() finds, as ``NAME.damaged`` beside the segment; yield its reports.

    A segment without a valid sample is set aside whole. Nothing is thrown away. Raise
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
    data = files.read_part(path)
    files.replace(aside, b"".join(data[each.start : each.end] for each in report.damaged))
    first, whole = _mended(data, is_packed(path))
    # a segment is named by its first sample, which may be another one now
    mended = path.with_name(f"{first}.csv{'.gz' if is_packed(path) else ''}")
    if mended.exists():
        mended = path
    files.replace(mended, whole)
    if mended != path:
        path.unlink()


def _mended(data: bytes, packed: bool) -> tuple[str, bytes]:
    """Return the first time in a segment as written, and its file with the valid samples alone."""
    first, after, kept = "", -1.0, list[bytes]()
    for start, end, text in texts(data, packed):
        valid = list(segment.valid_samples(text, after))
        if not valid:
            continue
        header = b"" if first else segment.HEADER
        whole = header + b"".join([text[each.start : each.end] for each in valid])
        first = first or text[valid[0].mark : valid[0].end].partition(b",")[0].decode()
        after = valid[-1].time
        if not packed:
            kept.append(whole)
        else:
            kept.append(data[start:end] if whole == text else gzip.compress(whole, mtime=0))
    return first, b"".join(kept)


def _free_name(path: Path) -> Path:
    stem = path.name.removesuffix(".gz")
    names = (f"{stem}.damaged", *(f"{stem}.damaged.{number}" for number in range(2, 10_000)))
    return next(path.with_name(name) for name in names if not path.with_name(name).exists())
