"""Rates as bars, lines and levels of heat, worked out by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irq_client.terminal.chart import LEVELS, bars, curve, level, level_floor, time_axis

RATES = st.lists(st.none() | st.floats(0, 1e9), max_size=60)


def test_bars_have_eighths_of_a_cell_and_the_largest_fills_all():
    # 16 units in two rows: 1 of 16 is one eighth, 8 of 16 a whole cell, 12 of 16 one and a half
    assert bars([0, 1, 8, 12, 16], 16, 2) == ["   ▄█", " ▁███"]


def test_what_is_above_zero_is_seen():
    assert bars([0.001, 0.0], 1000, 1) == ["▁ "]


def test_a_gap_is_marked_on_the_lowest_row_only():
    assert bars([None, 1.0], 1.0, 2) == [" █", "·█"]
    assert curve([None, 1.0], 1.0, 2)[1][0] == "·"


def test_a_line_joins_neighbours():
    # two rows are eight dots: from the lowest (dots 7 and 8) up to the highest (dots 1 and 4)
    assert curve([0.0, 1.0], 1.0, 2) == [" ⡏", "⣀⡇"]


def test_no_line_is_drawn_over_a_gap():
    assert curve([0.0, None, 1.0], 1.0, 2) == ["  ⠉", "⣀· "]


@given(RATES, st.integers(1, 12))
def test_a_picture_has_a_cell_for_each_value(rates, height: int):
    for draw in (bars, curve):
        rows = draw(rates, 1e9, height)

        assert [len(row) for row in rows] == [len(rates)] * height


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, 0), (0.001, 1), (1, 1), (2, 2), (3.9, 2), (4, 3), (63, 6), (64, 7), (128, 8), (256, 8)],
)
def test_each_level_begins_at_half_of_the_next(value: float, expected: int):
    assert level(value, 256) == expected


@pytest.mark.parametrize("number", range(2, LEVELS + 1))
def test_a_level_begins_where_its_scale_says(number: int):
    floor = level_floor(number, 256)

    assert level(floor, 256) == number
    assert level(floor * 0.999, 256) == number - 1


def test_an_axis_has_its_times_as_exact_as_they_fit():
    start, end = "2026-01-01 00:00:00.250 CET", "2026-01-01 00:01:00 CET"

    assert time_axis(start, end, 22) == "00:00:00      00:01:00"
    assert time_axis(start, end, 17) == "00:00       00:01"
    assert time_axis(start, end, 11) == ""


def test_an_axis_over_midnight_has_the_dates():
    start, end = "2026-01-01 23:00:00 UTC", "2026-01-02 01:00:00 UTC"

    assert time_axis(start, end, 50) == f"{start[:-4]}            {end[:-4]}"
    assert time_axis(start, end, 22) == "2026-01-01  2026-01-02"
