"""Packed segments: a member for each frame, found by an index, and bounded when unpacked."""

import gzip
import struct
import tracemalloc
import zlib
from pathlib import Path

import pytest

from irq_server.store.offline import verify
from irq_server.store.segments import packed
from irq_server.store.segments.files import Files
from irq_server.store.segments.packed import MAX_UNPACKED_BYTES, make_index, members, pack
from irq_server.store.segments.segment import HEADER
from irq_server.store.store import Store
from segments import START, Samples, encode, frames

SAMPLES: Samples = [(START + 10 * n, {"24,0": n + 1, "LOC,1": 7}) for n in range(7)]


def test_a_packed_segment_is_its_text_to_every_tool():
    text = encode(SAMPLES)

    assert gzip.decompress(pack(text)) == text


def test_each_frame_has_a_member_the_first_with_the_header():
    parts = frames(SAMPLES)

    found = [text for _, _, text in members(pack(encode(SAMPLES)))]

    assert found == [HEADER + b"".join(parts[0]), *map(b"".join, parts[1:])]


@pytest.mark.parametrize("is_packed", [False, True])
def test_an_index_has_every_sample_and_a_block_for_each_frame(is_packed: bool):
    text = encode(SAMPLES)
    data = pack(text) if is_packed else text

    index = make_index(data, is_packed)

    assert list(index.times) == [time for time, _ in SAMPLES]
    assert list(index.firsts) == [START, START + 30, START + 60]
    assert index.damaged_bytes == 0
    blocks = [data[slice(*index.bounds(number))] for number in range(3)]
    texts = [gzip.decompress(each) for each in blocks] if is_packed else blocks
    assert [each.removeprefix(HEADER) for each in texts] == list(map(b"".join, frames(SAMPLES)))


def test_what_another_program_packed_as_one_member_is_one_block():
    index = make_index(gzip.compress(encode(SAMPLES)), is_packed=True)

    assert list(index.times) == [time for time, _ in SAMPLES]
    assert list(index.firsts) == [START]


def test_a_damaged_member_costs_its_frame_alone():
    data = bytearray(pack(encode(SAMPLES)))
    (_, start, _), (_, end, _), _ = members(bytes(data))
    data[start + 15] ^= 1

    index = make_index(bytes(data), is_packed=True)

    assert list(index.firsts) == [START, START + 60]
    assert index.damaged_bytes == end - start


def test_a_member_that_stands_twice_counts_once():
    data = pack(encode(SAMPLES))
    (first, second, third) = (data[start:end] for start, end, _ in members(data))

    index = make_index(first + second + first + third, is_packed=True)

    assert list(index.times) == [time for time, _ in SAMPLES]


def test_a_frame_that_could_not_be_unpacked_again_is_not_packed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(packed, "MAX_UNPACKED_BYTES", 100)

    with pytest.raises(OSError, match="File too large"):
        pack(encode(SAMPLES, length=7))


# ---- files that unpack to gigabytes


@pytest.fixture(scope="module")
def bomb() -> bytes:
    """Return a member that unpacks to 2 GiB of zeros: blocks that stand for 16 MiB each."""
    zeros, times = bytes(2**24), 128
    packing = zlib.compressobj(9, wbits=-15)
    block = packing.compress(zeros) + packing.flush(zlib.Z_FULL_FLUSH)
    crc = 0
    for _ in range(times):
        crc = zlib.crc32(zeros, crc)
    header = b"\x1f\x8b\x08" + bytes(6) + b"\xff"
    return header + block * times + packing.flush() + struct.pack("<II", crc, times * len(zeros))


def bombed(folder: Path, bomb: bytes) -> Path:
    """Return a segment of two frames with the bomb between them."""
    first, second, *_ = (text for _, _, text in members(pack(encode(SAMPLES))))
    path = folder / "raw/20260101/1767225600.csv.gz"
    path.parent.mkdir(parents=True)
    path.write_bytes(gzip.compress(first) + bomb + gzip.compress(second))
    return path


def test_a_member_that_unpacks_to_gigabytes_costs_its_frame_and_little_memory(
    tmp_path: Path, bomb: bytes
):
    path = bombed(tmp_path, bomb)
    times = [time for time, _ in SAMPLES[:6]]

    tracemalloc.start()
    index = make_index(path.read_bytes(), is_packed=True)
    (report,) = verify.verify(tmp_path)
    store = Store(tmp_path)
    window = store.history.window(START, START + 50, START + 60)
    store.close()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert list(index.times) == times
    assert (report.samples, [each.end - each.start for each in report.damaged]) == (6, [len(bomb)])
    assert (window.start.state, window.end.state) == (SAMPLES[0][1], SAMPLES[5][1])
    assert peak < 4 * MAX_UNPACKED_BYTES


def test_events_that_unpack_to_gigabytes_are_passed_over(tmp_path: Path, bomb: bytes):
    path = tmp_path / "events/20260101/1767225600.csv.gz"
    path.parent.mkdir(parents=True)
    path.write_bytes(bomb)

    with pytest.raises(OSError, match="unpacks to"):
        Files().read(path)
    Store(tmp_path).close()


def test_a_store_of_a_bomb_alone_is_reported(tmp_path: Path, bomb: bytes):
    path = tmp_path / "raw/20260101/1767225600.csv.gz"
    path.parent.mkdir(parents=True)
    path.write_bytes(bomb)

    (report,) = verify.repair(tmp_path)

    assert report.samples == 0
    assert path.with_name("1767225600.csv.damaged").read_bytes() == bomb
