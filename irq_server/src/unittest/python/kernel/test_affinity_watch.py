"""Changes of affinities are noticed at the next look, whoever made them."""

from pathlib import Path

import pytest

from irq_server.events import Event, Kind
from irq_server.kernel.affinity_watch import AffinityWatch
from irq_server.kernel.procfs import Procfs

IRQS = [("24", "24"), ("45#2", "45")]


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


def test_a_change_is_told_with_the_old_and_the_new_list(root: Path):
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
    watch.look(IRQS[:1], 100.0, 0.0)
    (root / "irq/24/smp_affinity_list").write_text("rubbish")

    assert watch.look([*IRQS, ("99", "99")], 110.0, 10.0) == []


def test_a_look_is_due_every_ten_seconds(root: Path):
    watch = AffinityWatch(Procfs(root))
    assert watch.is_due(5.0)

    watch.look(IRQS, 100.0, 5.0)

    assert not watch.is_due(14.9)
    assert watch.is_due(15.0)


@pytest.mark.parametrize(
    ("interval_seconds", "due", "not_due"),
    [(10.0, 9.98, None), (60.0, 59.9, None), (7.0, 7.0, 2.9), (4.0, 7.98, 4.0), (1.0, 9.5, 8.0)],
)
def test_a_look_that_would_be_too_late_next_time_is_due_now(
    root: Path, interval_seconds: float, due: float, not_due: float | None
):
    watch = AffinityWatch(Procfs(root), interval_seconds)
    watch.look(IRQS, 100.0, 0.0)

    assert watch.is_due(due)
    assert not_due is None or not watch.is_due(not_due)


def test_an_empty_list_of_a_move_in_hand_is_no_change(root: Path):
    watch = AffinityWatch(Procfs(root))
    watch.look(IRQS, 100.0, 0.0)
    set_affinity(root, "24", "")
    assert watch.look(IRQS, 110.0, 10.0) == []

    set_affinity(root, "24", "1")

    assert watch.look(IRQS, 120.0, 20.0) == [
        Event(120.0, Kind.AFFINITY, irq="24", detail="0-3 -> 1")
    ]
