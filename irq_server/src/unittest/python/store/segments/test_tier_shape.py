"""The tiers that a store may have."""

from pathlib import Path

import pytest

from irq_server.errors import TimeFormatError
from irq_server.store.segments.tier_shape import RAW, TIERS, shape_of, shapes_in, shapes_of


def test_a_tier_is_named_by_its_step():
    assert shape_of("raw") is RAW
    assert (shape_of("5m").step_seconds, shape_of("5m").folder_format) == (300.0, "%Y%m%d")
    assert (shape_of("1h").step_seconds, shape_of("1h").folder_format) == (3600.0, "%Y%m")


@pytest.mark.parametrize("name", ["", "60s", "60", "500ms", "RAW", "daily", "0m"])
def test_any_other_name_is_refused(name: str):
    with pytest.raises(TimeFormatError):
        shape_of(name)


def test_tiers_stand_in_the_order_of_their_steps_and_raw_is_one():
    assert [shape.name for shape in TIERS] == ["raw", "1m", "1h"]
    assert [shape.name for shape in shapes_of(["1h", "5m"])] == ["raw", "5m", "1h"]


def test_the_tiers_of_a_directory_are_its_folders(tmp_path: Path):
    assert shapes_in(tmp_path / "missing") == ()
    for name in ("5m", "raw", "other"):
        (tmp_path / name).mkdir()
    (tmp_path / "1h").write_text("a file")

    assert [shape.name for shape in shapes_in(tmp_path)] == ["raw", "5m"]
