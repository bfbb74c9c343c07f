"""Surveys of a tier's samples: their number and gaps, without their counts. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from .tier_shape import GAP_INTERVALS

Pair = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Survey:
    """The number of samples in a stretch, the first and last, and the neighbours far apart.

    ``wide`` holds every pair of neighbours that may be a gap, and perhaps some that are none.
    Times are Unix seconds; an empty stretch has neither first nor last.
    """

    samples: int = 0
    first: float | None = None
    last: float | None = None
    wide: tuple[Pair, ...] = ()


def survey(times: Sequence[float]) -> Survey:
    """Return the survey of samples at `times`, which rise.

    Wide are neighbours that are further apart than GAP_INTERVALS times a small distance among them:
    the tenth part of all distances is smaller.
    """
    if not times:
        return Survey()
    distances = sorted(later - earlier for earlier, later in pairwise(times))
    small = distances[len(distances) // 10] if distances else 0.0
    limit = GAP_INTERVALS * small
    wide: tuple[Pair, ...] = ()
    if distances and distances[-1] > limit:
        wide = tuple((a, b) for a, b in pairwise(times) if b - a > limit)
    return Survey(len(times), times[0], times[-1], wide)


def join(parts: Iterable[Survey]) -> Survey:
    """Return the survey of stretches that follow each other; neighbours across them are wide."""
    held = [part for part in parts if part.samples]
    if not held:
        return Survey()
    wide: list[Pair] = list(held[0].wide)
    for before, after in pairwise(held):
        assert before.last is not None
        assert after.first is not None
        wide.append((before.last, after.first))
        wide += after.wide
    return Survey(sum(part.samples for part in held), held[0].first, held[-1].last, tuple(wide))
