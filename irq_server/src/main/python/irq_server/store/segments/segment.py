"""The text of a segment: samples of running totals as CSV, in frames. Pure.

A segment of a machine on which IRQ 24 fires on CPU 3::

    time,irq,cpu,count
    1767225600,24,3,8123456
    1767225600,ERR,,4
    1767225600,KEY,2,4017351047
    1767225610,24,3,8123510
    1767225610,END,1,3127346054
    1767225620,END,0,721775050

A state maps each cell that is not zero to its running total. A cell's key is ``irq,cpu`` as the
file has it: ``24,3``, or ``ERR,`` for a figure of the whole machine. A keyframe has the commit mark
``KEY`` and holds the whole state. Each other sample has the mark ``END`` and holds the cells that
changed since the sample before. A keyframe and the samples behind it are a frame. A mark holds the
number of rows, and the CRC-32 of all bytes of the frame up to the CRC itself, earlier marks too.

A sample is valid if its CRC is right and its time is later than that of the last valid one. Nothing
else counts, and valid_samples() alone decides it. Bytes that are damaged, missing, doubled or moved
cost the rest of their frame, because every later CRC covers them, and no other frame.
"""

import re
import zlib
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ...times import LATEST_IN_FILES

HEADER = b"time,irq,cpu,count\n"

State = dict[str, int]

_KEY = b",KEY,"
_END = b",END,"
_MARK = re.compile(rb"([0-9]{1,12}(?:\.[0-9]{3})?),(KEY|END),([0-9]{1,9}),([0-9]{1,10})\n")
_ROW = re.compile(r",([^,\n]+,[0-9]{0,5}),([0-9]{1,19})\n")
_MAX_TIME_BYTES = 16
_CHUNK_BYTES = 65536


class MarkedSample(NamedTuple):
    """A valid sample: its time, and the offsets of its first row, of its mark and of its end."""

    time: float
    is_keyframe: bool
    start: int
    mark: int
    end: int


def format_time(moment: float, whole: bool) -> str:
    """Return a sample's time as the file has it: whole seconds, or three decimals."""
    milliseconds = round(moment * 1000)
    return str(milliseconds // 1000) if whole else f"{milliseconds / 1000:.3f}"


def encode(time: str, cells: Mapping[str, int], crc: int | None = None) -> tuple[bytes, int]:
    """Return the bytes of one sample, and the CRC of its frame up to their end.

    `crc` is that of the frame so far. Without it the sample is a keyframe, and `cells` are all.
    """
    rows = "".join([f"{time},{key},{count}\n" for key, count in cells.items()])
    covered = f"{rows}{time},{'KEY' if crc is None else 'END'},{len(cells)},".encode()
    crc = zlib.crc32(covered, crc or 0)
    rest = f"{crc}\n".encode()
    return covered + rest, zlib.crc32(rest, crc)


def changes(before: Mapping[str, int], after: State) -> State:
    """Return the cells of the state `after` that differ from `before`, in the order of `after`."""
    get = before.get
    return {key: count for key, count in after.items() if get(key) != count}


def valid_samples(data: bytes, after: float = -1.0) -> Iterator[MarkedSample]:
    """Yield the valid samples in `data`, in their order; all are later than `after`.

    The bytes between them are damaged, or a tail that is not yet whole.
    """
    view, lower = memoryview(data), 0
    keyframe = _mark_behind(data, _KEY, 0, len(data))
    while keyframe is not None:
        following = _mark_behind(data, _KEY, keyframe.end(), len(data))
        end = following.start() if following else len(data)
        position = _lines_above(data, int(keyframe[3]), lower, keyframe.start())
        lower, crc = keyframe.end(), 0
        mark: re.Match[bytes] | None = keyframe
        while mark is not None:
            covered = mark.start(4)
            crc = zlib.crc32(view[position:covered], crc)
            time = float(mark[1])
            if crc != int(mark[4]) or not after < time <= LATEST_IN_FILES:
                break
            yield MarkedSample(time, mark is keyframe, position, mark.start(), mark.end())
            crc = zlib.crc32(view[covered : mark.end()], crc)
            after, position = time, mark.end()
            lower = position
            mark = _mark_behind(data, _END, position, end)
        keyframe = following


def _lines_above(data: bytes, count: int, lower: int, end: int) -> int:
    """Return the offset of the line that is `count` lines above the one at `end`.

    Lines count from the offset `lower` on; if they are fewer, return `lower`.
    """
    missing = count + 1  # line ends, with that of the line before
    while end > lower:
        start = max(end - _CHUNK_BYTES, lower)
        found = data.count(b"\n", start, end)
        if found >= missing:
            return start + len(data[start:end].rsplit(b"\n", missing)[0]) + 1
        missing, end = missing - found, start
    return lower


def _mark_behind(data: bytes, kind: bytes, position: int, end: int) -> re.Match[bytes] | None:
    """Return the first commit mark of a kind from `position` on; None if there is none."""
    while (found := data.find(kind, position, end)) >= 0:
        mark = _mark_at(data, found, end)
        if mark is not None:
            return mark
        position = found + len(kind)
    return None


def _mark_at(data: bytes, comma: int, end: int) -> re.Match[bytes] | None:
    """Return the commit mark whose first comma is at an offset; None if no mark is there."""
    start = data.rfind(b"\n", max(comma - _MAX_TIME_BYTES - 1, 0), comma) + 1
    mark = _MARK.match(data, start, end)
    return mark if mark is not None and mark.end(1) == comma else None


def cells_in(rows: bytes) -> State:
    """Return the last count of each cell in the rows of valid samples, without their marks.

    A CRC shows that rows are as they were written, not that they were written right: rows that are
    no cells are left out.
    """
    last = dict(_ROW.findall(rows.decode(errors="replace")))
    return dict(zip(last, map(int, last.values()), strict=True))


def header_length(data: bytes) -> int:
    """Return the length of the header that `data` begins with; 0 if it begins otherwise."""
    return len(HEADER) if data.startswith(HEADER) else 0


def tail_length(data: bytes) -> int:
    """Return the number of bytes at the end that no commit mark follows: an unfinished sample."""
    last = header_length(data)
    for kind in (_KEY, _END):
        found = len(data)
        while (found := data.rfind(kind, last, found)) >= 0:
            mark = _mark_at(data, found, len(data))
            if mark is not None:
                last = max(last, mark.end())
                break
    return len(data) - last
