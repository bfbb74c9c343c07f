"""Changes of affinities are noticed at the next look, whoever made them."""

from collections import Counter
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from irq_server.events import Event, Kind
from irq_server.kernel.affinity_watch import AffinityWatch
from irq_server.kernel.procfs import Procfs

IRQS = {"24": "24", "45#2": "45"}
MANY = {str(number): str(number) for number in range(100)}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for number in ("24", "45"):
        set_affinity(tmp_path, number, "0-3")
    return tmp_path


def set_affinity(root: Path, number: str, cpus: str) -> None:
    (root / "irq" / number).mkdir(parents=True, exist_ok=True)
    (root / "irq" / number / "smp_affinity_list").write_text(f"{cpus}\n")


def test_the_first_look_finds_no_change(root: Path):
    assert AffinityWatch(Procfs(root)).look(IRQS, 100.0, 0.0) == []


def test_a_change_is_reported_with_the_old_and_the_new_list(root: Path):
    watch = AffinityWatch(Procfs(root))
    watch.look(IRQS, 100.0, 0.0)
    set_affinity(root, "45", "1")

    assert watch.look(IRQS, 110.0, 10.0) == [
        Event(110.0, Kind.AFFINITY, irq="45#2", detail="0-3 -> 1")
    ]
    assert watch.look(IRQS, 120.0, 20.0) == []


def test_another_spelling_of_the_same_cpus_is_no_change(root: Path):
    watch = AffinityWatch(Procfs(root))
    watch.look(IRQS, 100.0, 0.0)
    set_affinity(root, "24", "0,1,2,3")

    assert watch.look(IRQS, 110.0, 10.0) == []


def test_an_irq_that_comes_or_cannot_be_read_has_no_event(root: Path):
    watch = AffinityWatch(Procfs(root))
    watch.look({"24": "24"}, 100.0, 0.0)
    (root / "irq/24/smp_affinity_list").write_text("rubbish")

    assert watch.look(IRQS | {"99": "99"}, 110.0, 10.0) == []


class Looks(Procfs):
    """Affinities that never change, and when each was looked at."""

    def __init__(self) -> None:
        super().__init__(Path("nowhere"))
        self.now = 0.0
        self.times: dict[str, list[float]] = {}

    def affinity_text(self, irq: str) -> bytes:
        """Return one CPU, and note the time."""
        self.times.setdefault(irq, []).append(self.now)
        return b"0\n"


@pytest.mark.parametrize("interval", [0.01, 0.3, 1.0, 4.0, 7.0, 10.0, 60.0])
@pytest.mark.parametrize("late", [0.0, 0.05])
def test_each_irq_is_looked_at_within_ten_seconds_or_an_interval(interval: float, late: float):
    looks, dice = Looks(), Random(1)
    watch = AffinityWatch(looks, interval)
    for sample in range(int(max(35 / interval, 3)) + 1):
        looks.now = (sample + dice.uniform(0, late)) * interval
        assert watch.look(MANY, looks.now, looks.now) == []

    assert looks.times.keys() == set(MANY.values())
    for times in looks.times.values():
        waits = [b - a for a, b in pairwise([*times, looks.now])]
        assert max(waits) <= max(10.0, interval) + 2 * late * interval


def test_a_sample_each_second_looks_at_a_tenth_of_the_irqs_or_little_more():
    looks = Looks()
    watch = AffinityWatch(looks, 1.0)
    for second in range(100):
        looks.now = float(second)
        watch.look(MANY, looks.now, looks.now)

    times = Counter(time for times in looks.times.values() for time in times)
    assert times.pop(0.0) == len(MANY)
    assert 10 <= min(times.values()) <= max(times.values()) <= 12


def test_a_sample_that_is_late_makes_up_for_those_that_were_missed():
    looks = Looks()
    watch = AffinityWatch(looks, 1.0)
    for looks.now in (0.0, 10.0):
        watch.look(MANY, looks.now, looks.now)

    assert all(times == [0.0, 10.0] for times in looks.times.values())


def test_all_are_looked_at_when_an_irq_comes_or_goes(root: Path):
    watch = AffinityWatch(Procfs(root), 0.1)
    watch.look({"24": "24"}, 100.0, 0.0)
    set_affinity(root, "24", "1")

    assert watch.look(IRQS, 100.1, 0.1) == [Event(100.1, "affinity", irq="24", detail="0-3 -> 1")]


def test_an_empty_list_of_a_move_in_hand_is_no_change(root: Path):
    watch = AffinityWatch(Procfs(root))
    watch.look(IRQS, 100.0, 0.0)
    set_affinity(root, "24", "")
    assert watch.look(IRQS, 110.0, 10.0) == []

    set_affinity(root, "24", "1")

    assert watch.look(IRQS, 120.0, 20.0) == [
        Event(120.0, Kind.AFFINITY, irq="24", detail="0-3 -> 1")
    ]
