"""The files of a tier: which are segments, and in which order."""

from dataclasses import dataclass
from pathlib import Path

from ...times import LATEST_IN_FILES
from . import segment
from .files import Files


@dataclass(frozen=True, slots=True)
class SegmentFile:
    """A file of the tier, by the time of its first sample."""

    first: float
    path: Path


def segments_in(folder: Path) -> list[SegmentFile]:
    """Gives the segments of a tier's folder, the oldest first; other files are passed over."""
    found: dict[float, Path] = {}
    for path in sorted(folder.glob("*/*.csv*")):
        first = _first_of(path)
        if first is not None:
            found[first] = path  # of NAME.csv and NAME.csv.gz the packed one, which is whole
    return [SegmentFile(first, found[first]) for first in sorted(found)]


def read_segment(each: SegmentFile, files: Files) -> bytes | None:
    """Gives a segment's bytes, also where it was packed meanwhile; None where it was dropped.

    They are as_named(): where its first sample is not the one of its name, its first row is made a
    damaged one. Raises OSError.
    """
    for path in (each.path, each.path.with_name(f"{each.path.name}.gz")):
        try:
            return segment.as_named(files.read(path), each.first)
        except FileNotFoundError:
            continue
    return None


def _first_of(path: Path) -> float | None:
    """Gives the first time that a segment's name tells; None for a file that is no segment."""
    name = path.name.removesuffix(".gz").removesuffix(".csv")
    seconds, _, fraction = name.partition(".")
    digits = seconds + fraction
    if not (digits.isdecimal() and digits.isascii()) or len(fraction) not in (0, 3):
        return None
    return float(name) if len(seconds) < 13 and float(name) <= LATEST_IN_FILES else None
