"""Two states made into counts: rows, filters, totals and what belongs in none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irq_server.store.counts import Counts, Filters, KnownRow, count, cpus_in, keys, point
from irq_server.store.pattern import Pattern
from irq_server.store.segments.segment import State
from irq_server.store.totals import Identity

START: State = {"24,0": 100, "24,1": 7, "25,1": 3, "LOC,0": 50, "EXT,0": 1000, "ERR,": 2}
END: State = {"24,0": 150, "24,1": 9, "25,1": 3, "LOC,0": 60, "LOC,2": 4, "EXT,0": 1064, "ERR,": 5}


def known(irq: str, device: str = "", present: bool = True, cpus: bool = True) -> KnownRow:
    return KnownRow(Identity(irq, device=device), present, cpus)


ROWS = (
    known("24", "eth0-rx-0, usb1"),
    known("25", "nvme0q1"),
    known("LOC"),
    known("EXT"),
    known("ERR", cpus=False),
    known("FIQ", cpus=False),
)


def counted(start: State = START, end: State = END, **filters: object) -> Counts:
    return count(start, end, ROWS, (0, 1, 2), Filters(**filters))


def table(counts: Counts) -> list[tuple[str, tuple[int, ...] | None, int]]:
    return [(each.irq, each.counts, each.total) for each in counts.irqs]


def test_a_count_is_the_end_less_the_start():
    counts = counted()

    assert counts.cpus == (0, 1, 2)
    assert table(counts) == [
        ("24", (50, 2, 0), 52),
        ("25", (0, 0, 0), 0),
        ("LOC", (10, 0, 4), 14),
        ("EXT", (64, 0, 0), 64),
        ("ERR", None, 3),
        ("FIQ", None, 0),
    ]
    assert counts.irqs[0].device == "eth0-rx-0, usb1"


def test_subtotals_and_machine_wide_figures_are_in_no_total():
    counts = counted()

    assert counts.totals == (60, 2, 4)
    assert counts.total == 66


@pytest.mark.parametrize("irq", ["EXT", "I/O", "AIO"])
def test_a_subtotal_asked_for_alone_is_in_no_total_either(irq: str):
    counts = count({}, {f"{irq},0": 9}, [known(irq)], (0,), Filters(irqs=frozenset({irq})))

    assert table(counts) == [(irq, (9,), 9)]
    assert (counts.totals, counts.total) == ((0,), 0)


def test_named_irqs_narrow_rows_and_totals():
    counts = counted(irqs=frozenset({"LOC", "25"}))

    assert table(counts) == [("25", (0, 0, 0), 0), ("LOC", (10, 0, 4), 14)]
    assert counts.totals == (10, 0, 4)


def test_named_cpus_narrow_columns_and_totals_and_leave_machine_wide_rows_out():
    counts = counted(cpus=frozenset({2, 0}))

    assert counts.cpus == (0, 2)
    assert table(counts) == [
        ("24", (50, 0), 50),
        ("25", (0, 0), 0),
        ("LOC", (10, 4), 14),
        ("EXT", (64, 0), 64),
    ]
    assert (counts.totals, counts.total) == ((60, 4), 64)


@pytest.mark.parametrize(
    ("pattern", "irqs"),
    [
        ("eth0-*", ["24"]),
        ("usb1", ["24"]),
        ("eth0-rx-0", ["24"]),
        ("eth0-rx-0, usb1", ["24"]),
        ("eth0", []),
        ("ETH0-*", []),
        ("nvme?q[0-9]", ["25"]),
        ("*", ["24", "25"]),  # rows without a device have none to match
    ],
)
def test_a_device_pattern_matches_any_action_name_or_all(pattern: str, irqs: list[str]):
    counts = counted(device=Pattern(pattern))

    assert [each.irq for each in counts.irqs] == irqs
    assert counts.total == (52 if "24" in irqs else 0)


def test_nonzero_leaves_silent_rows_out_and_no_total_changes():
    counts = counted(nonzero=True)

    assert [each.irq for each in counts.irqs] == ["24", "LOC", "EXT", "ERR"]
    assert (counts.totals, counts.total) == ((60, 2, 4), 66)


def test_top_gives_the_busiest_first_and_no_total_changes():
    counts = counted(top=2)

    assert [(each.irq, each.total) for each in counts.irqs] == [("EXT", 64), ("24", 52)]
    assert (counts.totals, counts.total) == ((60, 2, 4), 66)


def test_rows_as_busy_as_each_other_stay_in_their_order():
    rows = [known("3"), known("1"), known("2")]
    end = {"1,0": 5, "2,0": 5, "3,0": 5}

    assert [each.irq for each in count({}, end, rows, (0,), Filters(top=3)).irqs] == ["3", "1", "2"]


def test_a_row_that_is_gone_belongs_in_only_where_it_fired():
    rows = [known("24", present=False), known("25", present=False)]

    counts = count(START, END, rows, (0, 1), Filters())

    assert table(counts) == [("24", (50, 2), 52)]
    assert counts.total == 52


def test_the_cpus_of_a_state_are_those_it_has_cells_of():
    assert cpus_in(END) == {0, 1, 2}
    assert cpus_in({"ERR,": 4}) == set()
    assert cpus_in({"L,C,3": 4}) == {3}


def test_a_label_with_a_comma_is_counted_under_its_whole_name():
    counts = count({"L,C,0": 1}, {"L,C,0": 3, "L,C,1": 4}, [known("L,C")], (0, 1), Filters())

    assert table(counts) == [("L,C", (2, 4), 6)]
    assert counts.totals == (2, 4)


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("total", {"total": 66}),
        ("cpu", {"0": 60, "1": 2, "2": 4}),
        ("irq", {"24": 52, "LOC": 14, "EXT": 64, "ERR": 3}),
        (
            "irq,cpu",
            {"24,0": 50, "24,1": 2, "LOC,0": 10, "LOC,2": 4, "EXT,0": 64},
        ),
    ],
)
def test_a_point_is_keyed_as_asked(by: str, expected: dict[str, int]):
    made = point(10.0, 20.0, counted(nonzero=True), by, None)

    assert (made.start, made.end, made.total) == (10.0, 20.0, 66)
    assert made.counts == expected
    assert keys(counted(nonzero=True), by) == list(expected)


KEYS = st.sampled_from(["24,0", "24,1", "25,1", "LOC,0", "LOC,2", "EXT,0", "ERR,"])
MORE = st.dictionaries(KEYS, st.integers(1, 2**40))


def later(state: State, more: dict[str, int]) -> State:
    return state | {key: state.get(key, 0) + n for key, n in more.items()}


@given(first=MORE, second=MORE, third=MORE)
def test_neighbouring_windows_add_up_cell_by_cell(
    first: dict[str, int], second: dict[str, int], third: dict[str, int]
):
    a = later({}, first)
    b = later(a, second)
    c = later(b, third)

    left, right, whole = counted(a, b), counted(b, c), counted(a, c)

    assert left.total + right.total == whole.total
    for one, two, both in zip(left.irqs, right.irqs, whole.irqs, strict=True):
        assert one.irq == two.irq == both.irq
        assert one.total + two.total == both.total
    assert [x + y for x, y in zip(left.totals, right.totals, strict=True)] == list(whole.totals)


@given(more=MORE, cpus=st.frozensets(st.integers(0, 2), min_size=1))
def test_the_totals_of_parts_of_the_cpus_add_up_to_the_whole(
    more: dict[str, int], cpus: frozenset[int]
):
    others = frozenset({0, 1, 2}) - cpus

    parts = [counted(START, later(START, more), cpus=each).total for each in (cpus, others) if each]

    assert sum(parts) == counted(START, later(START, more)).total
