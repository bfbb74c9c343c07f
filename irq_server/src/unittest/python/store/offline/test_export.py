"""The samples of a window, from one tier after the other."""

from pathlib import Path

import pytest

from irq_server.errors import StoreError
from irq_server.store.offline.export import samples
from irq_server.store.segments import segment
from irq_server.store.segments.files import Files
from segments import encoded


def put(folder: Path, tier: str, name: str, *parts: tuple[int, segment.State]) -> None:
    path = folder / tier / "19700101" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(segment.HEADER + b"".join(encoded(*parts)))


def test_a_window_starts_with_its_whole_state_and_goes_on_with_what_moved(tmp_path: Path):
    put(
        tmp_path,
        "raw",
        "600.csv",
        (600, {"24,0": 1, "LOC,0": 10}),
        (610, {"24,0": 2}),
        (620, {"LOC,0": 30}),
        (630, {"24,0": 5}),
    )

    assert list(samples(tmp_path, 615, 625)) == [
        (610, {"24,0": 2, "LOC,0": 10}),
        (620, {"LOC,0": 30}),
    ]


def test_a_window_before_the_first_sample_starts_with_it(tmp_path: Path):
    put(tmp_path, "raw", "600.csv", (600, {"ERR,": 4}), (610, {"ERR,": 5}))

    assert list(samples(tmp_path, 0, 600)) == [(600, {"ERR,": 4})]


def test_segments_that_a_server_packs_or_drops_meanwhile_are_no_error(tmp_path: Path):
    put(tmp_path, "raw", "600.csv", (600, {"24,0": 1}))
    put(tmp_path, "raw", "610.csv", (610, {"24,0": 2}))
    put(tmp_path, "raw", "620.csv", (620, {"24,0": 3}))
    table = samples(tmp_path, 0, 700)
    first = next(table)

    Files().compress(tmp_path / "raw/19700101/610.csv")
    Files().remove(tmp_path / "raw/19700101/620.csv")

    assert [first, *table] == [(600, {"24,0": 1}), (610, {"24,0": 2})]


def test_a_window_behind_the_last_sample_holds_that_one(tmp_path: Path):
    put(tmp_path, "raw", "600.csv", (600, {"24,0": 4}), (610, {"24,0": 5}))

    assert list(samples(tmp_path, 700, 800)) == [(610, {"24,0": 5})]


def test_coarser_tiers_answer_for_the_time_before_the_finer_ones(tmp_path: Path):
    put(tmp_path, "1h", "3600.csv", (3600, {"24,0": 1}), (7200, {"24,0": 2}))
    put(tmp_path, "1m", "7260.csv", (7260, {"24,0": 3}), (7320, {"24,0": 4}))
    put(tmp_path, "raw", "7320.csv", (7320, {"24,0": 4}), (7330, {"24,0": 9}))

    assert list(samples(tmp_path, 0, 9999)) == [
        (3600, {"24,0": 1}),
        (7200, {"24,0": 2}),
        (7260, {"24,0": 3}),
        (7320, {"24,0": 4}),
        (7330, {"24,0": 9}),
    ]
    assert list(samples(tmp_path, 7325, 9999)) == [(7320, {"24,0": 4}), (7330, {"24,0": 9})]


def test_a_folder_without_a_store_is_refused(tmp_path: Path):
    with pytest.raises(StoreError, match="no store"):
        list(samples(tmp_path, 0, 1))


def test_one_tier_alone_may_be_asked(tmp_path: Path):
    put(tmp_path, "1m", "600.csv", (600, {"24,0": 3}), (660, {"24,0": 4}))
    put(tmp_path, "raw", "660.csv", (660, {"24,0": 4}), (670, {"24,0": 9}))

    assert [time for time, _ in samples(tmp_path, 0, 9999, tier="1m")] == [600, 660]
    with pytest.raises(StoreError, match="no tier 5m"):
        list(samples(tmp_path, 0, 9999, tier="5m"))


def test_the_first_sample_of_each_hour_has_every_cell(tmp_path: Path):
    put(
        tmp_path,
        "raw",
        "3590.csv",
        (3590, {"24,0": 1, "25,0": 1}),
        (3600, {}),
        (3610, {"24,0": 2}),
        (7200, {}),
    )

    assert list(samples(tmp_path, 0, 9999)) == [
        (3590, {"24,0": 1, "25,0": 1}),
        (3600, {"24,0": 1, "25,0": 1}),
        (3610, {"24,0": 2}),
        (7200, {"24,0": 2, "25,0": 1}),
    ]


def test_a_dense_table_has_every_cell_in_each_sample(tmp_path: Path):
    put(tmp_path, "raw", "600.csv", (600, {"24,0": 1, "25,0": 1}), (610, {"24,0": 2}), (620, {}))

    assert list(samples(tmp_path, 0, 999, is_dense=True)) == [
        (600, {"24,0": 1, "25,0": 1}),
        (610, {"24,0": 2, "25,0": 1}),
        (620, {"24,0": 2, "25,0": 1}),
    ]
