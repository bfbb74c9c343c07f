"""JSON, CSV and the table."""

import csv
import io
import json

from irqbalance.loads.irqs import Irq
from irqbalance.planning.plan import OBJECTIVE, Decision, Limits, revised
from irqbalance.planning.planner import make_plan
from irqbalance.planning.reasons import figure
from irqbalance.report.machine_readable import Context, as_csv, as_json
from irqbalance.report.table import as_table
from irqbalance.state.last_run import FollowUp

CONTEXT = Context("interrupts per second", "over 10 s, measured just now", 10.0)
IRQS = [
    Irq("36", "virtio1-req.0", 5604.0, (1,), {1: 5604.0}),
    Irq("38", 'eth0, "usb"', 299.0, (1,), {1: 299.0}),
    Irq("39", "eth1", 0.0, (), {}),
    Irq("LOC", "", 100.0004, (0, 2), {0: 100.0004}, "the CPU's own"),
]
PLAN = make_plan(IRQS, {0, 1}, Limits())


def test_json_has_the_fields_of_the_contract():
    text = as_json(PLAN, CONTEXT)

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
    }
    assert [irq["status"] for irq in report["irqs"]] == ["kept", "planned", "kept", "fixed"]
    assert [irq["to"] for irq in report["irqs"]] == [1, 0, None, None]
    assert report["irqs"][3]["load"] == 100.0
    assert report["irqs"][3]["from"] == [0, 2]
    assert report["balance"] == {
        "before": {"max": 5903.0, "mean": 3001.5, "imbalance": 1.967, "loads": [100.0, 5903.0]},
        "after": {"max": 5604.0, "mean": 3001.5, "imbalance": 1.867, "loads": [399.0, 5604.0]},
        "lower_bound": 5604.0,
    }
    assert report["unit"] == "interrupts per second"
    assert report["seconds"] == 10.0
    assert report["objective"] == list(OBJECTIVE)


def test_csv_has_a_line_per_irq_that_reads_back():
    rows = list(csv.reader(io.StringIO(as_csv(PLAN))))

    assert rows[0] == ["irq", "device", "load", "from", "to", "status", "reason"]
    assert rows[2][:6] == ["38", 'eth0, "usb"', "299.0", "1", "0", "planned"]
    assert rows[3][3:5] == ["", ""]
    assert rows[4][3] == "0,2"


def test_the_table_shows_the_cpus_the_moves_and_why_others_stay():
    text = as_table(PLAN, CONTEXT)

    assert "Load: interrupts per second, over 10 s, measured just now" in text
    assert "Busiest CPU: 5903 -> 5604; imbalance 1.97 -> 1.87; 1 IRQ to move" in text
    assert "      1        5903 ######################        5604 #####" in text
    assert "   38          299       1 -> 0  planned" in text
    assert "3 stay where they are:" in text
    assert "1  fixed  the CPU's own" in text
    assert f"Objective, in this order: {'; '.join(OBJECTIVE)}" in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= 80


def test_devices_are_told_from_the_cpus_own_interrupts_where_there_are_such():
    ticks = Irq("LOC", "", 4604.0, (0,), {0: 4604.0}, "the CPU's own", own=True)

    text = as_table(make_plan([*IRQS[:3], ticks], {0, 1}, Limits(5, follows=True)), CONTEXT)

    # 299 go to the CPU with the ticks, which then has 4903
    assert "Busiest CPU, by devices: 5903 -> 5604; imbalance 2.00 -> 1.90; 1 IRQ to move" in text
    assert "With ticks and IPIs, as they were: 5903 -> 5604; imbalance 1.12 -> 1.07" in text
    assert "(# devices, - ticks and IPIs)" in text
    assert "      0        4604 -----------------             4903 -----------------#" in text
    assert "ticks" not in as_table(PLAN, CONTEXT)


def test_the_table_explains_every_irq_when_asked():
    text = as_table(PLAN, CONTEXT, verbose=True)

    assert [line.split()[0] for line in text.splitlines() if " kept " in line] == ["36", "39"]
    assert "  LOC          100          0,2  fixed    the CPU's own" in text


def test_an_idle_machine_has_a_table_too():
    text = as_table(make_plan([], {0, 1}, Limits()), CONTEXT)

    assert "Busiest CPU: 0 -> 0; imbalance 1.00 -> 1.00; 0 IRQs to move" in text
    assert "Nothing to move." in text


def test_what_was_done_and_what_was_refused_is_told_apart():
    first, second, *_ = PLAN.decisions
    plan = revised(
        PLAN,
        {
            "36": Decision(first.irq, 0, "refused", "no interrupt vector is free (ENOSPC)"),
            "38": Decision(second.irq, 0, "applied", "pending: on CPU 1 until then"),
        },
    )

    text = as_table(plan, CONTEXT)

    assert "1 IRQ moved" in text
    assert "refused  virtio1-req.0: no interrupt vector" in text
    assert "applied" in text


def test_a_word_that_is_too_long_is_cut_rather_than_widening_the_table():
    plan = make_plan([Irq("7", "x" * 200, 5.0, (3,), {3: 5.0})], {0, 1}, Limits())

    assert max(map(len, as_table(plan, CONTEXT).splitlines())) <= 80


def test_an_irq_on_many_cpus_names_their_number():
    cpus = tuple(range(64))
    everywhere = Irq("LOC", "", 64.0, cpus, dict.fromkeys(cpus, 1.0), "the CPU's own")

    assert "64 CPUs" in as_table(make_plan([everywhere], cpus, Limits()), CONTEXT, verbose=True)


def test_figures_are_short_and_large_ones_whole():
    assert [figure(value) for value in (0, 5604.0, 5604.4, 34.9712, 0.0125)] == [
        "0",
        "5604",
        "5604",
        "34.97",
        "0.0125",
    ]


def test_the_table_of_256_cpus_folds_them_and_keeps_to_80_columns():
    irqs = [
        Irq(str(n), f"eth{n}-TxRx-0", 100.0 + n, (n % 7,), {n % 7: 100.0 + n}) for n in range(300)
    ]
    plan = make_plan(irqs, set(range(256)), Limits())

    text = as_table(plan, CONTEXT)

    lines = text.splitlines()
    assert max(map(len, lines)) <= 80
    assert sum(1 for line in lines if "#" in line and "IRQ" not in line) <= 32
    assert any(line.startswith("    0-7 ") for line in lines)
    assert any(line.startswith("248-255 ") for line in lines)


def test_the_table_says_what_no_placement_helps_and_what_came_of_the_last_run():
    context = CONTEXT._replace(followed=FollowUp(2.0, 1.5, 1.6))

    text = as_table(PLAN, context)

    assert "IRQ 36 (virtio1-req.0) alone is 1.9 times a CPU's share" in text
    assert "The last run's moves: imbalance 2.00, predicted 1.50, measured 1.60" in text
    report = json.loads(as_json(PLAN, context))
    assert report["followed"] == {"before": 2.0, "predicted": 1.5, "measured": 1.6}
    assert report["limit"].startswith("IRQ 36")
    assert report["devices"]["before"]["loads"] == [100.0, 5903.0]
