"""The last run's counters, loads and prediction, and if the load followed its moves."""

import json
from pathlib import Path
from typing import Any

import pytest

from conftest import row
from irqbalance.kernel.cpu_time import CpuTime
from irqbalance.kernel.interrupts import parse
from irqbalance.loads.irqs import Irq, make_irqs
from irqbalance.loads.loads import since_boot
from irqbalance.loads.measure import Reading
from irqbalance.planning.plan import FollowUp, Limits
from irqbalance.planning.planner import make_plan
from irqbalance.state.folder import PREDICTION, SNAPSHOT, StateFolder
from irqbalance.state.last_run import (
    LastRun,
    Prediction,
    load_last_run,
    save_prediction,
    save_reading,
)

TEXT = "\n".join(["CPU0 CPU1", row(24, 30, 0), row(25, 0, 10), "ERR: 900", "LOC: 9 90"])
MEASURED = since_boot(parse(TEXT))
IRQS = make_irqs(MEASURED)
RATES = "interrupts per second"


@pytest.fixture
def folder(tmp_path: Path) -> StateFolder:
    made = StateFolder(tmp_path / "state", "this-boot")
    made.prepare()
    return made


def kept(folder: StateFolder, name: str) -> Any:
    return json.loads((folder.path / name).read_text())


def test_the_first_run_of_a_boot_has_no_last_run(folder: StateFolder):
    assert load_last_run(folder) == LastRun()
    assert folder.problems == []


def test_the_counters_of_a_run_come_back(folder: StateFolder):
    reading = Reading(
        1000.0, TEXT, parse(TEXT), {0: CpuTime(0.1, 2.5, {"NET_RX": 8}), 1: CpuTime(0, 0)}
    )

    save_reading(folder, reading)

    assert load_last_run(folder).reading == reading
    assert load_last_run(StateFolder(folder.path, "next-boot")).reading is None


@pytest.mark.parametrize(("age", "serves"), [(9.9, 0), (10, 1), (86400, 1), (86401, 0), (-60, 0)])
def test_counters_serve_from_ten_seconds_to_a_day(age: float, serves: int):
    reading = Reading(1000.0, TEXT, parse(TEXT), {})

    assert (LastRun(reading).reading_at(1000.0 + age) is not None) == serves


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"time": "x", "interrupts": "", "cpu_times": {}},
        {"time": 1, "interrupts": "", "cpu_times": {}},
        {"time": 1, "interrupts": 5, "cpu_times": {}},
        {"time": 1, "interrupts": "CPU0\n1: 5\n", "cpu_times": []},
        {"time": 1, "interrupts": "CPU0\n1: 5\n", "cpu_times": {"0": 0.1}},
        {"time": 1, "interrupts": "CPU0\n1: 5\n", "cpu_times": {"0": [-1, 0, {}]}},
        {"time": 1, "interrupts": "CPU0\n1: 5\n", "cpu_times": {"0": [0, 0, {"HI": []}]}},
    ],
)
def test_counters_with_other_fields_are_not_used(folder: StateFolder, content: dict[str, object]):
    folder.save(SNAPSHOT, content)

    assert load_last_run(folder).reading is None
    assert "fields" in folder.problems[0]


def test_a_plan_that_moves_predicts_and_one_that_does_not_does_not(folder: StateFolder):
    irqs = [Irq("24", "a", 30.0, (0,), {0: 30.0}), Irq("25", "b", 10.0, (0,), {0: 10.0})]

    # 40 and 0 are an imbalance of 2, 30 and 10 one of 1.5
    save_prediction(folder, make_plan(irqs, {0, 1}, Limits()), RATES)
    assert load_last_run(folder).prediction == Prediction(2.0, 1.5)

    save_prediction(folder, make_plan([], {0, 1}, Limits()), RATES)
    assert kept(folder, PREDICTION)["prediction"] is None
    assert load_last_run(folder).prediction is None


def test_the_next_run_measures_by_the_cells_of_devices():
    last = LastRun(prediction=Prediction(2.0, 1.2), unit=RATES)

    # 30 and 10; ERR and LOC are the CPUs' own
    found = last.follow_up(MEASURED, IRQS, frozenset({0, 1}), RATES)

    assert found == FollowUp(2.0, 1.2, 1.5)
    assert found.sentence() == (
        "The last run's moves: imbalance 2.00, predicted 1.20, measured 1.50"
    )
    assert LastRun().follow_up(MEASURED, IRQS, frozenset({0, 1}), RATES) is None


def test_a_prediction_of_another_unit_is_not_compared():
    last = LastRun(prediction=Prediction(2.0, 1.2), unit=RATES)

    time = "CPU milliseconds per second"
    assert last.follow_up(MEASURED, IRQS, frozenset({0, 1}), time) is None


def test_the_loads_of_devices_are_kept_with_their_unit(folder: StateFolder):
    ticks = Irq("LOC", "", 30.0, (0,), {0: 30.0}, "own", own=True)
    irqs = [Irq("24", "a", 30.12345, (0,), {0: 30.12345}), Irq("25", "b", 0.0, (), {}), ticks]

    save_prediction(folder, make_plan(irqs, {0, 1}, Limits()), RATES)

    last = load_last_run(folder)
    assert kept(folder, PREDICTION)["loads"] == {"24": 30.123}
    assert last.loads_in(RATES) == {"24": 30.123}
    assert last.loads_in("CPU milliseconds per second") == {}


@pytest.mark.parametrize(
    "content",
    [
        {"prediction": 3},
        {"prediction": []},
        {"prediction": {"before": 1}},
        {"prediction": {"before": [], "predicted": 1}},
        {"prediction": {"before": "x", "predicted": 1}},
        {"prediction": None, "unit": "x", "loads": []},
        {"prediction": None, "unit": "x", "loads": "x"},
        {"prediction": None, "unit": "x", "loads": {"24": "x"}},
        {"prediction": None, "unit": "x", "loads": {"24": None}},
        {"prediction": None, "unit": "x", "loads": {"24": True}},
        {"prediction": None, "unit": "x", "loads": {"24": -1}},
    ],
)
def test_a_prediction_with_other_fields_is_not_used(
    folder: StateFolder, content: dict[str, object]
):
    folder.save(PREDICTION, content)

    assert load_last_run(folder) == LastRun()
    assert "prediction.json is not used" in folder.problems[0]
