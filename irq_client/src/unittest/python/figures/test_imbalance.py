"""The imbalance of loads."""

import pytest

from irq_client.figures.imbalance import imbalance


@pytest.mark.parametrize(
    ("loads", "figure"),
    [([5, 5], 1.0), ([0, 10], 2.0), ([100, 5903], 1.967), ([0, 0], 1.0), ([], 1.0), ([3], 1.0)],
)
def test_the_busiest_is_compared_with_the_mean(loads: list[int], figure: float):
    assert imbalance(loads) == pytest.approx(figure, abs=0.0005)
