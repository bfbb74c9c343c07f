"""One tier: what is appended is found again, segments open, close, go, and survive damage."""

import errno
import gzip
import logging
import random
import sys
import threading
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import mock
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pace
from irq_server.store.segments import lookup as lookup_module
from irq_server.store.segments.files import Files
from irq_server.store.segments.lookup import Reader
from irq_server.store.segments.packed import make_index
from irq_server.store.segments.segment import State, valid_samples
from irq_server.store.segments.segment_files import SegmentFile, segments_in
from irq_server.store.segments.tier import Tier
from irq_server.store.segments.tier_shape import RAW, TIERS, sums_of
from simulated import FaultyFiles, moments

START = 1767225600.0  # 2026-01-01T00:00:00Z, the start of an hour
BIG = 2**30


def opened(root: Path, files: Files | None = None, number: int = 0, sync: str = "never") -> Tier:
    made = Tier(root, TIERS[number], files or Files(), sync)
    made.load()
    return made


def filled(root: Path, seconds: Iterable[float], files: Files | None = None) -> Tier:
    made = opened(root, files)
    for second in seconds:
        made.append(START + second, True, state_of(second), BIG)
    return made


def state_of(second: float) -> State:
    return {"24,0": int(second) + 1, "LOC,1": 7}


def names(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_an_empty_tier_has_no_samples(tmp_path: Path):
    tier = opened(tmp_path)

    assert tier.lookup.first is None
    assert tier.last is None
    assert tier.lookup.find(START) is None
    assert tier.lookup.find_first() is None
    assert tier.lookup.next_after(START) is None
    assert moments(tier, 0.0, START) == []
    assert not tier.drop_oldest()


def test_samples_lie_in_a_segment_named_by_the_first_in_a_folder_of_its_day(tmp_path: Path):
    tier = opened(tmp_path)

    size = tier.append(START + 10, True, {"24,0": 1}, BIG)
    more = tier.append(START + 20, True, {"24,0": 1, "24,1": 2}, BIG)

    path = tmp_path / "raw/20260101/1767225610.csv"
    lines = path.read_text().splitlines()
    assert lines[:2] == ["time,irq,cpu,count", "1767225610,24,0,1"]
    assert lines[2].startswith("1767225610,KEY,1,")
    assert lines[3] == "1767225620,24,1,2"
    assert size + more == path.stat().st_size


def test_times_with_decimals_name_the_segment_with_them(tmp_path: Path):
    tier = opened(tmp_path)
    tier.append(START + 0.02, False, {"24,0": 1}, BIG)
    tier.append(START + 0.04, False, {"24,0": 2}, BIG)

    assert names(tmp_path) == ["raw/20260101/1767225600.020.csv"]
    assert opened(tmp_path).lookup.find(START + 1) == (START + 0.04, {"24,0": 2})


def test_the_form_of_the_times_is_one_in_a_segment(tmp_path: Path):
    tier = opened(tmp_path)
    tier.append(START, True, {"24,0": 1}, BIG)
    tier.append(START + 1.5, False, {"24,0": 2}, BIG)

    assert names(tmp_path) == ["raw/20260101/1767225600.csv.gz", "raw/20260101/1767225601.500.csv"]


@pytest.mark.parametrize(
    ("number", "step", "keyframes"), [(0, 10, [0, 13, 26]), (1, 60, [0, 3, 6])]
)
def test_a_keyframe_comes_when_the_bytes_behind_the_last_one_are_enough(
    tmp_path: Path, number: int, step: int, keyframes: list[int]
):
    tier = opened(tmp_path, number=number)
    for second in range(0, 30 * step, step):
        tier.append(START + second, True, {"24,0": second + 1000, "LOC,1": 7}, BIG)

    (path,) = tmp_path.rglob("*.csv")
    kinds = [row.split(b",")[1] for row in path.read_bytes().splitlines()]
    kinds = [kind for kind in kinds if kind in (b"KEY", b"END")]
    found = [place for place, kind in enumerate(kinds) if kind == b"KEY"]
    # a keyframe has 66 to 68 bytes here, another sample 47 to 49: 12 of them exceed 8 keyframes,
    # which are 528 to 544, and 2 of them exceed one
    assert found[:3] == keyframes
    assert len({b - a for a, b in pairwise(found)}) == 1


def test_in_a_tier_of_sums_each_sample_is_a_keyframe(tmp_path: Path):
    tier = Tier(tmp_path, sums_of(TIERS[1]), Files(), "never")
    for second in (0, 60, 120):
        tier.append(START + second, True, {"all,0": second + 1000, "devices,0": 7}, BIG)

    (path,) = tmp_path.rglob("*.csv")
    assert [each.is_keyframe for each in valid_samples(path.read_bytes())] == [True] * 3


def test_a_segment_ends_with_its_hour_and_is_packed(tmp_path: Path):
    tier = filled(tmp_path, [3580, 3590, 3600])

    assert names(tmp_path) == ["raw/20260101/1767229180.csv.gz", "raw/20260101/1767229200.csv"]
    assert tier.lookup.find(START + 3595) == (START + 3590, state_of(3590))
    assert tier.lookup.find(START + 3600) == (START + 3600, state_of(3600))
    assert moments(tier, START, START + 4000) == [START + s for s in (3580, 3590, 3600)]


def test_a_segment_ends_when_it_is_large_enough(tmp_path: Path):
    tier = opened(tmp_path)
    for second in range(0, 50, 10):
        tier.append(START + second, True, state_of(second), 150)

    sizes = [len(Files().read(path)) for path in tmp_path.rglob("*.csv*")]
    assert len(sizes) > 1
    assert max(sizes) < 150 + 100


@pytest.mark.parametrize(
    ("number", "seconds", "kept"),
    [
        (0, [0, 10, 20], [0, 10, 20]),
        (1, [0, 10, 59, 61, 70, 180], [0, 61, 180]),
        (2, [30, 3599, 3601, 7300], [30, 3601, 7300]),
    ],
)
def test_a_tier_keeps_the_first_sample_of_every_step(
    tmp_path: Path, number: int, seconds: list[int], kept: list[int]
):
    tier = opened(tmp_path, number=number)
    for second in seconds:
        if tier.is_due(START + second):
            tier.append(START + second, True, state_of(second), BIG)

    assert moments(tier, 0.0, 2 * START) == [START + second for second in kept]
    again = opened(tmp_path, number=number)
    assert not again.is_due(START + kept[-1] + 1) or number == 0


def test_what_was_appended_is_found_by_another_reader(tmp_path: Path):
    filled(tmp_path, [0, 10, 20, 3600, 3610])

    tier = opened(tmp_path)
    assert tier.lookup.first == START
    assert tier.last == START + 3610
    assert tier.lookup.find(START - 1) is None
    assert tier.lookup.find(START) == (START, state_of(0))
    assert tier.lookup.find(START + 19.9) == (START + 10, state_of(10))
    assert tier.lookup.find(START + 1e9) == (START + 3610, state_of(3610))
    assert tier.lookup.find_first() == (START, state_of(0))
    assert tier.lookup.next_after(START) == START + 10
    assert tier.lookup.next_after(START + 20) == START + 3600
    assert tier.lookup.next_after(START - 5) == START
    assert tier.lookup.next_after(START + 3610) is None


def test_a_new_process_starts_a_new_segment_and_packs_the_old_when_it_closes(tmp_path: Path):
    filled(tmp_path, [0, 10])

    tier = opened(tmp_path)
    tier.append(START + 20, True, state_of(20), BIG)
    assert names(tmp_path) == ["raw/20260101/1767225600.csv", "raw/20260101/1767225620.csv"]
    tier.close()

    assert names(tmp_path) == ["raw/20260101/1767225600.csv.gz", "raw/20260101/1767225620.csv.gz"]
    assert tier.lookup.find(START + 15) == (START + 10, state_of(10))
    assert tier.lookup.find(START + 25) == (START + 20, state_of(20))


def test_an_unfinished_tail_is_cut_when_the_tier_is_opened(tmp_path: Path):
    filled(tmp_path, [0, 10])
    path = tmp_path / "raw/20260101/1767225600.csv"
    whole = path.read_bytes()
    path.write_bytes(whole + b"1767225620,24,0,9")

    assert Tier(tmp_path, RAW, Files(), "never").load() == 17

    assert path.read_bytes() == whole


def test_damage_that_a_mark_follows_is_not_cut_but_counted(tmp_path: Path):
    filled(tmp_path, [0, 10, 20])
    path = tmp_path / "raw/20260101/1767225600.csv"
    torn = path.read_bytes().replace(b"1767225620,24,0,21", b"1767225620,24,0,22")
    path.write_bytes(torn + b"1767225630,24,0")

    tier = Tier(tmp_path, RAW, Files(), "never")
    assert tier.load() == 15

    assert path.read_bytes() == torn
    assert tier.last == START + 10
    assert tier.lookup.damaged_bytes == len(torn) - torn.index(b"1767225620")


def test_a_segment_that_cannot_be_read_is_read_at_the_next_look_up(tmp_path: Path):
    filled(tmp_path, [0, 3600])
    files = FaultyFiles()
    tier = opened(tmp_path, files)
    files.fail_at["read"] = files.calls["read"] + 1

    assert tier.lookup.find(START + 10) is None
    assert tier.lookup.find(START + 10) == (START, state_of(0))


def test_what_follows_a_failed_append_is_found_at_its_place_in_the_file(tmp_path: Path):
    files = FaultyFiles()
    tier = filled(tmp_path, [0, 10], files)
    files.short = 20
    with pytest.raises(OSError, match="No space left"):
        tier.append(START + 20, True, state_of(20), BIG)
    for second in (30, 40):
        tier.append(START + second, True, state_of(second), BIG)

    for second in (0, 10, 30, 40):
        assert tier.lookup.find(START + second + 5) == (START + second, state_of(second))
    (each,) = tier.lookup.segments
    held = tier.lookup.index_of(each)
    again = make_index(each.path.read_bytes(), is_packed=False)
    assert (held.times, held.firsts, held.offsets) == (again.times, again.firsts, again.offsets)
    assert list(held.firsts) == [START, START + 30]


def test_a_segment_without_a_whole_sample_is_set_aside(tmp_path: Path):
    filled(tmp_path, [0, 10])
    path = tmp_path / "raw/20260101/1767225620.csv"
    path.write_bytes(b"time,irq,cpu,count\n1767225620,24,0,9")

    tier = Tier(tmp_path, RAW, Files(), "never")
    assert tier.load() == 19 + 17

    assert path.with_suffix(".damaged").exists()
    assert tier.last == START + 10


def test_cut_at_any_byte_a_tier_opens_with_every_whole_sample_and_goes_on(tmp_path: Path):
    filled(tmp_path, [590, 600, 610])
    path = tmp_path / "raw/20260101/1767226190.csv"
    data = path.read_bytes()
    ends = [each.end for each in valid_samples(data)]

    for cut in pace.some(range(len(data))):
        whole = sum(end <= cut for end in ends)
        path.write_bytes(data[:cut])
        tier = opened(tmp_path)
        expected = START + (590, 600, 610)[whole - 1] if whole else None
        assert tier.last == expected
        tier.append(START + 620, True, state_of(620), BIG)
        assert tier.lookup.find(START + 615) == (
            (expected, state_of(expected - START)) if expected is not None else None
        )
        assert tier.lookup.find(START + 620) == (START + 620, state_of(620))
        for made in (tmp_path / "raw/20260101").iterdir():
            made.unlink()


def test_files_that_are_no_segments_are_passed_over(tmp_path: Path):
    filled(tmp_path, [0])
    folder = tmp_path / "raw/20260101"
    for name in ("notes.csv", "1767225600.csv.bak", "17672256001.5.csv", "1234567890123.csv"):
        (folder / name).write_text("x")
    (folder / ".snapshot").mkdir()

    assert segments_in(tmp_path / "raw") == [SegmentFile(START, folder / "1767225600.csv")]
    assert opened(tmp_path).lookup.find(START) == (START, state_of(0))
    assert (folder / ".snapshot").is_dir()


def test_what_a_kill_left_while_packing_is_cleaned_up(tmp_path: Path):
    filled(tmp_path, [0, 10])
    folder = tmp_path / "raw/20260101"
    plain = folder / "1767225600.csv"
    packed = folder / "1767225600.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))  # killed before the plain one went
    (folder / ".1767225600.csv.gz.x1y2").write_bytes(b"torn")  # killed before the rename

    tier = opened(tmp_path)

    assert names(tmp_path) == ["raw/20260101/1767225600.csv.gz"]
    assert tier.lookup.find(START + 10) == (START + 10, state_of(10))


def test_a_failed_append_is_made_up_for_by_the_next(tmp_path: Path):
    files = FaultyFiles()
    tier = filled(tmp_path, [0], files)

    files.short = 20
    with pytest.raises(OSError, match="No space left"):
        tier.append(START + 10, True, {"24,0": 50, "LOC,1": 8}, BIG)
    tier.append(START + 20, True, {"24,0": 60, "LOC,1": 8}, BIG)

    assert tier.lookup.find(START + 15) == (START, state_of(0))
    assert tier.lookup.find(START + 20) == (START + 20, {"24,0": 60, "LOC,1": 8})
    assert opened(tmp_path).lookup.find(START + 20) == (START + 20, {"24,0": 60, "LOC,1": 8})


@pytest.mark.parametrize("length", [1, 30])
def test_what_follows_torn_bytes_that_cannot_be_cut_off_is_found(tmp_path: Path, length: int):
    files = FaultyFiles()
    tier = filled(tmp_path, [0, 10], files)
    files.short = length
    no_cut = mock.patch("os.ftruncate", side_effect=OSError(errno.EIO, "cannot cut"))
    with no_cut, pytest.raises(OSError, match="cannot cut"):
        tier.append(START + 20, True, state_of(20), BIG)

    for second in (30, 40):
        tier.append(START + second, True, state_of(second), BIG)

    assert tier.lookup.find(START + 35) == (START + 30, state_of(30))
    again = opened(tmp_path)
    assert [again.lookup.find(START + second) for second in (20, 35, 50)] == [
        (START + second, state_of(second)) for second in (10, 30, 40)
    ]
    tier.close()
    assert names(tmp_path) == ["raw/20260101/1767225600.csv.gz", "raw/20260101/1767225630.csv.gz"]


def test_a_keyframe_that_failed_is_written_by_the_next_sample(tmp_path: Path):
    files = FaultyFiles()
    tier = filled(tmp_path, [590], files)

    files.short = 20
    with pytest.raises(OSError, match="No space left"):
        tier.append(START + 600, True, state_of(600), BIG)
    tier.append(START + 610, True, state_of(610), BIG)

    rows = (tmp_path / "raw/20260101/1767226190.csv").read_text()
    assert "1767226210,LOC,1,7\n" in rows


def test_a_segment_that_cannot_be_packed_stays_plain_and_sampling_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    files = FaultyFiles()
    tier = filled(tmp_path, [3590], files)

    files.broken["compress"] = errno.ENOSPC
    tier.append(START + 3600, True, state_of(3600), BIG)

    assert names(tmp_path) == ["raw/20260101/1767229190.csv", "raw/20260101/1767229200.csv"]
    assert tier.lookup.find(START + 3595) == (START + 3590, state_of(3590))
    assert tier.lookup.find(START + 3600) == (START + 3600, state_of(3600))
    assert "cannot be packed" in caplog.text


def test_a_folder_that_vanished_is_made_again(tmp_path: Path):
    tier = filled(tmp_path, [0, 10])
    (tmp_path / "raw/20260101/1767225600.csv").unlink()
    (tmp_path / "raw/20260101").rmdir()

    tier.append(START + 20, True, state_of(20), BIG)

    assert names(tmp_path) == ["raw/20260101/1767225620.csv"]
    assert tier.lookup.find(START + 15) is None
    assert tier.lookup.find(START + 20) == (START + 20, state_of(20))


def test_the_oldest_closed_segment_goes_first_and_the_live_one_never(tmp_path: Path):
    tier = filled(tmp_path, [0, 3600, 86400])

    assert tier.drop_oldest()
    assert names(tmp_path) == ["raw/20260101/1767229200.csv.gz", "raw/20260102/1767312000.csv"]
    assert tier.lookup.first == START + 3600
    assert tier.drop_oldest()
    assert not (tmp_path / "raw/20260101").exists()
    assert not tier.drop_oldest()
    assert tier.lookup.find(START + 86400) == (START + 86400, state_of(86400))


@pytest.mark.parametrize(
    ("before", "first"),
    [(0.0, 0), (3599.9, 0), (3600.0, 3600), (7199.0, 3600), (7200.0, 7200), (1e9, 10800)],
)
def test_only_segments_that_lie_wholly_before_a_moment_go_with_age(
    tmp_path: Path, before: float, first: int
):
    tier = filled(tmp_path, [0, 3500, 3600, 7100, 7200, 10800])

    tier.drop_before(START + before)

    assert tier.lookup.first == START + first


def test_a_packed_segment_that_is_damaged_costs_only_itself(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.WARNING)
    filled(tmp_path, [0, 3600, 7200, 10800])
    for name in ("1767229200", "1767232800"):
        path = tmp_path / f"raw/20260101/{name}.csv.gz"
        data = path.read_bytes()
        path.write_bytes(data[:20] + b"\xff\xff\xff" + data[23:])

    tier = opened(tmp_path)

    assert tier.lookup.find(START + 3600) == (START, state_of(0))
    assert tier.lookup.find(START + 10800) == (START + 10800, state_of(10800))
    assert tier.last == START + 10800
    assert moments(tier, START, START + 10800) == [START, START + 10800]
    assert "bytes are damaged and passed over" in caplog.text


@pytest.mark.parametrize("packed", [True, False])
def test_a_segment_that_lost_its_first_sample_tells_no_counts_of_its_own(
    tmp_path: Path, packed: bool
):
    filled(tmp_path, [0, 3600, 3610, 7200])
    packed_path = tmp_path / "raw/20260101/1767229200.csv.gz"
    lines = gzip.decompress(packed_path.read_bytes()).splitlines(keepends=True)
    rest = b"".join([lines[0], *lines[4:]])
    if packed:
        packed_path.write_bytes(gzip.compress(rest))
    else:
        packed_path.unlink()
        packed_path.with_suffix("").write_bytes(rest)

    tier = opened(tmp_path)

    assert tier.lookup.find(START + 3610) == (START, state_of(0))
    assert tier.lookup.find(START + 7200) == (START + 7200, state_of(7200))


def test_a_newest_segment_that_is_damaged_does_not_stop_the_start(tmp_path: Path):
    tier = filled(tmp_path, [0, 3600])
    tier.close()
    path = tmp_path / "raw/20260101/1767229200.csv.gz"
    path.write_bytes(path.read_bytes()[:20])

    tier = opened(tmp_path)

    assert tier.last == START
    assert tier.lookup.find(START + 4000) == (START, state_of(0))


def test_a_newest_segment_that_cannot_be_read_does_not_stop_the_start(tmp_path: Path):
    filled(tmp_path, [0, 3600])
    files = FaultyFiles()
    files.fail_at["read"] = 1

    tier = opened(tmp_path, files)

    assert tier.last == START + 3600  # the second attempt read it


@pytest.mark.parametrize("torn", [0, 4, 60])
def test_of_two_forms_of_a_segment_the_plain_one_is_packed_again_if_the_packed_has_less(
    tmp_path: Path, torn: int
):
    filled(tmp_path, range(0, 200, 10))
    plain = tmp_path / "raw/20260101/1767225600.csv"
    packed = plain.with_name("1767225600.csv.gz")
    whole = plain.read_bytes()
    Files().compress(plain)
    packed.write_bytes(packed.read_bytes()[: torn - 80])
    plain.write_bytes(whole)

    tier = opened(tmp_path)

    assert names(tmp_path) == ["raw/20260101/1767225600.csv.gz"]
    assert gzip.decompress(packed.read_bytes()) == whole
    assert tier.lookup.find(START + 190) == (START + 190, state_of(190))


def test_a_segment_that_is_packed_while_it_is_looked_for_is_found(tmp_path: Path):
    tier = filled(tmp_path, [0, 10])
    Files().compress(tmp_path / "raw/20260101/1767225600.csv")

    assert tier.lookup.find(START + 10) == (START + 10, state_of(10))


@pytest.mark.parametrize(
    ("policy", "on_append", "on_close"),
    [("never", [], 0), ("segment", [], 2), ("sample", [True], 2)],
)
def test_the_disk_is_waited_for_as_the_policy_says(
    tmp_path: Path, policy: str, on_append: list[bool], on_close: int
):
    class Recording(FaultyFiles):
        def append(self, path: Path, data: bytes, sync: bool) -> int:
            synced.extend([sync] if sync else [])
            return super().append(path, data, sync)

    synced: list[bool] = []
    files = Recording()
    tier = opened(tmp_path, files, sync=policy)
    tier.append(START, True, state_of(0), BIG)
    tier.sync()

    assert synced == on_append
    assert files.calls.get("sync", 0) == on_close  # the file and its folder


def test_remembered_times_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(lookup_module, "MAX_REMEMBERED_SAMPLES", 3)
    filled(tmp_path, [0, 10, 3600, 3610, 7200, 7210])
    tier = opened(tmp_path)

    for _ in range(2):
        assert len(moments(tier, START, START + 8000)) == 6


@given(
    steps=st.lists(st.sampled_from([1, 10, 60, 599, 600, 3600, 90000]), min_size=1, max_size=12),
    reopen_at=st.integers(0, 12),
)
@settings(max_examples=pace.examples(40))
def test_every_look_up_equals_a_list_of_what_was_appended(
    tmp_path_factory: pytest.TempPathFactory, steps: list[int], reopen_at: int
):
    root = tmp_path_factory.mktemp("tier")
    tier = opened(root)
    second, appended = 0, []
    for index, step in enumerate(steps):
        second += step
        if index == reopen_at:
            tier = opened(root)
        tier.append(START + second, True, state_of(second), BIG)
        appended.append(second)

    for moment in [each + shift for each in appended for shift in (-1, 0, 0.5)]:
        earlier = [each for each in appended if each <= moment]
        found = tier.lookup.find(START + moment)
        assert found == ((START + earlier[-1], state_of(earlier[-1])) if earlier else None)
        later = [each for each in appended if each > moment]
        assert tier.lookup.next_after(START + moment) == (START + later[0] if later else None)
    assert moments(tier, 0.0, START + second) == [START + each for each in appended]


@given(
    steps=st.lists(st.sampled_from([1, 10, 60, 3600]), min_size=1, max_size=60),
    asked=st.lists(st.integers(0, 60), min_size=1, max_size=20),
    close_at=st.integers(0, 60),
)
@settings(max_examples=pace.examples(60))
def test_a_reader_finds_the_same_whatever_it_read_before(
    tmp_path_factory: pytest.TempPathFactory, steps: list[int], asked: list[int], close_at: int
):
    root = tmp_path_factory.mktemp("tier")
    tier = opened(root)
    reader = Reader(tier.lookup)
    seconds = [sum(steps[: number + 1]) for number in range(len(steps))]
    for number, second in enumerate(seconds):
        tier.append(START + second, True, state_of(second), BIG)
        if number == close_at:
            tier.close()
        for each in asked:
            wanted = seconds[min(each, number)]
            assert reader.find(START + wanted + 0.5) == (START + wanted, state_of(wanted))


def test_threads_that_look_up_beside_a_writer_find_only_what_was_sampled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(lookup_module, "MAX_REMEMBERED_SAMPLES", 200)
    tier = opened(tmp_path)
    for second in range(0, 3000, 10):
        tier.append(START + second, True, state_of(second), 120)
    interval = sys.getswitchinterval()
    ended, wrong, answers = threading.Event(), [], []

    def look_up(seed: int) -> None:
        dice, reader = random.Random(seed), Reader(tier.lookup)
        while not ended.is_set() or not answers:
            moment = START + dice.randrange(0, round((tier.last or START) - START))
            finder = reader if dice.random() < 0.5 else tier.lookup
            try:
                found = finder.find(moment)
                tier.lookup.survey(moment - 300, moment)
                tier.lookup.next_after(moment)
            except Exception as error:  # noqa: BLE001 - it is to fail the test
                wrong.append(repr(error))
                return
            answers.append(found)
            # None, or an earlier one, if the writer has just dropped what was there
            if found is not None and not (
                found[0] <= moment and found[1] == state_of(found[0] - START)
            ):
                wrong.append(found)

    threads = [threading.Thread(target=look_up, args=(seed,)) for seed in range(4)]
    sys.setswitchinterval(1e-6)  # else threads change at few places
    try:
        for thread in threads:
            thread.start()
        for second in range(3000, 4500, 10):
            tier.append(START + second, True, state_of(second), 120)
            if second % 30 == 0:
                tier.drop_oldest()
    finally:
        sys.setswitchinterval(interval)
        ended.set()
    for thread in threads:
        thread.join()

    assert wrong == []
    assert len(answers) > 100
