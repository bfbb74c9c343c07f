"""What each key makes of a live view."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irq_client.commands.top.state import TopState, press

START = TopState(period_seconds=5.0)


def after(*keys: str, state: TopState = START, newest: float | None = 1000.0) -> TopState:
    """Return the state after some keys, a window that ended at 1000 being shown."""
    for key in keys:
        state = press(state, key, page=10, shown_end=1000.0, newest=newest)
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
        ("?q", "quit", True),
        ("+", "period_seconds", 10.0),
        ("--", "period_seconds", 1.25),
        ("/", "typing", ""),
        ("/eq", "quit", False),
        ("Z", "quit", False),
    ],
)
def test_a_letter_does_what_the_help_says(keys: str, field: str, value: object):
    assert getattr(after(*keys), field) == value


def test_a_filter_is_typed_kept_and_dropped():
    typed = after("/", "e", "t", "x", "backspace", "h", "left")
    assert (typed.typing, typed.filter) == ("eth", "")

    kept = after("enter", state=typed)
    assert (kept.typing, kept.filter) == (None, "eth")
    assert after("/", state=kept).typing == "eth"
    assert after("/", "x", "escape", state=kept).filter == "eth"
    assert after("escape", state=kept).filter == ""


def test_a_step_back_is_a_window_and_a_step_forth_ends_live():
    once = after("left")
    twice = after("left", state=once)

    assert (once.end, twice.end) == (995.0, 990.0)
    assert after("right", state=twice).end == 995.0
    assert after("right", state=once).end is None
    assert after("right").end is None
    assert after("l", state=twice).end is None


def test_nothing_is_stepped_over_before_the_first_answer():
    assert press(START, "left", page=10, shown_end=None) == START


def test_rows_scroll_never_above_the_first():
    assert after("down", "down", "up").scroll == 1
    assert after("up").scroll == 0
    assert after("page down", "page down", "page up").scroll == 10
    assert after("page down", "home").scroll == 0
    assert after("page down", "/", "enter").scroll == 0


@given(st.lists(st.sampled_from([*"qcisr/pl+-?h x", "left", "right", "tab", "escape", "enter"])))
def test_a_window_is_always_one_that_can_be_asked_for(keys: list[str]):
    state = after(*keys)

    assert state.period_seconds > 0
    assert state.end is None or state.end > 0
    assert state.sort in ("rate", "irq", "device", "cpu")
