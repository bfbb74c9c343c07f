"""The C irqbalance's options get an answer on this command line, and its variables work."""

from collections.abc import Sequence

import pytest

from irqbalance.cli import main
from irqbalance.errors import SettingError
from irqbalance.settings.command_line import parser, settings_of
from irqbalance.settings.old_options import OLD, find_old, options_in

OURS = parser()._option_string_actions


@pytest.mark.parametrize(
    ("argv", "answer"),
    [
        (["--oneshot"], "--oneshot is an option of the C irqbalance; here: leave it out: each run"),
        (["-o"], "-o is an option of the C irqbalance; here: leave it out: each run"),
        (["--banirq=24"], "--banirq=24 is an option of the C irqbalance; here: --ban-irq IRQ"),
        (["--banirq", "24"], "--banirq is an option of the C irqbalance; here: --ban-irq IRQ"),
        (["-i24", "-n"], "-i24 is an option of the C irqbalance; here: --ban-irq IRQ"),
        (["--quiet", "--debug"], "--debug is an option of the C irqbalance; here: --verbose"),
        (["-fd"], "-fd is an option of the C irqbalance; here: leave it out: a run never goes"),
        (["--policyscript=/x"], "--policyscript=/x is an option of the C irqbalance; here: a rule"),
    ],
)
def test_an_option_of_the_c_irqbalance_gets_one_line_and_status_2(
    argv: Sequence[str], answer: str, capsys: pytest.CaptureFixture[str]
):
    assert main(argv) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"irqbalance: {answer}")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "name",
    [name for old in OLD for name in old.names if name[0] == "-" and name not in OURS],
)
def test_every_option_of_the_table_gets_an_answer(name: str, capsys: pytest.CaptureFixture[str]):
    assert main([name]) == 2

    assert f"{name} is an option of the C irqbalance" in capsys.readouterr().err


def test_other_unknown_options_are_wrong_usage_as_before(capsys: pytest.CaptureFixture[str]):
    assert main(["--frobnicate"]) == 2

    assert "unrecognized arguments: --frobnicate" in capsys.readouterr().err
    assert find_old("--frobnicate") is None


def test_every_answer_that_names_an_option_names_one_of_ours():
    named = [word.strip(";,") for old in OLD for word in old.instead.split() if word[:2] == "--"]

    assert named
    assert set(named) <= set(OURS)


def test_an_option_takes_its_argument_as_getopt_does():
    found = [(words, argument) for words, _, argument in options_in(
        ["--banirq=1", "--banirq", "2", "-i", "3", "-i4", "-of", "-di5", "-p"]
    )]  # fmt: skip

    assert found == [
        ("--banirq=1", "1"),
        ("--banirq 2", "2"),
        ("-i 3", "3"),
        ("-i4", "4"),
        ("-o", ""),
        ("-f", ""),
        ("-d", ""),
        ("-i5", "5"),
        ("-p", ""),
    ]


def test_the_variables_ban_cpus_as_a_list_and_as_a_mask():
    settings = settings_of(
        [],
        {"IRQBALANCE_BANNED_CPULIST": "2-3", "IRQBALANCE_BANNED_CPUS": "1,00000001", "HOME": "/"},
    )

    assert dict(settings.banned_by) == {
        "IRQBALANCE_BANNED_CPULIST": {2, 3},
        "IRQBALANCE_BANNED_CPUS": {0, 32},
    }


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("IRQBALANCE_BANNED_CPULIST", "3-2"),
        ("IRQBALANCE_BANNED_CPULIST", "f0"),
        ("IRQBALANCE_BANNED_CPUS", "0xf0"),
    ],
)
def test_a_variable_that_is_no_cpu_set_is_wrong_usage(variable: str, text: str):
    with pytest.raises(SettingError, match=f"{variable}: expected a CPU|{variable}: expected ra"):
        settings_of([], {variable: text})


def test_a_wrong_variable_does_not_keep_anybody_from_a_restore():
    settings = settings_of(["--restore"], {"IRQBALANCE_BANNED_CPUS": "0xf0"})

    assert settings.banned_by == ()
