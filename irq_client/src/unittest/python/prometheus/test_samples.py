"""The samples that an engine has become a window."""

import pytest

from irq_client.prometheus.api import Series
from irq_client.prometheus.promql import CHANGES, INTERVAL
from irq_client.prometheus.samples import Past, read_past, resolution_of


def past(times: list[int], start: int, end: int, now: int = 0, interval: float = 10) -> Past:
    """Return the past of samples at these seconds."""
    samples = tuple((1000 * each, 0.0) for each in times)
    series = [Series({"__name__": CHANGES}, samples)]
    series.append(Series({"__name__": INTERVAL}, ((0, interval),)))
    found = read_past(series, 1000 * start, 1000 * end, 1000 * (now or end))
    assert found
    return found


@pytest.mark.parametrize(
    ("times", "start", "end", "used", "complete"),
    [
        ([0, 10, 20, 30], 12, 28, (10, 20), True),
        ([0, 10, 20, 30], 10, 20, (10, 20), True),
        ([10, 20, 30], 5, 28, (10, 20), False),  # history begins inside
        ([0, 10, 50, 60], 20, 60, (10, 60), False),  # the start lies in a gap
        ([0, 10, 50, 60], 0, 30, (0, 10), False),  # the end does
        ([0, 10, 20], 0, 60, (0, 20), False),  # no sample came any more
        ([0, 10, 20], 0, 44, (0, 20), True),
        ([30, 40], 0, 20, None, False),  # history begins behind it
    ],
)
def test_the_edges_are_the_last_samples_at_or_before(
    times: list[int], start: int, end: int, used: tuple[int, int] | None, complete: bool
):
    if used is None:
        assert read_past([Series({"__name__": CHANGES}, ((30_000, 0.0),))], 0, 20_000, 0) is None
        return
    found = past(times, start, end)

    assert (found.first, found.last) == (1000 * used[0], 1000 * used[1])
    assert found.is_complete() is complete


def test_gaps_are_neighbours_more_than_2_5_intervals_apart():
    found = past([0, 10, 35, 61, 70], 0, 70)

    assert found.gaps == [(35_000, 61_000)]
    assert found.window_json()["gaps"] == 1


@pytest.mark.parametrize(
    ("times", "intervals", "resolution"),
    [
        ([0, 30_001, 59_999, 90_000], [10.0], 30_000),
        ([0, 1003, 2001], [1.0], 1000),
        ([0, 15_000, 30_000], [], 15_000),
        ([5], [10.0], 10_000),
        ([5], [], 0),
    ],
)
def test_the_resolution_is_the_interval_or_what_a_scrape_spans(
    times: list[int], intervals: list[float], resolution: int
):
    assert resolution_of(times, intervals) == resolution
