"""The screen of a live view, line by line."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import machine
from irq_client.commands.top.fetch import TopData
from irq_client.commands.top.state import TopState
from irq_client.commands.top.view import frame, printed
from irq_client.errors import UsageError
from irq_client.server import model
from irq_client.server.json_fields import JsonObject
from irq_client.server.times import Moment
from irq_client.terminal.text import cell_width
from sheets import plain

STATE = TopState(period_seconds=60.0)
INTERRUPTS = model.read_interrupts(JsonObject(machine.INTERRUPTS, ""))
CHANGE = model.Event(
    Moment("2026-01-01T00:00:10Z"), "affinity", "36", None, "0-1 -> 1", "192.0.2.7"
)
DATA = TopData(INTERRUPTS, (CHANGE,), {"36": "0-1"})


def screen(state: TopState = STATE, data: TopData | None = DATA, size=(100, 12), trouble=""):
    """Return the plain lines of a screen."""
    return plain(frame(state, data, trouble, "http://h", size).lines)


def test_irqs_stand_with_their_rates_below_a_head():
    # devices counted 1800 on CPU0 and 5604 on CPU1 in 60 s: 5604 / 3702 is 1.514
    assert screen()[:-1] == [
        "live  http://h  2026-01-01 00:00:00 .. 00:01:00 UTC  60 s, 7 samples",
        "185.1/s  devices 123.4/s  imbalance 1.51  busiest CPU1 93.4/s  mean 61.7/s",
        "moved 50 s before: IRQ 36 (virtio1-req.0): 0-1 -> 1, by 192.0.2.7",
        "IRQ   DEVICE                   RATE/s▼    CPU0    CPU1  AFFINITY",
        "36    virtio1-req.0               93.4     0.0    93.4  0-1",
        "NMI   Non-maskable interrupts     61.7     0.1    61.6",
        "24    ahci[0000:00:1f.2]          30.0    30.0     0.0",
        "ERR                                0.0",
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
        # "moved 50 s before: " has 19 cells, the change 46
        (65, ["busiest CPU1 93.4/s", "IRQ 36 (virtio1-req.0): 0-1 -> 1, by 192.0.2.7"]),
        (64, ["busiest CPU1 93.4/s", "IRQ 36: 0-1 -> 1, by 192.0.2.7"]),
        (48, ["imbalance 1.51", "IRQ 36: 0-1 -> 1, by 192.0.2…"]),
        (25, ["devices 123.4/s", "IRQ 3…"]),
    ],
)
def test_the_figures_of_a_narrow_head_are_whole(width: int, lines: list[str]):
    shown = screen(size=(width, 12))

    assert shown[1].endswith(lines[0])
    assert lines[1] in shown[2]


def many(count: int) -> TopData:
    """Return a machine of `count` CPUs; IRQ 36 fires on the last one alone, NMI on all."""
    rows = (
        INTERRUPTS.irqs[1]._replace(counts=(*[0] * (count - 1), 5604)),
        INTERRUPTS.irqs[2]._replace(counts=(10,) * count, total=10 * count),
    )
    totals = (*[10] * (count - 1), 5614)
    answer = INTERRUPTS._replace(cpus=tuple(range(count)), irqs=rows, totals=totals)
    return replace(DATA, interrupts=answer)


def test_where_the_cpus_have_no_room_the_busiest_is_named_and_the_columns_stay():
    # 5 + 16 + 7 + 8 cells, 8 of gaps, and 8 for each CPU: 80 is enough for 4 of them
    assert "CPU3" in screen(data=many(4), size=(80, 12))[3]
    assert screen(data=many(5), size=(80, 12))[3:6] == [
        "IRQ   DEVICE                   RATE/s▼  ON          AFFINITY",
        "36    virtio1-req.0               93.4  CPU4 100%   0-1",
        "NMI   Non-maskable interrupts      0.8  5 CPUs",
    ]


def test_a_part_of_the_machine_has_no_imbalance():
    assert "imbalance" not in screen(data=replace(DATA, is_whole=False))[1]


def test_in_the_past_the_affinities_are_those_of_now():
    assert "AFFINITY NOW" in screen(data=replace(DATA, end=1.0))[3]


def test_own_interrupts_are_not_hot():
    lines = frame(STATE, DATA, "", "http://h", (100, 12)).lines

    assert {style for _, style in lines[5]} == {""}
    assert any(style == "bold cyan" for _, style in lines[4])


def test_printed_are_the_rows_that_fired_with_the_head_above():
    idle = INTERRUPTS.irqs[0]._replace(irq="25", counts=(0, 0), total=0)
    irqs = (*INTERRUPTS.irqs, idle)
    data = replace(DATA, interrupts=INTERRUPTS._replace(irqs=irqs))

    lines = plain(printed(data, 100))

    assert lines[0].startswith("2026-01-01 00:00:00 .. ")
    assert lines[1:] == screen()[1:8]


def test_cpus_stand_with_share_bar_and_busiest_irq():
    lines = screen(replace(STATE, by="cpu"))

    # 9301 of 11105; 1804 of 9301 are 31 of 160 eighths: three cells and seven
    assert lines[3].split() == ["CPU", "RATE/s▼", "SHARE", "LOAD", "BUSIEST", "IRQ"]
    assert lines[4] == f"   1    155.0   83.8%  {'█' * 20}  36 virtio1-req.0 93.4/s"
    assert lines[5] == f"   0     30.1   16.2%  {'███▉':20}  24 ahci[0000:00:1f.2] 30.0/s"


@pytest.mark.parametrize(
    ("changes", "first"),
    [
        ({"sort": "irq"}, "24"),
        ({"sort": "irq", "reverse": True}, "NMI"),
        ({"sort": "device"}, "24"),
        ({"reverse": True}, "ERR"),
        ({"filter": "REQ"}, "36"),
        ({"prompt": "filter", "typed": "req", "filter": "ahci"}, "36"),
        ({"filter": "maskable"}, "NMI"),
        ({"by": "cpu", "sort": "cpu"}, "0"),
        ({"by": "cpu", "sort": "cpu", "reverse": True}, "1"),
        ({"by": "cpu", "filter": "cpu0"}, "0"),
    ],
)
def test_the_state_orders_and_chooses_rows(changes: dict[str, object], first: str):
    assert screen(replace(STATE, **changes))[4].split()[0] == first


@pytest.mark.parametrize(
    ("sort", "irqs"),
    [
        # NMI counted 3 on CPU0, 3700 on CPU1; ERR has no CPU
        ("CPU0", ["24", "NMI", "36", "ERR"]),
        ("cpu1", ["36", "NMI", "24", "ERR"]),
        ("affinity", ["36", "24", "NMI", "ERR"]),
    ],
)
def test_any_column_sorts_also_one_that_is_not_shown(sort: str, irqs: list[str]):
    lines = screen(replace(STATE, columns=("irq", "rate"), sort=sort))

    assert lines[3].split() == ["IRQ", "RATE/s"]
    assert [line.split()[0] for line in lines[4:8]] == irqs


def test_columns_are_chosen_whether_they_fit_or_not():
    lines = screen(replace(STATE, columns=("ON", "CPU1", "IRQ")), size=(40, 12))

    assert lines[-9].split() == ["ON", "CPU1", "IRQ"]
    assert lines[-8].split() == ["CPU1", "100%", "93.4", "36"]


def test_a_column_that_is_none_is_an_error_with_what_is_near():
    with pytest.raises(UsageError, match="did you mean AFFINITY"):
        screen(replace(STATE, columns=("AFINITY",)))


def test_a_short_screen_scrolls_to_its_last_row_and_no_further():
    lines = screen(replace(STATE, scroll=99), size=(100, 7))

    assert [line.split()[0] for line in lines[4:6]] == ["24", "ERR"]
    assert len(lines) == 7
    shown = frame(STATE, DATA, "", "http://h", (100, 7))
    assert (shown.page, shown.last) == (2, 2)


@pytest.mark.parametrize(
    ("changes", "word"), [({"paused": True}, "paused"), ({"end": 1.0}, "history"), ({}, "live")]
)
def test_the_head_says_what_time_is_shown(changes: dict[str, object], word: str):
    assert screen(replace(STATE, **changes))[0].startswith(f"{word}  http://h")


def test_trouble_is_read_whole_and_the_last_answer_stays_and_is_not_called_live():
    lines = screen(trouble="http://h: connection refused; is irq_server running?", size=(40, 12))

    assert lines[0].startswith("not live  ")
    assert lines[1:3] == ["http://h: connection refused; is", "  irq_server running?"]
    assert any(line.startswith("36 ") for line in lines)
    assert screen(data=None, trouble="x")[:2] == ["not live  http://h", "x"]
    assert screen(replace(STATE, paused=True), trouble="x")[0].startswith("paused  ")


def test_a_message_of_a_key_stands_below_the_head():
    assert screen(replace(STATE, message="no earlier change"))[1] == "no earlier change"


def test_the_foot_tells_what_is_typed_and_the_filter():
    assert screen(replace(STATE, prompt="filter", typed="et"))[-1] == "filter: et_"
    assert screen(replace(STATE, prompt="time", typed="-1h"))[-1] == "time: -1h_"
    assert screen(replace(STATE, filter="et"))[-1].startswith("filter: et (Esc drops it)  q quit")


def test_the_help_lists_the_keys():
    assert "  Space, p               pause, and go on" in screen(replace(STATE, help=True))


def test_a_window_of_one_sample_has_no_imbalance():
    window = INTERRUPTS.window._replace(seconds=0.0, samples=1)

    lines = screen(data=TopData(INTERRUPTS._replace(window=window), ()))
    assert lines[1] == "no two samples in the window"


def test_no_name_moves_the_cursor():
    row = INTERRUPTS.irqs[0]._replace(device="\x1b[2Jx", irq="\x9b")
    data = TopData(INTERRUPTS._replace(irqs=(row,)), (CHANGE._replace(detail="\x07"),))

    for state in (STATE, replace(STATE, by="cpu", filter="")):
        assert all(line.isprintable() for line in screen(state, data))


@given(
    st.integers(4, 130),
    st.integers(1, 40),
    st.sampled_from(["irq", "cpu"]),
    st.booleans(),
    st.sampled_from([DATA, many(128), None]),
)
def test_a_screen_is_as_large_as_the_terminal(width, height, by, shows_help, data):
    lines = screen(replace(STATE, by=by, help=shows_help), data, size=(width, height))

    assert len(lines) == height
    assert all(cell_width(line) <= width for line in lines)


def test_the_help_fits_a_terminal_of_80_columns():
    assert not any("…" in line for line in screen(replace(STATE, help=True), size=(80, 24)))
