"""The redraw loop, with a clock, keys and a server that are made up: no test waits."""

from dataclasses import replace

import pytest
from test_top_view import DATA

from irq_client.commands.top.live import BackgroundAsker, Live
from irq_client.commands.top.state import Asked, TopState
from irq_client.errors import UnreachableError
from irq_client.terminal.colour import painter
from irq_client.terminal.screen import Screen
from terminal import stream, written

QUESTION = Asked(60.0)


class Script:
    """Clock, source and asker in one: events come in turn, NOTHING means that the wait was over."""

    def __init__(self, *events: str, answers: list[object] | None = None) -> None:
        self.events = list(events)
        self.answers = answers or [DATA]
        self.now = 100.0
        self.asked: list[Asked] = []
        self.waits: list[float] = []
        self.suspended = 0
        self.sizes = [(100, 12)]

    def clock(self) -> float:
        """Return the time."""
        return self.now

    def next_event(self, seconds: float) -> str:
        """Return the next event; an empty one lets the time pass."""
        self.waits.append(seconds)
        event = self.events.pop(0)
        if not event:
            self.now += seconds
        return event

    def size(self) -> tuple[int, int]:
        """Return the size, the last one for ever."""
        return self.sizes.pop(0) if len(self.sizes) > 1 else self.sizes[0]

    def suspend(self) -> None:
        """Count."""
        self.suspended += 1

    def ask(self, asked: Asked) -> None:
        """Note the question."""
        self.asked.append(asked)

    def answer(self) -> object:
        """Return the next answer."""
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def run(script: Script) -> tuple[int, str]:
    """Run a live view to its end; return its exit status and all that was written."""
    to = stream()
    screen = Screen(to, painter("never", True, {}))
    live = Live(script, screen, script, script.clock, "http://h", 1.0, TopState(60.0))
    return live.run(), written(to)


def test_it_asks_at_once_shows_the_answer_and_quits():
    script = Script("answer", "q")

    status, shown = run(script)

    assert status == 0
    assert "36    virtio1-req.0" in shown
    assert script.asked == [QUESTION]


def test_it_asks_again_when_the_refresh_is_over_and_not_before():
    script = Script("answer", "x", "", "answer", "q")

    run(script)

    assert script.asked == [QUESTION, QUESTION]
    assert script.waits == [3600.0, 1.0, 1.0, 3600.0, 1.0]


def test_a_slow_server_is_not_asked_twice():
    script = Script("x", "c", "", "q")

    run(script)

    assert script.asked == [QUESTION]


def test_nothing_is_asked_while_paused():
    script = Script("answer", " ", "", "", " ", "answer", "q")

    run(script)

    assert script.asked == [QUESTION, QUESTION]
    assert script.waits[2:4] == [3600.0, 3600.0]


def test_a_step_back_asks_for_that_window_once():
    script = Script("answer", "left", "answer", "", "right", "answer", "q")

    run(script)

    # the window ended at 2026-01-01T00:01:00Z, 1767225660
    assert script.asked == [QUESTION, Asked(60.0, 1767225600.0), QUESTION]


def test_trouble_is_shown_and_it_goes_on():
    trouble = UnreachableError("http://h/api", "connection refused \x1b")
    script = Script("answer", "", "answer", "q", answers=[trouble, DATA])

    status, shown = run(script)

    assert status == 0
    assert r"connection refused \x1b" in shown
    assert script.asked == [QUESTION, QUESTION]


def test_a_fault_of_our_own_is_not_hidden():
    with pytest.raises(ZeroDivisionError):
        run(Script("answer", answers=[ZeroDivisionError()]))


@pytest.mark.parametrize(
    ("event", "status"), [("signal 2", 130), ("signal 15", 143), ("signal 1", 129), ("hang up", 0)]
)
def test_a_signal_ends_it(event: str, status: int):
    assert run(Script("answer", event))[0] == status


def test_it_comes_back_after_being_suspended():
    script = Script("answer", "suspend", "q")

    _, shown = run(script)

    assert script.suspended == 1
    assert shown.count("36    virtio1-req.0") == 2


def test_a_resize_draws_anew_at_the_new_size():
    script = Script("answer", "resize", "q")
    script.sizes = [(100, 12), (100, 12), (40, 10)]

    _, shown = run(script)

    assert shown.count("\x1b[2J") == 2


def test_an_answer_that_was_taken_already_is_none():
    script = Script("answer", "q", answers=[None])

    assert run(script)[0] == 0


def test_questions_are_asked_beside_the_loop():
    woken: list[int] = []

    def fetch(asked: Asked):
        if asked.end:
            raise UnreachableError("http://h", "gone")
        return replace(DATA, changes=())

    asker = BackgroundAsker(fetch, lambda: woken.append(1))
    assert asker.answer() is None
    for end, kind in ((None, "TopData"), (5.0, "UnreachableError")):
        asker._run(Asked(60.0, end))
        assert type(asker.answer()).__name__ == kind
    assert woken == [1, 1]


def test_a_jump_to_a_change_asks_for_it_once_and_stays_there():
    found = replace(DATA, end=1767225610.0)
    script = Script("answer", "[", "answer", "", "x", "q", answers=[DATA, found])

    run(script)

    assert script.asked == [QUESTION, Asked(60.0, None, -1)]
    assert script.waits[-1] == 3600.0


def test_a_jump_that_finds_nothing_says_so():
    script = Script("answer", "]", "answer", "q", answers=[replace(DATA, note="no later one")])

    assert "no later one" in run(script)[1]


def test_samples_that_stay_away_are_told():
    # every 10 s one is due; 2.5 of these and the refresh are over after 26 s
    script = Script("answer", *["", "answer"] * 27, "q")

    _, shown = run(script)

    assert "no new sample for 27 s" in shown
    assert "no new sample for 26 s" not in shown
    assert "not live" in shown
