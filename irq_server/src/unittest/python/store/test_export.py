"""A window as one flat table, and saved files taken into a store."""

import io
import sys
from collections.abc import Sequence
from pathlib import Path

import mock
import pytest

from irq_server.errors import StoreError
from irq_server.store import export
from irq_server.store.export import Saved, import_files, rows, write_csv, write_parquet
from irq_server.store.segments import segment
from irq_server.store.segments.files import Files
from segments import encoded

HEADER = "           CPU0       CPU1\n"


def put(folder: Path, tier: str, name: str, *parts: tuple[int, segment.State]) -> None:
    path = folder / tier / "19700101" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(segment.HEADER + b"".join(encoded(*parts)))


def save(folder: Path, name: str, *lines: str) -> Path:
    path = folder / name
    path.write_text(HEADER + "".join(f"{line}\n" for line in lines))
    return path


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

    assert list(rows(tmp_path, 615, 625)) == [
        ("610", "24", "0", 2),
        ("610", "LOC", "0", 10),
        ("620", "LOC", "0", 30),
    ]


def test_a_window_before_the_first_sample_starts_with_it(tmp_path: Path):
    put(tmp_path, "raw", "600.csv", (600, {"ERR,": 4}), (610, {"ERR,": 5}))

    assert list(rows(tmp_path, 0, 600)) == [("600", "ERR", "", 4)]


def test_segments_that_a_server_packs_or_drops_meanwhile_are_no_error(tmp_path: Path):
    put(tmp_path, "raw", "600.csv", (600, {"24,0": 1}))
    put(tmp_path, "raw", "610.csv", (610, {"24,0": 2}))
    put(tmp_path, "raw", "620.csv", (620, {"24,0": 3}))
    table = rows(tmp_path, 0, 700)
    first = next(table)

    Files().compress(tmp_path / "raw/19700101/610.csv")
    Files().remove(tmp_path / "raw/19700101/620.csv")

    assert [first, *table] == [("600", "24", "0", 1), ("610", "24", "0", 2)]


def test_a_window_behind_the_last_sample_holds_that_one(tmp_path: Path):
    put(tmp_path, "raw", "600.csv", (600, {"24,0": 4}), (610, {"24,0": 5}))

    assert list(rows(tmp_path, 700, 800)) == [("610", "24", "0", 5)]


def test_coarser_tiers_answer_for_the_time_before_the_finer_ones(tmp_path: Path):
    put(tmp_path, "1h", "3600.csv", (3600, {"24,0": 1}), (7200, {"24,0": 2}))
    put(tmp_path, "1m", "7260.csv", (7260, {"24,0": 3}), (7320, {"24,0": 4}))
    put(tmp_path, "raw", "7320.csv", (7320, {"24,0": 4}), (7330, {"24,0": 9}))

    assert list(rows(tmp_path, 0, 9999)) == [
        ("3600", "24", "0", 1),
        ("7200", "24", "0", 2),
        ("7260", "24", "0", 3),
        ("7320", "24", "0", 4),
        ("7330", "24", "0", 9),
    ]
    assert list(rows(tmp_path, 7325, 9999)) == [("7320", "24", "0", 4), ("7330", "24", "0", 9)]


def test_a_folder_without_a_store_is_refused(tmp_path: Path):
    with pytest.raises(StoreError, match="no store"):
        list(rows(tmp_path, 0, 1))


def test_csv_has_the_columns_of_a_segment():
    output = io.StringIO()

    assert write_csv([("600", "24", "0", 1), ("600", "ERR", "", 2)], output) == 2
    assert output.getvalue() == "time,irq,cpu,count\n600,24,0,1\n600,ERR,,2\n"


def test_parquet_without_pyarrow_says_what_to_install(tmp_path: Path):
    with (
        mock.patch.dict(sys.modules, {"pyarrow": None}),
        (tmp_path / "table.parquet").open("wb") as output,
        pytest.raises(StoreError, match="pip install pyarrow"),
    ):
        write_parquet([], output)


def test_parquet_gets_typed_columns(tmp_path: Path):
    arrow = mock.Mock()
    arrow.array.side_effect = lambda values, _: list(values)
    parquet = mock.Mock()
    modules = {"pyarrow": arrow, "pyarrow.parquet": parquet}
    with mock.patch.dict(sys.modules, modules), (tmp_path / "table.parquet").open("wb") as output:
        assert write_parquet([("600.500", "ERR", "", 2)], output) == 1

    assert arrow.table.call_args.args[0] == {
        "time": [600.5],
        "irq": ["ERR"],
        "cpu": [None],
        "count": [2],
    }


def test_saved_files_become_samples_the_oldest_first(tmp_path: Path):
    later = save(tmp_path, "later", " 24: 7 9 PCI-MSI 1-edge eth0")
    earlier = save(tmp_path, "earlier", " 24: 4294967295 5 PCI-MSI 1-edge eth0")

    assert import_files(tmp_path / "store", [Saved(610, later), Saved(600, earlier)]) == 2
    assert list(rows(tmp_path / "store", 0, 9999)) == [
        ("600", "24", "0", 4294967295),
        ("600", "24", "1", 5),
        ("610", "24", "0", 4294967303),
        ("610", "24", "1", 9),
    ]


def test_more_files_go_on_where_the_store_ends(tmp_path: Path):
    first = save(tmp_path, "first", " 24: 1 1 PCI-MSI 1-edge eth0")
    second = save(tmp_path, "second", " 24: 3 1 PCI-MSI 1-edge eth0")
    import_files(tmp_path / "store", [Saved(600.25, first)])

    import_files(tmp_path / "store", [Saved(601.5, second)])

    assert list(rows(tmp_path / "store", 601.5, 9999)) == [
        ("601.500", "24", "0", 3),
        ("601.500", "24", "1", 1),
    ]
    with pytest.raises(StoreError, match="not after"):
        import_files(tmp_path / "store", [Saved(601, first)])


@pytest.mark.parametrize(("lines", "reason"), [([], "line 2"), (["x"], "line 2")])
def test_a_file_that_is_something_else_is_named_and_nothing_is_counted(
    tmp_path: Path, lines: Sequence[str], reason: str
):
    good = save(tmp_path, "good", " 24: 1 1 PCI-MSI 1-edge eth0")
    bad = save(tmp_path, "bad", *lines)

    with pytest.raises(StoreError, match=f"bad: {reason}"):
        import_files(tmp_path / "store", [Saved(600, good), Saved(610, bad)])
    with pytest.raises(StoreError, match="missing: No such file"):
        import_files(tmp_path / "store", [Saved(600, tmp_path / "missing")])

    assert not (tmp_path / "store").exists()


def test_the_table_is_read_in_the_order_of_time():
    assert export.COLUMNS == ("time", "irq", "cpu", "count")
