"""IRQs dealt out to CPUs by their loads."""

from hypothesis import given
from hypothesis import strategies as st

from irq_client.figures.spread import SLACK, Placed, spread

PLACED = st.builds(
    Placed, st.text("0123456789", min_size=1), st.integers(0, 9999), st.integers(0, 5) | st.none()
)
IRQS = st.lists(PLACED, max_size=12, unique_by=lambda each: each.irq)
OTHERS = st.dictionaries(st.integers(0, 4), st.integers(0, 9999), min_size=1)


def test_the_busiest_goes_first_to_the_cpu_with_the_least_load():
    irqs = [Placed("40", 10, None), Placed("41", 300, None), Placed("42", 200, None)]

    # 41 to CPU 1; then CPU 0 has 50 + 200, so 40 goes there: 250 is less than 300
    assert spread(irqs, {0: 50, 1: 0}) == {"41": 1, "42": 0, "40": 0}


def test_idle_irqs_are_dealt_out_in_turn():
    irqs = [Placed(name, 0, None) for name in ("40", "41", "42")]

    assert spread(irqs, {0: 0, 4: 0}) == {"40": 0, "41": 4, "42": 0}


def test_an_idle_irq_goes_where_the_fewest_irqs_are_whatever_the_load():
    irqs = [Placed("40", 10, None), Placed("41", 0, None), Placed("42", 0, 1)]

    # 42 stays on CPU 1, which is the busiest
    assert spread(irqs, {0: 0, 1: 900}) == {"40": 0, "41": 1, "42": 1}


def test_an_irq_stays_where_it_is_unless_that_is_too_much():
    even = [Placed("40", 100, 1), Placed("41", 100, 0)]
    uneven = [Placed("40", 100, 1), Placed("41", 100, 1)]

    assert spread(even, {0: 0, 1: 0}) == {"40": 1, "41": 0}
    assert spread(uneven, {0: 0, 1: 0}) == {"40": 1, "41": 0}


@given(IRQS, OTHERS)
def test_spreading_again_moves_nothing(irqs: list[Placed], others: dict[int, int]):
    once = spread(irqs, others)

    assert set(once) == {each.irq for each in irqs}
    assert set(once.values()) <= set(others)
    assert spread([each._replace(cpu=once[each.irq]) for each in irqs], others) == once


@given(IRQS, OTHERS)
def test_no_cpu_gets_more_than_it_must_beside_one_irq(irqs: list[Placed], others: dict[int, int]):
    loads = dict(others)
    for irq, cpu in spread(irqs, others).items():
        loads[cpu] += next(each.load for each in irqs if each.irq == irq)

    mean = sum(loads.values()) / len(loads)
    heaviest = max((each.load for each in irqs), default=0)
    for cpu, load in loads.items():
        assert load <= max(others[cpu], SLACK * mean + SLACK * heaviest) + 1e-6
