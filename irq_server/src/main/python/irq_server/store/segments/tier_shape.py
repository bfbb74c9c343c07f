"""The tiers of a store: what tells them apart."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ...errors import TimeFormatError
from ...times import format_duration, parse_duration

GAP_INTERVALS = 2.5
"""Two neighbours further apart than so many intervals are a gap."""


@dataclass(frozen=True, slots=True)
class TierShape:
    """What tells tiers apart: folder, seconds between kept samples (0: all), its files' span."""

    name: str
    step_seconds: float
    span_seconds: float
    folder_format: str


RAW = TierShape("raw", 0.0, 3600.0, "%Y%m%d")


def shape_of(name: str) -> TierShape:
    """Gives the tier of a name: ``raw``, or the step between its samples, ``5m``.

    Raises TimeFormatError for a name that is no step of whole seconds in its shortest form.
    """
    if name == RAW.name:
        return RAW
    seconds = parse_duration(name)
    if seconds != round(seconds) or format_duration(seconds) != name:
        raise TimeFormatError(name, "raw, or a step of whole seconds such as 1m, 5m or 1h")
    if seconds < 3600.0:
        return TierShape(name, seconds, 86400.0, "%Y%m%d")
    return TierShape(name, seconds, 30 * 86400.0, "%Y%m")


def shapes_of(names: Iterable[str]) -> tuple[TierShape, ...]:
    """Gives the tiers of `names`, the finest first; ``raw`` is always one. Raises as shape_of()."""
    return tuple(sorted({RAW, *map(shape_of, names)}, key=lambda shape: shape.step_seconds))


def shapes_in(folder: Path) -> tuple[TierShape, ...]:
    """Gives the tiers that a data directory holds, the finest first; none where it holds none."""
    found = []
    for path in folder.iterdir() if folder.is_dir() else ():
        try:
            shape = shape_of(path.name)
        except TimeFormatError:
            continue
        if path.is_dir():
            found.append(shape)
    return tuple(sorted(found, key=lambda shape: shape.step_seconds))


TIERS = shapes_of(("1m", "1h"))
"""The tiers of a store where nothing else is said, the finest first."""
