"""Sums of a state for each CPU: by hand, and a series from them is the series from all cells."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irq_server.store.counts import Filters, KnownRow
from irq_server.store.pattern import Pattern
from irq_server.store.segments.segment import State
from irq_server.store.series import Tally
from irq_server.store.sums import Sums, SumsTally, serves
from irq_server.store.totals import Identity

IDENTITIES = {
    each.irq: each
    for each in (
        Identity("24", "PCI-MSI", "1", "edge", "eth0-rx-0"),
        Identity("24#2", "PCI-MSI", "2", "edge", "nvme0q1"),
        Identity("30", "GICv3", "27", "Level", "arch_timer"),
        Identity("31", "xen-percpu", "", "virq", "timer0"),
        *map(Identity, ("LOC", "EXT", "ERR")),
    )
}
STATE: State = {
    "24,0": 100,
    "24,1": 7,
    "24#2,1": 5,
    "30,0": 40,
    "31,1": 9,
    "LOC,0": 1000,
    "EXT,0": 5000,
    "ERR,": 3,
    "99,2": 8,
}


def test_sums_are_of_each_cpu_in_total_and_of_devices():
    assert Sums(IDENTITIES).of(STATE) == {
        "all,0": 1140,  # 100 + 40 + 1000; EXT is a subtotal, ERR on no CPU
        "devices,0": 100,
        "all,1": 21,  # 7 + 5 + 9
        "devices,1": 12,
        "all,2": 8,
        "devices,2": 8,  # nobody knows what 99 is: a number is a device's
    }


def test_a_row_that_becomes_known_is_looked_up_again():
    identities = {"24": Identity("24")}
    sums = Sums(identities)
    assert sums.of({"24,0": 3}) == {"all,0": 3, "devices,0": 3}

    identities["24"] = Identity("24", "GICv3", "27", "Level", "arch_timer")
    sums.forget()

    assert sums.of({"24,0": 3}) == {"all,0": 3}


CELLS = st.sampled_from(list(STATE))


@given(
    before=st.dictionaries(CELLS, st.integers(0, 2**40)),
    more=st.dictionaries(CELLS, st.integers(0, 2**40)),
    cpus=st.none() | st.frozensets(st.integers(0, 2)),
    by=st.sampled_from(["total", "cpu"]),
)
def test_a_series_from_sums_is_the_series_from_all_cells(
    before: State, more: State, cpus: frozenset[int] | None, by: str
):
    after = before | {key: before.get(key, 0) + n for key, n in more.items()}
    identities = {"99": Identity("99"), **IDENTITIES}
    rows = [KnownRow(each, True, each.irq != "ERR") for each in identities.values()]
    filters, sums = Filters(cpus=cpus), Sums(identities)

    whole = Tally(rows, (0, 1, 2), filters, by).point(1.0, 2.0, before, after)
    summed = SumsTally((0, 1, 2), filters, by).point(1.0, 2.0, sums.of(before), sums.of(after))

    assert summed == whole


@pytest.mark.parametrize(
    ("filters", "by", "serves_it"),
    [
        (Filters(), "cpu", True),
        (Filters(cpus=frozenset({1})), "total", True),
        (Filters(), "irq", False),
        (Filters(), "irq,cpu", False),
        (Filters(irqs=frozenset({"24"})), "cpu", False),
        (Filters(device=Pattern("eth*")), "total", False),
    ],
)
def test_sums_serve_what_names_no_irq_and_no_device(filters: Filters, by: str, serves_it: bool):
    assert serves(filters, by) is serves_it
