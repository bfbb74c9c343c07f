"""The imbalance of loads."""

import pytest

import machine
from irq_client.figures.imbalance import device_loads, imbalance
from irq_client.server import model
from sheets import read


@pytest.mark.parametrize(
    ("loads", "figure"),
    [([5, 5], 1.0), ([0, 10], 2.0), ([100, 5903], 1.967), ([0, 0], 1.0), ([], 1.0), ([3], 1.0)],
)
def test_the_busiest_is_compared_with_the_mean(loads: list[int], figure: float):
    assert imbalance(loads) == pytest.approx(figure, abs=0.0005)


def test_the_loads_are_those_of_devices_on_usable_cpus():
    own = {"irq": "27", "device": "arch_timer", "counts": [70, 70], "total": 140, "rate": 2.3}
    answer = read(model.read_interrupts, machine.INTERRUPTS | {"irqs": [*machine.ROWS, own]})

    # not NMI and arch_timer, which every CPU has for itself
    assert device_loads(answer) == {0: 1800, 1: 5604}
    assert device_loads(answer, {1, 2}) == {1: 5604}


def test_a_machine_without_rows_has_no_load():
    answer = read(model.read_interrupts, machine.INTERRUPTS | {"irqs": []})

    assert device_loads(answer) == {0: 0, 1: 0}
