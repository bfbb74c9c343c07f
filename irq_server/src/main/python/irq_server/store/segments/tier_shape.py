"""The tiers of a store, and how they differ."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from ...errors import TimeFormatError
from ...times import format_duration, parse_duration

_SUMS = "cpus-"

GAP_INTERVALS = 2.5
"""Two neighbours that are more intervals apart are a gap."""


@dataclass(frozen=True, slots=True)
class TierShape:
    """The properties by which tiers differ.

    ``name`` is its folder's; ``step_seconds`` is between its samples, 0 for all; ``span_seconds``
    is what a file holds at most. A tier of sums holds the sums of a state, not its cells.
    """

    name: str
    step_seconds: float
    span_seconds: float
    folder_format: str
    is_sums: bool = False

    @property
    def age_name(self) -> str:
        """Return the name of the tier whose age it has: of a tier of sums, the one beside it."""
        return self.name.removeprefix(_SUMS)


RAW = TierShape("raw", 0.0, 3600.0, "%Y%m%d")


def shape_of(name: str) -> TierShape:
    """Return the tier of a name: ``raw``, or the step between its samples, ``5m``.

    Raise TimeFormatError for a name that is no step of whole seconds in its shortest form.
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
    """Return the tiers of `names`, the finest first; ``raw`` is always one. Raise as shape_of()."""
    return tuple(sorted({RAW, *map(shape_of, names)}, key=lambda shape: shape.step_seconds))


def sums_of(shape: TierShape) -> TierShape:
    """Return the tier of sums beside a coarser tier: ``cpus-5m`` for ``5m``."""
    return replace(shape, name=f"{_SUMS}{shape.name}", is_sums=True)


def with_sums(shapes: Iterable[TierShape]) -> tuple[TierShape, ...]:
    """Return tiers in their order, with that of sums behind each one that is coarser than raw."""
    pairs = ((each, sums_of(each)) if each.step_seconds else (each,) for each in shapes)
    return tuple(chain.from_iterable(pairs))


def shapes_in(folder: Path) -> tuple[TierShape, ...]:
    """Return the tiers that a data directory holds, the finest first, each before that of sums."""
    found = []
    for path in folder.iterdir() if folder.is_dir() else ():
        try:
            shape = shape_of(path.name.removeprefix(_SUMS))
        except TimeFormatError:
            continue
        if path.is_dir() and path.name != f"{_SUMS}{RAW.name}":
            found.append(shape if shape.name == path.name else sums_of(shape))
    return tuple(sorted(found, key=lambda shape: (shape.step_seconds, shape.is_sums)))


TIERS = shapes_of(("1m", "1h"))
"""The tiers of a store by default, the finest first."""
