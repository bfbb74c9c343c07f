"""The command line: values, defaults and contradictions."""

from pathlib import Path
from typing import Any

import pytest

from irqbalance.errors import SettingError
from irqbalance.settings.command_line import settings_of
from irqbalance.settings.values import Pattern


def test_without_arguments_the_defaults_hold():
    settings = settings_of([])

    assert settings.state_dir == Path("/var/lib/irqbalance")
    assert (settings.threshold, settings.max_moves, settings.interval) == (5.0, None, None)
    assert settings.writes


@pytest.mark.parametrize(
    ("argv", "field", "value"),
    [
        (["-n"], "dry_run", True),
        (["--interval", "20ms"], "interval", 0.02),
        (["--cpus", "0-2"], "cpus", frozenset({0, 1, 2})),
        (
            ["--ban-irq", "24", "--ban-irq", "eth*"],
            "ban_irq",
            (Pattern("24", range(24, 25)), Pattern("eth*")),
        ),
        (["--threshold=0"], "threshold", 0.0),
        (["--max-moves", "3"], "max_moves", 3),
        (["--format", "json"], "format", "json"),
        (["--from", "a", "--to", "b"], "to_file", Path("b")),
        (["-v"], "verbose", True),
    ],
)
def test_an_option_sets_its_field(argv: list[str], field: str, value: Any):
    assert getattr(settings_of(argv), field) == value


@pytest.mark.parametrize("option", [["--dry-run"], ["--check"], ["--from", "x"]])
def test_some_runs_write_nothing(option: list[str]):
    assert not settings_of(option).writes


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--interval", "0"], "--interval: expected a duration"),
        (["--interval", "soon"], "found 'soon'"),
        (["--cpus", "x"], "--cpus: expected a CPU list"),
        (["--threshold", "-1"], "--threshold"),
        (["--max-moves=-1"], "--max-moves: expected a whole number"),
        (["--format", "xml"], "one of table, json, csv"),
        (["--only-irq", "9-3"], "--only-irq"),
        (["--to", "x"], "--to: expected --from"),
        (["--from", "x", "--interval", "1"], "no --interval"),
        (["--from", "x", "--restore"], "no --restore"),
        (["--check", "--restore"], "no --restore"),
        (["--from", "x", "--load", "time"], "--load: expected counts"),
        (["-v", "-q"], "no --quiet"),
    ],
)
def test_wrong_values_and_contradictions_are_named(argv: list[str], words: str):
    with pytest.raises((SettingError, SystemExit)) as caught:
        settings_of(argv)

    assert words in str(caught.value) or isinstance(caught.value, SystemExit)
