"""Segments for tests: written by the plainest means, damaged, and watched while they are read."""

import zlib

from irq_server.store.segments.segment import HEADER, State, encode_keyframe, encode_moved, moved

START = 1767225600.0  # the start of a keyframe slot: 2,945,376 slots of 600 s

Samples = list[tuple[float, State]]


def encode(samples: Samples, whole: bool = True) -> bytes:
    """Write a segment as the contract says, by the slowest and plainest means."""
    data = b"time,irq,cpu,count\n"
    previous: tuple[float, State] | None = None
    for moment, state in samples:
        time = f"{moment:.0f}" if whole else f"{moment:.3f}"
        key_frame = previous is None or moment // 600 != previous[0] // 600
        before = {} if key_frame or previous is None else previous[1]
        rows = "".join(f"{time},{key},{n}\n" for key, n in state.items() if before.get(key) != n)
        data += f"{rows}{time},END,{rows.count(chr(10))},{zlib.crc32(rows.encode())}\n".encode()
        previous = (moment, state)
    return data


def turned(samples: Samples) -> bytes:
    """Write a segment as the store does."""
    data, before = HEADER, None
    for moment, state in samples:
        keyframe = before is None or moment // 600 != before[0] // 600
        time = f"{moment:.0f}"
        if keyframe or before is None:
            data += encode_keyframe(time, state)
        else:
            data += encode_moved(time, moved(before[1], state))
        before = (moment, state)
    return data


def last_before(samples: Samples, moment: float) -> tuple[float, State] | None:
    """Return the last sample at or before `moment`."""
    earlier = [each for each in samples if each[0] <= moment]
    return earlier[-1] if earlier else None


def flipped(data: bytes, position: int, bit: int) -> bytes:
    """Return `data` with one bit flipped."""
    return data[:position] + bytes([data[position] ^ 1 << bit]) + data[position + 1 :]


class Watched(bytes):
    """Bytes that count how many of them were looked at, as often as they were."""

    seen = 0

    def __getitem__(self, part):
        """Return a part, and count it."""
        found = super().__getitem__(part)
        self.seen += len(found) if isinstance(part, slice) else 1
        return found

    def find(self, what: bytes, start: int | None = None, end: int | None = None) -> int:
        """Searches from the left, and counts what it passed."""
        found = super().find(what, start, end)
        start, end, _ = slice(start, end).indices(len(self))
        self.seen += max(0, (end if found < 0 else found) - start)
        return found

    def rfind(self, what: bytes, start: int | None = None, end: int | None = None) -> int:
        """Searches from the right, and counts what it passed."""
        found = super().rfind(what, start, end)
        start, end, _ = slice(start, end).indices(len(self))
        self.seen += max(0, end - (start if found < 0 else found))
        return found

    def index(self, what: bytes, start: int | None = None, end: int | None = None) -> int:
        """Searches as find() does; raises ValueError where there is nothing."""
        found = super().index(what, start, end)
        self.seen += found - (start or 0)
        return found
