"""What each key makes of a live view."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irq_client.commands.top.state import Seen, TopState, press

START = TopState(period_seconds=5.0)
SEEN = Seen(page=10, last=25, end=1000.0, newest=1000.0)


def after(*keys: str, state: TopState = START, seen: Seen = SEEN) -> TopState:
    """Return the state after some keys, a window that ended at 1000 being shown."""
    for key in keys:
        state = press(state, key, seen)
    return state


@pytest.mark.parametrize(
    ("keys", "field", "value"),
    [
        ("q", "quit", True),
        ("c", "by", "cpu"),
        ("ci", "by", "irq"),
        ("s", "sort", "irq"),
        ("ss", "sort", "device"),
        ("sss", "sort", "rate"),
        ("cs", "sort", "cpu"),
        ("sc", "sort", "rate"),
        ("r", "reverse", True),
        ("rs", "reverse", False),
        ("p", "paused", True),
        ("  ", "paused", False),
        ("?", "help", True),
        ("?x", "help", False),
        ("?q", "help", False),
        ("?q", "quit", False),
        ("?qq", "quit", True),
        ("+", "period_seconds", 10.0),
        ("--", "period_seconds", 1.25),
        ("/", "prompt", "filter"),
        ("/eq", "quit", False),
        ("t", "prompt", "time"),
        ("[", "seek", -1),
        ("]", "seek", 1),
        ("Z", "quit", False),
    ],
)
def test_a_letter_does_what_the_help_says(keys: str, field: str, value: object):
    assert getattr(after(*keys), field) == value


def test_a_filter_holds_while_it_is_typed_and_is_kept_or_dropped():
    typed = after("/", "e", "t", "x", "backspace", "h", "left")
    assert (typed.prompt, typed.live_filter, typed.filter) == ("filter", "eth", "")

    kept = after("enter", state=typed)
    assert (kept.prompt, kept.live_filter) == ("", "eth")
    assert after("/", state=kept).live_filter == "eth"
    assert after("/", "x", "escape", state=kept).live_filter == "eth"
    assert after("escape", state=kept).live_filter == ""


def test_a_step_back_is_a_window_and_a_step_forth_ends_live():
    once = after("left")
    twice = after("left", state=once)

    assert (once.end, twice.end) == (995.0, 990.0)
    assert after("right", state=twice).end == 995.0
    assert after("right", state=once).end is None
    assert after("right").end is None
    assert after("l", state=twice).end is None


def test_nothing_is_stepped_over_before_the_first_answer():
    assert after("left", seen=Seen()) == START


@pytest.mark.parametrize(
    ("typed", "end"), [("-5m", 700.0), ("900", 900.0), ("now", None), ("2000", None)]
)
def test_a_time_that_is_typed_is_jumped_to(typed: str, end: float | None):
    assert after("t", *typed, "enter").end == end


def test_a_time_that_is_none_is_refused_until_the_next_key():
    refused = after("t", *"noon?", "enter")

    assert refused.message.startswith("time: expected a time such as")
    assert "found 'noon?'" in refused.message
    assert (refused.end, refused.prompt) == (None, "")
    assert after("s", state=refused).message == ""


def test_rows_scroll_between_the_first_and_the_last():
    assert after("down", "down", "up").scroll == 1
    assert after("up").scroll == 0
    assert after("page down", "page down", "page up").scroll == 10
    assert after("page down", "home").scroll == 0
    assert after("end").scroll == 25
    assert after("end", "down", "page down").scroll == 25
    assert after("page down", "/", "enter").scroll == 0
    assert after("end").end is None


def test_a_table_that_became_shorter_scrolls_up_at_once():
    assert after("up", state=after("end"), seen=SEEN._replace(last=3)).scroll == 2


@given(
    st.lists(st.sampled_from([*"qcisr/pl+-?h x[]t9", "left", "right", "tab", "escape", "enter"]))
)
def test_a_window_is_always_one_that_can_be_asked_for(keys: list[str]):
    state = after(*keys)

    assert state.period_seconds > 0
    assert state.end is None or state.end > 0
    assert state.sort in ("rate", "irq", "device", "cpu")


def test_the_next_sort_after_a_column_of_the_command_line_is_the_rate():
    assert press(TopState(60.0, sort="cpu3"), "s", Seen()).sort == "rate"
