"""The days that are over as Parquet files: whole, once, and put there at once."""

import re
from pathlib import Path

import duckdb
import mock
import pytest

from irq_server.errors import StoreError
from irq_server.store.offline import ship as module
from irq_server.store.offline.ship import ship
from irq_server.store.segments import segment
from segments import encoded

DAY = 86400
NOW = 4 * DAY + 100


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Samples on the days 1, 2 and 4; nothing on day 3."""
    folder = tmp_path / "data"
    put(folder, "1m", f"{DAY + 60}.csv", (DAY + 60, {"24,0": 5}), (DAY + 120, {"24,0": 7}))
    put(
        folder,
        "1m",
        f"{2 * DAY + 60}.csv",
        (2 * DAY + 60, {"24,0": 10}),
        (2 * DAY + 120, {"24,1": 4}),
    )
    put(folder, "1m", f"{4 * DAY + 60}.csv", (4 * DAY + 60, {"24,0": 11}))
    put(folder, "cpus-1m", f"{DAY}.csv", (DAY, {"all,0": 5}))
    return folder


def put(folder: Path, tier: str, name: str, *parts: tuple[int, segment.State]) -> None:
    path = folder / tier / "19700102" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(segment.HEADER + b"".join(encoded(*parts)))


def shipped(target: Path) -> list[str]:
    return sorted(str(each.relative_to(target)) for each in target.rglob("*") if each.is_file())


def test_each_day_that_is_over_and_has_samples_is_a_file(store: Path, tmp_path: Path):
    target = tmp_path / "park"

    written = list(ship(store, target, "web1", NOW))

    assert shipped(target) == [
        "tier=1m/date=1970-01-02/host=web1/part.parquet",
        "tier=1m/date=1970-01-03/host=web1/part.parquet",
    ]
    assert sorted(map(str, written)) == [f"{target}/{each}" for each in shipped(target)]


def test_a_day_counts_by_itself_with_what_was_before_it(store: Path, tmp_path: Path):
    list(ship(store, tmp_path / "park", "web1", NOW))

    query = """
        with day as (from read_parquet(?, hive_partitioning = true) where date = '1970-01-03')
        select cpu, max(count) - coalesce(max(count) filter (time = (select min(time) from day)), 0)
        from day group by cpu order by cpu
    """
    with duckdb.connect() as connection:
        pattern = f"{tmp_path}/park/*/*/*/part.parquet"
        assert connection.execute(query, [pattern]).fetchall() == [(0, 3), (1, 4)]


def test_to_ship_again_writes_nothing_and_later_only_what_is_new(store: Path, tmp_path: Path):
    target = tmp_path / "park"
    list(ship(store, target, "web1", NOW))
    before = {each: (target / each).stat().st_mtime_ns for each in shipped(target)}

    assert list(ship(store, target, "web1", NOW)) == []
    assert {each: (target / each).stat().st_mtime_ns for each in shipped(target)} == before
    (more,) = ship(store, target, "web1", NOW + DAY)
    assert more == target / "tier=1m/date=1970-01-05/host=web1/part.parquet"


def test_a_file_that_cannot_be_finished_leaves_nothing(store: Path, tmp_path: Path):
    target = tmp_path / "park"
    with (
        mock.patch.object(module, "write_parquet", side_effect=OSError(28, "No space left")),
        pytest.raises(OSError, match="No space left"),
    ):
        list(ship(store, target, "web1", NOW))
    assert shipped(target) == []
    assert len(list(ship(store, target, "web1", NOW))) == 2


def test_a_tier_may_be_named_and_must_be_there(store: Path, tmp_path: Path):
    put(store, "1h", f"{DAY}.csv", (DAY, {"24,0": 5}), (DAY + 3600, {"24,0": 6}))
    assert len(list(ship(store, tmp_path / "park", "web1", NOW, ["1h"]))) == 1
    with pytest.raises(StoreError, match="no tier 5m, only 1m, 1h"):
        list(ship(store, tmp_path / "park", "web1", NOW, ["5m"]))
    with pytest.raises(StoreError, match="no store"):
        list(ship(tmp_path, tmp_path / "park", "web1", NOW))


def test_the_queries_of_the_documentation_count_hosts_that_come_late_or_stop_early(tmp_path: Path):
    day, hour = 2 * DAY, 3600
    early = [
        (DAY + 60, {"24,0": 7}),
        (day + hour, {"24,0": 9}),
        (day + 10 * hour, {"24,1": 4}),  # a cell that was not there before
        (day + 23 * hour + 900, {"24,0": 20}),
        (day + 23 * hour + 960, {"LOC,1": 5}),
    ]
    late = [
        (day + 9 * hour, {"24,0": 100, "EXT,0": 100}),
        (day + 9 * hour + 60, {"25,1": 3}),
        (day + 11 * hour, {"24,0": 130, "EXT,0": 133}),
    ]
    for host, samples in (("early", early), ("late", late)):
        put(tmp_path / host, "1m", f"{samples[0][0]}.csv", *samples)
        list(ship(tmp_path / host, tmp_path / "park", host, NOW))

    text = (Path(__file__).parents[5] / "docs/fleet.md").read_text()
    edges, by_cpu, imbalance = re.findall(r"^```sql\n(.*?)^```", text, re.M | re.S)[:3]
    with duckdb.connect() as connection:
        for query in (edges, by_cpu, imbalance):
            here = query.replace("/srv/interrupts", f"{tmp_path}/park")
            answer = connection.execute(here.replace("2026-01-01", "1970-01-03")).fetchall()
            if query == by_cpu:
                assert sorted(answer) == [
                    ("early", 0, 13),
                    ("early", 1, 9),
                    ("late", 0, 30),
                    ("late", 1, 3),
                ]
    assert answer == [("late", 30 / 16.5), ("early", 13 / 8.5)]
