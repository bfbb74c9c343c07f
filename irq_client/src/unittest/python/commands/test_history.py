"""The command `history`: what it asks, its pictures and its numbers."""

import pytest

import machine
from irq_client.cli import main
from irq_client.commands.history import draw_history, list_series, show_series
from irq_client.server import model
from irq_client.server.json_fields import JsonObject
from service import WebService
from sheets import below, lines, plain, read
from terminal import streams, written

SERIES = model.read_series(JsonObject(machine.SERIES, ""))
EVENTS = model.read_events(JsonObject(machine.EVENTS, "")).events


def run(*argv: str) -> tuple[int, str, list[str]]:
    """Run a command at a good service; return exit status, output and what was asked."""
    with WebService(machine.answer_well) as service:
        given = streams({"IRQ_CLIENT_SERVER": service.url})
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
    assert "▲ 2026-01-01 00:00:10 UTC IRQ 36: 0-1 -> 1" in output
    assert asked == [
        "/api/v1/series?period=1m&irq=36&by=total",
        "/api/v1/events?start=2026-01-01T00%3A00%3A00Z&end=2026-01-01T00%3A01%3A00Z&irq=36",
    ]


@pytest.mark.parametrize("more", [["--chart", "table"], ["--format", "csv"], ["--format", "json"]])
def test_numbers_ask_for_no_events(more: list[str]):
    status, output, asked = run("history", "--by", "cpu", *more)

    assert (status, asked) == (0, ["/api/v1/series?by=cpu"])
    assert "4100" in output.replace(",", "")


def test_a_total_is_drawn_with_axes_marks_and_what_they_mark():
    lines = below(draw_history(total(), EVENTS, 40, "bar"))

    # 6105 in 29.75 s are 205.2 per second and fill ten rows; 5000 in 30.25 s are 165.3, 64.4 of
    # 80 eighths: eight rows and nothing more. 40 - 8 cells are two steps of 16; the second begins
    # 0.25 s after its first cell, which is 199.9 for that: 78 eighths, nine rows and six.
    assert lines[0] == " 205.2┤" + " " * 16 + "▆" + "█" * 15
    assert lines[2] == "      │" + "█" * 32
    assert lines[9] == "   0.0┤" + "█" * 32
    # the change 10 s after the start is in the sixth of 32 columns
    assert lines[10] == " " * 7 + " " * 5 + "▲"
    assert lines[11] == " " * 7 + "00:00:00 UTC" + " " * 8 + "00:01:00 UTC"
    assert lines[12:] == ["▲ 2026-01-01 00:00:10 UTC IRQ 36: 0-1 ->", "  1, by 192.0.2.7"]


def test_the_head_tells_window_and_steps():
    assert plain(draw_history(total(), (), 100, "bar"))[:3] == [
        "2026-01-01 00:00:00 .. 00:01:00 UTC  60 s, 7 samples",
        "in steps of 30 s, by total",
        "interrupts per second",
    ]


def test_keys_have_a_row_each_with_mean_and_maximum():
    lines = below(draw_history(SERIES, (), 60, "bar"))

    assert lines[0].split() == ["MEAN", "MAX"]
    assert lines[1].split()[0] == "CPU1"
    # 9301 in 60 s; 5201 in 29.75 s
    assert lines[1].split()[-2:] == ["155.0", "174.8"]
    assert lines[2].split()[0] == "CPU0"


def test_a_line_is_drawn_of_dots():
    lines = below(draw_history(total(), (), 40, "line"))

    assert lines[0].endswith("⠉")
    assert "█" not in "".join(lines)


def test_gaps_are_explained():
    assert "· nothing is known there" in plain(draw_history(total(gaps=1), (), 40, "bar"))


def test_many_changes_are_told_in_part():
    many = [EVENTS[1]] * 11

    lines = plain(draw_history(total(), many, 70, "bar"))

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
    assert list(list_series(SERIES)) == [
        ("start", "end", "key", "count"),
        ("1767225600", "1767225630.250", "0", 900),
        ("1767225600", "1767225630.250", "1", 4100),
        ("1767225630.250", "1767225660", "0", 904),
        ("1767225630.250", "1767225660", "1", 5201),
    ]


def test_csv_of_totals_has_one_key():
    point = machine.SERIES["points"][0] | {"counts": {}}
    answer = read(model.read_series, machine.SERIES | {"by": "total", "points": [point]})

    assert list(list_series(answer))[1:] == [("1767225600", "1767225630.250", "total", 5000)]
