"""Completion scripts: shells take them, and bash completes with them."""

import shutil
import subprocess

import pytest

from irq_client.cli import main
from irq_client.command_line.command import all_settings
from irq_client.command_line.completion import SHELLS, completion_script
from irq_client.commands.registry import COMMANDS
from terminal import streams, written

BASH = shutil.which("bash") or "bash"


def completed(*words: str) -> list[str]:
    """Return what bash would complete the last word to."""
    line = " ".join(f"'{word}'" for word in words)
    script = f"""{completion_script("bash", COMMANDS)}
COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _irq_client; printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    done = subprocess.run([BASH, "-c", script], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_commands_are_completed():
    assert completed("irq_client", "hi") == ["history"]
    assert set(completed("irq_client", "")) >= {command.name for command in COMMANDS}


def test_commands_are_found_behind_options_and_their_values():
    assert completed("irq_client", "--server", "http://h", "-v", "over") == ["overview"]
    assert completed("irq_client", "--server", "http://h", "top", "--ref") == ["--refresh"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("history", "--char"), ["--chart"]),
        (("history", "--chart", ""), ["bar", "line", "table"]),
        (("cpus", "--format", "j"), ["json"]),
        (("completion", ""), ["bash", "zsh", "fish"]),
        (("status", "--chart"), []),
        (("nonsense", "--f"), []),
    ],
)
def test_options_and_their_values_are_completed(words: tuple[str, ...], expected: list[str]):
    assert completed("irq_client", *words) == expected


def test_files_are_completed(tmp_path):
    (tmp_path / "hosts.txt").touch()

    assert completed("irq_client", "--hosts", f"{tmp_path}/ho") == [f"{tmp_path}/hosts.txt"]


@pytest.mark.parametrize("shell", SHELLS)
def test_every_command_and_option_is_in_every_script(shell: str):
    script = completion_script(shell, COMMANDS)

    for command in COMMANDS:
        assert command.name in script
    for setting in all_settings(COMMANDS):
        assert setting.name in script


def test_a_text_with_quotes_is_one_text_to_fish():
    assert r"such as \'eth0-*\''" in completion_script("fish", COMMANDS)


def test_the_command_asks_no_server():
    given = streams({"IRQ_CLIENT_SERVER": "http://127.0.0.1:1"})

    assert main(["completion", "zsh"], given) == 0
    assert written(given.stdout) == completion_script("zsh", COMMANDS)
    assert main(["completion", "tcsh"], streams()) == 2
