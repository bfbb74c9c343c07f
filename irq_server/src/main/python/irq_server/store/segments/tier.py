"""One tier of the store, for its writer: opens it, appends samples, closes and drops segments."""

import logging
from datetime import UTC, datetime
from pathlib import Path

from . import segment
from .files import Files
from .lookup import Lookup
from .packed import Index, make_index
from .segment import State
from .segment_files import SegmentFile, is_packed, segments_in
from .tier_shape import TierShape

_log = logging.getLogger(__name__)

FRAME_KEYFRAMES = 8
"""A frame ends when the samples behind its keyframe have that many times its bytes."""

COARSE_FRAME_KEYFRAMES = 1
"""The same in coarser tiers, where most look-ups need one sample of a frame.

In tiers of sums each sample is a keyframe, as nearly all sums change from each to the next.
"""


class Tier:
    """The segments of one resolution below ``DIR/NAME``. One thread alone calls its methods.

    Other threads use its ``lookup``.
    """

    def __init__(self, root: Path, shape: TierShape, files: Files, sync: str) -> None:
        """Take the data directory, the shape, the file layer and the fsync policy."""
        self.shape = shape
        self.lookup = Lookup(files)
        self._folder = root / shape.name
        self._files = files
        self._sync = sync
        self._left_open: list[SegmentFile] = []  # not packed, and written no more
        self._live: SegmentFile | None = None
        self._live_size = 0
        self._live_whole = True
        self._live_index = Index()
        self._crc: int | None = None  # of the open frame; None: the next sample is a keyframe
        self._room = 0  # bytes until the open frame ends
        self._keyframes = COARSE_FRAME_KEYFRAMES if shape.step_seconds else FRAME_KEYFRAMES
        if shape.is_sums:
            self._keyframes = 0
        self._written: State = {}
        self._last: float | None = None

    # ---- opening --------------------------------------------------------------------------------

    def load(self) -> int:
        """Find the segments and cut an unfinished tail off the newest; return the bytes cut."""
        for unfinished in self._folder.glob("*/.*.csv.gz.*"):
            unfinished.unlink()
        segments = segments_in(self._folder)
        for each in segments:
            plain = each.path.with_suffix("")
            if is_packed(each.path) and plain.exists():
                self._finish_packing(each, plain)
        cut = self._cut_tail(segments)
        self.lookup.segments = tuple(segments)
        self._last = self.lookup.find_last_time()
        return cut

    def _finish_packing(self, packed: SegmentFile, plain: Path) -> None:
        """Remove the plain form that a kill left beside the packed one, if that has all of it."""
        try:
            whole = make_index(self._files.read_part(plain), is_packed=False)
            if len(self.lookup.index_of(packed).times) >= len(whole.times):
                plain.unlink()
            else:
                self._files.compress(plain)
                self.lookup.replace(packed)  # its index is that of the damaged file
        except OSError as error:
            _log.warning("%s: cannot be packed: %s", plain, error)

    def _cut_tail(self, segments: list[SegmentFile]) -> int:
        """Cut the unfinished sample off the last of `segments`; set one without samples aside."""
        if not segments or is_packed(segments[-1].path):
            return 0
        newest = segments[-1]
        try:
            data = self._files.read_part(newest.path)
        except OSError as error:
            _log.warning("%s: cannot be read: %s", newest.path, error)
            return 0
        if next(segment.valid_samples(data), None) is None:
            newest.path.rename(newest.path.with_suffix(".damaged"))
            segments.pop()
            return len(data)
        cut = segment.tail_length(data)
        if cut:
            self._files.truncate(newest.path, len(data) - cut)
        self._left_open.append(newest)
        return cut

    # ---- appending ------------------------------------------------------------------------------

    @property
    def last(self) -> float | None:
        """Return the time of the newest sample; None if the tier is empty."""
        return self._last

    def is_due(self, moment: float) -> bool:
        """Return whether the tier keeps a sample of `moment`: the first of every step."""
        step = self.shape.step_seconds
        return self._last is None or not step or moment // step != self._last // step

    def append(self, moment: float, whole: bool, state: State, max_bytes: int) -> int:
        """Append a sample; return its bytes. Raise OSError; then nothing was appended."""
        if self._live is not None and not self._fits(moment, whole, max_bytes):
            self.close()
        text = segment.format_time(moment, whole)
        live = self._live or self._new_segment(moment, text)
        crc = self._crc if self._room > 0 else None
        self._crc = None  # if this append fails, the next sample is a keyframe
        cells = state if crc is None else segment.changes(self._written, state)
        data, crc_behind = segment.encode(text, cells, crc)
        header = segment.HEADER if self._live is None else b""
        try:
            offset = self._files.append(live.path, header + data, self._sync == "sample")
        except OSError:
            self._leave_if_torn()
            raise
        if self._live is None:
            self._live, self._live_size, self._live_whole = live, 0, whole
            self._live_index = self.lookup.start_segment(live)
        self._live_index.add(moment, offset + len(header) if crc is None else None)
        self._live_size += len(header) + len(data)
        self._room = self._keyframes * len(data) if crc is None else self._room - len(data)
        self._crc, self._written, self._last = crc_behind, state, moment
        return len(header) + len(data)

    def _leave_if_torn(self) -> None:
        """Leave the open segment if a failed append left bytes in it: no frame may follow them."""
        live = self._live
        if live is not None and self._files.size(live.path) != self._live_size:
            self._left_open.append(live)
            self._live = self.lookup.open_path = None

    def _new_segment(self, moment: float, text: str) -> SegmentFile:
        self._crc = None
        day = datetime.fromtimestamp(moment, UTC).strftime(self.shape.folder_format)
        path = self._folder / day / f"{text}.csv"
        self._files.make_folder(path.parent)
        return SegmentFile(moment, path)

    def _fits(self, moment: float, whole: bool, max_bytes: int) -> bool:
        """Return whether the open segment may take a sample: by its span, form and size."""
        assert self._live is not None
        span = self.shape.span_seconds
        same_span = moment // span == self._live.first // span
        exists = self._live.path.exists()
        return same_span and exists and whole == self._live_whole and self._live_size < max_bytes

    # ---- closing and dropping -------------------------------------------------------------------

    def close(self) -> None:
        """Sync the open segment as the policy says; pack it and what an earlier process left open.

        One that cannot be packed stays plain: readers take both. Raise OSError.
        """
        self.sync()
        for each in (*self._left_open, *filter(None, [self._live])):
            if each.path.exists():
                self._pack(each)
        self._live = self.lookup.open_path = None
        self._left_open = []
        for each in self.lookup.segments:
            if not each.path.exists():
                self.lookup.replace(each)

    def _pack(self, each: SegmentFile) -> None:
        try:
            packed = SegmentFile(each.first, self._files.compress(each.path))
        except OSError as error:
            _log.warning("%s: cannot be packed: %s", each.path, error)
        else:
            self.lookup.replace(each, packed)

    def sync(self) -> None:
        """Wait until the open segment is on the disk, if the policy says so."""
        if self._live is not None and self._sync != "never" and self._live.path.exists():
            self._files.sync(self._live.path)
            self._files.sync(self._live.path.parent)

    def drop_oldest(self) -> bool:
        """Remove the oldest closed segment; return whether there was one."""
        oldest = next(iter(self.lookup.segments), None)
        if oldest is None or oldest == self._live:
            return False
        self._files.remove(oldest.path)
        self.lookup.replace(oldest)
        return True

    def drop_before(self, moment: float) -> None:
        """Remove the closed segments of which every sample is before `moment`."""
        while self.lookup.segments:
            first, *others = self.lookup.segments[:2]
            span = self.shape.span_seconds
            end = others[0].first if others else (first.first // span + 1) * span
            if end > moment or not self.drop_oldest():
                return
