"""The command `heatmap`: what it asks, and its pictures."""

import pytest
from test_history import run

import machine
from irq_client.commands.heatmap import draw_grid, draw_heatmap
from irq_client.commands.history import Past, draw_history
from irq_client.server import model
from irq_client.server.json_fields import JsonObject
from irq_client.terminal.text import cell_width
from sheets import plain

SERIES = model.read_series(JsonObject(machine.SERIES, ""))
EVENTS = model.read_events(JsonObject(machine.EVENTS, "")).events


def test_a_heatmap_is_by_cpu_where_nothing_is_said():
    status, output, asked = run("heatmap")

    assert status == 0
    assert "scale" in output
    assert asked[0] == "/api/v1/series?by=cpu"


@pytest.mark.parametrize(
    ("form", "start"), [("table", "2026"), ("csv", "irq,device,cpu"), ("json", "{")]
)
def test_a_heatmap_of_irq_by_cpu_asks_for_no_steps(form: str, start: str):
    status, output, asked = run("heatmap", "--by", "irq,cpu", "--format", form)

    assert (status, asked) == (0, ["/api/v1/interrupts"])
    assert output.startswith(start)


def test_a_heatmap_without_time_refuses_a_step():
    assert run("heatmap", "--by", "irq,cpu", "--step", "1m") == (2, "", [])


def test_a_heatmap_has_the_cpus_in_their_order_and_a_scale():
    lines = plain(draw_heatmap(Past(SERIES, EVENTS), 25))

    # 900 in 30.25 s are 29.8 per second, 17% of 174.8: the sixth level; 4100 are 77.5%: the eighth
    first = lines.index("CPU0 " + "▆" * 20)
    assert lines[first + 1] == "CPU1 " + "█" * 20
    assert lines[-1].strip() == "to 174.8 per second"


def test_levels_of_heat_have_colours():
    styles = {style for line in draw_heatmap(Past(SERIES), 80) for _, style in line}

    # in one colour, letter and ground, so that the cell is filled whatever block stands there
    assert {"color(226) on color(226)", "color(161) on color(161)"} <= styles


def test_a_grid_has_a_row_for_each_irq_and_a_block_for_each_cpu():
    lines = plain(draw_grid(model.read_interrupts(JsonObject(machine.INTERRUPTS, "")), 70))

    # 5604, 3697 and 1800 are over a half, a half and a quarter of 5604; 4 is less than a 128th
    assert [line[-8:] for line in lines[2:5]] == ["▇▇▇▇    ", "    ████", "▁▁▁▁████"]
    assert lines[4].startswith("NMI Non-maskable interrupts ")
    # the CPUs stand above their blocks
    assert lines[1].index("0") == lines[2].index("▇")
    assert lines[1].index("1") == lines[3].index("█")


def grid(cpu_count: int, width: int) -> list[str]:
    """Return the picture of one IRQ that is as busy on each CPU."""
    counts = [600] * cpu_count
    row = {"irq": "1", "device": "", "counts": counts, "total": sum(counts), "rate": 900.0}
    answer = machine.INTERRUPTS | {
        "cpus": list(range(cpu_count)), "irqs": [row], "totals": counts, "total": sum(counts),
    }  # fmt: skip
    return plain(draw_grid(model.read_interrupts(JsonObject(answer, "")), width))


def test_cpus_that_share_a_block_are_averaged():
    lines = grid(90, 47)

    place = lines.index("1 " + "█" * 45)
    assert lines[place + 1] == "one block is 2 CPUs"


def test_the_axis_of_many_cpus_names_some():
    # a number up to 127 needs 4 cells, so every fourth CPU has one
    axis = grid(128, 200)[1]

    assert [int(text) for text in axis.split()] == list(range(0, 128, 4))
    assert axis[2 + 64 :].startswith("64 ")


def test_a_grid_of_nothing_says_so():
    answer = model.read_interrupts(JsonObject(machine.INTERRUPTS | {"irqs": []}, ""))

    assert plain(draw_grid(answer, 60))[-1] == "no IRQ passed the filters"


def test_a_series_without_steps_says_so():
    empty = model.read_series(JsonObject(machine.SERIES | {"points": []}, ""))

    for draw in (
        lambda: draw_history(Past(empty), 40, kind="bar"),
        lambda: draw_heatmap(Past(empty), 40),
    ):
        assert plain(draw())[-1] == "no step in the window"


def test_keys_that_have_no_room_are_counted():
    counts = {f"{n},0": n for n in range(30)}
    points = [machine.SERIES["points"][0] | {"counts": counts}]
    many = model.read_series(JsonObject(machine.SERIES | {"by": "irq,cpu", "points": points}, ""))

    for lines in (
        plain(draw_history(Past(many), 80, kind="line")),
        plain(draw_heatmap(Past(many), 80)),
    ):
        assert "the 24 busiest; 5 more are not drawn, --format csv has them" in lines
        assert any(line.startswith("29 on CPU0 ") for line in lines)


@pytest.mark.parametrize("width", [30, 41, 80, 200])
def test_no_line_of_a_picture_is_wider_than_the_terminal(width: int):
    grid = model.read_interrupts(JsonObject(machine.INTERRUPTS, ""))
    pictures = (draw_heatmap(Past(SERIES), width), draw_history(Past(SERIES), width, kind="bar"))

    for line in (*pictures, draw_grid(grid, width)):
        for text in plain(line):
            assert cell_width(text) <= max(width, 36)
