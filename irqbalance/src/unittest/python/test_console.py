"""The console: the system's log, progress, and the terminal's width."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import FakeClock, FakeMachine, row
from irqbalance.cli import main
from irqbalance.console import Console, visible


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


HOSTILE = {
    "\x1b[2J": "\\x1b[2J",  # clears the screen
    "\x1b]0;title\x07": "\\x1b]0;title\\x07",
    "\x9b31m": "\\x9b31m",  # the same in one character (C1)
    "\x85": "\\x85",
    "\x08\x08\x7f": "\\x08\\x08\\x7f",
    "\r": "\\r",
    "\u202egnp.exe": "\\u202egnp.exe",  # turns the rest of the line round
    "\u2066x\u2069": "\\u2066x\\u2069",
    "\u200f": "\\u200f",
    "\u2028": "\\u2028",
    "\U000e0041": "\\U000e0041",
    "\ufeff": "\\ufeff",
    "\0": "\\x00",
}


@pytest.mark.parametrize(("raw", "shown"), HOSTILE.items(), ids=ascii)
def test_what_a_terminal_obeys_is_shown_as_python_writes_it(raw: str, shown: str):
    assert visible(f"a{raw}b") == f"a{shown}b"
    assert repr(f"a{raw}b") == f"'a{shown}b'"


@pytest.mark.parametrize(
    "text", ["", "eth0-TxRx-3", "a b", "Gerät", "名前", "back\\slash", "\ufffd"]
)
def test_what_is_printed_stays_as_it_is(text: str):
    assert visible(text) == text


@given(st.text())
def test_what_is_shown_can_be_printed_and_stays_when_shown_again(text: str):
    shown = visible(text)

    assert shown.replace("\n", "").isprintable()
    assert visible(shown) == shown
    assert shown.count("\n") == text.count("\n")


DEVICE = "eth\x1b[2J\x9b\u202e\u2069\x07x"
SHOWN = "eth\\x1b[2J\\x9b\\u202e\\u2069\\x07x"


@pytest.fixture
def hostile(fake: FakeMachine) -> Callable[..., int]:
    """Run the command on a machine whose IRQ 25, and the managed 26, have a name with escapes."""

    def counters(load: int) -> None:
        rows = [row(24, 2 * load, 0), row(25, load, 0, device=DEVICE), row(26, 0, 0, device=DEVICE)]
        fake.counters(*rows)

    counters(0)
    for irq in (24, 25, 26):
        fake.irq(irq)
    roots: list[Any] = ["--procfs", fake.procfs, "--sysfs", fake.sysfs, "--state-dir", fake.state]

    def call(*argv: str) -> int:
        clock = FakeClock(lambda: counters(50)).clock
        return main([*map(str, roots), "--interval", "1", *argv], clock)

    return call


def raw_escapes(text: str) -> list[str]:
    return [character for character in text if character != "\n" and not character.isprintable()]


@pytest.mark.parametrize("argv", [["-v"], ["--format", "csv"], ["--format", "json"], ["-n", "-v"]])
@pytest.mark.parametrize("restore", [[], ["--restore"]])
def test_no_report_and_no_message_holds_what_a_terminal_obeys(
    hostile: Callable[..., int],
    told: list[tuple[int, str]],
    capfd: pytest.CaptureFixture[str],
    argv: list[str],
    restore: list[str],
):
    assert hostile("--quiet") == 0
    capfd.readouterr()

    assert hostile("--log", "syslog", *argv, *restore) == 0

    output = capfd.readouterr()
    lines = [text for _, text in told]
    assert raw_escapes(output.out + output.err + "".join(lines)) == []
    if "json" in argv:
        assert {irq["device"] for irq in json.loads(output.out)["irqs"]} >= {DEVICE}
    else:
        assert SHOWN in output.out
    if restore and "-n" not in argv:
        assert any(SHOWN in line for line in lines)


@pytest.mark.parametrize("pattern", [DEVICE, "eth\x1b*"])
def test_patterns_match_the_raw_name(
    hostile: Callable[..., int], capfd: pytest.CaptureFixture[str], pattern: str
):
    assert hostile("--format", "json", "--ban-irq", pattern) == 0

    irqs = {irq["irq"]: irq["status"] for irq in json.loads(capfd.readouterr().out)["irqs"]}
    assert (irqs["25"], irqs["26"]) == ("fixed", "fixed")


def test_undo_records_hold_the_raw_name(hostile: Callable[..., int], fake: FakeMachine):
    assert hostile("--quiet") == 0

    kept = json.loads((fake.state / "undo.json").read_text())["irqs"]
    assert kept["25"]["device"] == DEVICE


def test_a_message_with_the_name_of_a_file_is_one_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    assert main(["--from", str(tmp_path / "a\nirqbalance: \x1b[2Jall is well")]) == 1

    err = capfd.readouterr().err
    assert err.count("\n") == 1
    assert "a\\nirqbalance: \\x1b[2Jall is well" in err


@pytest.mark.parametrize("method", ["failure", "warning", "written", "progress"])
def test_every_kind_of_message_is_shown_escaped(
    monkeypatch: pytest.MonkeyPatch,
    told: list[tuple[int, str]],
    capsys: pytest.CaptureFixture[str],
    method: str,
):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)

    getattr(Console(verbose=True, log=True), method)(f"{DEVICE}\n2")

    assert capsys.readouterr().err == f"irqbalance: {SHOWN}\\n2\n"
    assert all(text == f"{SHOWN}\\n2" for _, text in told)
    assert len(told) == (method in ("failure", "written"))
