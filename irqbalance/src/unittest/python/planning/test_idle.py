"""Idle IRQs: those where they may not be move to little used CPUs, all others stay."""

import pytest

from irqbalance.kernel.topology import Topology
from irqbalance.loads.irqs import Irq
from irqbalance.planning.plan import Decision, Limits, revised
from irqbalance.planning.planner import make_plan
from planning import by_irq, irq

MAX_1 = Limits(max_moves=1)


def moves(irqs: list[Irq], cpus: set[int], topology: Topology | None = None) -> dict[str, int]:
    plan = make_plan(irqs, cpus, Limits(), topology or Topology())
    return {each.irq.irq: each.to for each in plan.moves if each.to is not None}


def test_an_idle_irq_where_it_may_be_is_kept():
    plan = make_plan([irq(24, 0, 1), irq(25, 0), irq(26, 0, 0, 1)], {0, 1}, Limits())

    assert [(each.status, each.to, each.reason) for each in plan.decisions] == [
        ("kept", 1, "idle: nothing to gain"),
        ("kept", None, "idle: nothing to gain"),
        ("kept", 0, "idle: nothing to gain"),
    ]


def test_idle_irqs_leave_a_cpu_that_may_not_be_used_for_the_least_used_ones():
    irqs = [irq(40, 0, 3), irq(41, 0, 3), irq(42, 50, 0)]

    plan = make_plan(irqs, {0, 1, 2}, Limits())

    assert {each.irq.irq: each.to for each in plan.moves} == {"40": 1, "41": 2}
    assert by_irq(plan)["40"].reason == "idle on CPU 3, which may not be used"
    assert plan.after == plan.before


def test_of_equally_many_irqs_the_less_loaded_cpu_is_better():
    assert moves([irq(40, 0, 3), irq(41, 10, 0), irq(42, 9, 1)], {0, 1}) == {"40": 1}


def test_many_are_spread_by_count():
    irqs = [irq(40 + n, 0, 3) for n in range(30)]

    found = list(moves(irqs, {0, 1, 2}).values())

    assert [found.count(cpu) for cpu in (0, 1, 2)] == [10, 10, 10]


def test_idle_queues_of_a_device_are_kept_apart():
    queues = [Irq(str(40 + n), f"eth0-rx-{n}", 0.0, (3,), {}) for n in range(2)]
    busy = Irq("50", "eth0-rx-9", 70.0, (1,), {1: 70.0})
    others = [irq(60 + n, 10, cpu) for n, cpu in enumerate((0, 0, 2, 2))]

    assert set(moves([*queues, busy, *others], {0, 1, 2}).values()) == {0, 2}


def test_one_that_is_partly_on_such_a_cpu_leaves_it():
    assert set(moves([irq(24, 0, 1, 3)], {0, 1})) == {"24"}


def test_a_mask_without_a_cpu_that_may_be_used_is_no_place():
    stray = irq(24, 0, mask=frozenset({2, 3}))

    plan = make_plan([stray, irq(25, 0, mask=frozenset({1, 2, 3}))], {0, 1}, Limits())

    assert [each.irq.irq for each in plan.moves] == ["24"]
    assert plan.moves[0].reason == (
        "idle, and its affinity lets it arrive on CPU 2-3, which may not be used"
    )


def test_an_idle_irq_outside_of_its_rules_cpus_moves_into_them():
    rule = frozenset({1})

    plan = make_plan([irq(24, 0, 0, allowed=rule), irq(25, 0, 1, allowed=rule)], {0, 1}, Limits())

    assert {each.irq.irq: each.to for each in plan.moves} == {"24": 1}
    assert plan.moves[0].reason == "idle, and its rule gives it CPUs 1"


def test_an_idle_irq_whose_rule_leaves_it_no_usable_cpu_is_kept():
    plan = make_plan([irq(24, 0, 3, allowed=frozenset({9}))], {0, 1}, Limits())

    assert [(each.status, each.reason) for each in plan.decisions] == [
        ("kept", "idle: nothing to gain")
    ]


def test_a_fixed_one_stays():
    assert moves([irq(24, 0, 3, fixed="managed")], {0, 1}) == {}


def test_one_that_is_on_its_way_to_a_usable_cpu_is_not_sent_again():
    plan = make_plan([irq(24, 0, 3, heading=1), irq(25, 0, 1, heading=3)], {0, 1}, Limits())

    assert {each.irq.irq: each.to for each in plan.moves} == {"25": 0}
    assert by_irq(plan)["24"].reason.startswith("pending")
    assert by_irq(plan)["25"].reason == "idle on CPU 3, which may not be used"
    assert revised(plan, {}).after == plan.after


def test_they_go_near_their_device():
    topology = Topology(
        nodes={cpu: cpu // 2 for cpu in range(8)},
        irq_nodes={"24": 2, "25": 3, "26": 3},
        distances={2: {0: 30, 1: 20, 2: 10, 3: 40}, 3: {0: 30, 1: 20, 2: 40, 3: 10}},
    )
    irqs = [irq(number, 0, 6) for number in (24, 25, 26)]

    found = moves(irqs, {0, 1, 2, 3, 4, 5}, topology)

    # node 3 has no usable CPU, and node 1 is the nearest to it
    assert found["24"] in (4, 5)
    assert {found["25"], found["26"]} == {2, 3}


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 9])
def test_moves_that_must_be_made_come_first_the_loaded_ones_before_the_idle(number: int):
    loaded = [irq(24, 10, 3), irq(25, 20, 3)]
    idle = [irq(30, 0, 3), irq(31, 0, 3)]
    unbalanced = [irq(40, 500, 0), irq(41, 400, 0)]

    plan = make_plan([*loaded, *idle, *unbalanced], {0, 1, 2}, Limits(max_moves=number))

    moved = {each.irq.irq for each in plan.moves}
    wanted = ["25", "24", "30", "31"]
    assert moved >= set(wanted[:number])
    assert len(moved) == min(number, 5)


def test_one_for_which_no_move_is_left_says_so():
    plan = make_plan([irq(24, 0, 3), irq(25, 10, 3)], {0, 1}, MAX_1)

    assert [each.irq.irq for each in plan.moves] == ["25"]
    assert by_irq(plan)["24"].status == "kept"
    assert "--max-moves leaves no move" in by_irq(plan)["24"].reason


def test_a_rule_for_one_node_leaves_idle_irqs_together_where_most_of_them_are():
    topology = Topology(nodes={0: 0, 1: 0, 2: 1, 3: 1})
    irqs = [irq(n, 0, cpu, together="eth*") for n, cpu in enumerate((1, 2, 3))]

    found = moves(irqs, {0, 1, 2, 3}, topology)

    assert set(found) == {"0"}
    assert found["0"] in (2, 3)


def test_planning_again_moves_nothing():
    irqs = [irq(n, n % 3 * 50, n % 7) for n in range(20)]

    def there(decision: Decision) -> Irq:
        to = decision.irq.present[0] if decision.to is None else decision.to
        return decision.irq._replace(
            present=(to,), placed={to: decision.irq.load} if decision.irq.load else {}
        )

    plan = make_plan(irqs, {0, 1, 2, 3}, Limits())

    assert {each.irq.irq for each in plan.moves} >= {"4", "5", "6"}
    assert make_plan(list(map(there, plan.decisions)), {0, 1, 2, 3}, Limits()).moves == ()
