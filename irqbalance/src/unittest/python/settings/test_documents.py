"""The documents agree with the table of settings, the objective and the version."""

from pathlib import Path

import pytest

from documents import (
    completion,
    completions,
    man_commands,
    man_old_options,
    man_options,
    old_options_table,
    readme_table,
)
from irqbalance.cli import main
from irqbalance.planning.policy import OBJECTIVE
from irqbalance.settings.command_line import parser
from irqbalance.settings.model import Settings
from irqbalance.settings.table import COMMANDS, SETTINGS, Command

PROJECT = Path(__file__).parents[4]


def test_the_table_the_settings_the_help_and_the_readme_agree():
    names = [setting.name for setting in SETTINGS]

    assert sorted([*names, "rules", "banned_by"]) == sorted(Settings._fields)
    text = parser().format_help()
    assert all(option in text for setting in SETTINGS for option in setting.options)
    assert readme_table() in (PROJECT / "README.md").read_text()


def test_the_man_page_and_the_completion_know_every_option():
    data = PROJECT / "src/main/data"
    page = (data / "irqbalance.8").read_text()

    assert man_options() + man_commands() in page
    for path, text in completions().items():
        assert (data / path).read_text() == text, path
    shown = page.replace("\\-", "-")
    words = completion().split()
    for option in parser()._option_string_actions:
        assert f"\\fB{option}\\fR" in shown, option
        assert any(word.strip("')") == option for word in words), option


def test_the_man_page_and_the_guide_have_every_option_of_the_c_irqbalance():
    page = (PROJECT / "src/main/data/irqbalance.8").read_text()

    assert man_old_options() in page
    assert old_options_table() in (PROJECT / "docs/migrating.md").read_text()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_table_has_a_module_and_its_own_help(
    command: Command, capsys: pytest.CaptureFixture[str]
):
    assert main([command.name, "--help"]) == 0

    assert f"usage: irqbalance {command.name}" in capsys.readouterr().out
    assert command.name in parser().format_help()


def test_the_readme_and_the_man_page_state_the_objective():
    goals = " ".join(f"{number}. {goal}" for number, goal in enumerate(OBJECTIVE, 1))
    page = (PROJECT / "src/main/data/irqbalance.8").read_text()
    shown = page.replace(".br\n", "").replace("\\-", "-").replace("\\(aq", "'")

    assert goals in " ".join((PROJECT / "README.md").read_text().split())
    assert goals in " ".join(shown.split())


def test_the_service_and_the_cron_file_run_the_command_by_its_full_path():
    data = PROJECT / "src/main/data"
    service = (data / "irqbalance-once.service").read_text()

    assert "ExecStart=/usr/local/bin/irqbalance --quiet" in service
    assert "ProtectKernelTunables=no" in service
    assert "ReadOnlyPaths=/ /proc /sys /run\n" in service
    assert "ReadWritePaths=/proc/irq " in service
    # a run without it would hold up the timer for ever
    assert "\nTimeoutStartSec=5min\n" in service
    assert (
        "* * * * root /usr/local/bin/irqbalance --quiet" in (data / "irqbalance.cron").read_text()
    )


def test_the_version_is_the_builds():
    from irqbalance import __version__

    assert f'version = "{__version__}"' in (PROJECT / "build.py").read_text()
    assert f"## [{__version__}]" in (PROJECT / "CHANGELOG.md").read_text()
