"""The screen of a live view, line by line."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import machine
from irq_client.commands.top.state import TopState
from irq_client.commands.top.view import TopData, fit, frame
from irq_client.server import model
from irq_client.server.json_fields import JsonObject
from irq_client.server.times import Moment
from irq_client.terminal.text import cell_width

STATE = TopState(period_seconds=60.0)
INTERRUPTS = model.read_interrupts(JsonObject(machine.INTERRUPTS, ""))
CHANGE = model.Event(
    Moment("2026-01-01T00:00:10Z"), "affinity", "36", None, "0-1 -> 1", "192.0.2.7"
)
DATA = TopData(INTERRUPTS, (CHANGE,))


def screen(state: TopState = STATE, data: TopData | None = DATA, size=(100, 12), trouble=""):
    """Return the plain lines of a screen."""
    lines = frame(state, data, trouble, "http://h", size)
    return ["".join(text for text, _ in line) for line in lines]


def test_irqs_stand_with_their_rates_below_a_head():
    # totals 1804 and 9301 in 60 s: 9301 / 5552.5 is 1.675
    assert screen()[:-1] == [
        "live  http://h  2026-01-01 00:00:00 .. 00:01:00 UTC  60 s, 7 samples",
        "185.1/s  imbalance 1.68  busiest CPU1 155.0/s  mean 92.5/s",
        "moved 50 s before: IRQ 36 (virtio1-req.0): 0-1 -> 1, by 192.0.2.7",
        "IRQ  DEVICE                CPU0    CPU1  RATE/s▼",
        "36   virtio1-req.0          0.0    93.4     93.4",
        "NMI                         0.1    61.6     61.7",
        "24   ahci[0000:00:1f.2]    30.0     0.0     30.0",
        "ERR                                          0.0",
        "",
        "",
        "",
    ]


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (77, "live  http://h  2026-01-01 00:00:00 .. 00:01:00 UTC  60 s, 7 samples"),
        (65, "live  2026-01-01 00:00:00 .. 00:01:00 UTC  60 s, 7 samples"),
        (53, "live  http://h  2026-01-01 00:01:00 UTC  60 s"),
        (40, "live  2026-01-01 00:01:00 UTC  60 s"),
    ],
)
def test_a_narrow_head_leaves_words_out_and_cuts_none(width: int, line: str):
    assert screen(size=(width, 12))[0] == line


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (
            65,  # "moved 50 s before: " has 19, the change 46
            ["busiest CPU1 155.0/s  mean 92.5/s", "IRQ 36 (virtio1-req.0): 0-1 -> 1, by 192.0.2.7"],
        ),
        (64, ["busiest CPU1 155.0/s  mean 92.5/s", "IRQ 36: 0-1 -> 1, by 192.0.2.7"]),
        (48, ["busiest CPU1 155.0/s", "IRQ 36: 0-1 -> 1, by 192.0.2"]),
        (25, ["imbalance 1.68", "IRQ"]),
    ],
)
def test_the_figures_of_a_narrow_head_are_whole(width: int, lines: list[str]):
    shown = screen(size=(width, 12))

    assert shown[1].endswith(lines[0])
    assert lines[1] in shown[2]


def test_cpus_stand_with_share_bar_and_busiest_irq():
    lines = screen(replace(STATE, by="cpu"))

    # 9301 of 11105; 1804 of 9301 are 31 of 160 eighths: three cells and seven
    assert lines[3].split() == ["CPU", "RATE/s▼", "SHARE", "LOAD", "BUSIEST", "IRQ"]
    assert lines[4] == f"  1     155.0   83.8%  {'█' * 20}  36 virtio1-req.0 93.4/s"
    assert lines[5] == f"  0      30.1   16.2%  {'███▉':20}  24 ahci[0000:00:1f.2] 30.0/s"


@pytest.mark.parametrize(
    ("changes", "first"),
    [
        ({"sort": "irq"}, "24"),
        ({"sort": "irq", "reverse": True}, "NMI"),
        ({"sort": "device"}, "24"),
        ({"reverse": True}, "ERR"),
        ({"filter": "REQ"}, "36"),
        ({"scroll": 1}, "36"),
        ({"by": "cpu", "sort": "cpu"}, "0"),
        ({"by": "cpu", "sort": "cpu", "reverse": True}, "1"),
        ({"by": "cpu", "filter": "cpu0"}, "0"),
    ],
)
def test_the_state_orders_and_chooses_rows(changes: dict[str, object], first: str):
    assert screen(replace(STATE, **changes))[4].split()[0] == first


def test_a_short_screen_scrolls_to_its_last_row_and_no_further():
    lines = screen(replace(STATE, scroll=99), size=(100, 7))

    assert [line.split()[0] for line in lines[4:6]] == ["24", "ERR"]
    assert len(lines) == 7


@pytest.mark.parametrize(
    ("changes", "word"), [({"paused": True}, "paused"), ({"end": 1.0}, "history"), ({}, "live")]
)
def test_the_head_says_what_time_is_shown(changes: dict[str, object], word: str):
    assert screen(replace(STATE, **changes))[0].startswith(f"{word}  http://h")


def test_trouble_is_told_and_the_last_answer_stays():
    lines = screen(trouble="http://h: connection refused")

    assert lines[3] == "http://h: connection refused"
    assert lines[5].startswith("36 ")
    assert screen(data=None, trouble="x")[:2] == ["live  http://h", "x"]


def test_the_foot_tells_the_filter():
    assert screen(replace(STATE, typing="et"))[-1] == "filter: et_"
    assert screen(replace(STATE, filter="et"))[-1].startswith("filter: et (Esc drops it)  q quit")


def test_the_help_lists_the_keys():
    assert "  Space, p                    pause, and go on" in screen(replace(STATE, help=True))


def test_a_window_of_one_sample_has_no_imbalance():
    window = replace(INTERRUPTS.window, seconds=0.0, samples=1)

    lines = screen(data=TopData(replace(INTERRUPTS, window=window), ()))
    assert lines[1] == "no two samples in the window"


def test_no_name_moves_the_cursor():
    row = replace(INTERRUPTS.irqs[0], device="\x1b[2Jx", irq="\x9b")
    data = TopData(replace(INTERRUPTS, irqs=(row,)), (replace(CHANGE, detail="\x07"),))

    for state in (STATE, replace(STATE, by="cpu", filter="")):
        assert all(line.isprintable() for line in screen(state, data))


@given(st.integers(1, 130), st.integers(1, 40), st.sampled_from(["irq", "cpu"]), st.booleans())
def test_a_screen_is_as_large_as_the_terminal(width: int, height: int, by: str, shows_help: bool):
    lines = screen(replace(STATE, by=by, help=shows_help), size=(width, height))

    assert len(lines) == height
    assert all(cell_width(line) <= width for line in lines)


def test_a_line_is_cut_between_characters():
    assert fit((("漢漢", "bold"), ("x", "")), 3) == (("漢", "bold"), ("x", ""))
    assert fit((("abc", "bold"), ("def", "")), 4) == (("abc", "bold"), ("d", ""))
