"""Segments as they are on the disk, plain or packed, and which sample is where in them. Pure.

A packed segment is a gzip file of several members (RFC 1952, 2.2), which every tool reads as one
text. Each frame has a member, so that a look-up unpacks one frame and not an hour. A block is what
a look-up reads at once: a member, or the bytes of a frame in a plain file.
"""

import errno
import gzip
import os
import zlib
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from .segment import header_length, valid_samples

MAX_UNPACKED_BYTES = 32 * 2**20
"""A gzip member that unpacks to more is damaged. The store's own segments have 8 MiB, unpacked."""

_LEVEL = 6
_MAGIC = b"\x1f\x8b\x08"


@dataclass(slots=True, eq=False)
class Index:
    """The valid samples of a segment's file: their times, and the blocks that hold them.

    ``firsts`` are the times of the blocks' first samples, ``offsets`` the blocks' starts in the
    file. ``damaged_bytes`` belong to no valid sample. The writer extends the index of its open
    segment while others read: each array only grows at its end.
    """

    times: "array[float]" = field(default_factory=lambda: array("d"))
    firsts: "array[float]" = field(default_factory=lambda: array("d"))
    offsets: "array[int]" = field(default_factory=lambda: array("q"))
    damaged_bytes: int = 0

    def add(self, time: float, offset: int | None) -> None:
        """Add the next sample; `offset` is that of the block that begins with it, else None."""
        if offset is not None:
            self.offsets.append(offset)
            self.firsts.append(time)
        self.times.append(time)

    def blocks_before(self, moment: float) -> range:
        """Return the numbers of the blocks that begin at or before `moment`, the latest first."""
        return range(bisect_right(self.firsts, moment) - 1, -1, -1)

    def bounds(self, number: int) -> tuple[int, int | None]:
        """Return the offsets of a block and of the next one; None for the end of the file."""
        ends = self.offsets[number + 1 : number + 2]
        return self.offsets[number], ends[0] if ends else None


def make_index(data: bytes, is_packed: bool) -> Index:
    """Return the index of a segment from the bytes of its file."""
    found, after, unpacked_to = Index(), -1.0, 0
    for start, end, text in texts(data, is_packed):
        found.damaged_bytes += start - unpacked_to + len(text) - header_length(text)
        is_first = True
        for sample in valid_samples(text, after):
            if is_packed:
                offset = start if is_first else None
            else:
                offset = sample.start if sample.is_keyframe else None
            found.add(sample.time, offset)
            found.damaged_bytes -= sample.end - sample.start
            after, is_first = sample.time, False
        unpacked_to = end
    found.damaged_bytes += len(data) - unpacked_to
    return found


def texts(data: bytes, is_packed: bool) -> Iterator[tuple[int, int, bytes]]:
    """Yield the texts of a segment with their places in its file: one a member, or the only one."""
    return members(data) if is_packed else iter([(0, len(data), data)])


def members(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield start, end and text of each gzip member that can be unpacked; pass over the others."""
    view, start = memoryview(data), 0
    while 0 <= start < len(data):
        unpacking = zlib.decompressobj(31)
        try:
            text = unpacking.decompress(view[start:], MAX_UNPACKED_BYTES + 1)
        except zlib.error:
            text = b""
        if unpacking.eof and len(text) <= MAX_UNPACKED_BYTES:
            end = len(data) - len(unpacking.unused_data)
            yield start, end, text
            start = end
        else:
            start = data.find(_MAGIC, start + 1)


def text_of_block(data: bytes, is_packed: bool) -> bytes:
    """Return the text of the block at the start of `data`; b"" if it cannot be unpacked."""
    if not is_packed:
        return data
    return next((text for start, _, text in members(data) if start == 0), b"")


def pack(text: bytes) -> bytes:
    """Return the packed form of a segment's text: all of it, also what is damaged.

    Raise OSError for a frame that is too large to be unpacked again.
    """
    starts = [each.start for each in valid_samples(text) if each.is_keyframe]
    edges = [0, *starts[1:], len(text)]
    if max(b - a for a, b in pairwise(edges)) > MAX_UNPACKED_BYTES:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    return b"".join([gzip.compress(text[a:b], _LEVEL, mtime=0) for a, b in pairwise(edges)])
