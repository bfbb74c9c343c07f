"""Prediction and measurement: whether the load followed the last run's moves."""

import pytest

from conftest import row
from irqbalance.kernel.interrupts import parse
from irqbalance.loads.irqs import Irq, Selection, describe
from irqbalance.loads.loads import since_boot
from irqbalance.planning.plan import Limits
from irqbalance.planning.planner import make_plan
from irqbalance.state.last_run import (
    FollowUp,
    content,
    follow_up,
    last_loads,
    prediction,
)

MEASURED = since_boot(
    parse("\n".join(["CPU0 CPU1", row(24, 30, 0), row(25, 0, 10), "ERR: 900", "LOC: 9 90"]))
)
IRQS = describe(MEASURED, None, {}, Selection())


def test_a_plan_that_moves_predicts():
    irqs = [Irq("24", "a", 30.0, (0,), {0: 30.0}), Irq("25", "b", 10.0, (0,), {0: 10.0})]

    # 40 and 0 are an imbalance of 2, 30 and 10 one of 1.5
    assert prediction(make_plan(irqs, {0, 1}, Limits())) == {"before": 2.0, "predicted": 1.5}
    assert prediction(make_plan([], {0, 1}, Limits())) is None


def test_the_next_run_measures_by_the_cells():
    kept = {"prediction": {"before": 2.0, "predicted": 1.2}}

    found = follow_up(kept, MEASURED, IRQS, frozenset({0, 1}))

    assert found == FollowUp(2.0, 1.2, 1.5)
    assert found.sentence() == (
        "The last run's moves: imbalance 2.00, predicted 1.20, measured 1.50"
    )


@pytest.mark.parametrize("content", [None, {}, {"prediction": None}])
def test_without_a_prediction_nothing_is_said(content: dict[str, None] | None):
    assert follow_up(content, MEASURED, IRQS, frozenset({0, 1})) is None


@pytest.mark.parametrize(
    "kept", [3, [], {"before": 1}, {"before": [], "predicted": 1}, {"before": "x", "predicted": 1}]
)
def test_a_prediction_that_is_something_else_is_an_error(kept: object):
    with pytest.raises(ValueError, match=r"prediction|convert"):
        follow_up({"prediction": kept}, MEASURED, IRQS, frozenset({0, 1}))


def test_the_loads_of_devices_are_kept_with_their_unit():
    ticks = Irq("LOC", "", 30.0, (0,), {0: 30.0}, "own", own=True)
    irqs = [Irq("24", "a", 30.12345, (0,), {0: 30.12345}), Irq("25", "b", 0.0, (), {}), ticks]

    kept = content(make_plan(irqs, {0, 1}, Limits()), "interrupts per second")

    assert kept["loads"] == {"24": 30.123}
    assert last_loads(kept, "interrupts per second") == {"24": 30.123}
    assert last_loads(kept, "CPU milliseconds per second") == {}
    assert last_loads(None, "interrupts per second") == {}
    # what an earlier version left
    assert last_loads({"prediction": None}, "interrupts per second") == {}


@pytest.mark.parametrize("loads", [[], "x", {"24": "x"}, {"24": None}, {"24": True}])
def test_loads_that_are_something_else_are_an_error(loads: object):
    with pytest.raises(ValueError, match="loads"):
        last_loads({"unit": "x", "loads": loads}, "x")
