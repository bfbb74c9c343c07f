"""Answers that would be too large are refused, with what would work."""

import re

import pytest

from irq_server.errors import ParameterError
from irq_server.events import Event
from irq_server.store.counts import Counts, IrqCounts
from irq_server.times import parse_moment
from irq_server.web import limits
from irq_server.web.limits import check_bytes, check_events, check_series, check_table
from irq_server.web.query import Edges


def counts(rows: int, columns: int) -> Counts:
    item = IrqCounts("24", "eth0", (0,) * columns, 0)
    return Counts(tuple(range(columns)), (item,) * rows, (0,) * columns, (0,) * columns, 0)


def test_a_table_has_at_most_a_million_numbers():
    check_table(counts(1000, 1000))
    with pytest.raises(ParameterError, match=r"^top: 1001 IRQs on 1000 CPUs .*; 1000 IRQs work"):
        check_table(counts(1001, 1000))


@pytest.mark.parametrize(
    ("keys", "reads", "works"),
    [
        (1, 60, 0.1),  # 11,000 steps are refused before
        (5000, 60, 15.0),  # 200 steps of 5,000 counts
        (1, 500_000, 150.0),  # 20 steps over 500,000 cells
        (0, 0, 0.1),
    ],
)
def test_a_series_is_refused_with_the_smallest_step_that_works(keys: int, reads: int, works: float):
    edges = Edges(0.0, 3000.0)
    if works > 0.1:
        with pytest.raises(ParameterError, match=rf"^step: .*smallest that works is {works:g}s"):
            check_series(edges, works - 0.001, keys, reads)
    check_series(edges, works, keys, reads)


def test_one_step_is_always_given():
    check_series(Edges(0.0, 60.0), 60.0, 2 * limits.MAX_CELLS, 2 * limits.MAX_READS)


def test_events_are_refused_with_a_start_that_works(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "MAX_EVENTS", 3)
    events = [Event(float(time), "gap") for time in range(100, 105)]

    check_events(events[2:])
    with pytest.raises(ParameterError, match=r"^start: 5 events are more than 3") as caught:
        check_events(events)
    named = re.search(r"starts at (\S+)", str(caught.value))
    assert named is not None
    start = parse_moment(named[1], 0.0)
    assert [each.time for each in events if each.time > start] == [102.0, 103.0, 104.0]


def test_an_answer_has_at_most_64_mebibytes():
    check_bytes(64 * 2**20, "top")
    with pytest.raises(ParameterError, match=r"^top: the answer has 67108865 bytes"):
        check_bytes(64 * 2**20 + 1, "top")
