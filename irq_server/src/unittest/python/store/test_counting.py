"""Counts that are asked for again."""

from collections.abc import Iterator
from pathlib import Path

import mock
import pytest

from irq_server.kernel.interrupts import parse
from irq_server.store import counting
from irq_server.store.counting import Counting
from irq_server.store.counts import Filters
from irq_server.store.history import Window
from irq_server.store.store import Store
from simulated import Machine

START = 1767225600.0
ALL = Filters()


class Counted:
    """A store to which samples are added by hand, and counts of its windows."""

    def __init__(self, machine: Machine, folder: Path) -> None:
        """Take the first sample."""
        self.machine = machine
        self.store = Store(folder, interval_seconds=10.0)
        self.counting = Counting(self.store)
        self.moment = START - 10
        self.sample(0)

    def sample(self, fired: int) -> None:
        """Lets IRQ 24 fire on CPU 1 and takes a sample."""
        self.moment += 10
        self.machine.fire("24", 1, fired)
        self.store.append(parse(self.machine.text()), "boot", self.moment, 10.0)

    def window(self, start: float, end: float) -> Window:
        """Return the window between two moments, seconds from START."""
        return self.store.history.window(START + start, START + end, self.moment)

    def total(self, start: float, end: float, filters: Filters = ALL) -> int:
        """Return what fired in it."""
        return self.counting.count(self.window(start, end), filters).total


@pytest.fixture
def counted(machine: Machine, tmp_path: Path) -> Iterator[Counted]:
    made = Counted(machine, tmp_path / "data")
    made.sample(5)
    made.sample(7)
    yield made
    made.store.close()


def test_each_window_and_filter_has_its_own_counts(counted: Counted):
    for _ in range(2):
        assert counted.total(0, 20) == 12
        assert counted.total(0, 10) == 5
        assert counted.total(10, 20) == 7
        assert counted.total(0, 20, Filters(cpus=frozenset({0}))) == 0


def test_what_was_counted_is_not_counted_again_until_the_next_sample(counted: Counted):
    with mock.patch.object(counting, "count", wraps=counting.count) as working:
        for _ in range(3):
            counted.total(0, 20)
        assert working.call_count == 1

        counted.sample(1)
        counted.total(0, 20)
        assert working.call_count == 2


def test_no_more_windows_are_kept_than_said(counted: Counted):
    with mock.patch.object(counting, "count", wraps=counting.count) as working:
        for top in range(1, 30):
            counted.total(0, 20, Filters(top=top))
        assert len(counted.counting._kept) == 8
        counted.total(0, 20, Filters(top=29))
        assert working.call_count == 29


@pytest.mark.parametrize("cpus", [None, frozenset({1})])
@pytest.mark.parametrize(("start", "end"), [(0, 3605), (0, 7290), (3700, 7290)])
def test_the_sums_of_edges_that_only_coarser_tiers_hold_count_the_same(
    machine: Machine, tmp_path: Path, cpus: frozenset[int] | None, start: int, end: int
):
    machine.add("LOC", "Local timer interrupts")
    store = Store(tmp_path, interval_seconds=30.0, retention_seconds={"raw": 60.0})
    for number in range(244):
        machine.fire("24", number % 2, number)
        machine.fire("LOC", number % 2, 3)
        store.append(parse(machine.text()), "boot", START + 30 * number, 30.0)
    filters, counting = Filters(cpus=cpus), Counting(store)

    windows = [
        store.history.window(START + start, START + end, START + 7290, sums=sums)
        for sums in (False, True)
    ]

    whole, summed = (counting.count(each, filters) for each in windows)
    assert windows[1].start.tier.is_sums
    assert (summed.cpus, summed.totals, summed.devices, summed.total) == (
        *(whole.cpus, whole.totals, whole.devices),
        whole.total,
    )
    assert whole.total > sum(whole.devices) > 0
    known = [(each.start.time, each.samples, each.complete, each.tier) for each in windows]
    assert known[0] == known[1]
    store.close()
