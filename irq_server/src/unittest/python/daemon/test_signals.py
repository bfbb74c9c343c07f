"""Signals: noted when they come, done by the main thread."""

import os
import signal
from collections.abc import Iterator

import pytest

from irq_server.daemon.signals import Signals, restore

NUMBERS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@pytest.fixture(autouse=True)
def untouched_process() -> Iterator[None]:
    actions = {number: signal.getsignal(number) for number in NUMBERS}
    yield
    for number, action in actions.items():
        signal.signal(number, action)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_end_is_noted_and_wakes_however_often_it_comes(number: int):
    wakes: list[str] = []
    signals = Signals()
    signals.install()
    signals.wake_by(lambda: wakes.append("woken"))
    assert not signals.ending

    os.kill(os.getpid(), number)
    os.kill(os.getpid(), number)

    assert signals.ending
    assert not signals.take_reload()
    assert wakes == ["woken", "woken"]


def test_a_reload_is_noted_until_it_is_taken():
    signals = Signals()
    signals.install()

    os.kill(os.getpid(), signal.SIGHUP)

    assert not signals.ending
    assert signals.take_reload()
    assert not signals.take_reload()


@pytest.mark.parametrize("number", NUMBERS)
def test_what_came_before_anybody_could_be_woken_wakes_at_once(number: int):
    wakes: list[str] = []
    signals = Signals()
    signals.install()
    os.kill(os.getpid(), number)

    signals.wake_by(lambda: wakes.append("woken"))

    assert wakes == ["woken"]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_process_that_ends_ignores_them(number: int):
    signals = Signals()
    signals.install()
    signals.ignore()

    os.kill(os.getpid(), number)

    assert signal.getsignal(number) == signal.SIG_IGN
    assert not signals.ending


def test_a_process_that_only_waits_has_their_first_meaning():
    Signals().install()

    restore()

    assert [signal.getsignal(number) for number in NUMBERS] == [signal.SIG_DFL] * 3
