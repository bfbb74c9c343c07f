"""The command `history`: what it asks, its pictures and its numbers."""

import csv
import re
from collections.abc import Mapping

import pytest

import machine
from irq_client.cli import main
from irq_client.commands.history import Past, draw_history, list_series, show_series
from irq_client.server import model
from irq_client.server.json_fields import JsonObject
from service import Request, WebService, json_reply
from sheets import below, lines, plain, read
from terminal import streams, written

SERIES = model.read_series(JsonObject(machine.SERIES, ""))
EVENTS = model.read_events(JsonObject(machine.EVENTS, "")).events


def run(
    *argv: str, columns: int = 120, answers: Mapping[str, object] | None = None
) -> tuple[int, str, list[str]]:
    """Run a command at a good service; return exit status, output and what was asked.

    `answers` are by the last part of the path.
    """

    def answer(service: WebService, request: Request) -> bytes:
        name = request.path.rpartition("/")[2]
        if answers and name in answers:
            return json_reply(answers[name])
        return machine.answer_well(service, request)

    with WebService(answer) as service:
        given = streams({"IRQ_CLIENT_SERVER": service.url, "COLUMNS": str(columns)})
        status = main(argv, given)
        return status, written(given.stdout), [request.target for request in service.requests]


def total(**window: object) -> model.Series:
    """Return the series by total, its window changed."""
    answer = machine.SERIES | {"by": "total", "window": machine.WINDOW | window}
    answer["points"] = [point | {"counts": {}} for point in machine.SERIES["points"]]
    return model.read_series(JsonObject(answer, ""))


def test_a_picture_asks_for_the_changes_in_its_own_window():
    status, output, asked = run("history", "--irq", "36", "--period", "1m")

    assert status == 0
    assert "▲ 2026-01-01 00:00:10 UTC IRQ 36 (virtio1-req.0): 0-1 -> 1" in output
    assert asked == [
        "/api/v1/series?period=1m&irq=36&by=total",
        "/api/v1/events?start=2026-01-01T00%3A00%3A00Z&end=2026-01-01T00%3A01%3A00Z&irq=36",
        "/api/v1/interrupts?start=2026-01-01T00%3A00%3A00Z&end=2026-01-01T00%3A01%3A00Z&irq=36",
    ]


@pytest.mark.parametrize("more", [["--chart", "table"], ["--format", "csv"], ["--format", "json"]])
def test_numbers_ask_for_no_events(more: list[str]):
    status, output, asked = run("history", "--by", "cpu", *more)

    assert (status, asked) == (0, ["/api/v1/series?by=cpu"])
    assert "4100" in output.replace(",", "")


def test_a_total_is_drawn_with_axes_marks_and_what_they_mark():
    lines = below(draw_history(Past(total(), EVENTS), 40, kind="bar"), "  205.2")

    # 6105 in 29.75 s are 205.2 per second and fill ten rows; 5000 in 30.25 s are 165.3, 64.4 of
    # 80 eighths: eight rows and nothing more. 40 - 8 cells are two steps of 16; the second begins
    # 0.25 s after its first cell, which is 199.9 for that: 78 eighths, nine rows and six.
    assert lines[0] == " 205.2┤" + " " * 16 + "▆" + "█" * 15
    assert lines[2] == "      │" + "█" * 32
    assert lines[9] == "   0.0┤" + "█" * 32
    # the change 10 s after the start is in the sixth of 32 columns
    assert lines[10] == " " * 7 + " " * 5 + "▲"
    assert lines[11] == " " * 7 + "00:00:00" + " " * 16 + "00:01:00"
    assert lines[12:] == ["▲ 2026-01-01 00:00:10 UTC IRQ 36: 0-1 ->", "  1, by 192.0.2.7"]


def test_the_head_tells_window_and_steps():
    assert plain(draw_history(Past(total()), 100, kind="bar"))[:3] == [
        "2026-01-01 00:00:00 .. 00:01:00 UTC  60 s, 7 samples",
        "in steps of 30 s, by total",
        # 11105 in 60 s; 6105 in 29.75 s
        "interrupts per second: mean 185.1, max 205.2",
    ]


def test_keys_have_a_row_each_with_mean_and_maximum():
    words = "interrupts per second, each row on its own scale"
    lines = below(draw_history(Past(SERIES), 60, kind="bar"), words)

    # 9301 and 1804 in 60 s; 5201 in 29.75 s, 904 in 29.75 s
    assert lines[0].split() == ["MEAN", "MAX"]
    assert re.fullmatch("CPU1 [▁▂▃▄▅▆▇█]+   155.0   174.8", lines[1])
    assert re.fullmatch("CPU0 [▁▂▃▄▅▆▇█]+    30.1    30.4", lines[2])
    # each row fills its own height
    assert "█" in lines[1]
    assert "█" in lines[2]


def spiky(by: str) -> dict[str, object]:
    """Return a series of 300 steps of 10 s: one step has 8,349 per second, the others 1,000."""
    points = []
    for number in range(300):
        count = 83_490 if number == 100 else 10_000
        start, end = (
            f"2026-01-01T00:{t // 60:02d}:{t % 60:02d}Z" for t in (10 * number, 10 * number + 10)
        )
        points.append({"start": start, "end": end, "total": count, "counts": {"0": count}})
    window = machine.WINDOW | {"end": points[-1]["end"], "seconds": 3000.0, "samples": 301}
    return {"window": window, "step_seconds": 10.0, "by": by, "points": points}


@pytest.mark.parametrize("by", ["cpu", "total"])
@pytest.mark.parametrize("columns", [50, 80, 300])
def test_figures_come_from_the_points_whatever_the_width(by: str, columns: int):
    _, output, _ = run("history", "--by", by, columns=columns, answers={"series": spiky(by)})

    # (299 * 10000 + 83490) / 3000 = 1024.5
    assert "8.35k" in output
    assert "1.02k" in output


def test_steps_are_multiples_of_the_resolution():
    narrow = machine.SERIES | {
        "step_seconds": 0.333,
        "window": machine.WINDOW | {"resolution_seconds": 1.0},
    }

    _, _, asked = run("history", "--period", "20s", answers={"series": narrow})

    assert asked[:2] == [
        "/api/v1/series?period=20s&by=total",
        "/api/v1/series?period=20s&step=1.000&by=total",
    ]


def by_irq(by: str = "irq", **counts: int) -> dict[str, object]:
    """Return a series of one step with these counts."""
    return machine.SERIES | {"by": by, "points": [machine.SERIES["points"][0] | {"counts": counts}]}


def test_rows_of_irqs_begin_with_number_and_device():
    answers = {"series": by_irq(**{"36": 60, "LOC": 50})}

    rows = run("history", "--by", "irq", answers=answers)[1].splitlines()

    assert any(row.startswith("36 virtio1-req.0 ") for row in rows)
    assert any(row.startswith("LOC Local timer interrupts ") for row in rows)


@pytest.mark.parametrize("command", ["history", "heatmap"])
def test_changes_of_other_devices_are_not_asked_for(command: str):
    _, output, asked = run(command, "--device", "ahci*")

    assert "▲" in output
    events = [each for each in asked if each.startswith("/api/v1/events?")]
    assert [each.endswith("&device=ahci%2A") for each in events] == [True]


def test_idle_rows_are_drawn_only_if_wanted():
    point = machine.SERIES["points"][0] | {"counts": {"0": 5, "1": 0}}
    answers = {"series": machine.SERIES | {"points": [point]}}

    plain_output = run("history", "--by", "cpu", answers=answers)[1]

    assert "CPU1" not in plain_output
    assert "1 idle row left out; --all shows them" in plain_output
    assert "CPU1" in run("history", "--by", "cpu", "--all", answers=answers)[1]


def test_a_line_is_drawn_of_dots():
    lines = below(
        draw_history(Past(total()), 60, kind="line"), "interrupts per second: mean 185.1, max 205.2"
    )

    assert lines[0].endswith("⠉")
    assert "█" not in "".join(lines)


def test_gaps_are_explained():
    assert "· nothing is known there" in plain(draw_history(Past(total(gaps=1)), 40, kind="bar"))


def test_many_changes_are_told_in_part():
    many = [EVENTS[1]] * 11

    lines = plain(draw_history(Past(total(), many), 70, kind="bar"))

    assert sum(line.startswith("▲ ") for line in lines) == 8
    assert lines[-1] == "  and 3 earlier changes; irq_client events lists them"


def test_numbers_have_a_column_for_each_key():
    assert lines(show_series(SERIES))[1:] == [
        "in steps of 30 s, by cpu",
        "START                        END                            0      1  TOTAL",
        "2026-01-01 00:00:00 UTC      2026-01-01 00:00:30.250 UTC  900  4,100  5,000",
        "2026-01-01 00:00:30.250 UTC  2026-01-01 00:01:00 UTC      904  5,201  6,105",
    ]


def test_numbers_of_totals_have_one_column():
    sheet = show_series(read(model.read_series, machine.SERIES | {"by": "total"}))

    assert lines(sheet)[2].split() == ["START", "END", "TOTAL"]


def test_csv_has_a_row_for_each_step_and_key():
    assert list(list_series(Past(SERIES))) == [
        ("start", "end", "key", "count"),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:30.250Z", "0", 900),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:30.250Z", "1", 4100),
        ("2026-01-01T00:00:30.250Z", "2026-01-01T00:01:00Z", "0", 904),
        ("2026-01-01T00:00:30.250Z", "2026-01-01T00:01:00Z", "1", 5201),
    ]


def test_csv_by_irq_names_the_devices():
    output = run(
        "history",
        "--by",
        "irq",
        "--format",
        "csv",
        answers={"series": by_irq(**{"36": 60, "LOC": 5})},
    )[1]

    rows = list(csv.reader(output.splitlines()))
    assert rows[0] == ["start", "end", "key", "count", "device"]
    times = ["1767225600", "1767225630.250"]
    assert rows[1:] == [[*times, "36", "60", "virtio1-req.0"], [*times, "LOC", "5", ""]]


def test_csv_has_readable_times_if_wanted():
    output = run("history", "--by", "cpu", "--format", "csv", "--times", "local")[1]

    assert output.splitlines()[1] == "2026-01-01 00:00:00 UTC,2026-01-01 00:00:30.250 UTC,0,900"


def test_csv_of_totals_has_one_key():
    point = machine.SERIES["points"][0] | {"counts": {}}
    answer = read(model.read_series, machine.SERIES | {"by": "total", "points": [point]})

    assert list(list_series(Past(answer)))[1:] == [
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:30.250Z", "total", 5000)
    ]
