"""The steps of a series, counted from states: the same as each counted by itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irq_server.store.counts import Filters, KnownRow, count, point
from irq_server.store.pattern import Pattern
from irq_server.store.segments.segment import State
from irq_server.store.series import Tally
from irq_server.store.totals import Identity

BEFORE: State = {"24,0": 100, "24,1": 7, "25,1": 3, "LOC,0": 50, "EXT,0": 1000, "ERR,": 2}
AFTER: State = {
    "24,0": 150,
    "24,1": 9,
    "25,1": 3,
    "LOC,2": 4,
    "LOC,0": 60,
    "EXT,0": 1064,
    "ERR,": 5,
}
ROWS = (
    KnownRow(Identity("24", device="eth0-rx-0, usb1"), True, True),
    KnownRow(Identity("25", device="nvme0q1"), True, True),
    KnownRow(Identity("LOC"), True, True),
    KnownRow(Identity("EXT"), False, True),
    KnownRow(Identity("L,C"), True, True),
    KnownRow(Identity("ERR"), True, False),
)


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("total", {"total": 66}),
        ("cpu", {"0": 60, "1": 2, "2": 4}),
        ("irq", {"24": 52, "LOC": 14, "EXT": 64, "ERR": 3}),
        ("irq,cpu", {"24,0": 50, "24,1": 2, "LOC,0": 10, "LOC,2": 4, "EXT,0": 64}),
    ],
)
def test_a_point_is_keyed_as_asked_in_the_order_of_rows_and_cpus(by: str, expected: dict[str, int]):
    made = Tally(ROWS, (0, 1, 2), Filters(), by).point(10.0, 20.0, BEFORE, AFTER)

    assert (made.start, made.end, made.total) == (10.0, 20.0, 66)
    assert list(made.counts.items()) == list(expected.items())


def test_only_shown_irqs_have_keys_and_the_total_is_of_all():
    made = Tally(ROWS, (0, 1, 2), Filters(), "irq", {"LOC"}).point(10.0, 20.0, BEFORE, AFTER)

    assert (made.total, made.counts) == (66, {"LOC": 14})


CELLS = st.sampled_from(
    ["24,0", "24,1", "25,1", "25,2", "LOC,0", "LOC,2", "EXT,0", "L,C,1", "ERR,", "99,0"]
)
MORE = st.dictionaries(CELLS, st.integers(0, 2**40))
FILTERS = st.builds(
    Filters,
    irqs=st.none() | st.frozensets(st.sampled_from(["24", "25", "EXT", "ERR"])),
    cpus=st.none() | st.frozensets(st.integers(0, 3), min_size=1),
    device=st.none() | st.sampled_from([Pattern("eth*"), Pattern("nvme*")]),
    nonzero=st.just(True),
)
SHOWN = st.none() | st.sets(st.sampled_from(["24", "LOC", "ERR"]))


@given(
    steps=st.lists(MORE, min_size=1, max_size=4),
    filters=FILTERS,
    by=st.sampled_from(["total", "cpu", "irq", "irq,cpu"]),
    shown=SHOWN,
)
def test_every_step_is_what_a_window_of_its_own_counts(
    steps: list[dict[str, int]], filters: Filters, by: str, shown: set[str] | None
):
    tally, state = Tally(ROWS, (0, 1, 2), filters, by, shown), BEFORE
    for more in steps:
        after = state | {key: state.get(key, 0) + n for key, n in more.items()}
        counts = count(state, after, ROWS, (0, 1, 2), filters)
        expected = point(1.0, 2.0, counts, by, shown)

        made = tally.point(1.0, 2.0, state, after)

        assert made == expected
        assert list(made.counts) == list(expected.counts)
        state = after
