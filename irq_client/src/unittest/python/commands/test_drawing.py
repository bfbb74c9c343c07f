"""Series and tables as pictures: what stands in which line."""

from collections.abc import Iterable

import pytest

import machine
from irq_client.commands.drawing import draw_grid, draw_heatmap, draw_history
from irq_client.server import model
from irq_client.server.authors import attributed
from irq_client.server.json_fields import JsonObject
from irq_client.terminal.table import Line
from irq_client.terminal.text import cell_width

SERIES = model.read_series(JsonObject(machine.SERIES, ""))
EVENTS = attributed(model.read_events(JsonObject(machine.EVENTS, "")).events, 25.0)


def plain(lines: Iterable[Line]) -> list[str]:
    """Gives lines without their styles."""
    return ["".join(text for text, _ in line) for line in lines]


def below(lines: Iterable[Line], words: str = "interrupts per second") -> list[str]:
    """Gives the lines without their styles that stand below some words."""
    found = plain(lines)
    return found[found.index(words) + 1 :]


def total(**window: object) -> model.Series:
    """Gives the series by total, its window changed."""
    answer = machine.SERIES | {"by": "total", "window": machine.WINDOW | window}
    answer["points"] = [point | {"counts": {}} for point in machine.SERIES["points"]]
    return model.read_series(JsonObject(answer, ""))


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
    assert lines[11] == " " * 7 + "00:00:00Z" + " " * 14 + "00:01:00Z"
    assert lines[12:] == ["▲ 2026-01-01T00:00:10Z IRQ 36: 0-1 -> 1,", "  by 192.0.2.7"]


def test_the_head_tells_window_and_steps():
    assert plain(draw_history(total(), (), 100, "bar"))[:3] == [
        "2026-01-01T00:00:00Z .. 2026-01-01T00:01:00Z  60 s, 7 samples",
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


def test_a_series_without_steps_says_so():
    empty = model.read_series(JsonObject(machine.SERIES | {"points": []}, ""))

    for draw in (lambda: draw_history(empty, (), 40, "bar"), lambda: draw_heatmap(empty, (), 40)):
        assert plain(draw())[-1] == "no step in the window"


def test_a_heatmap_has_the_cpus_in_their_order_and_a_scale():
    lines = below(draw_heatmap(SERIES, EVENTS, 25))

    # 900 in 30.25 s are 29.8 per second, 17% of 174.8: the sixth level; 4100 are 77.5%: the eighth
    assert lines[0] == "CPU0 " + "▆" * 20
    assert lines[1] == "CPU1 " + "█" * 20
    assert lines[-1].strip() == "to 174.8 per second"


def test_levels_of_heat_have_colours():
    styles = {style for line in draw_heatmap(SERIES, (), 80) for _, style in line}

    # in one colour, letter and ground, so that the cell is filled whatever block stands there
    assert {"color(226) on color(226)", "color(161) on color(161)"} <= styles


def test_a_grid_has_a_row_for_each_irq_and_a_block_for_each_cpu():
    lines = plain(draw_grid(model.read_interrupts(JsonObject(machine.INTERRUPTS, "")), 70))

    # 5604, 3697 and 1800 are over a half, a half and a quarter of 5604; 4 is less than a 128th
    assert lines[1] == "one block is 1 CPU, from CPU 0 to 1"
    assert [line[-8:] for line in lines[2:5]] == ["▇▇▇▇    ", "    ████", "▁▁▁▁████"]
    assert lines[4].startswith("NMI ")


def test_cpus_that_share_a_block_are_averaged():
    row = {"irq": "1", "device": "", "counts": [600] * 90, "total": 54_000, "rate": 900.0}
    answer = machine.INTERRUPTS | {
        "cpus": list(range(90)), "irqs": [row], "totals": [600] * 90, "total": 54_000,
    }  # fmt: skip

    grid = draw_grid(model.read_interrupts(JsonObject(answer, "")), 47)
    lines = below(grid, "one block is 2 CPUs, from CPU 0 to 89")

    assert lines[0] == "1 " + "█" * 45


def test_a_grid_of_nothing_says_so():
    answer = model.read_interrupts(JsonObject(machine.INTERRUPTS | {"irqs": []}, ""))

    assert plain(draw_grid(answer, 60))[-1] == "no IRQ passed the filters"


def test_keys_that_have_no_room_are_counted():
    counts = {f"{n},0": n for n in range(30)}
    points = [machine.SERIES["points"][0] | {"counts": counts}]
    many = model.read_series(JsonObject(machine.SERIES | {"by": "irq,cpu", "points": points}, ""))

    for lines in (plain(draw_history(many, (), 80, "line")), plain(draw_heatmap(many, (), 80))):
        assert "the 24 busiest; 6 more are not drawn, --format csv has them" in lines
        assert any(line.startswith("29 on CPU0 ") for line in lines)


@pytest.mark.parametrize("width", [30, 41, 80, 200])
def test_no_line_of_a_picture_is_wider_than_the_terminal(width: int):
    grid = model.read_interrupts(JsonObject(machine.INTERRUPTS, ""))
    pictures = (draw_heatmap(SERIES, (), width), draw_history(SERIES, (), width, "bar"))

    for line in (*pictures, draw_grid(grid, width)):
        for text in plain(line):
            assert cell_width(text) <= max(width, 36)
