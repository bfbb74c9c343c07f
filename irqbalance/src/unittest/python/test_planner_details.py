"""Nodes and neighbours as a plan shows them."""

from irqbalance.kernel.topology import Topology
from irqbalance.loads.irqs import Irq
from irqbalance.planning.plan import Limits
from irqbalance.planning.planner import make_plan

NODE_0_IS_THEIRS = Topology(
    nodes={0: 0, 1: 0, 2: 1, 3: 1}, irq_nodes={str(number): 0 for number in range(1, 10)}
)


def irq(number: int, load: float, cpu: int, device: str = "") -> Irq:
    return Irq(str(number), device or f"dev{number}", load, (cpu,), {cpu: load})


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
