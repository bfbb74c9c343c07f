"""One tier of the store: segments of one resolution in one folder; appends, looks up, recovers.

The names of the segments are the index: a look-up finds the file by bisection over their first
times, and the sample by bisection over the file's bytes. One thread appends; any number read.
"""

import logging
import threading
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from . import segment
from .files import Files
from .segment import State
from .segment_files import SegmentFile, read_segment, segments_in
from .survey import Survey, join, survey
from .tier_shape import TierShape

_log = logging.getLogger(__name__)

MAX_REMEMBERED_SAMPLES = 1_000_000
"""Times of samples in closed segments that are kept in memory, 8 bytes each."""


class Tier:
    """The segments of one resolution below ``DIR/NAME``."""

    def __init__(self, root: Path, shape: TierShape, files: Files, sync: str) -> None:
        """Takes the data directory, the shape, the file layer and the fsync policy."""
        self.shape = shape
        self._folder = root / shape.name
        self._files = files
        self._sync = sync
        self._segments: tuple[SegmentFile, ...] = ()
        self._live: SegmentFile | None = None
        self._live_size = 0
        self._live_whole = True
        self._live_times = array("d")
        self._written: State = {}
        self._last: float | None = None
        self._caching = threading.Lock()  # for the three below: requests fill them, a drop empties
        self._times: dict[Path, array[float]] = {}
        self._surveys: dict[Path, Survey] = {}
        self._damaged: dict[Path, int] = {}
        self._left_open: SegmentFile | None = None

    # ---- opening --------------------------------------------------------------------------------

    def load(self) -> int:
        """Finds the segments and cuts an unfinished tail off the newest; gives the bytes cut."""
        for unfinished in self._folder.glob("*/.*.csv.gz.*"):
            unfinished.unlink()
        self._segments = tuple(segments_in(self._folder))
        for each in self._segments:
            plain = each.path.with_suffix("")  # left where a kill came between packing and removal
            if each.path.suffix == ".gz" and plain.exists() and self.read(each):
                plain.unlink()
        cut = self._cut_tail()
        self._last = next((each.time for each in self._samples_backwards()), None)
        return cut

    def _cut_tail(self) -> int:
        if not self._segments or self._segments[-1].path.suffix == ".gz":
            return 0
        newest = self._segments[-1]
        data = self.read(newest)
        if data is None:
            return 0
        committed = segment.committed_length(data)
        if committed <= len(segment.HEADER):
            # not one sample: the file holds nothing that anybody believes
            newest.path.rename(newest.path.with_suffix(".damaged"))
            self._segments = self._segments[:-1]
            return len(data)
        if committed < len(data):
            self._files.truncate(newest.path, committed)
        self._left_open = newest
        return len(data) - committed

    def _samples_backwards(self) -> Iterator[segment.Mark]:
        for each in reversed(self._segments):
            yield from reversed(list(segment.marks(self.read(each) or b"")))

    # ---- appending ------------------------------------------------------------------------------

    def is_due(self, moment: float) -> bool:
        """Whether the sample of `moment` belongs into this tier: the first of every step."""
        step = self.shape.step_seconds
        return self._last is None or not step or moment // step != self._last // step

    def append(self, moment: float, whole: bool, state: State, max_bytes: int) -> int:
        """Appends the sample and gives its bytes. Raises OSError; then nothing was appended."""
        if self._live is not None and not self._fits(moment, whole, max_bytes):
            self.close()
        text = segment.format_time(moment, whole)
        live = self._live
        if live is None:
            day = datetime.fromtimestamp(moment, UTC).strftime(self.shape.folder_format)
            live = SegmentFile(moment, self._folder / day / f"{text}.csv")
            self._files.make_folder(live.path.parent)
            data = segment.HEADER + segment.encode_keyframe(text, state)
        else:
            key_frame = segment.slot_of(moment) != segment.slot_of(self._live_times[-1])
            if key_frame:
                data = segment.encode_keyframe(text, state)
            else:
                data = segment.encode_moved(text, segment.moved(self._written, state))
        self._files.append(live.path, data, self._sync == "sample")
        if self._live is None:
            self._live, self._live_size, self._live_whole = live, 0, whole
            self._live_times = array("d")
            self._segments = (*self._segments, live)
        self._live_times.append(moment)
        self._live_size += len(data)
        self._written, self._last = state, moment
        return len(data)

    def _fits(self, moment: float, whole: bool, max_bytes: int) -> bool:
        """Whether the live segment may take a sample of `moment`: its hour, form and size."""
        assert self._live is not None
        span = self.shape.span_seconds
        same_span = moment // span == self._live.first // span
        exists = self._live.path.exists()
        return same_span and exists and whole == self._live_whole and self._live_size < max_bytes

    def close(self) -> None:
        """Closes the live segment, if any: it is synced as the policy says, and packed.

        So is the one that an earlier process left open. One that cannot be packed stays as it is:
        a reader takes both. Raises OSError.
        """
        self.sync()
        for each in (self._left_open, self._live):
            if each is None or not each.path.exists():
                continue
            packed = self._pack(each)
            if each == self._live:
                self._remember(packed.path, self._live_times)
            others = (other for other in self._segments if other.path != each.path)
            self._segments = tuple(sorted((*others, packed), key=lambda one: one.first))
        self._live = self._left_open = None
        self._segments = tuple(each for each in self._segments if each.path.exists())

    def _pack(self, each: SegmentFile) -> SegmentFile:
        try:
            return SegmentFile(each.first, self._files.compress(each.path))
        except OSError as error:
            _log.warning("%s: cannot be packed: %s", each.path, error)
            return each

    def sync(self) -> None:
        """Waits until the live segment is on the disk, where the policy asks for it."""
        if self._live is not None and self._sync != "never" and self._live.path.exists():
            self._files.sync(self._live.path)
            self._files.sync(self._live.path.parent)

    def drop_oldest(self) -> bool:
        """Removes the oldest closed segment; gives whether there was one."""
        for oldest in self._segments:
            if oldest == self._live:
                return False
            self._files.remove(oldest.path)
            self._segments = tuple(each for each in self._segments if each != oldest)
            with self._caching:
                self._times.pop(oldest.path, None)
                self._surveys.pop(oldest.path, None)
                self._damaged.pop(oldest.path, None)
            return True
        return False

    def drop_before(self, moment: float) -> None:
        """Removes the closed segments whose every sample lies before `moment`."""
        while len(self._segments) > 1 and self._segments[1].first <= moment:
            if not self.drop_oldest():
                return

    # ---- looking up -----------------------------------------------------------------------------

    @property
    def segments(self) -> tuple[SegmentFile, ...]:
        """The segments there are, the oldest first."""
        return self._segments

    @property
    def damaged_bytes(self) -> int:
        """The bytes that nobody believes, in the segments that were read whole so far."""
        with self._caching:
            return sum(self._damaged.values())

    @property
    def first(self) -> float | None:
        """The time of the oldest sample; None where the tier is empty."""
        segments = self._segments
        return segments[0].first if segments else None

    @property
    def last(self) -> float | None:
        """The time of the newest sample; None where the tier is empty."""
        return self._last

    def find(self, moment: float) -> tuple[float, State] | None:
        """Gives the last sample at or before `moment`, None where none is believed."""
        return Reader(self).find(moment)

    def find_first(self) -> tuple[float, State] | None:
        """Gives the first sample there is."""
        for each in self._segments:
            data = self.read(each)
            first = next(segment.marks(data), None) if data else None
            found = segment.state_at(data, first.time) if data and first else None
            if found is not None:
                return found
        return None

    def known_before(self, moment: float) -> float | None:
        """Gives the time of the last sample at or before `moment`, where no file need be read."""
        held = self.up_to(moment)
        if not held:
            return None
        times = self._live_times if held[-1] == self._live else self._times.get(held[-1].path)
        index = bisect_right(times, moment) if times else 0
        return times[index - 1] if times and index else None

    def next_after(self, moment: float) -> float | None:
        """Gives the time of the first sample after `moment`; None where there is none."""
        segments = self._segments
        index = bisect_right(segments, moment, key=_first_of)
        if index:
            times = self._times_of(segments[index - 1])
            behind = bisect_right(times, moment)
            if behind < len(times):
                return times[behind]
        return segments[index].first if index < len(segments) else None

    def survey(self, start: float, end: float) -> Survey:
        """Gives what is known of the samples from `start` to `end`, both counted."""
        segments = self._segments
        index = max(bisect_right(segments, start, key=_first_of) - 1, 0)
        parts = []
        for number, each in enumerate(segments[index:], index):
            if each.first > end:
                break
            last_one = number + 1 == len(segments) or segments[number + 1].first > end
            if each.first >= start and not last_one:
                parts.append(self._survey_of(each))
            else:
                times = self._times_of(each)
                parts.append(survey(times[bisect_left(times, start) : bisect_right(times, end)]))
        return join(parts)

    def warm(self, stop: threading.Event) -> None:
        """Surveys every closed segment, so that no later window has to; ends early at `stop`."""
        for each in self._segments:
            if stop.is_set():
                return
            if each != self._live:
                self._survey_of(each)

    def _survey_of(self, each: SegmentFile) -> Survey:
        if each == self._live:
            return survey(self._live_times)
        known = self._surveys.get(each.path)
        if known is None:
            known = survey(self._times_of(each))
            with self._caching:
                self._surveys[each.path] = known
        return known

    def up_to(self, moment: float) -> tuple[SegmentFile, ...]:
        """Gives the segments that begin at or before `moment`."""
        segments = self._segments
        return segments[: bisect_right(segments, moment, key=_first_of)]

    def _times_of(self, each: SegmentFile) -> "array[float]":
        if each == self._live:
            return self._live_times
        times = self._times.get(each.path)
        if times is None:
            found, damaged = segment.examine(self.read(each) or b"")
            if damaged and each.path not in self._damaged:
                _log.warning("%s: %d bytes are damaged and passed over", each.path, damaged)
            with self._caching:
                self._damaged[each.path] = damaged
            times = array("d", found)
            self._remember(each.path, times)
        return times

    def _remember(self, path: Path, times: "array[float]") -> None:
        with self._caching:
            while self._times and sum(map(len, self._times.values())) > MAX_REMEMBERED_SAMPLES:
                del self._times[next(iter(self._times))]
            self._times[path] = times

    def read(self, each: SegmentFile) -> bytes | None:
        """Gives a segment's bytes, also while it is being packed; None where it was dropped."""
        try:
            return read_segment(each, self._files)
        except OSError as error:
            _log.warning("%s: cannot be read: %s", each.path, error)
            return None


class Reader:
    """Looks samples of one tier up, and keeps the segment and the sample that it read last."""

    def __init__(self, tier: Tier) -> None:
        """Takes the tier."""
        self._tier = tier
        self._path: Path | None = None
        self._data: bytes | None = None
        self._place: segment.Place | None = None

    def find(self, moment: float) -> tuple[float, State] | None:
        """Gives the last sample at or before `moment`, None where none is believed."""
        segments = self._tier.segments
        for number in range(bisect_right(segments, moment, key=_first_of) - 1, -1, -1):
            each = segments[number]
            if self._path != each.path:
                self._path, self._data, self._place = each.path, self._tier.read(each), None
            place = segment.place_at(self._data, moment, self._place) if self._data else None
            if place is not None:
                self._place = place
                return place.time, place.state
        return None


def _first_of(each: SegmentFile) -> float:
    return each.first
