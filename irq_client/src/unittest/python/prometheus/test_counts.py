"""Counters become counts, rows and keys."""

from hypothesis import given
from hypothesis import strategies as st

from irq_client.prometheus.counts import (
    Cells,
    differences,
    first_values,
    irq_order,
    keyed,
    rows_of,
)

CELL = st.tuples(st.sampled_from(["36", "45#2", "NMI", "other"]), st.just(""), st.just("0"))
STEPS = st.lists(st.dictionaries(CELL, st.integers(0, 1000)), min_size=3, max_size=3)


@given(STEPS)
def test_neighbouring_windows_add_up(steps: list[dict[tuple[str, str, str], int]]):
    states: list[Cells] = [{}]
    for step in steps:
        cells = states[-1].keys() | step.keys()
        states.append({cell: states[-1].get(cell, 0) + step.get(cell, 0) for cell in cells})
    parts = [differences(states[n], states[n + 1])[0] for n in (1, 2)]
    whole, is_whole = differences(states[1], states[3])

    assert is_whole
    assert {cell: sum(part.get(cell, 0) for part in parts) for cell in whole} == whole


def test_a_counter_that_fell_counts_from_0_and_is_said():
    cell = ("36", "eth0", "0")

    assert differences({cell: 500}, {cell: 7}) == ({cell: 7}, False)


def test_a_new_counter_begins_at_its_first_value():
    old, new, hidden = (("36", "", str(cpu)) for cpu in range(3))
    machines = ("ERR", "", "")  # always shown, but for 0
    begun = {old: 6, new: 0, hidden: 40, machines: 3}
    after = {old: 9, new: 3, hidden: 44, machines: 4}

    assert first_values({old: 5}, begun, after) == {old: 5, new: 0, hidden: 40, machines: 0}


def test_rows_are_in_order_and_the_machines_have_no_cpu():
    names = ["ERR", "other", "LOC", "100", "36#2", "36"]
    assert sorted(names, key=irq_order) == ["36", "36#2", "100", "ERR", "LOC", "other"]

    rows = rows_of({("36", "eth0", "1"): 4, ("36", "eth0", "0"): 3, ("ERR", "", ""): 2})
    assert [(row.irq, row.device, row.by_cpu, row.machine) for row in rows] == [
        ("36", "eth0", {0: 3, 1: 4}, None),
        ("ERR", "", {}, 2),
    ]
    assert [row.total for row in rows] == [7, 2]


def test_a_key_that_counted_nothing_is_left_out_but_not_a_cpu():
    cells = {("36", "", "1"): 5, ("37", "", "0"): 0, ("ERR", "", ""): 2}

    assert keyed(cells, cells, "irq", None) == (5, {"36": 5, "ERR": 2})
    assert keyed(cells, cells, "cpu", None) == (5, {"0": 0, "1": 5})
    assert keyed(cells, cells, "irq,cpu", {"37"}) == (5, {})
