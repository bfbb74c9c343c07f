"""Signals: noted when they come, done by the main thread."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from irq_server.daemon import signals as module
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


PROGRAM = """
import logging, os, sys
sys.modules[__name__].__name__ = "irq_server.test"
logging.basicConfig(format="%(message)s")
from irq_server.daemon.signals import Signals

def hang():
    print("ready", flush=True)
    open(sys.argv[1])

signals = Signals(float(sys.argv[2]))
signals.install()
hang()
"""


def test_a_process_that_hangs_in_a_read_ends_all_the_same_and_says_where(tmp_path: Path):
    os.mkfifo(tmp_path / "hangs")
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "hangs"), "0.1"]
    path = str(Path(module.__file__).parents[2])
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={"PYTHONPATH": path}
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        try:
            _, said = process.communicate(timeout=20)
        finally:
            process.kill()

    assert process.returncode == 1
    assert said == (
        "the process did not end within 0.1 s, so it ends at once; "
        "it hung in MainThread: test.hang\n"
    )


def test_an_end_in_time_is_not_forced():
    signals = Signals(1000.0)
    signals.install()
    os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getitimer(signal.ITIMER_REAL)[0] > 900.0

    signals.ignore()

    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0.0
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
