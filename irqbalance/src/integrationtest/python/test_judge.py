"""The judge of runs in guests, on reports written by hand: good runs pass, and each fault shows.

The load of 400 on IRQs 1 to 4 (160, 120, 80, 40) goes evenly on two CPUs: 160 + 40 and 120 + 80.
"""

from typing import Any

import pytest

import judge

LOADS = {"1": 160.0, "2": 120.0, "3": 80.0, "4": 40.0}
ALL_ON_0 = dict.fromkeys(LOADS, 0)
EVEN = {"1": 0, "2": 1, "3": 1, "4": 0}
THRESHOLD = 5.0

Json = dict[str, Any]


def report(
    before: dict[str, int],
    after: dict[str, int],
    loads: dict[str, float] = LOADS,
    fixed: tuple[float, ...] = (0.0, 0.0),
    lower_bound: float = 200.0,
    has_own: bool = True,
) -> Json:
    """Write the report of a run that moves from one placement to another."""
    rows = []
    for irq, load in loads.items():
        moves = before[irq] != after[irq]
        status = "applied" if moves else "kept"
        rows.append(
            {"irq": irq, "load": load, "from": [before[irq]], "to": after[irq], "status": status}
        )
    own = {"irq": "LOC", "load": 500.0, "from": [0, 1], "to": None, "status": "fixed", "own": True}
    if not has_own:
        del own["own"]
    balance = {}
    for when, placement in (("before", before), ("after", after)):
        each = list(fixed)
        for irq, cpu in placement.items():
            each[cpu] += loads[irq]
        balance[when] = {"max": max(each), "loads": each}
    return {
        "cpus": list(range(len(fixed))),
        "irqs": [*rows, own],
        "balance": {**balance, "lower_bound": lower_bound},
        "moves": sum(row["status"] == "applied" for row in rows),
        "seconds": 10.0,
    }


def flaws(run: Json, threshold: float = THRESHOLD, **more: Any) -> list[str]:
    return judge.flaws(run, threshold, {}, {}, **more)


@pytest.mark.parametrize("has_own", [True, False])
def test_a_plan_that_nothing_beats_has_no_flaw(has_own: bool):
    assert flaws(report(ALL_ON_0, EVEN, has_own=has_own)) == []


@pytest.mark.parametrize("has_own", [True, False])
def test_irqs_left_on_one_cpu_are_a_flaw(has_own: bool):
    (flaw,) = flaws(report(ALL_ON_0, ALL_ON_0, has_own=has_own))

    assert flaw.startswith("it moves nothing at 400.0, and ")


def test_a_plan_worse_than_its_loads_allow_is_a_flaw():
    # 160 + 80 and 120 + 40: 240 where 200 can be had
    (flaw,) = flaws(report(ALL_ON_0, {"1": 0, "2": 1, "3": 0, "4": 1}))

    assert flaw.startswith("the plan's busiest CPU has 240.0, and 200.0 can be had: ")


def test_a_large_irq_that_no_plan_can_part_is_no_flaw():
    loads = {"1": 900.0, "2": 100.0}

    assert flaws(report({"1": 0, "2": 0}, {"1": 0, "2": 1}, loads, lower_bound=900.0)) == []


def test_load_that_cannot_move_is_no_flaw():
    run = report(ALL_ON_0, dict.fromkeys(LOADS, 1), fixed=(700.0, 0.0), lower_bound=700.0)

    assert flaws(run) == []


def test_a_move_for_less_than_the_threshold_is_a_flaw():
    loads = {"1": 100.0, "2": 104.0, "3": 4.0}
    run = report({"1": 0, "2": 1, "3": 1}, {"1": 0, "2": 1, "3": 0}, loads, lower_bound=104.0)

    (flaw,) = flaws(run)  # 108 -> 104 is 3.7%

    assert flaw == "it moves for 108.0 -> 104.0, less than the threshold of 5.0%"
    assert flaws(run, 3.0) == []


@pytest.mark.parametrize(
    ("load", "knows_last", "is_flaw"),
    [
        # of 100 + load on CPU 0 and 100 on CPU 1, `load` moves to an idle third CPU
        (4.0, False, False),  # 3.8%: below the threshold
        (10.0, False, False),  # 9.1%: rates may scatter so much
        (20.0, False, True),  # 16.7%
        (20.0, True, False),  # the last run's loads may have spoken against it
        (80.0, True, True),  # 44.4% is sure
    ],
)
def test_a_gain_left_alone_is_a_flaw_if_nothing_speaks_against_it(
    load: float, knows_last: bool, is_flaw: bool
):
    loads = {"1": 100.0, "2": 100.0, "3": load}
    stays = {"1": 0, "2": 1, "3": 0}
    run = report(stays, stays, loads, fixed=(0.0, 0.0, 0.0), lower_bound=100.0)

    assert bool(flaws(run, knows_last=knows_last)) is is_flaw


def test_a_lower_bound_that_can_be_beaten_is_a_flaw():
    (flaw,) = flaws(report(ALL_ON_0, EVEN, lower_bound=205.0))[:1]

    assert flaw == "the plan has 200.0 on its busiest CPU, below its lower bound of 205.0"


def test_a_balance_that_its_rows_do_not_have_is_a_flaw():
    run = report(ALL_ON_0, EVEN)
    run["balance"]["before"]["loads"] = [300.0, 100.0]

    assert flaws(run) == [
        "CPU 0 has 300.0 before, but its IRQs have 400.000",
        "CPU 1 has 100.0 before, but its IRQs have 0.000",
    ]


def test_irqs_go_to_their_own_node_unless_it_is_clearly_busier():
    near = {irq: [0] for irq in ("1", "4")}
    swapped = {"1": 1, "2": 0, "3": 0, "4": 1}

    assert judge.flaws(report(ALL_ON_0, EVEN), THRESHOLD, {}, near) == []
    (flaw,) = judge.flaws(report(ALL_ON_0, swapped), THRESHOLD, {}, near)
    assert flaw.startswith("IRQs leave their node for 200.0, and there 200.0 can be had")
    # all that is near to CPU 0 would make it twice as busy as both CPUs could be
    every = {irq: [0] for irq in LOADS}
    assert judge.flaws(report(ALL_ON_0, EVEN), THRESHOLD, {}, every) == []
    (flaw,) = judge.flaws(report(ALL_ON_0, ALL_ON_0), THRESHOLD, {}, every)
    assert flaw.startswith("it moves nothing at 400.0")


def test_the_least_load_is_found():
    (view,) = judge.views(report(ALL_ON_0, ALL_ON_0), {}, {})

    assert judge.least(view) == pytest.approx(200.0, rel=0.002)


def test_an_irq_that_arrives_where_the_plan_has_it_is_not_astray():
    cells = {"1": {0: 1600, 1: 0}, "2": {0: judge.IN_FLIGHT, 1: 1200}}

    assert judge.strays(report(ALL_ON_0, EVEN), cells) == {}


@pytest.mark.parametrize("irq", ["1", "2"])
def test_an_irq_that_arrives_elsewhere_is_astray_moved_or_kept(irq: str):
    cells = {irq: {0: 800, 1: 800}}

    assert judge.strays(report(ALL_ON_0, EVEN), cells) == {irq: {1 - EVEN[irq]: 800}}


def looks(rates: dict[str, float], seconds: int = 15) -> list[Json]:
    """Look twice a second at counters that count evenly."""
    return [
        {
            "began": at / 2,
            "ended": at / 2 + 0.1,
            "totals": {irq: int(rate * at / 2) for irq, rate in rates.items()},
        }
        for at in range(2 * seconds + 1)
    ]


def test_loads_that_the_counters_had_are_believed():
    assert judge.mismeasured(report(ALL_ON_0, EVEN), looks(LOADS)) == []


@pytest.mark.parametrize("factor", [0.0, 0.5, 1.5])
def test_a_load_that_the_counters_never_had_shows(factor: float):
    (wrong,) = judge.mismeasured(report(ALL_ON_0, EVEN), looks({**LOADS, "3": 80.0 * factor}))

    assert wrong.startswith("IRQ 3: 800.0 interrupts, ")


def test_loads_of_different_windows_do_not_go_together():
    """IRQ 1 counts in the first half only, IRQ 2 in the second: no window has 10 s of both."""
    taken = looks(LOADS, 30)
    for at, look in enumerate(taken):
        look["totals"]["1"] = int(LOADS["1"] * min(at, 30) / 2)
        look["totals"]["2"] = int(LOADS["2"] * max(at - 30, 0) / 2)

    assert judge.mismeasured(report(ALL_ON_0, EVEN), taken)
