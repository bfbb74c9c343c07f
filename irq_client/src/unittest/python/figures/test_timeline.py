"""Series put into the columns of a picture."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irq_client.figures.timeline import timeline
from irq_client.server.model import Point, Series, Window
from irq_client.server.times import Moment


def moment(second: int) -> Moment:
    """Return the moment this many seconds after midnight."""
    return Moment(f"2026-01-01T00:{second // 60:02d}:{second % 60:02d}Z")


def series(
    *points: tuple[int, int, int], end: int, step: float, by: str = "total", interval: float = 10
) -> Series:
    """Return a series of (start, end, count), from midnight to `end`, all of it on CPU 0."""
    window = Window(moment(0), moment(end), end, 7, True, 0, 0, interval)
    made = (Point(moment(a), moment(b), count, {"0": count}) for a, b, count in points)
    return Series(window, step, by, tuple(made))


def test_steps_that_fit_are_all_as_wide():
    line = timeline(series((0, 10, 100), (10, 20, 300), end=20, step=10), 5)

    assert line.columns == 4
    assert line.tracks[0].rates == (10.0, 10.0, 30.0, 30.0)


def test_steps_that_share_a_column_are_averaged():
    points = [(10 * i, 10 * i + 10, 100 * i) for i in range(4)]

    assert timeline(series(*points, end=40, step=10), 2).tracks[0].rates == (5.0, 25.0)


def test_a_step_that_spans_a_gap_is_no_rate():
    # 10 s steps of 10 s samples: 40 s between two samples is a gap, 20 s a late sample
    line = timeline(series((0, 10, 100), (10, 50, 999), (50, 60, 200), end=60, step=10), 6)

    assert line.tracks[0].rates == (10.0, None, None, None, None, 20.0)
    late = timeline(series((0, 10, 100), (10, 30, 400), (30, 40, 100), end=40, step=10), 4)
    assert late.tracks[0].rates == (10.0, 20.0, 20.0, 10.0)


def test_steps_shorter_than_the_samples_are_no_gaps():
    line = timeline(series((0, 10, 100), (10, 20, 300), end=20, step=5), 4)

    assert line.tracks[0].rates == (10.0, 10.0, 30.0, 30.0)


def test_keys_stand_busiest_first():
    window = Window(moment(0), moment(10), 10, 2, True, 0, 0, 10)
    points = (Point(moment(0), moment(10), 60, {"0": 10, "1": 50}),)

    line = timeline(Series(window, 10, "cpu", points), 1)

    assert [(track.key, track.largest) for track in line.tracks] == [("1", 5.0), ("0", 1.0)]


@pytest.mark.parametrize(
    ("second", "column"), [(0, 0), (9, 0), (10, 1), (39, 3), (40, 3), (41, None)]
)
def test_a_moment_has_a_column(second: int, column: int | None):
    line = timeline(series((0, 40, 1), end=40, step=10), 4)

    assert line.column(moment(second)) == column


@given(
    st.lists(st.integers(0, 10**6), min_size=1, max_size=50),
    st.integers(1, 100),
)
def test_no_count_is_lost_or_made_up(counts: list[int], width: int):
    points = [(10 * i, 10 * i + 10, count) for i, count in enumerate(counts)]

    line = timeline(series(*points, end=10 * len(counts), step=10), width)

    drawn = sum(rate * line.seconds for rate in line.tracks[0].rates if rate is not None)
    assert line.columns <= width
    assert drawn == pytest.approx(sum(counts))
