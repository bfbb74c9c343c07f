"""Rows with an interval of their own."""

import pytest

from irq_server.kernel.interrupts import Row, parse
from irq_server.store.schedule import Schedule

TEXT = """\
           CPU0
 24:         1 PCI-MSI 1-edge      eth0-rx-0
 25:         2 PCI-MSI 2-edge      nvme0q1, mmc0
LOC:         3   Local timer interrupts
"""


@pytest.fixture
def rows() -> dict[str, Row]:
    return {row.irq: row for row in parse(TEXT).rows}


def test_a_row_has_the_interval_of_the_first_pattern_that_names_it(rows: dict[str, Row]):
    schedule = Schedule(10.0, {"eth0-*": 1.0, "mmc*": 5.0, "*": 60.0, "LOC": 2.0})

    assert {irq: schedule.interval_of(row) for irq, row in rows.items()} == {
        "24": 1.0,
        "25": 5.0,
        "LOC": 60.0,
    }
    assert schedule.tick_seconds == 1.0


def test_without_patterns_every_row_has_its_turn_at_every_tick():
    schedule = Schedule(10.0, {})

    for tick in (0, 10_000, 20_000):
        elapsed, due = schedule.turn(tick, tick / 1000)
        assert elapsed is None
        schedule.done(tick, tick / 1000, due)
    assert schedule.tick_seconds == 10.0


def test_each_row_is_due_once_in_its_interval_and_told_how_long_it_waited(rows: dict[str, Row]):
    schedule = Schedule(10.0, {"eth0-*": 1.0, "LOC": 20.0})
    turns = []
    for second in range(21):
        elapsed, due = schedule.turn(second * 1000, 500.0 + second)
        turns.append({irq: elapsed(row) for irq, row in rows.items()} if elapsed else None)
        schedule.done(second * 1000, 500.0 + second, due)

    assert turns[0] is None
    assert turns[1] == {"24": 1.0, "25": None, "LOC": None}
    assert turns[10] == {"24": 1.0, "25": 10.0, "LOC": None}
    assert turns[20] == {"24": 1.0, "25": 10.0, "LOC": 20.0}


def test_a_turn_that_failed_comes_again(rows: dict[str, Row]):
    schedule = Schedule(10.0, {"eth0-*": 1.0})
    _, due = schedule.turn(0, 0.0)
    schedule.done(0, 0.0, due)
    schedule.turn(10_000, 10.0)

    elapsed, _ = schedule.turn(11_000, 11.0)

    assert elapsed is not None
    assert elapsed(rows["25"]) == 11.0
