"""The one table of settings, and the documents that are made from it."""

import re
from pathlib import Path

import irq_client
from documents import columns_table, commands_table, settings_table
from irq_client.command_line.command import all_settings
from irq_client.commands.registry import COMMANDS

PROJECT = Path(__file__).parents[4]


def test_names_and_short_options_are_unique():
    shorts = [each.short for each in all_settings(COMMANDS) if each.short]

    assert len({each.name for each in all_settings(COMMANDS)}) == len(all_settings(COMMANDS))
    assert len(set(shorts)) == len(shorts)


def test_environment_names_follow_from_the_options():
    assert {each.environment for each in all_settings(COMMANDS) if each.environment} == {
        "IRQ_CLIENT_SERVER",
        "IRQ_CLIENT_PROMETHEUS",
        "IRQ_CLIENT_HOSTS",
        "IRQ_CLIENT_CONFIG",
        "IRQ_CLIENT_TOKEN_FILE",
        "IRQ_CLIENT_TIMEOUT",
        "IRQ_CLIENT_FORMAT",
        "IRQ_CLIENT_COLOR",
    }


def test_every_command_of_the_contract_is_there():
    names = "overview irqs irq cpus cpu history heatmap top affinity effect watch events status"
    names += " completion"

    assert [command.name for command in COMMANDS] == names.split()


def test_the_reference_holds_the_table_of_settings():
    assert settings_table() in (PROJECT / "docs" / "reference.md").read_text("utf-8")


def test_the_reference_holds_the_table_of_commands():
    assert commands_table() in (PROJECT / "docs" / "reference.md").read_text("utf-8")


def test_the_reference_holds_the_table_of_columns():
    assert columns_table() in (PROJECT / "docs" / "reference.md").read_text("utf-8")


def test_the_version_is_the_same_everywhere():
    build = (PROJECT / "build.py").read_text("utf-8")
    changes = (PROJECT / "CHANGELOG.md").read_text("utf-8")

    assert f'version = "{irq_client.__version__}"' in build
    assert re.search(r"^## \[([0-9.]+)\]", changes, re.MULTILINE)[1] == irq_client.__version__
