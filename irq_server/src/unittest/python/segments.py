"""Segments for tests: written by the plainest means, and damaged."""

import zlib
from collections.abc import Iterable

from irq_server.store.segments.segment import State

START = 1767225600.0

Samples = list[tuple[float, State]]


def frames(samples: Samples, length: int = 3, whole: bool = True) -> list[list[bytes]]:
    """Write frames of `length` samples as the contract says, by the slowest and plainest means."""
    made: list[list[bytes]] = []
    before: State = {}
    for number, (moment, state) in enumerate(samples):
        time = f"{moment:.0f}" if whole else f"{moment:.3f}"
        is_key = number % length == 0
        if is_key:
            before = {}
            made.append([])
        rows = "".join(f"{time},{key},{n}\n" for key, n in state.items() if before.get(key) != n)
        mark = f"{time},{'KEY' if is_key else 'END'},{rows.count(chr(10))},"
        crc = zlib.crc32(b"".join(made[-1]) + f"{rows}{mark}".encode())
        made[-1].append(f"{rows}{mark}{crc}\n".encode())
        before = state
    return made


def encode(samples: Samples, length: int = 3, whole: bool = True) -> bytes:
    """Write a segment."""
    return b"time,irq,cpu,count\n" + joined(frames(samples, length, whole))


def joined(parts: Iterable[Iterable[bytes]]) -> bytes:
    """Join frames."""
    return b"".join(sample for frame in parts for sample in frame)


def encoded(*parts: tuple[float, State], keyframes: Iterable[float] = ()) -> list[bytes]:
    """Return samples of cells as they are given; the first and those of `keyframes` are such."""
    made: list[bytes] = []
    frame = b""
    for number, (moment, cells) in enumerate(parts):
        is_key = number == 0 or moment in keyframes
        rows = "".join(f"{moment:.0f},{key},{n}\n" for key, n in cells.items())
        mark = f"{moment:.0f},{'KEY' if is_key else 'END'},{len(cells)},"
        frame = b"" if is_key else frame
        crc = zlib.crc32(frame + f"{rows}{mark}".encode())
        made.append(f"{rows}{mark}{crc}\n".encode())
        frame += made[-1]
    return made


def last_before(samples: Samples, moment: float) -> tuple[float, State] | None:
    """Return the last sample at or before `moment`."""
    earlier = [each for each in samples if each[0] <= moment]
    return earlier[-1] if earlier else None


def flipped(data: bytes, position: int, bit: int) -> bytes:
    """Return `data` with one bit flipped."""
    return data[:position] + bytes([data[position] ^ 1 << bit]) + data[position + 1 :]
