"""The samples of one tier, looked up by time: which file holds a moment, and which block of it.

The names of the segments order them. Each one that is looked up has an index in memory, made by
one pass over its file; the disk holds none. A block is checked again each time it is read.
"""

import logging
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from . import segment
from .files import Files
from .packed import Index, make_index, text_of_block
from .segment import State
from .segment_files import SegmentFile, is_packed
from .survey import Survey, join, survey

_log = logging.getLogger(__name__)

MAX_REMEMBERED_SAMPLES = 1_000_000
"""Samples of a tier whose times are kept in memory, 8 bytes each."""

READ_AHEAD_BYTES = 65536

first_of = attrgetter("first")
_time_of = attrgetter("time")


class Block(NamedTuple):
    """A block of a file: its number, by the file's index, and the samples in the index then."""

    path: Path
    number: int
    samples: int
    file_index: Index


class Lookup:
    """The segments of one tier. The writer's thread adds and drops them; any number look up."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self.segments: tuple[SegmentFile, ...] = ()
        """The oldest first. The writer alone replaces them, whole."""
        self.open_path: Path | None = None
        """The segment that the writer appends to; the writer alone replaces it."""
        self._remembering = threading.Lock()  # for the three below
        self._indexes: dict[Path, Index] = {}
        self._surveys: dict[Path, Survey] = {}
        self._damaged: dict[Path, int] = {}

    # ---- for the writer -------------------------------------------------------------------------

    def start_segment(self, each: SegmentFile) -> Index:
        """Add the segment that the writer has just begun; return its index, for the writer."""
        made = Index()
        with self._remembering:
            self._indexes[each.path] = made
        self.open_path = each.path
        self.segments = (*self.segments, each)
        return made

    def replace(self, each: SegmentFile, *by: SegmentFile) -> None:
        """Forget a segment whose file is gone; another may hold its samples."""
        others = (other for other in self.segments if other != each)
        self.segments = tuple(sorted((*others, *by), key=first_of))
        with self._remembering:
            for remembered in (self._indexes, self._surveys, self._damaged):
                remembered.pop(each.path, None)

    # ---- what there is --------------------------------------------------------------------------

    @property
    def damaged_bytes(self) -> int:
        """Return the bytes without a valid sample, in the segments that were indexed so far."""
        with self._remembering:
            return sum(self._damaged.values())

    @property
    def first(self) -> float | None:
        """Return the time of the oldest sample, by its segment's name; None if there is none."""
        segments = self.segments
        return segments[0].first if segments else None

    def find(self, moment: float) -> tuple[float, State] | None:
        """Return the last sample at or before `moment`; None if there is none."""
        return Reader(self).find(moment)

    def find_first(self) -> tuple[float, State] | None:
        """Return the first sample; None if there is none."""
        held = (self.index_of(each).firsts for each in self.segments)
        return next((self.find(firsts[0]) for firsts in held if firsts), None)

    def find_last_time(self) -> float | None:
        """Return the time of the last sample; None if there is none."""
        held = (self.index_of(each).times for each in reversed(self.segments))
        return next((times[-1] for times in held if times), None)

    def known_before(self, moment: float) -> float | None:
        """Return the time of the last sample at or before `moment`; None if a file must be read."""
        held = self._up_to(moment)
        with self._remembering:
            known = self._indexes.get(held[-1].path) if held else None
        times = known.times if known else ()
        behind = bisect_right(times, moment)
        return times[behind - 1] if behind else None

    def next_after(self, moment: float) -> float | None:
        """Return the time of the first sample after `moment`; None if there is none."""
        for each in self._from(moment):
            times = self.index_of(each).times
            behind = bisect_right(times, moment)
            if behind < len(times):
                return times[behind]
        return None

    def survey(self, start: float, end: float) -> Survey:
        """Return the survey of the samples from `start` to `end`, both included."""
        segments = [each for each in self._from(start) if each.first <= end]
        parts = []
        for number, each in enumerate(segments, 1):
            if start <= each.first and number < len(segments):
                parts.append(self._survey_of(each))
            else:
                times = self.index_of(each).times
                parts.append(survey(times[bisect_left(times, start) : bisect_right(times, end)]))
        return join(parts)

    def warm(self, stop: threading.Event) -> None:
        """Survey every segment, so that no later window has to; return early at `stop`."""
        for each in self.segments:
            if stop.is_set():
                return
            self._survey_of(each)

    def _survey_of(self, each: SegmentFile) -> Survey:
        if each.path == self.open_path:
            return survey(self.index_of(each).times)
        with self._remembering:
            known = self._surveys.get(each.path)
        if known is None:
            known = survey(self.index_of(each).times)
            with self._remembering:
                self._surveys[each.path] = known
        return known

    def _up_to(self, moment: float) -> tuple[SegmentFile, ...]:
        """Return the segments that begin at or before `moment`."""
        segments = self.segments
        return segments[: bisect_right(segments, moment, key=first_of)]

    def _from(self, moment: float) -> tuple[SegmentFile, ...]:
        """Return the segments that may have samples at or after `moment`."""
        segments = self.segments
        return segments[max(bisect_right(segments, moment, key=first_of) - 1, 0) :]

    # ---- indexes and blocks ---------------------------------------------------------------------

    def index_of(self, each: SegmentFile) -> Index:
        """Return the index of a segment; an empty one if its file cannot be read."""
        return self._indexed(each)[1]

    def _indexed(self, each: SegmentFile) -> tuple[Path, Index]:
        """Return where a segment is now, also if it was packed meanwhile, and its index."""
        for path in each.paths:
            with self._remembering:
                known = self._indexes.get(path)
            if known is not None:
                return path, known
            try:
                data = self._files.read_part(path)
            except FileNotFoundError:
                continue
            except OSError as error:
                _log.warning("%s: cannot be read: %s", path, error)
                break
            return path, self._remember(path, make_index(data, is_packed(path)))
        return each.path, Index()

    def _remember(self, path: Path, made: Index) -> Index:
        with self._remembering:
            if made.damaged_bytes and path not in self._damaged:
                _log.warning("%s: %d bytes are damaged and passed over", path, made.damaged_bytes)
            self._damaged[path] = made.damaged_bytes
            self._indexes[path] = made
            others = [each for each in self._indexes if each not in (path, self.open_path)]
            count = sum([len(each.times) for each in self._indexes.values()])
            while count > MAX_REMEMBERED_SAMPLES and others:
                count -= len(self._indexes.pop(others.pop(0)).times)
        return made

    def blocks_before(self, moment: float) -> Iterator[Block]:
        """Yield the blocks that begin at or before `moment`, the latest first."""
        for each in reversed(self._up_to(moment)):
            path, found = self._indexed(each)
            for number in found.blocks_before(moment):
                yield Block(path, number, len(found.times), found)

    def read(self, path: Path, start: int, end: int | None) -> bytes | None:
        """Return a part of a segment's file, b"" if it cannot be read; None if it is not there.

        Then its segment was packed or dropped, and its blocks are others.
        """
        try:
            return self._files.read_part(path, start, end)
        except FileNotFoundError:
            with self._remembering:
                self._indexes.pop(path, None)
            return None
        except OSError as error:
            _log.warning("%s: cannot be read: %s", path, error)
            return b""


class Reader:
    """Looks up samples of one tier for one thread, and keeps the block that it read last.

    It reads ahead in a file that it reads a second block of.
    """

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._block: Block | None = None
        self._ahead: tuple[Path | None, int, bytes] = (None, 0, b"")
        self._text = b""
        self._unread: Iterator[segment.MarkedSample] = iter(())
        self._samples: list[segment.MarkedSample] = []
        self._keyframes: list[int] = []
        self._done = 0
        self._state: State = {}

    def find(self, moment: float) -> tuple[float, State] | None:
        """Return the last sample at or before `moment`; None if there is none."""
        if self._begins_before(moment) and self._passes(moment):
            return self._state_at(moment)
        while True:
            for block in self._lookup.blocks_before(moment):
                if block != self._block and not self._take(block):
                    break  # the segment was packed or dropped meanwhile: look again
                self._passes(moment)
                if self._begins_before(moment):
                    return self._state_at(moment)
            else:
                return None

    def _begins_before(self, moment: float) -> bool:
        """Return whether the block's first sample is at or before `moment`."""
        return bool(self._samples) and self._samples[0].time <= moment

    def _passes(self, moment: float) -> bool:
        """Read samples on to the first one after `moment`; return whether the block has one."""
        samples = self._samples
        while not samples or samples[-1].time <= moment:
            following = next(self._unread, None)
            if following is None:
                return False
            if following.is_keyframe:
                self._keyframes.append(len(samples))
            samples.append(following)
        return True

    def _take(self, block: Block) -> bool:
        """Read a block; return whether its file is still there."""
        data = self._bytes_of(block)
        self._text = text_of_block(data or b"", is_packed(block.path))
        self._unread = segment.valid_samples(self._text)
        self._samples, self._keyframes = [], []
        self._block, self._done, self._state = block, 0, {}
        return data is not None

    def _bytes_of(self, block: Block) -> bytes | None:
        """Return a block as it is in its file; None if the file is not there any more."""
        start, end = block.file_index.bounds(block.number)
        path, first, ahead = self._ahead
        if path != block.path or end is None or not first <= start <= end <= first + len(ahead):
            to = end if end is None or path != block.path else max(end, start + READ_AHEAD_BYTES)
            data = self._lookup.read(block.path, start, to)
            if data is None:
                return None
            first, ahead = start, data
            self._ahead = (block.path, first, ahead)
        return ahead[start - first : None if end is None else end - first]

    def _state_at(self, moment: float) -> tuple[float, State]:
        """Return the last sample of the block at or before `moment`; there is one."""
        samples = self._samples
        count = bisect_right(samples, moment, key=_time_of)
        keyframe = self._keyframes[bisect_right(self._keyframes, count - 1) - 1]
        if not keyframe < self._done <= count:
            self._done, self._state = keyframe, {}
        if self._done < count:
            rows = [self._text[each.start : each.mark] for each in samples[self._done : count]]
            self._state = self._state | segment.cells_in(b"".join(rows))
            self._done = count
        return samples[count - 1].time, self._state
