"""Before and after, side by side."""

import pytest

import machine
from irq_client.cli import main
from irq_client.commands.effect import Effect, list_effect, pairs, show_effect
from irq_client.server import model
from irq_client.server.json_fields import JsonObject
from irq_client.server.times import Moment
from irq_client.terminal.table import layout
from service import Request, WebService, json_reply, problem
from terminal import streams, written

EVENT = model.Event(Moment("2026-01-01T00:01:00Z"), "affinity", "36", None, "1 -> 0", "192.0.2.7")


def interrupts(counts_36: list[int], **window: object) -> model.Interrupts:
    """Return an answer in which IRQ 36 counted so much on each of two CPUs, and nothing else."""
    row = machine.ROWS[1] | {"counts": counts_36, "total": sum(counts_36)}
    answer = machine.INTERRUPTS | {"irqs": [row], "totals": counts_36, "total": sum(counts_36)}
    answer["window"] = machine.WINDOW | window
    return model.read_interrupts(JsonObject(answer, ""))


EVEN = (1.0, 1.0)
EFFECT = Effect(interrupts([60, 540]), interrupts([300, 300]), [EVENT], (1.8, 1.0))


def test_figures_stand_side_by_side():
    lines = ["".join(text for text, _ in line) for line in layout(show_effect(EFFECT), 120)]

    # 600 in 60 s; the moved IRQ stands first
    text = "IRQ 36 (virtio1-req.0): 1 -> 0, by 192.0.2.7, at 2026-01-01 00:01:00 UTC"
    assert lines[0] == text
    assert [line.split() for line in lines[3:]] == [
        ["DEVICE", "BEFORE/s", "AFTER/s", "CHANGE", "MOSTLY", "BEFORE", "MOSTLY", "AFTER"],
        ["IRQ", "36", "virtio1-req.0", "10.0", "10.0", "=", "CPU1", "90%", "2", "CPUs"],
        ["imbalance", "1.80", "1.00", "-0.80"],
        ["total", "10.0", "10.0", "="],
        ["CPU0", "1.0", "5.0", "+4.0"],
        ["CPU1", "9.0", "5.0", "-4.0"],
    ]


def test_rows_of_one_side_only_are_shown_and_silent_ones_are_not():
    after = model.read_interrupts(JsonObject(machine.INTERRUPTS, ""))

    found = {pair.name: pair for pair in pairs(Effect(interrupts([0, 0]), after, (), EVEN))}

    assert found["NMI"].before is None
    assert found["NMI"].after == pytest.approx(3701 / 60)
    silent = Effect(interrupts([0, 0]), interrupts([0, 0]), (), EVEN)
    assert [pair.kind for pair in pairs(silent)] == ["imbalance", "total", "cpu", "cpu"]


def test_cpus_stand_by_their_change_and_idle_ones_are_left_out():
    def wide(counts: list[int]) -> model.Interrupts:
        answer = machine.INTERRUPTS | {
            "cpus": [0, 1, 2, 3], "irqs": [], "totals": counts, "total": sum(counts)
        }  # fmt: skip
        return model.read_interrupts(JsonObject(answer, ""))

    effect = Effect(wide([60, 0, 600, 120]), wide([60, 0, 0, 720]), (), EVEN)

    # by 10 per second, 10, 0; CPU 1 counted nothing
    assert [row[0] for row in show_effect(effect).rows[2:]] == ["CPU2", "CPU3", "CPU0"]
    assert len(show_effect(effect, every=True).rows) == 6


def test_what_changed_most_stands_first_and_the_rest_is_cut():
    after = model.read_interrupts(JsonObject(machine.INTERRUPTS, ""))
    effect = Effect(interrupts([0, 600]), after, (), EVEN)

    # 36 went from 10.0 to 93.4 per second, NMI from nothing to 61.7, 24 to 30.0
    assert [pair.name for pair in pairs(effect, 2) if pair.kind == "irq"] == ["36", "NMI"]


def test_csv_has_exact_rates():
    assert list(list_effect(EFFECT))[:5] == [
        ("kind", "name", "device", "before", "after"),
        ("irq", "36", "virtio1-req.0", 10.0, 10.0),
        ("imbalance", "", "", 1.8, 1.0),
        ("total", "", "", 10.0, 10.0),
        ("cpu", "0", "", 1.0, 5.0),
    ]


def test_a_window_without_time_has_no_rate():
    effect = Effect(interrupts([0, 0], seconds=0.0, samples=1), interrupts([6, 0]), (), EVEN)

    assert pairs(effect)[1].before is None
    assert show_effect(effect).rows[1][2:5] == (None, 0.1, "")


def run(
    *argv: str,
    events: object = machine.EVENTS,
    rows: object = machine.ROWS,
    refuse: str = "nothing",
) -> tuple[int, str, str, list[str]]:
    """Run `effect`; return exit status, output, messages and what was asked.

    A query with `refuse` in it is refused as an irq_server refuses a start that is not over.
    """

    def answer(service: WebService, request: Request) -> bytes:
        if refuse in request.target and "/interrupts" in request.path:
            detail = "start: expected a time before the end, found 1767225660.0 and 1767225660.0"
            return problem(400, detail)
        if request.path.endswith("events"):
            return json_reply(events)
        if request.path.endswith("interrupts"):
            return json_reply(machine.INTERRUPTS | {"irqs": rows})
        return machine.answer_well(service, request)

    with WebService(answer) as service:
        given = streams({"IRQ_CLIENT_SERVER": service.url})
        status = main(["effect", *argv], given)
        asked = [request.target for request in service.requests]
        return status, written(given.stdout), written(given.stderr), asked


def test_the_latest_change_is_looked_for():
    status, output, _, asked = run("--irq", "36", "--period", "5m")

    assert status == 0
    text = "IRQ 36 (virtio1-req.0): 0-1 -> 1, by 192.0.2.7, at 2026-01-01 00:00:10 UTC\n"
    assert output.startswith(text)
    # the imbalance is the machine's, whatever the filters
    assert asked == [
        "/api/v1/events?period=7d&irq=36",
        "/api/v1/interrupts?end=2026-01-01T00%3A00%3A10Z&period=5m&irq=36",
        "/api/v1/interrupts?start=2026-01-01T00%3A00%3A10Z&period=5m&irq=36",
        "/api/v1/cpus?end=2026-01-01T00%3A00%3A10Z&period=5m",
        "/api/v1/cpus?start=2026-01-01T00%3A00%3A10Z&period=5m",
    ]
    assert ["imbalance", "1.51", "1.51", "="] in [line.split() for line in output.splitlines()]


def test_changes_of_one_job_are_one_effect():
    def change(irq: str, second: int) -> dict[str, object]:
        return machine.EVENTS["events"][1] | {"irq": irq, "time": f"2026-01-01T00:00:{second:02d}Z"}

    changes = [change("NMI", 10), change("24", 20), change("36", 24), change("9", 25)]

    _, output, _, asked = run(events=machine.EVENTS | {"events": changes})

    lines = output.splitlines()
    assert lines[1] == "IRQ 36 (virtio1-req.0): 0-1 -> 1, by 192.0.2.7, at 2026-01-01 00:00:24 UTC"
    names = [line.split()[:2] for line in lines[6:9]]
    assert names == [["IRQ", "24"], ["IRQ", "36"], ["imbalance", "1.51"]]
    # before the first of them and after the last; the one of 10 s before is another job
    assert asked[1].startswith("/api/v1/interrupts?end=2026-01-01T00%3A00%3A20Z")
    assert asked[2].startswith("/api/v1/interrupts?start=2026-01-01T00%3A00%3A25Z")


def test_an_idle_irq_that_was_moved_is_shown():
    effect = Effect(interrupts([0, 0]), interrupts([0, 0]), [EVENT], EVEN)

    rows = [row[0] for row in show_effect(effect).rows]
    assert rows == ["IRQ 36", "imbalance", "total"]


def test_a_change_of_another_device_is_not_looked_for():
    assert run("--device", "ahci*")[3][1] == "/api/v1/events?period=7d&device=ahci%2A"


def test_there_is_no_effect_of_now():
    status, output, messages, _ = run("now", refuse="start=now")

    assert (status, output) == (2, "")
    assert messages == (
        "irq_client: TIME: expected a time in the past, such as -15m, found 'now'\n"
    )


def test_a_boot_has_an_effect():
    boot = {"time": "2026-01-01T00:00:40Z", "event": "boot", "irq": None, "cpu": None, "detail": ""}
    boot["by"] = ""

    status, output, _, asked = run("boot", events=machine.EVENTS | {"events": [boot]})

    assert (status, output.splitlines()[0]) == (0, "boot at 2026-01-01 00:00:40 UTC")
    # the last sample before the boot, 2026-01-01T00:00:39.999Z
    assert asked[1] == "/api/v1/interrupts?end=1767225639.999&period=60s"
    assert asked[2] == "/api/v1/interrupts?start=2026-01-01T00%3A00%3A40Z&period=60s"


@pytest.mark.parametrize("form", ["json", "csv"])
def test_a_time_needs_no_change(form: str):
    status, output, _, asked = run("-15m", "--top", "1", "--format", form)

    assert status == 0
    assert output.startswith('{"change": null, "before": {' if form == "json" else "kind,name")
    assert asked == [
        "/api/v1/interrupts?end=-15m&period=60s",
        "/api/v1/interrupts?start=-15m&period=60s",
        "/api/v1/cpus?end=-15m&period=60s",
        "/api/v1/cpus?start=-15m&period=60s",
    ]


def test_no_change_at_all_is_three():
    status, output, messages, _ = run(events=machine.EVENTS | {"events": []})

    assert (status, output) == (3, "")
    assert "no affinity change in the last 7d" in messages
