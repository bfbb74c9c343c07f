"""Before and after, side by side."""

import pytest

import machine
from irq_client.cli import main
from irq_client.commands.effect import Effect, list_effect, pairs, show_effect
from irq_client.server import model
from irq_client.server.json_fields import JsonObject
from irq_client.server.times import Moment
from irq_client.terminal.table import layout
from service import Request, WebService, json_reply
from terminal import streams, written

EVENT = model.Event(Moment("2026-01-01T00:01:00Z"), "affinity", "36", None, "1 -> 0", "192.0.2.7")


def interrupts(counts_36: list[int], **window: object) -> model.Interrupts:
    """Return an answer in which IRQ 36 counted so much on each of two CPUs, and nothing else."""
    row = machine.ROWS[1] | {"counts": counts_36, "total": sum(counts_36)}
    answer = machine.INTERRUPTS | {"irqs": [row], "totals": counts_36, "total": sum(counts_36)}
    answer["window"] = machine.WINDOW | window
    return model.read_interrupts(JsonObject(answer, ""))


EFFECT = Effect(interrupts([60, 540]), interrupts([300, 300]), EVENT)


def test_figures_stand_side_by_side():
    lines = ["".join(text for text, _ in line) for line in layout(show_effect(EFFECT), 120)]

    # 600 in 60 s; 540 of 600 are 1.8 times the mean of 300
    assert lines[0] == "IRQ 36: 1 -> 0, by 192.0.2.7, at 2026-01-01 00:01:00 UTC"
    assert [line.split() for line in lines[3:]] == [
        ["DEVICE", "BEFORE/s", "AFTER/s", "CHANGE", "MOSTLY", "BEFORE", "MOSTLY", "AFTER"],
        ["imbalance", "1.80", "1.00", "-0.80"],
        ["total", "10.0", "10.0", "="],
        ["CPU0", "1.0", "5.0", "+4.0"],
        ["CPU1", "9.0", "5.0", "-4.0"],
        ["IRQ", "36", "virtio1-req.0", "10.0", "10.0", "=", "CPU1", "90%", "CPU0", "50%"],
    ]


def test_rows_of_one_side_only_are_shown_and_silent_ones_are_not():
    after = model.read_interrupts(JsonObject(machine.INTERRUPTS, ""))

    found = {pair.name: pair for pair in pairs(Effect(interrupts([0, 0]), after, None))}

    assert found["NMI"].before is None
    assert found["NMI"].after == pytest.approx(3701 / 60)
    silent = Effect(interrupts([0, 0]), interrupts([0, 0]), None)
    assert [pair.kind for pair in pairs(silent)] == ["imbalance", "total", "cpu", "cpu"]


def test_what_changed_most_stands_first_and_the_rest_is_cut():
    after = model.read_interrupts(JsonObject(machine.INTERRUPTS, ""))
    effect = Effect(interrupts([0, 600]), after, None)

    # 36 went from 10.0 to 93.4 per second, NMI from nothing to 61.7, 24 to 30.0
    assert [pair.name for pair in pairs(effect, 2) if pair.kind == "irq"] == ["36", "NMI"]


def test_csv_has_exact_rates():
    assert list(list_effect(EFFECT))[:4] == [
        ("kind", "name", "device", "before", "after"),
        ("imbalance", "", "", 1.8, 1.0),
        ("total", "", "", 10.0, 10.0),
        ("cpu", "0", "", 1.0, 5.0),
    ]


def test_a_window_without_time_has_no_rate():
    effect = Effect(interrupts([0, 0], seconds=0.0, samples=1), interrupts([6, 0]), None)

    assert pairs(effect)[1].before is None
    assert show_effect(effect).rows[1][2:5] == (None, 0.1, "")


def run(*argv: str, events: object = machine.EVENTS) -> tuple[int, str, str, list[str]]:
    """Run `effect`; return exit status, output, messages and what was asked."""

    def answer(service: WebService, request: Request) -> bytes:
        if request.path.endswith("events"):
            return json_reply(events)
        return machine.answer_well(service, request)

    with WebService(answer) as service:
        given = streams({"IRQ_CLIENT_SERVER": service.url})
        status = main(["effect", *argv], given)
        asked = [request.target for request in service.requests]
        return status, written(given.stdout), written(given.stderr), asked


def test_the_latest_change_is_looked_for():
    status, output, _, asked = run("--irq", "36", "--period", "5m")

    assert status == 0
    assert output.startswith("IRQ 36: 0-1 -> 1, by 192.0.2.7, at 2026-01-01 00:00:10 UTC\n")
    assert asked == [
        "/api/v1/events?period=7d&irq=36",
        "/api/v1/interrupts?end=2026-01-01T00%3A00%3A10Z&period=5m&irq=36",
        "/api/v1/interrupts?start=2026-01-01T00%3A00%3A10Z&period=5m&irq=36",
    ]


@pytest.mark.parametrize("form", ["json", "csv"])
def test_a_time_needs_no_change(form: str):
    status, output, _, asked = run("-15m", "--top", "1", "--format", form)

    assert status == 0
    assert output.startswith('{"change": null, "before": {' if form == "json" else "kind,name")
    assert asked == [
        "/api/v1/interrupts?end=-15m&period=60s",
        "/api/v1/interrupts?start=-15m&period=60s",
    ]


def test_no_change_at_all_is_three():
    status, output, messages, _ = run(events=machine.EVENTS | {"events": []})

    assert (status, output) == (3, "")
    assert "no affinity change in the last 7d; give a time" in messages
