"""Conditions: what a person may write, and what it comes to."""

import pytest

import machine
from irq_client.command_line.values import read_condition
from irq_client.errors import UsageError
from irq_client.server import model
from irq_client.server.json_fields import JsonObject

ANSWER = model.read_interrupts(JsonObject(machine.INTERRUPTS, ""))


@pytest.mark.parametrize(
    ("text", "figure"),
    [
        ("rate > 1", 11105 / 60),
        ("cpu 1 rate > 1", 9301 / 60),
        ("cpu 0-1 rate>1", 11105 / 60),
        ("cpu 7 rate > 1", 0.0),
        ("irq 36 rate > 1", 11105 / 60),
    ],
)
def test_a_figure_is_worked_out_of_a_window(text: str, figure: float):
    assert read_condition("CONDITION", text).figure(ANSWER) == pytest.approx(figure)


def test_the_rate_of_irqs_is_that_of_an_answer_about_them():
    assert read_condition("CONDITION", "irq eth0 rate > 1").irqs == ("eth0",)
    assert read_condition("CONDITION", "rate > 1").irqs == ()


@pytest.mark.parametrize(
    ("text", "limit", "seconds"),
    [
        ("imbalance > 1.5 for 5m", 1.5, 300.0),
        ("rate >= 50k", 50_000.0, 0.0),
        ("imbalance above 2 for 5m", 2.0, 300.0),
        ("rate<2.5M for 90", 2_500_000.0, 90.0),
        ("rate != 0", 0.0, 0.0),
    ],
)
def test_limits_have_units_and_durations(text: str, limit: float, seconds: float):
    condition = read_condition("CONDITION", text)

    assert (condition.limit, condition.seconds) == (limit, seconds)


@pytest.mark.parametrize(
    ("comparison", "holding"),
    [
        (">", {3}),
        (">=", {2, 3}),
        ("<", {1}),
        ("<=", {1, 2}),
        ("==", {2}),
        ("!=", {1, 3}),
        ("above", {3}),
        ("below", {1}),
    ],
)
def test_comparisons_compare(comparison: str, holding: set[int]):
    condition = read_condition("CONDITION", f"rate {comparison} 2")

    assert {figure for figure in (1, 2, 3) if condition.holds(figure)} == holding


def test_what_is_not_known_holds_never():
    condition = read_condition("CONDITION", "rate < 5")
    empty = ANSWER._replace(window=ANSWER.window._replace(seconds=0.0))

    assert condition.figure(empty) is None
    assert not condition.holds(None)


@pytest.mark.parametrize(
    "text",
    ["", "imbalance 2", "imbalance > x", "imbalance above",
     "imbalance above2", "imbalance for 5m", "imbalance > 1k", "rate > 5 for", "rate > 5 for 5x",
     "cpu x rate > 1", "cpu 3-1 rate > 1", "irq rate > 1", "load > 1", "rate > -1", "rate => 1",
     "rate > 1 and rate < 2"],
)  # fmt: skip
def test_anything_else_is_refused(text: str):
    with pytest.raises(UsageError) as caught:
        read_condition("CONDITION", text)

    assert caught.value.exit_status == 2


def test_a_figure_alone_holds_as_soon_as_it_is_known():
    condition = read_condition("CONDITION", "irq 36 rate")

    assert condition.holds(0.0)
    assert not condition.holds(None)
