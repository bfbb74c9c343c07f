"""The console: the system's log, progress, and the terminal's width."""

import os
import sys
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest

from conftest import FakeClock, FakeMachine, row
from irqbalance.cli import main
from irqbalance.console import Console


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str]]:
    """Return the lines of the system's log, with the priorities of syslog(3)."""
    system = mock.Mock(LOG_NOTICE=5, LOG_ERR=3)
    lines: list[tuple[int, str]] = []
    system.syslog = lambda priority, text: lines.append((priority, text))
    monkeypatch.setitem(sys.modules, "syslog", system)
    return lines


@pytest.fixture
def run(fake: FakeMachine) -> Callable[..., int]:
    """Run the command on a machine where IRQ 24 and 25 fire on CPU 0."""
    fake.counters(row(24, 0, 0), row(25, 0, 0))
    fake.irq(24)
    fake.irq(25)
    roots: list[Any] = ["--procfs", fake.procfs, "--sysfs", fake.sysfs, "--state-dir", fake.state]

    def call(*argv: str) -> int:
        clock = FakeClock(lambda: fake.counters(row(24, 100, 0), row(25, 50, 0)))
        return main([*map(str, roots), "--interval", "1", "--quiet", *argv], clock.clock)

    return call


def test_every_change_is_told_and_undone_in_the_log(
    run: Callable[..., int],
    told: list[tuple[int, str]],
    capfd: pytest.CaptureFixture[str],
):
    assert run("--log", "syslog") == 0
    assert told == [(5, "IRQ 25 (dev25): CPU 0 -> 1: applied")]
    assert capfd.readouterr() == ("", "")

    assert run("--restore", "--log", "syslog") == 0
    assert told[1:] == [(5, "IRQ 25 (dev25): back to 0-1")]


def test_a_failure_is_told_to_the_log_and_on_standard_error(
    run: Callable[..., int],
    told: list[tuple[int, str]],
    fake: FakeMachine,
    capfd: pytest.CaptureFixture[str],
):
    fake.write("proc/70/comm", "irqbalance\n")
    fake.write("proc/70/status", "Uid:\t0\t0\t0\t0\n")

    assert run("--log", "syslog") == 4
    ((priority, text),) = told
    assert priority == 3
    assert text.startswith("irqbalance (process 70) runs too")
    assert text in capfd.readouterr().err


def test_a_dry_run_tells_the_log_nothing(run: Callable[..., int], told: list[tuple[int, str]]):
    assert run("--log", "syslog", "--dry-run") == 0
    assert told == []


def test_progress_is_printed_on_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    Console().progress("measuring")
    assert capsys.readouterr().err == ""

    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    Console().progress("measuring")
    Console(quiet=True).progress("measuring")

    assert capsys.readouterr().err == "irqbalance: measuring\n"


def test_the_width_is_that_of_the_terminal_if_there_is_one(monkeypatch: pytest.MonkeyPatch):
    assert Console().width == 0

    monkeypatch.setattr("os.get_terminal_size", lambda _fd: os.terminal_size((132, 40)))
    monkeypatch.setattr("sys.stdout.fileno", lambda: 1, raising=False)

    assert Console().width == 132
