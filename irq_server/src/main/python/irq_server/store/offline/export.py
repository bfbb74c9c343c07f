"""The samples of a window of a data directory, for tools that know nothing of segments."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from ...errors import StoreError
from ..segments import segment
from ..segments.files import Files
from ..segments.packed import texts
from ..segments.segment_files import SegmentFile, is_packed, read_segment, segments_in
from ..segments.tier_shape import TierShape, shapes_in

KEYFRAME_SECONDS = 3600.0


def samples(
    folder: Path, start: float, end: float, *, tier: str = "", is_dense: bool = False
) -> Iterator[tuple[float, segment.State]]:
    """Yield the moments from `start` to `end`, and the running totals of cells then.

    The first moment is that of the last sample at or before `start`; if there is none, of the first
    sample. Its cells are all that are not zero, as are those of the first sample of each hour;
    others have the cells that moved. If the table `is_dense`, each sample has all cells. So of
    every cell the last total less the first is what it counted.

    Of each stretch the finest tier that holds it answers, or `tier` alone. A server may go on
    sampling into the folder. Raise StoreError for a folder that holds no such tier.
    """
    if not any(tier in ("", each.name) for each in tiers_of(folder)):
        what = f"tier {tier}" if tier else "tier such as raw, 1m or 1h"
        raise StoreError(folder, f"no store: it has no {what}")
    last: float | None = None
    before: segment.State = {}
    for time, state in _states(folder, start, end, tier):
        if last is None or time > last:
            is_first = last is None or time // KEYFRAME_SECONDS != last // KEYFRAME_SECONDS
            cells = state if is_first or is_dense else segment.changes(before, state)
            if cells or is_first:
                yield time, cells
            before, last = state, time


def tiers_of(folder: Path) -> list[TierShape]:
    """Return the tiers that a data directory holds, the finest first, without those of sums."""
    return [shape for shape in shapes_in(folder) if not shape.is_sums]


def _states(
    folder: Path, start: float, end: float, tier: str
) -> Iterator[tuple[float, segment.State]]:
    """Yield the samples from `start` on, the coarser tiers only before the finer ones begin."""
    shapes = [each for each in tiers_of(folder) if tier in ("", each.name)]
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
