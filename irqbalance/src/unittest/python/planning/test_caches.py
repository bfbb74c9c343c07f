"""Last-level caches: queues of a device go over them in turn, and a rule keeps IRQs beside CPUs."""

from collections import Counter
from collections.abc import Iterable

import pytest

from irqbalance.kernel.topology import Topology
from irqbalance.loads.irqs import Irq
from irqbalance.planning.caches import cache_numbers, without_cache
from irqbalance.planning.plan import Limits, Plan
from irqbalance.planning.planner import make_plan
from irqbalance.settings.model import Rule
from irqbalance.settings.values import parse_pattern
from planning import by_irq, irq


def caches(*groups: Iterable[int]) -> dict[int, frozenset[int]]:
    """Return the caches of a machine from the CPUs of each."""
    return {cpu: frozenset(group) for group in groups for cpu in group}


def queues(device: str, first: int, number: int, cpu: int, load: float = 100.0) -> list[Irq]:
    """Return a number of queues of a device, with equal loads, all on one CPU."""
    return [
        Irq(str(first + n), f"{device}-TxRx-{n}", load, (cpu,), {cpu: load}) for n in range(number)
    ]


def by_cache(plan: Plan, topology: Topology, device: str) -> Counter[int]:
    """Return how many queues of a device are in each cache, which its first CPU names."""
    places = (each.to for each in plan.decisions if each.irq.device.startswith(f"{device}-"))
    return Counter(min(topology.caches[cpu]) for cpu in places if cpu is not None)


FOUR_OF_FOUR = Topology(caches=caches(*(range(n, n + 4) for n in (0, 4, 8, 12))))


def test_queues_of_a_device_go_over_the_caches_in_turn():
    for number in (4, 6, 8, 12, 16):
        plan = make_plan(queues("eth0", 40, number, 0), range(16), Limits(), FOUR_OF_FOUR)

        found = by_cache(plan, FOUR_OF_FOUR, "eth0")
        assert max(found.values()) - min(found.get(n, 0) for n in (0, 4, 8, 12)) <= 1, number
        assert plan.after.max == 100


def test_each_of_two_devices_goes_over_the_caches_where_every_cpu_gets_one_queue():
    irqs = [*queues("eth0", 40, 8, 0), *queues("eth1", 60, 8, 0)]

    plan = make_plan(irqs, range(16), Limits(), FOUR_OF_FOUR)

    assert plan.after.max == 100
    for device in ("eth0", "eth1"):
        assert by_cache(plan, FOUR_OF_FOUR, device) == {0: 2, 4: 2, 8: 2, 12: 2}


def test_caches_never_cost_load():
    # the free caches are in use: only cache 0-3 has room for 100 more
    busy = [irq(100 + cpu, 150, cpu) for cpu in range(4, 16)]
    irqs = [*queues("eth0", 40, 4, 0), *busy]

    plan = make_plan(irqs, range(16), Limits(), FOUR_OF_FOUR)

    assert plan.after.max == 150
    assert by_cache(plan, FOUR_OF_FOUR, "eth0") == {0: 4}


def test_only_the_caches_of_the_devices_node_take_its_queues():
    # two sockets of eight caches with four threads each; CPUs 5 and 17 are offline
    groups = [[n, n + 1, n + 32, n + 33] for n in range(0, 32, 2)]
    shape = Topology(
        nodes={cpu: cpu % 32 // 16 for cpu in range(64)},
        siblings={cpu: frozenset({cpu % 32, cpu % 32 + 32}) for cpu in range(64)},
        irq_nodes={str(40 + n): 1 for n in range(8)},
        caches=caches(*([cpu for cpu in group if cpu not in (5, 17)] for group in groups)),
    )

    plan = make_plan(queues("eth0", 40, 8, 0), set(range(64)) - {5, 17}, Limits(), shape)

    assert by_cache(plan, shape, "eth0") == dict.fromkeys(range(16, 32, 2), 1)


def test_threads_of_a_core_are_shared_only_after_all_cores_of_all_caches():
    # two caches of two cores with two threads
    shape = Topology(
        siblings={cpu: frozenset({cpu & ~1, cpu | 1}) for cpu in range(8)},
        caches=caches(range(4), range(4, 8)),
    )

    plan = make_plan(queues("eth0", 40, 4, 0), range(8), Limits(), shape)

    assert {each.to // 2 for each in plan.decisions if each.to is not None} == {0, 1, 2, 3}


def test_idle_queues_go_over_the_caches_too():
    irqs = [irq._replace(load=0.0, placed={}) for irq in queues("eth0", 40, 4, 16)]

    plan = make_plan(irqs, range(16), Limits(), FOUR_OF_FOUR)

    assert by_cache(plan, FOUR_OF_FOUR, "eth0") == {0: 1, 4: 1, 8: 1, 12: 1}


def test_the_reason_says_how_many_queues_are_in_the_new_cache():
    plan = make_plan(queues("eth0", 40, 4, 0), range(16), Limits(), FOUR_OF_FOUR)

    there = {each.to: each.reason for each in plan.moves}
    assert len(there) == 3
    for cpu, reason in there.items():
        assert reason == (
            "takes 100 off CPU 0 (400 -> 100); "
            f"other queues of its device in the cache of CPU {cpu}: 0"
        )


def test_a_second_plan_moves_nothing():
    first = make_plan(queues("eth0", 40, 16, 3), range(16), Limits(), FOUR_OF_FOUR)
    moved = [
        each.irq._replace(present=(each.to,), placed={each.to: each.irq.load})
        for each in first.decisions
        if each.to is not None
    ]

    assert len(moved) == 16
    assert make_plan(moved, range(16), Limits(), FOUR_OF_FOUR).moves == ()


THREADS = Topology(
    # cores of two threads, n and n + 8; two caches
    siblings={cpu: frozenset({cpu % 8, cpu % 8 + 8}) for cpu in range(16)},
    caches=caches([0, 1, 2, 3, 8, 9, 10, 11], [4, 5, 6, 7, 12, 13, 14, 15]),
)


@pytest.mark.parametrize(
    ("beside", "usable", "expected"),
    [
        ({4, 5}, set(range(16)), {6, 7, 14, 15}),  # other cores of the same cache
        ({4, 5, 6, 7}, set(range(16)), {12, 13, 14, 15}),  # no other core: their other threads
        ({4, 5}, set(range(16)) - {6, 7, 14, 15}, {12, 13}),  # no other core is usable
        (set(range(4, 8)) | set(range(12, 16)), set(range(16)), {4, 5, 6, 7, 12, 13, 14, 15}),
        ({3, 4}, {0, 7, 3, 4}, {0, 7}),  # in two caches: both will do
        ({4, 99}, {3, 5}, {5}),  # of an offline CPU no cache is known
    ],
)
def test_a_rule_keeps_irqs_in_the_cache_of_some_cpus_and_leaves_these_free(
    beside: set[int], usable: set[int], expected: set[int]
):
    irqs = [
        each._replace(beside=frozenset(beside)) for each in queues("eth0", 40, len(expected), 0)
    ]

    plan = make_plan(irqs, usable, Limits(), THREADS)

    assert {each.to for each in plan.decisions} == expected


def test_the_reason_names_the_rules_cpus():
    near = frozenset({4, 5})
    loaded, idle = irq(40, 100, 0, beside=near), irq(41, 0, 1, beside=near)

    plan = make_plan([loaded, idle], range(16), Limits(), THREADS)
    assert by_irq(plan)["40"].reason == "its rule keeps it near CPUs 4-5, on CPUs 6-7,14-15"
    assert (
        by_irq(plan)["41"].reason == "idle, and its rule keeps it near CPUs 4-5, on CPUs 6-7,14-15"
    )

    plan = make_plan([loaded], {0, 1}, Limits(), THREADS)
    assert by_irq(plan)["40"].reason == (
        "its rule keeps it near CPUs 4-5, on CPUs 4-7,12-15, none of them usable"
    )


def test_a_rule_for_cpus_without_a_known_cache_binds_nobody_and_is_named():
    beside = irq(40, 100, 0, beside=frozenset({4}))
    assert make_plan([beside], range(8), Limits()).moves == ()

    rules = [
        Rule(parse_pattern("eth0"), None, ban=False, near=frozenset({4, 5})),
        Rule(parse_pattern("eth1"), frozenset({1}), ban=False),
    ]
    assert without_cache(rules, Topology()) == [
        "the rule for eth0: no cache of CPUs 4-5 is known, so its IRQs go anywhere"
    ]
    assert without_cache(rules, THREADS) == []


def test_cpus_are_numbered_by_their_caches():
    assert cache_numbers([0, 3, 7, 8, 15], THREADS) == [0, 0, 1, 0, 1]
    assert cache_numbers([0, 4, 99, 5], THREADS) == [0, 1, 2, 1]
    assert cache_numbers([0, 1], Topology()) == []
