"""The plan as JSON and CSV: the fields of the contract."""

import csv
import io
import json

from irqbalance.loads.irqs import Irq
from irqbalance.loads.measure import Basis
from irqbalance.planning.plan import FollowUp, Limits
from irqbalance.planning.planner import make_plan
from irqbalance.planning.policy import OBJECTIVE
from irqbalance.planning.usable import LeftOut
from irqbalance.report.machine_readable import as_csv, as_json
from irqbalance.report.report import Report

BASIS = Basis("interrupts per second", "over 10 s, measured just now", 10.0)
IRQS = [
    Irq("36", "virtio1-req.0", 5604.0, (1,), {1: 5604.0}),
    Irq("38", 'eth0, "usb"', 299.0, (1,), {1: 299.0}),
    Irq("39", "eth1", 0.0, (), {}),
    Irq("40", "nvme0q1", 100.0004, (0,), {0: 100.0004}, "managed"),
    Irq("LOC", "", 99.0, (0, 2), {0: 90.0, 2: 9.0}, "the CPU's own", own=True),
]
PLAN = make_plan(IRQS, {0, 1}, Limits())
REPORT = Report(PLAN, BASIS)


def test_json_has_the_fields_of_the_contract():
    text = as_json(REPORT)

    assert text.endswith("}\n")
    report = json.loads(text)
    assert report["cpus"] == [0, 1]
    assert report["moves"] == 1
    assert report["irqs"][1] == {
        "irq": "38",
        "device": 'eth0, "usb"',
        "load": 299.0,
        "from": [1],
        "to": 0,
        "status": "planned",
        "reason": "takes 299 off CPU 1 (5903 -> 5604)",
        "own": False,
    }
    statuses = ["kept", "planned", "kept", "fixed", "fixed"]
    assert [irq["status"] for irq in report["irqs"]] == statuses
    assert [irq["to"] for irq in report["irqs"]] == [1, 0, None, None, None]
    assert report["balance"] == {
        "before": {"max": 5903.0, "mean": 3001.5, "imbalance": 1.967, "loads": [100.0, 5903.0]},
        "after": {"max": 5604.0, "mean": 3001.5, "imbalance": 1.867, "loads": [399.0, 5604.0]},
        "lower_bound": 5604.0,
    }
    assert report["unit"] == "interrupts per second"
    assert report["seconds"] == 10.0
    assert report["objective"] == list(OBJECTIVE)


def test_json_names_the_cpus_left_out_and_what_stays_on_isolated_ones():
    left_out = (LeftOut(frozenset({2, 3}), "isolated"),)
    plan = make_plan(IRQS, {1}, Limits())
    report = json.loads(as_json(Report(plan, BASIS, left_out=left_out, isolated=(0, 2))))

    assert report["left_out"] == [{"cpus": [2, 3], "reason": "isolated"}]
    assert report["isolated"]["cpus"] == [0, 2]
    nvme, ticks = report["isolated"]["remaining"]
    assert nvme == {
        "irq": "40",
        "device": "nvme0q1",
        "kind": "fixed",
        "reason": "managed",
        "loads": [100.0, 0.0],
    }
    assert (ticks["irq"], ticks["kind"], ticks["loads"]) == ("LOC", "per-CPU", [90.0, 9.0])
    assert json.loads(as_json(REPORT))["isolated"] is None


def test_own_interrupts_are_listed_and_in_no_load():
    own = json.loads(as_json(REPORT))["irqs"][4]

    assert (own["irq"], own["own"], own["load"], own["from"]) == ("LOC", True, 99.0, [0, 2])


def test_json_says_what_no_placement_helps_and_what_came_of_the_last_run():
    report_ = REPORT._replace(followed=FollowUp(2.0, 1.5, 1.6))

    report = json.loads(as_json(report_))

    assert report["followed"] == {"before": 2.0, "predicted": 1.5, "measured": 1.6}
    assert report["limit"].startswith("IRQ 36")


def test_csv_has_a_line_per_irq_that_reads_back():
    rows = list(csv.reader(io.StringIO(as_csv(REPORT))))

    assert rows[0] == ["irq", "device", "load", "from", "to", "status", "reason"]
    assert rows[2][:6] == ["38", 'eth0, "usb"', "299.0", "1", "0", "planned"]
    assert rows[3][3:5] == ["", ""]
    assert rows[5][3] == "0,2"
