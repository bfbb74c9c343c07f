"""The files of a tier: which are segments, and in which order."""

from dataclasses import dataclass
from pathlib import Path

from ...times import LATEST_IN_FILES
from .files import Files


@dataclass(frozen=True, slots=True)
class SegmentFile:
    """A file of a tier; ``first`` is the time of its first sample."""

    first: float
    path: Path

    @property
    def paths(self) -> tuple[Path, ...]:
        """Return where the file is, and where it is if the writer packs it meanwhile."""
        packed = self.path.with_name(f"{self.path.name}.gz")
        return (self.path,) if is_packed(self.path) else (self.path, packed)


def is_packed(path: Path) -> bool:
    """Return whether a file is gzipped, by its name."""
    return path.suffix == ".gz"


def read_segment(each: SegmentFile, files: Files) -> tuple[Path, bytes] | None:
    """Return where a segment is, also if it was packed meanwhile, and its bytes as they are there.

    Return None if it was dropped. Raise OSError.
    """
    for path in each.paths:
        try:
            return path, files.read_part(path)
        except FileNotFoundError:
            continue
    return None


def segments_in(folder: Path) -> list[SegmentFile]:
    """Return the segments of a tier's folder, the oldest first; pass over other files."""
    found: dict[float, Path] = {}
    for path in sorted(folder.glob("*/*.csv*")):
        first = _first_of(path)
        if first is not None:
            found[first] = path  # of NAME.csv and NAME.csv.gz the packed one, which is whole
    return [SegmentFile(first, found[first]) for first in sorted(found)]


def _first_of(path: Path) -> float | None:
    """Return the first time by a segment's name; None for a file that is no segment."""
    name = path.name.removesuffix(".gz").removesuffix(".csv")
    seconds, _, fraction = name.partition(".")
    digits = seconds + fraction
    if not (digits.isdecimal() and digits.isascii()) or len(fraction) not in (0, 3):
        return None
    return float(name) if len(seconds) < 13 and float(name) <= LATEST_IN_FILES else None
