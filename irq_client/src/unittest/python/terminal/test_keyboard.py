"""A real pseudo-terminal as a source of keys and signals."""

import fcntl
import os
import pty
import signal
import struct
import termios

import pytest

from irq_client.terminal.keyboard import (
    ANSWER,
    HANG_UP,
    NOTHING,
    RESIZE,
    SUSPEND,
    Terminal,
    key_names,
)


@pytest.fixture
def pair():
    """Return both ends of a pseudo-terminal."""
    ends = pty.openpty()
    yield ends
    for each in ends:
        os.close(each)


def test_keys_come_one_by_one_without_a_line_end(pair):
    controller, descriptor = pair
    terminal = Terminal(descriptor)

    with terminal.listening():
        os.write(controller, b"q\x1b[A")

        assert [terminal.next_event(5), terminal.next_event(5)] == ["q", "up"]
        assert terminal.next_event(0) == NOTHING


def test_the_terminal_is_set_back_whatever_happens(pair):
    _, descriptor = pair
    before = termios.tcgetattr(descriptor)
    terminal = Terminal(descriptor)

    def work() -> None:
        with terminal.listening():
            assert termios.tcgetattr(descriptor) != before
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()

    assert termios.tcgetattr(descriptor) == before


@pytest.mark.parametrize(
    ("number", "event"),
    [
        (signal.SIGTERM, "signal 15"),
        (signal.SIGINT, "signal 2"),
        (signal.SIGWINCH, RESIZE),
        (signal.SIGTSTP, SUSPEND),
    ],
)
def test_signals_are_events(pair, number: int, event: str):
    terminal = Terminal(pair[1])
    handler = signal.getsignal(number)

    with terminal.listening():
        signal.raise_signal(number)
        assert terminal.next_event(5) == event

    assert signal.getsignal(number) == handler


def test_an_answer_wakes_and_too_late_does_no_harm(pair):
    terminal = Terminal(pair[1])

    with terminal.listening():
        terminal.wake()
        assert terminal.next_event(5) == ANSWER
    terminal.wake()


def test_a_terminal_that_goes_away_hangs_up():
    controller, descriptor = pty.openpty()
    terminal = Terminal(descriptor)

    with terminal.listening():
        os.close(controller)
        assert terminal.next_event(5) == HANG_UP
    os.close(descriptor)


def test_the_size_is_the_terminals_own(pair):
    terminal = Terminal(pair[1])
    assert terminal.size() == (80, 24)

    fcntl.ioctl(pair[1], termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    assert terminal.size() == (120, 40)


def test_suspending_gives_the_terminal_back_and_takes_it_again(pair, monkeypatch):
    terminal = Terminal(pair[1])
    before = termios.tcgetattr(pair[1])
    seen = []
    monkeypatch.setattr(os, "kill", lambda *_: seen.append(termios.tcgetattr(pair[1])))

    with terminal.listening():
        terminal.suspend()

        assert seen == [before]
        assert termios.tcgetattr(pair[1]) != before


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        (b"q", ["q"]),
        (b"\x1b[A\x1b[Bx", ["up", "down", "x"]),
        (b"\x1bOC\x1b[D", ["right", "left"]),
        (b"\x1b[5~\x1b[6~\x1b[H\x1b[F", ["page up", "page down", "home", "end"]),
        (b"\x1b", ["escape"]),
        (b"\r\n\t\x7f\x08", ["enter", "enter", "tab", "backspace", "backspace"]),
        (b" /", [" ", "/"]),
        ("ä".encode(), ["ä"]),
        (b"\x1b[1;5C\x1b[200~\x01", []),
        (b"\xff", ["\N{REPLACEMENT CHARACTER}"]),
        (b"", []),
    ],
)
def test_each_key_has_its_name(typed: bytes, names: list[str]):
    assert key_names(typed) == names
