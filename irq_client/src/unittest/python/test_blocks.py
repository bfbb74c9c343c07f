"""Every block of code of the pages runs, or says in development.md why it does not."""

import contextlib
import io
import re
from pathlib import Path

import pytest

import pages
import test_guide
import test_prometheus
from irq_client.command_line.command import all_settings
from irq_client.command_line.config_files import read_config
from irq_client.commands.registry import COMMANDS
from service import WebService

PROJECT = Path(__file__).parents[3]
BLOCKS = [block for page in pages.pages(PROJECT) for block in pages.blocks(page)]
NOT_RUN = [
    row[0] for row in pages.rows(PROJECT / "docs/development.md", "## Commands that no test")
]


def blocks(language: str) -> list[pages.Block]:
    """Return the blocks of a language."""
    return [block for block in BLOCKS if block.language == language]


def test_the_guides_tests_run_every_command_with_an_output():
    shown = [command for block in blocks("console") for command, _ in block.commands()]

    run = [command for command, _ in (*test_guide.BLOCKS, *test_prometheus.BLOCKS)]
    assert sorted(run) == sorted(shown)


def test_every_other_command_says_why_no_test_runs_it():
    commands = [
        command for block in (*blocks("sh"), *blocks("bash")) for command, _ in block.commands()
    ]

    assert [each for each in commands if not pages.not_run(each, NOT_RUN)] == []
    assert {found for each in commands for found in pages.not_run(each, NOT_RUN)} == set(NOT_RUN)


def test_the_program_of_the_reference_prints_what_it_shows():
    (program,) = blocks("python")
    printed = io.StringIO()

    with WebService(test_guide.answer) as service, contextlib.redirect_stdout(printed):
        exec(program.text.replace("http://127.0.0.1:5000", service.url), {})  # noqa: S102

    assert printed.getvalue() in [block.text for block in blocks("text")]


@pytest.mark.parametrize("block", blocks("toml"), ids=lambda block: block.page.name)
def test_a_configuration_of_the_pages_is_accepted(block: pages.Block, tmp_path: Path):
    file = tmp_path / "config.toml"
    file.write_text(block.text)

    read_config(str(file), required=True)


def test_the_prose_names_only_options_and_commands_that_there_are():
    options = {name for each in all_settings(COMMANDS) for name in each.names}
    options |= {"--help", "--version"}
    words = [
        span.split()
        for page in pages.pages(PROJECT)
        for span in pages.spans(page)
        if span.startswith("irq_client ")
    ]

    named = {
        word.partition("=")[0] for span in words for word in span if re.match("--?[a-z]", word)
    }
    assert "--undo" in named
    assert named <= options
    commands = {span[1] for span in words if span[1][0] not in "-C"}
    assert commands <= {command.name for command in COMMANDS}
