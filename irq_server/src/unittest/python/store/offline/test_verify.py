"""Verifying and repairing a store: what is damaged is found, told, and set aside; nothing else."""

import gzip
from pathlib import Path

import pytest

from irq_server.errors import StoreError, StoreLockedError
from irq_server.store.offline.verify import Stretch, examine, repair, verify
from irq_server.store.restart import Lock
from irq_server.store.segments import segment
from irq_server.store.segments.files import Files
from irq_server.store.segments.packed import members
from segments import encoded


def samples(*moments: int) -> list[bytes]:
    """Return samples in which one cell counts one a second, and a keyframe every ten minutes."""
    firsts = {moment // 600: moment for moment in reversed(moments)}
    keyframes = set(firsts.values())
    cells = [{"24,0": each} | ({"25,1": 7} if each in keyframes else {}) for each in moments]
    return encoded(*zip(moments, cells, strict=True), keyframes=keyframes)


def store_of(folder: Path, parts: list[bytes], name: str = "600.csv") -> Path:
    path = folder / "raw/19700101" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(segment.HEADER + b"".join(parts))
    return path


def examined(data: bytes, name: str = "600.csv") -> tuple[int, tuple[Stretch, ...]]:
    report = examine(Path(name), data)
    return report.samples, report.damaged


def flip(path: Path, offset: int) -> None:
    data = bytearray(path.read_bytes())
    data[offset] ^= 1
    path.write_bytes(bytes(data))


def test_a_sound_segment_has_no_damage():
    parts = samples(600, 610, 1200, 1210)

    assert examined(segment.HEADER + b"".join(parts)) == (4, ())


def test_damage_lasts_to_the_next_keyframe():
    parts = samples(600, 610, 620, 1200, 1210)
    data = bytearray(segment.HEADER + b"".join(parts))
    start = len(segment.HEADER) + len(parts[0])
    data[start] ^= 1

    assert examined(bytes(data)) == (
        3,
        (Stretch(start, start + len(parts[1]) + len(parts[2])),),
    )


def test_an_unfinished_tail_is_damage():
    parts = samples(600, 610)
    data = segment.HEADER + parts[0] + parts[1][:-3]

    assert examined(data) == (1, (Stretch(len(segment.HEADER) + len(parts[0]), len(data)),))


def test_a_file_without_its_header_is_damaged_from_the_start():
    assert examined(b"something else\n") == (0, (Stretch(0, 15),))


def test_verify_tells_each_segment_of_each_tier(tmp_path: Path):
    store_of(tmp_path, samples(600, 610))
    damaged = store_of(tmp_path, samples(4200, 4210), "4200.csv")
    flip(damaged, len(segment.HEADER) + 3)
    packed = damaged.with_name("9000.csv.gz")
    packed.mkdir()

    reports = list(verify(tmp_path))

    assert [(report.path.name, report.samples, report.is_sound) for report in reports] == [
        ("600.csv", 2, True),
        ("4200.csv", 0, False),
        ("9000.csv.gz", 0, False),
    ]
    assert "not a regular file" in str(reports[2].error)


def test_a_folder_without_a_store_is_refused(tmp_path: Path):
    with pytest.raises(StoreError, match="no store"):
        list(verify(tmp_path))


def test_repair_sets_the_damage_aside_and_keeps_every_byte(tmp_path: Path):
    parts = samples(600, 610, 620, 1200, 1210)
    path = store_of(tmp_path, parts)
    flip(path, len(segment.HEADER) + len(parts[0]))
    before = path.read_bytes()

    list(repair(tmp_path))

    assert path.read_bytes() == segment.HEADER + parts[0] + parts[3] + parts[4]
    aside = path.with_name("600.csv.damaged").read_bytes()
    assert sorted(before) == sorted(path.read_bytes() + aside)
    assert all(report.is_sound for report in verify(tmp_path))


def test_a_segment_that_lost_its_first_sample_gets_the_name_of_the_next_keyframe(tmp_path: Path):
    parts = samples(600, 610, 1200)
    path = store_of(tmp_path, parts)
    flip(path, len(segment.HEADER))

    list(repair(tmp_path))

    assert not path.exists()
    assert path.with_name("1200.csv").read_bytes() == segment.HEADER + parts[2]


def test_a_segment_whose_first_sample_is_missing_is_damaged_up_to_the_next_keyframe(tmp_path: Path):
    parts = samples(600, 610, 620, 1200, 1210)
    path = store_of(tmp_path, parts[1:])
    lost = parts[1] + parts[2]
    start = len(segment.HEADER)

    (report,) = repair(tmp_path)

    assert (report.samples, report.damaged) == (2, (Stretch(start, start + len(lost)),))
    assert path.with_name("600.csv.damaged").read_bytes() == lost
    assert path.with_name("1200.csv").read_bytes() == segment.HEADER + parts[3] + parts[4]
    assert all(report.is_sound for report in verify(tmp_path))


def test_a_segment_without_a_believed_sample_is_set_aside_whole(tmp_path: Path):
    path = store_of(tmp_path, [b"rubbish\n"])
    path.with_name("600.csv.damaged").write_bytes(b"from an earlier repair")

    list(repair(tmp_path))

    assert not path.exists()
    assert path.with_name("600.csv.damaged").read_bytes() == b"from an earlier repair"
    assert path.with_name("600.csv.damaged.2").read_bytes().endswith(b"rubbish\n")


def test_a_store_that_a_server_samples_into_is_not_repaired(tmp_path: Path):
    store_of(tmp_path, samples(600))
    lock = Lock(tmp_path)

    with pytest.raises(StoreLockedError):
        list(repair(tmp_path))

    lock.close()


def test_segments_that_a_server_packs_or_drops_meanwhile_are_not_damaged(tmp_path: Path):
    store_of(tmp_path, samples(600, 610))
    packed = store_of(tmp_path, samples(1200, 1210), "1200.csv")
    dropped = store_of(tmp_path, samples(1800), "1800.csv")
    reports = verify(tmp_path)
    first = next(reports)

    Files().compress(packed)
    Files().remove(dropped)

    found = [(each.path.name, each.samples, each.is_sound) for each in (first, *reports)]
    assert found == [("600.csv", 2, True), ("1200.csv.gz", 2, True)]


# ---- packed segments


def packed_store(folder: Path, *frames: bytes) -> Path:
    path = store_of(folder, list(frames))
    return Files().compress(path)


def member_edges(path: Path) -> list[tuple[int, int]]:
    return [(start, end) for start, end, _ in members(path.read_bytes())]


FRAMES = samples(600, 610, 1200, 1210, 1800, 1810)


def test_a_damaged_member_costs_one_frame_and_repair_keeps_every_other(tmp_path: Path):
    path = packed_store(tmp_path, *FRAMES)
    before, edges = path.read_bytes(), member_edges(path)
    flip(path, edges[1][0] + 15)
    after = path.read_bytes()

    (report,) = repair(tmp_path)

    assert (report.samples, report.damaged) == (4, (Stretch(*edges[1]),))
    assert path.with_name("600.csv.damaged").read_bytes() == after[slice(*edges[1])]
    assert path.read_bytes() == before[slice(*edges[0])] + before[slice(*edges[2])]
    (mended,) = verify(tmp_path)
    assert (mended.samples, mended.is_sound) == (4, True)


def test_of_a_member_that_is_damaged_in_its_text_the_valid_samples_are_kept(tmp_path: Path):
    torn = FRAMES[3].replace(b"1210", b"1211")
    path = packed_store(tmp_path, *FRAMES[:3], torn, *FRAMES[4:])
    edges = member_edges(path)

    (report,) = repair(tmp_path)

    assert (report.samples, report.damaged) == (5, (Stretch(*edges[1]),))
    whole = segment.HEADER + b"".join([*FRAMES[:3], *FRAMES[4:]])
    assert gzip.decompress(path.read_bytes()) == whole
    aside = path.with_name("600.csv.damaged").read_bytes()
    assert gzip.decompress(aside) == FRAMES[2] + torn


def test_a_packed_segment_without_its_first_frame_begins_with_the_header(tmp_path: Path):
    path = packed_store(tmp_path, *FRAMES)
    flip(path, 15)

    list(repair(tmp_path))

    mended = path.with_name("1200.csv.gz")
    assert gzip.decompress(mended.read_bytes()) == segment.HEADER + b"".join(FRAMES[2:])
    assert not path.exists()
    assert all(report.is_sound for report in verify(tmp_path))


def test_repair_overwrites_no_other_segment(tmp_path: Path):
    other = store_of(tmp_path, samples(1200), "1200.csv")
    path = store_of(tmp_path, FRAMES)
    flip(path, len(segment.HEADER))
    whole = other.read_bytes()

    list(repair(tmp_path))

    assert other.read_bytes() == whole
    assert path.read_bytes() == segment.HEADER + b"".join(FRAMES[2:])
