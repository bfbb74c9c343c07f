"""What the planner's parts do for themselves: steps, exchanges, order, nodes and neighbours."""

import pytest

from irqbalance.exact import least_target
from irqbalance.fewmoves import give_back
from irqbalance.kernel.topology import Topology
from irqbalance.loads.irqs import Irq
from irqbalance.placement import Placement
from irqbalance.planning.plan import Limits
from irqbalance.planning.planner import make_plan
from irqbalance.steps import best_step
from tiny import problem

NODE_0_IS_THEIRS = Topology(
    nodes={0: 0, 1: 0, 2: 1, 3: 1}, irq_nodes={str(number): 0 for number in range(1, 10)}
)


def irq(number: int, load: float, cpu: int, device: str = "") -> Irq:
    return Irq(str(number), device or f"dev{number}", load, (cpu,), {cpu: load})


@pytest.mark.parametrize(
    ("allowed", "step"),
    [
        ({1: {0}}, [(0, 1)]),  # 60 goes: 90 and 60
        ({2: {0}}, [(0, 1)]),
        ({0: {0}, 1: {0}, 2: {0}}, None),
    ],
)
def test_a_step_is_found_where_some_items_are_confined(
    allowed: dict[int, set[int]], step: list[tuple[int, int]] | None
):
    placement = Placement(problem([60, 50, 40], [0, 0, 0], [0, 0], allowed=allowed), [0, 0, 0])

    assert best_step(placement, 0, [1], 150) == step


def test_nothing_is_sent_home_beyond_the_target_however_small_the_loads_are():
    # item 0 would make its home 1.25 full; item 1, which is in its way, fits nowhere else
    small = problem([0.6, 0.65], [0, 1], [0.0, 0.4])
    placement = Placement(small, [1, 0])

    assert give_back(placement, 1.0).bins == [1, 0]
    assert placement.target() == pytest.approx(1.0)


def test_the_exact_search_tries_the_emptiest_bin_first_by_its_speed():
    # 5 and then 3 to the bin of speed 2, 4 to the other; the last 3 finds both 4 full: 11 / 2
    four = problem([5, 4, 3, 3], [0, 0, 0, 0], [0, 0], [2.0, 1.0])

    found = least_target(four, Placement(four, [1, 1, 1, 1]), 4)

    assert found.bins == [0, 1, 0, 0]
    assert found.target() == 5.5


def test_irqs_on_another_node_go_to_their_devices_own():
    # one move would do for the loads
    plan = make_plan([irq(1, 100, 2), irq(2, 100, 2)], {0, 1, 2, 3}, Limits(), NODE_0_IS_THEIRS)

    assert plan.after.loads == (100, 100, 0, 0)


def test_nodes_do_not_ask_for_more_moves_than_are_allowed():
    irqs = [irq(number, 100, 2) for number in (1, 2, 3)]

    plan = make_plan(irqs, {0, 1, 2, 3}, Limits(max_moves=1), NODE_0_IS_THEIRS)

    assert len(plan.moves) == 1
    assert plan.after.max == 200


def test_a_queue_goes_where_none_of_its_device_is_though_more_irqs_are_there():
    irqs = [
        irq(1, 150, 0, "eth0-rx-0"),
        irq(2, 100, 0, "eth0-rx-1"),
        irq(3, 10, 1, "eth0-rx-2"),
        irq(4, 4, 2, "sda"),
        irq(5, 16, 2, "sdb"),
        irq(9, 200, 3, "sdc"),
    ]

    plan = make_plan(irqs, {0, 1, 2, 3}, Limits())

    assert [move.to for move in plan.moves] == [2]
