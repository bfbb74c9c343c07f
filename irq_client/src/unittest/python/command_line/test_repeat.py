"""How often a command reads, with a clock that is made up."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from irq_client.command_line.repeat import Repeat


def moments(repeat: Repeat, *took: float) -> list[float]:
    """Return when each reading begins, from the seconds that each takes."""
    now = [100.0]
    begun = []

    def wait(seconds: float) -> None:
        now[0] += seconds

    for seconds, _ in zip((*took, 0.0), repeat.turns(lambda: now[0], wait), strict=False):
        begun.append(now[0])
        now[0] += seconds
    return begun


def test_without_an_interval_there_is_one_reading():
    assert moments(Repeat(), 1, 1) == [100]


def test_readings_are_a_multiple_of_the_interval_apart_and_missed_turns_are_left_out():
    assert moments(Repeat(10), 1, 9, 25, 0) == [100, 110, 120, 150, 160]


def test_the_last_reading_is_counted_and_not_waited_after():
    assert moments(Repeat(10, 3), 0, 0, 0, 0) == [100, 110, 120]


@given(st.floats(0.01, 1000), st.lists(st.floats(0, 5000), min_size=2, max_size=9))
def test_a_reading_begins_after_the_one_before_has_ended(every: float, took: list[float]):
    begun = moments(Repeat(every), *took)

    for (first, second), seconds in zip(pairwise(begun), took, strict=True):
        assert second >= first + seconds - 1e-6
        assert second - first >= every * 0.999
        assert second - (first + seconds) <= every * 1.001
