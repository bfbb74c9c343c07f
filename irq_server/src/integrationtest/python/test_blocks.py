"""Every command of the pages runs, at a server that the guide starts, and prints what they show.

``WHEEL_COMMANDS=FOLDER PYTHONPATH=src/main/python:src/testing/python python
src/integrationtest/python/test_blocks.py``, in the project's folder, writes what the commands print
now into the pages.
"""

import json
import os
import re
import subprocess
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow
import pytest

import needs
import pages
from conftest import COMMAND, Tree, wait_until

PROJECT = Path(__file__).parents[3]
BLOCKS = [block for page in pages.pages(PROJECT) for block in pages.blocks(page)]
NOT_RUN = [
    row[0] for row in pages.rows(PROJECT / "docs/development.md", "## Commands that no test")
]
SHELL = [block for block in BLOCKS if block.commands()]
START = "irq_server --interval 1s --data-dir ~/interrupts"
SITE, HOME = "http://127.0.0.1:5000", "/root"
"""The server's address and the reader's home, as the pages show them."""


class Desk:
    """A home with saved counters, and the guide's server on a machine that a test runs by hand."""

    def __init__(self, home: Path) -> None:
        """Start the server by the guide's command, and let interrupts fire."""
        tree = Tree(home / "proc")
        tree.fire("24", 3, 40)
        tree.fire("LOC", 100, 90)
        (home / "earlier").write_text((tree.root / "interrupts").read_text())
        self.home = home
        self.environment = {
            "PATH": f"{COMMAND.parent}:{os.environ['PATH']}",
            "HOME": str(home),
            "TZ": "UTC0",
            "IRQ_SERVER_PROCFS": str(tree.root),
            "IRQ_SERVER_PORT": "0",
            "IRQ_SERVER_DATA_DIR": str(home / "interrupts"),
        }
        log = home / "log"
        with log.open("w") as stderr:
            self.server = subprocess.Popen(
                ["/bin/sh", "-c", f"exec {START}"], env=self.environment, stderr=stderr
            )
        wait_until(lambda: "listening on" in log.read_text())
        self.log = log.read_text().replace(str(home), HOME)
        self.url = re.findall(r"http://\S+", self.log)[0]
        wait_until(lambda: self.samples() >= 2)
        tree.fire("24", 300, 50)
        tree.fire("LOC", 200, 180)
        (home / "later").write_text((tree.root / "interrupts").read_text())
        target = self.samples() + 2
        wait_until(lambda: self.samples() >= target)

    def samples(self) -> int:
        """Return the number of samples that the server took."""
        return int(json.loads(self.run(f"curl -s {SITE}/api/v1/status")[1])["sampler"]["samples"])

    def run(self, command: str) -> tuple[int, str]:
        """Run a command as a shell would; return its exit status and what it printed."""
        done = subprocess.run(
            ["/bin/sh", "-c", command.replace(SITE, self.url)],
            cwd=self.home,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )
        return done.returncode, done.stdout.replace(str(self.home), HOME)


@contextmanager
def desk_in(folder: Path) -> Iterator[Desk]:
    """Yield a desk whose server ends with the block."""
    found = Desk(folder)
    try:
        yield found
    finally:
        found.server.terminate()
        found.server.wait()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Yield one desk for all tests."""
    needs.program("curl")
    with desk_in(tmp_path_factory.mktemp("home")) as found:
        yield found


def name(block: pages.Block) -> str:
    """Return a block's name in the list of tests."""
    return f"{block.page.name}: {block.commands()[0][0].strip()[:50]}"


@pytest.mark.parametrize("block", SHELL, ids=name)
def test_a_block_prints_what_its_page_shows(block: pages.Block, desk: Desk):
    for command, shown in block.commands():
        if command == START:
            # for root one more line names the rights that it keeps
            log = re.sub(r".* running as root.*\n", "", desk.log)
            assert pages.same_shape(shown, log), log
            continue
        if pages.not_run(command, NOT_RUN):
            continue

        status, printed = desk.run(command)

        assert status == 0, printed
        if block.language == "console":
            assert pages.same_shape(shown, printed), printed


def examples() -> list[str]:
    """Return the commands of the man page's section EXAMPLES."""
    page = (PROJECT / "src/main/data/irq_server.8").read_text().partition(".SH EXAMPLES\n")[2]
    text = page.replace("\\-", "-").replace("\\(aq", "'").replace("\\(ti", "~")
    blocks = re.findall(r"^\.RS\n(.*?)^\.RE$", text, re.M | re.S)
    return [line for block in blocks for line in block.splitlines()]


@pytest.mark.parametrize("command", [each for each in examples() if each != START])
def test_an_example_of_the_man_page_runs(command: str, desk: Desk):
    assert START in examples()
    here = command.replace("/run/", "~/run-").replace("/srv/", "~/park/")
    if "--daemon" in here:
        here += ' --data-dir ~/second && kill "$(cat ~/run-irq.pid)"'

    # the wheel does not ask for pyarrow; it is where these tests' own packages are
    status, printed = desk.run(f"PYTHONPATH={Path(pyarrow.__file__).parents[1]} {here}")

    assert status == 0, printed


def test_the_man_page_has_an_example_of_each_kind():
    words = {word for command in examples() for word in command.split()}

    assert {START.split()[1], "curl", "--daemon", "verify", "export", "ship"} <= words


def test_the_guide_starts_the_server():
    assert START in [command for block in SHELL for command, _ in block.commands()]


@pytest.mark.parametrize(
    "block", [each for each in BLOCKS if each.language == "toml"], ids=lambda each: each.page.name
)
def test_a_settings_file_of_the_pages_is_accepted(block: pages.Block, tmp_path: Path):
    settings = tomllib.loads(block.text)
    file = tmp_path / "irq_server.toml"
    file.write_text(block.text)

    done = subprocess.run(
        [COMMAND, "--config", file, "--port", "65536"], capture_output=True, text=True
    )

    # the wrong port is the only thing that the server has against them
    assert settings
    assert done.returncode == 2
    assert "65536" in done.stderr


def test_a_file_of_variables_of_the_pages_is_accepted():
    (block,) = (each for each in BLOCKS if each.language == "shell")
    variables = dict(line.split("=", 1) for line in block.text.splitlines())

    # the wrong level is the only thing that the server has against them
    done = subprocess.run(
        [COMMAND, "--log-level", "no-such-level"], env=variables, capture_output=True, text=True
    )

    manual = subprocess.run([COMMAND, "--help"], capture_output=True, text=True, check=True).stdout
    assert [name for name in variables if name not in manual] == []
    assert done.returncode == 2
    assert "no-such-level" in done.stderr
    assert not any(name in done.stderr for name in variables)


def test_every_block_of_json_is_json():
    for block in (each for each in BLOCKS if each.language == "json"):
        json.loads(block.text.replace("{…}", "{}"))


def test_every_command_that_no_test_runs_stands_in_a_page():
    commands = [command for block in SHELL for command, _ in block.commands()]

    matched = {each for command in commands for each in pages.not_run(command, NOT_RUN)}
    assert matched == set(NOT_RUN)


def test_the_prose_names_only_options_that_there_are():
    helps = ["", "verify", "repair", "export", "ship", "import"]
    known = {
        option
        for command in helps
        for option in re.findall(
            r"(?<![\w-])--?[a-z][a-z-]*",
            subprocess.run(
                [COMMAND, *command.split(), "--help"], capture_output=True, text=True, check=True
            ).stdout,
        )
    }
    named = [
        word.partition("=")[0]
        for page in pages.pages(PROJECT)
        for span in pages.spans(page)
        if span.startswith("irq_server ")
        for word in span.split()
        if word.startswith("-")
    ]

    assert "--start" in named
    assert set(named) <= known


def rewritten(page: Path, desk: Desk) -> str:
    """Return a page with what its commands print now; shortened outputs stay as they are."""

    def block(found: re.Match[str]) -> str:
        shell = pages.Block(page, found[1], found[2])
        if shell.language != "console":
            return found[0]
        text = ""
        for command, shown in shell.commands():
            text += f"$ {command}\n"
            if command == START or pages.not_run(command, NOT_RUN):
                text += shown
                continue
            printed = desk.run(command)[1]
            text += shown if pages.ANYTHING in shown else printed
        return f"```console\n{text}```"

    return pages.FENCE.sub(block, page.read_text("utf-8"))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, desk_in(Path(folder)) as made:
        for each in pages.pages(PROJECT):
            each.write_text(rewritten(each, made), "utf-8")
