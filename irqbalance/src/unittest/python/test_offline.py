"""Plans from captured files: plain counts are the loads."""

from conftest import FakeMachine, row
from irqbalance.offline import read_captures


def test_one_file_has_its_counts_as_loads_and_two_their_difference(fake: FakeMachine):
    fake.counters(row(24, 100, 7))
    first = fake.procfs / "interrupts"
    second = fake.write("later", first.read_text().replace("100", "150"))

    assert read_captures(first, None)[0].loads[0].total == 107
    measured, basis = read_captures(first, second)
    assert measured.loads[0].total == 50
    assert basis.unit == "interrupts"
    assert basis.seconds is None
