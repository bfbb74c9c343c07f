"""Nodes of a machine: an IRQ goes to its device's own where that is not clearly busier."""

import pytest

from irqbalance.kernel.topology import Topology
from irqbalance.loads.irqs import Irq
from irqbalance.planning.plan import Limits, Plan
from irqbalance.planning.planner import make_plan
from planning import by_irq, irq

EVERY = {0, 1, 2, 3}
NODES = {0: 0, 1: 0, 2: 1, 3: 1}
TWO_NODES = Topology(nodes=NODES, irq_nodes={"1": 0, "2": 0, "3": 1, "4": 1})


def on_node(node: int, *irqs: int) -> Topology:
    """Return CPUs 0 and 1 on node 0, 2 and 3 on node 1, and the IRQs' devices on `node`."""
    return Topology(nodes=NODES, irq_nodes={str(number): node for number in irqs})


def where(plan: Plan) -> dict[str, int | None]:
    return {each.irq.irq: each.to for each in plan.decisions}


def test_a_rule_stands_above_the_node():
    # the devices are on node 0; the rule leaves 1 and 2 to CPUs 2 and 3
    rule = frozenset({2, 3})
    irqs = [irq(1, 100, 2, allowed=rule), irq(2, 100, 2, allowed=rule), irq(3, 10, 2)]

    plan = make_plan(irqs, EVERY, Limits(), on_node(0, 1, 2, 3))

    assert {where(plan)["1"], where(plan)["2"]} == {2, 3}
    assert where(plan)["3"] in (0, 1)


def test_rule_and_node_hold_together():
    irqs = [irq(1, 100, 0, allowed=frozenset({0, 1, 3})), irq(2, 90, 0), irq(3, 80, 0)]

    plan = make_plan(irqs, EVERY, Limits(), on_node(1, 1))

    assert where(plan)["1"] == 3


def test_a_rule_binds_an_irq_of_no_node_beside_one_that_has_one():
    irqs = [irq(1, 100, 2), irq(2, 100, 2, allowed=frozenset({2}))]

    plan = make_plan(irqs, EVERY, Limits(), on_node(0, 1))

    assert where(plan)["1"] in (0, 1)
    assert where(plan)["2"] == 2


def test_a_limit_is_spent_on_moves_to_the_own_node():
    # CPU 1 is as empty as 2 and 3, and comes first
    irqs = [irq(number, 100, 0) for number in (1, 2, 3)]

    plan = make_plan(irqs, EVERY, Limits(max_moves=2), on_node(1, 1, 2, 3))

    assert plan.after.loads == (100, 0, 100, 100)


@pytest.mark.parametrize(("home", "node"), [(0, 1), (2, 0)])
def test_an_irq_for_which_no_move_is_left_stays_off_its_node(home: int, node: int):
    irqs = [irq(number, 100, home) for number in (1, 2, 3)]

    plan = make_plan(irqs, EVERY, Limits(max_moves=1), on_node(node, 1, 2, 3))

    assert len(plan.moves) == 1
    assert plan.after.max == 200
    assert {each.reason for each in plan.decisions if not each.moves} == {
        "the best plan that --max-moves 1 allows does not move it"
    }


def test_a_node_that_is_too_small_keeps_as_many_of_its_own_as_it_can():
    # six go to node 0 at 300 each, anywhere 200 is possible; so two must spill, and no more
    irqs = [irq(number, 100, 2) for number in range(6)]

    plan = make_plan(irqs, EVERY, Limits(), on_node(0, *range(6)))

    assert plan.after.max == 200
    assert sum(plan.after.loads[:2]) == 400


def test_a_spill_makes_no_more_moves_than_are_allowed():
    # node 0 alone would take 400 each; with 5 moves 300 is possible, with 6 it would be 200
    irqs = [irq(number, 100, 0) for number in range(8)]

    plan = make_plan(irqs, EVERY, Limits(max_moves=5), on_node(0, *range(8)))

    assert len(plan.moves) == 5
    assert plan.after.max == 300


def test_a_move_to_the_own_node_says_so():
    irqs = [irq(1, 200, 2), irq(2, 50, 2)]

    plan = make_plan(irqs, EVERY, Limits(), on_node(0, 1))

    assert [each.reason for each in plan.moves] == ["takes 200 off CPU 2, to its device's own node"]


def test_an_irq_that_moves_within_its_node_is_not_spread_over_the_other():
    # 2 makes 60 of CPU 1, and would be alone on CPU 2
    irqs = [irq(1, 100, 0), irq(2, 50, 0), irq(3, 10, 1)]

    plan = make_plan(irqs, EVERY, Limits(), on_node(0, 1, 2, 3))

    assert plan.after.loads == (100, 60, 0, 0)


def test_it_is_spread_within_its_node():
    topology = Topology(nodes=dict.fromkeys(range(3), 0) | {3: 1}, irq_nodes={"1": 0, "2": 0})
    irqs = [
        Irq("1", "eth0-rx-0", 100.0, (0,), {0: 100.0}),
        Irq("2", "eth0-rx-1", 50.0, (0,), {0: 50.0}),
        irq(3, 10, 1),
        irq(4, 20, 2, allowed=frozenset({2})),
    ]

    plan = make_plan(irqs, EVERY, Limits(), topology)

    assert where(plan)["2"] == 1


def test_irqs_go_to_their_devices_own_node():
    irqs = [irq(n, 100, 0) for n in (1, 2, 3, 4)]

    plan = make_plan(irqs, {0, 1, 2, 3}, Limits(), TWO_NODES)

    assert plan.after.loads == (100, 100, 100, 100)
    assert {number: decision.to in (0, 1) for number, decision in by_irq(plan).items()} == {
        "1": True,
        "2": True,
        "3": False,
        "4": False,
    }


def test_they_stay_on_it_where_its_cpus_would_be_a_little_busier_only():
    # node 0 has 210 on two CPUs, node 1 has 190: 105 against 100 everywhere is not clearly busier
    irqs = [irq(1, 105, 0), irq(2, 105, 0), irq(3, 95, 0), irq(4, 95, 0)]

    plan = make_plan(irqs, {0, 1, 2, 3}, Limits(), TWO_NODES)

    assert sorted(plan.after.loads) == [95, 95, 105, 105]
    assert by_irq(plan)["1"].to in (0, 1)
    assert by_irq(plan)["2"].to in (0, 1)


def test_they_spill_where_its_cpus_would_be_clearly_busier():
    local = {str(n): 0 for n in range(8)}
    topology = TWO_NODES._replace(irq_nodes=local)
    irqs = [irq(n, 100, 0) for n in range(8)]

    plan = make_plan(irqs, {0, 1, 2, 3}, Limits(), topology)

    assert plan.after.loads == (200, 200, 200, 200)


def test_a_node_without_a_usable_cpu_binds_nothing():
    irqs = [irq(3, 100, 0), irq(4, 100, 0)]

    plan = make_plan(irqs, {0, 1}, Limits(), TWO_NODES)

    assert plan.after.loads == (100, 100)


def test_a_rule_keeps_queues_on_one_node():
    topology = TWO_NODES._replace(irq_nodes={})
    irqs = [irq(n, 100, 2 if n else 0, together="dev*") for n in range(4)]

    plan = make_plan(irqs, {0, 1, 2, 3}, Limits(), topology)

    assert plan.after.loads == (0, 0, 200, 200)
    assert by_irq(plan)["0"].reason == "its rule gives it CPUs 2-3"


@pytest.mark.parametrize("threshold", [0.0, 5.0])
def test_irqs_stay_on_their_own_nodes_though_all_cpus_would_be_a_little_emptier(threshold: float):
    # node 0 has 216 to share, node 1 has 184: 8% above the mean of 100, which four CPUs allow
    loads = [10] * 20 + [8] * 2 + [10] * 18 + [4]
    irqs = [irq(number, load, 0) for number, load in enumerate(loads)]
    nodes = {str(number): int(number >= 22) for number in range(len(loads))}

    plan = make_plan(irqs, EVERY, Limits(threshold), Topology(nodes=NODES, irq_nodes=nodes))

    assert plan.after.loads[:2] == (108, 108)
    assert {number: NODES[cpu] for number, cpu in where(plan).items() if cpu is not None} == nodes


# two sockets of four nodes of two CPUs, as with sub-NUMA clustering
SOCKETS = Topology(
    nodes={cpu: cpu // 2 for cpu in range(16)},
    distances={
        a: {b: 10 if a == b else 12 if a // 4 == b // 4 else 21 for b in range(8)} for a in range(8)
    },
)
OWN, OWN_SOCKET, ALL = {10, 11}, set(range(8, 16)), set(range(16))


def on_node_5(irqs: list[Irq]) -> Topology:
    return SOCKETS._replace(irq_nodes={each.irq: 5 for each in irqs})


def places(irqs: list[Irq], cpus: set[int], limits: Limits = Limits()) -> list[int]:  # noqa: B008
    plan = make_plan(irqs, cpus, limits, on_node_5(irqs))
    return [each.to for each in plan.decisions if each.to is not None]


@pytest.mark.parametrize("home", [0, 9, 10, 15])
def test_queues_for_which_the_own_node_is_too_small_go_to_the_nearest_nodes(home: int):
    irqs = [irq(number, 1000, home) for number in range(40, 48)]

    assert sorted(places(irqs, ALL)) == sorted(OWN_SOCKET)


@pytest.mark.parametrize("most", [3, 7, 8])
def test_a_limited_number_of_moves_goes_there_too(most: int):
    irqs = [irq(number, 1000, 0) for number in range(40, 48)]

    found = places(irqs, ALL, Limits(max_moves=most))

    moved = [cpu for cpu in found if cpu]
    assert len(moved) == min(most, 7)
    assert set(moved) <= OWN_SOCKET


def test_a_move_to_a_nearer_node_says_so():
    irqs = [irq(number, 1000, 0) for number in range(40, 48)]

    plan = make_plan(irqs, ALL, Limits(), on_node_5(irqs))

    assert {each.reason for each in plan.moves} == {
        "takes 1000 off CPU 0, to its device's own node",
        "takes 1000 off CPU 0, to a node nearer to its device",
    }


def test_they_go_further_only_if_the_near_nodes_would_be_clearly_busier():
    # 12 on the 8 CPUs of the socket would be 2 on some, 1 anywhere
    irqs = [irq(number, 1000, 0) for number in range(40, 52)]

    found = places(irqs, ALL)

    assert len(set(found)) == 12
    assert set(found) >= OWN_SOCKET


def test_a_little_more_load_is_no_reason_to_go_further():
    # 50 of other devices stay on the own socket's CPUs: 1050 there against 1000 far away
    others = [irq(60 + cpu, 50, cpu, allowed=frozenset({cpu})) for cpu in OWN_SOCKET]
    irqs = [irq(number, 1000, 0) for number in range(40, 48)]

    plan = make_plan([*irqs, *others], ALL, Limits(), on_node_5(irqs))

    assert {by_irq(plan)[each.irq].to for each in irqs} == OWN_SOCKET
    assert plan.after.max == 1050


def test_what_must_leave_its_node_goes_to_the_nearest_that_is_left():
    irqs = [irq(number, 100, 10) for number in (1, 2, 3)]
    busy = irq(9, 5000, 0)

    found = places([busy, *irqs], ALL - OWN, Limits(threshold_percent=90))

    assert set(found[1:]) <= OWN_SOCKET
    assert len(set(found[1:])) == 3


def test_what_must_leave_a_far_cpu_goes_to_its_own_node():
    irqs = [irq(number, 100, 3) for number in (1, 2)]

    assert set(places([irq(9, 5000, 0), *irqs], ALL - {3})[1:]) == OWN


def test_forced_moves_go_further_if_the_near_nodes_are_full():
    # on the own node's CPUs is as much already, so both would be clearly busier
    full = [irq(60 + cpu, 100, cpu, allowed=frozenset({cpu})) for cpu in OWN]
    irqs = [irq(number, 100, 0) for number in (1, 2)]

    plan = make_plan([*irqs, *full], ALL - {0}, Limits(), on_node_5(irqs))

    assert {by_irq(plan)[each.irq].to for each in irqs} <= OWN_SOCKET - OWN


def test_queues_are_spread_no_further_than_they_are():
    # 1 and 2 share a CPU's core in the plan at first; nothing is free on the socket but its own
    topology = on_node_5([irq(1, 1, 0), irq(2, 1, 0)])
    siblings = {cpu: frozenset({cpu, cpu ^ 1}) for cpu in range(16)}
    queues = [Irq(str(n), f"eth0-rx-{n}", 100.0, (10,), {10: 100.0}) for n in (1, 2)]

    plan = make_plan(queues, ALL, Limits(), topology._replace(siblings=siblings))

    assert {each.to for each in plan.decisions} == OWN


@pytest.mark.parametrize("number", range(1, 40, 3))
def test_planning_again_after_the_moves_moves_nothing(number: int):
    irqs = [irq(each, 50.0 + each * 7 % 13, each % 16) for each in range(1, number + 1)]
    topology = SOCKETS._replace(irq_nodes={each.irq: int(each.irq) % 3 for each in irqs})

    plan = make_plan(irqs, ALL - {0, 1, 5}, Limits(), topology)
    there = [
        each.irq._replace(present=(each.to,), placed={each.to: each.irq.load})
        for each in plan.decisions
        if each.to is not None
    ]

    assert len(there) == number
    assert make_plan(there, ALL - {0, 1, 5}, Limits(), topology).moves == ()


def test_a_rule_takes_the_node_nearest_to_the_device_if_its_own_has_no_usable_cpu():
    irqs = [irq(n, 100, n, together="eth*") for n in range(3)]

    found = places(irqs, ALL - OWN)

    assert len({cpu // 2 for cpu in found}) == 1
    assert set(found) <= OWN_SOCKET
