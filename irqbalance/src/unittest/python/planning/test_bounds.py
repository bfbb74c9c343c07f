"""The lower bound of a plan: it counts the load that stays, wherever that is."""

import random
from itertools import product

import pytest

from irqbalance.kernel.topology import Topology
from irqbalance.loads.irqs import Irq
from irqbalance.planning.plan import Limits
from irqbalance.planning.planner import make_plan
from planning import irq


def bound(irqs: list[Irq], cpus: set[int], topology: Topology | None = None) -> float:
    return make_plan(irqs, cpus, Limits(), topology or Topology()).lower_bound


def test_an_irq_that_the_hardware_spreads_is_in_the_bound_as_load():
    # 5 and 5 of it, and 2: 6 on each at best
    assert bound([irq(24, 10, 0, 1), irq(25, 2, 0)], {0, 1}) == 6


def test_an_irq_whose_rule_leaves_it_no_usable_cpu_is_load_where_it_is():
    stuck = irq(24, 50, 0, allowed=frozenset({9}))

    assert bound([stuck, irq(25, 10, 0)], {0, 1}) == 50
    assert bound([stuck, irq(25, 10, 0, allowed=frozenset({0}))], {0, 1}) == 60


def test_load_on_a_cpu_that_may_not_be_used_is_in_the_bound_once_it_must_move():
    assert bound([irq(24, 30, 9), irq(25, 10, 0)], {0, 1}) == 30
    assert bound([irq(24, 30, 9, fixed="held"), irq(25, 10, 0)], {0, 1}) == 10


def test_the_bound_is_one_of_load_and_not_of_load_over_capacity():
    slow = Topology(capacities={0: 1024, 1: 256})

    assert bound([irq(24, 10, 1), irq(25, 10, 0)], {0, 1}, slow) == 10


def every_assignment(irqs: list[Irq], cpus: set[int]) -> list[float]:
    """Return the busiest CPU's load for each way to place the IRQs that may move."""
    choices = []
    for each in irqs:
        may = cpus if each.allowed is None else cpus & each.allowed
        stays = each.fixed or not each.load or not may or len(each.present) > 1
        stray = not stays and not may.issuperset(each.present)
        choices.append([None] if stays else sorted(may) if stray else [None, *sorted(may)])
    loads = []
    for chosen in product(*choices):
        load = dict.fromkeys(cpus, 0.0)
        for each, cpu in zip(irqs, chosen, strict=True):
            cells = each.placed if cpu is None else {cpu: each.load}
            for at in cells.keys() & cpus:
                load[at] += cells[at]
        loads.append(max(load.values()))
    return loads


@pytest.mark.parametrize("seed", range(60))
def test_no_assignment_of_what_can_be_moved_beats_the_bound(seed: int):
    chance = random.Random(seed)
    cpus = set(range(chance.randint(1, 3)))
    irqs = []
    for number in range(chance.randint(1, 5)):
        allowed = frozenset(chance.sample(range(3), 2)) if chance.random() < 0.3 else None
        present = [chance.choice([*sorted(cpus), 9])]
        if len(cpus) > 1 and allowed is None and chance.random() < 0.2:
            present = [0, 1]
        held = "held" if chance.random() < 0.2 else ""
        load = float(chance.randint(0, 20))
        irqs.append(irq(number, load, *present, allowed=allowed, fixed=held))

    plan = make_plan(irqs, cpus, Limits(0))

    assert plan.lower_bound <= min(every_assignment(irqs, cpus)) * (1 + 1e-9)
    assert plan.lower_bound <= plan.after.max * (1 + 1e-9)
