"""The documents agree with the table of settings, the objective and the version."""

from pathlib import Path

import pytest

import documents
from irqbalance.cli import main
from irqbalance.planning.policy import OBJECTIVE
from irqbalance.settings.command_line import parser
from irqbalance.settings.model import Settings
from irqbalance.settings.table import COMMANDS, SETTINGS, Command

PROJECT = Path(__file__).parents[4]


def test_the_table_the_settings_and_the_help_agree():
    names = [setting.name for setting in SETTINGS]

    assert sorted([*names, "rules", "banned_by"]) == sorted(Settings._fields)
    text = parser().format_help()
    assert all(option in text for setting in SETTINGS for option in setting.options)


def test_reference_man_page_and_completion_are_made_from_the_table(tmp_path: Path):
    files = (documents.REFERENCE, documents.MIGRATING, documents.MAN_PAGE, *documents.COMPLETIONS)
    for file in files:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text((PROJECT / file).read_text())

    documents.rewrite(tmp_path)

    for file in files:
        assert (tmp_path / file).read_text() == (PROJECT / file).read_text(), (
            f"{file}: run src/unittest/python/documents.py as docs/development.md says"
        )


def test_reference_man_page_and_completion_know_every_option():
    reference, page, completion = (
        (PROJECT / each).read_text()
        for each in (documents.REFERENCE, documents.MAN_PAGE, documents.COMPLETIONS[0])
    )
    shown = page.replace("\\-", "-")
    words = completion.split()
    for option in parser()._option_string_actions:
        assert f"\\fB{option}\\fR" in shown, option
        assert any(word.strip("')") == option for word in words), option
    for setting in SETTINGS:
        assert f"`{setting.options[0]}" in reference


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_table_has_a_module_and_its_own_help(
    command: Command, capsys: pytest.CaptureFixture[str]
):
    assert main([command.name, "--help"]) == 0

    assert f"usage: irqbalance {command.name}" in capsys.readouterr().out
    assert command.name in parser().format_help()


def test_how_it_works_and_the_man_page_state_the_objective():
    goals = " ".join(f"{number}. {goal}" for number, goal in enumerate(OBJECTIVE, 1))
    page = (PROJECT / documents.MAN_PAGE).read_text()
    shown = page.replace(".br\n", "").replace("\\-", "-").replace("\\(aq", "'")

    assert goals in " ".join((PROJECT / "docs/how-it-works.md").read_text().split())
    assert goals in " ".join(shown.split())


def test_the_service_and_the_cron_file_run_the_command_by_its_full_path():
    data = PROJECT / "src/main/data"
    service = (data / "irqbalance-once.service").read_text()

    assert "ExecStart=/usr/local/bin/irqbalance --quiet" in service
    assert "\nEnvironmentFile=-/etc/sysconfig/irqbalance\n" in service
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
