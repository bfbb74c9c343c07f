"""The manual page, which the build makes."""

import subprocess
import sys
from pathlib import Path

import pytest

import irq_client
import test_guide
from irq_client.command_line.command import ARGUMENT_HELP, all_settings
from irq_client.commands.registry import COMMANDS
from irq_client.commands.top.state import KEYS
from manual import EXAMPLES, manual_page


def plain() -> str:
    """Return the page without roff's marks."""
    text = (
        manual_page(COMMANDS, KEYS).replace("\\-", "-").replace("\\(aq", "'").replace("\\e", "\\")
    )
    return text.replace("\\fB", "").replace("\\fI", "").replace("\\fR", "")


def test_every_command_with_its_examples_and_every_option_is_in_it():
    for command in COMMANDS:
        assert command.help in plain()
        for example in command.examples:
            assert example in plain().splitlines()
    for setting in all_settings(COMMANDS):
        assert setting.option in plain()
        assert setting.environment in plain()


def test_the_arguments_and_the_keys_of_the_live_view_are_told():
    for name, text in (*ARGUMENT_HELP.items(), *KEYS):
        assert name in plain()
        assert text in plain()


def test_no_line_of_text_is_taken_for_a_request():
    for line in manual_page(COMMANDS, KEYS).splitlines():
        assert not line.startswith("'")
        if line.startswith("."):
            assert line.split()[0] in {
                *(".TH", ".SH", ".TP", ".PP", ".B", ".BR", ".I", ".br"),
                *(".nf", ".fi", ".RS", ".RE"),
            }


@pytest.mark.parametrize("command", [command for _, command in EXAMPLES])
def test_an_example_of_the_page_runs(command: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("irq_client.commands.watch.time", test_guide.NoTime())
    here = command.removeprefix("0 * * * * ").removesuffix(" >> irqs.csv")

    status, printed, messages = test_guide.run(here.replace("top", "top --count 1"))

    assert (status, messages) == (0, "")
    assert printed != ""


def test_the_build_writes_it(tmp_path: Path):
    maker = Path(__file__).parents[2] / "build" / "python" / "manual.py"
    package = str(Path(irq_client.__file__).parents[1])
    page = tmp_path / "page"

    subprocess.run([sys.executable, maker, page], env={"PYTHONPATH": package}, check=True)

    assert page.read_text("utf-8") == manual_page(COMMANDS, KEYS)
