"""Every block of code of the pages runs, on a captured machine, and prints what the page shows.

``PYTHONPATH=src/main/python:src/testing/python python src/unittest/python/test_blocks.py``, in the
project's folder, writes what the commands print now into the pages.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import captures
import pages
from irqbalance.settings.command_line import parser
from irqbalance.settings.file import _RULE_KEYS
from irqbalance.settings.table import COMMANDS

PROJECT = Path(__file__).parents[3]
MACHINE = "x86_64-4cpu-6.12"
BLOCKS = [block for page in pages.pages(PROJECT) for block in pages.blocks(page)]
NOT_RUN = [
    row[0] for row in pages.rows(PROJECT / "docs/development.md", "## Commands that no test")
]
SHELL = [block for block in BLOCKS if block.commands()]
TOML = [block for block in BLOCKS if block.language == "toml"]
MAN_PAGE = PROJECT / "src/main/data/irqbalance.8"

COMMAND = """\
#!{python}
import sys
from pathlib import Path

sys.path.insert(0, "{package}")
from irqbalance.cli import main
from irqbalance.loads.measure import Clock

HERE = Path("{folder}")
PROC = HERE / "{machine}/proc"
runs = HERE / "runs"
now = [float(runs.read_text()) if runs.exists() else 1767225600.0]


def sleep(seconds):
    now[0] += seconds
    (PROC / "interrupts").write_bytes((PROC / "interrupts.later").read_bytes())


roots = [f"--procfs={{PROC}}", f"--sysfs={{HERE}}/{machine}/sys", f"--state-dir={{HERE}}/state"]
assert sys.argv[1:2] != ["install"], "it would change this machine"
argv = sys.argv[1:] if sys.argv[1:2] == ["migrate"] else [*roots, *sys.argv[1:]]
status = main(argv, Clock(lambda: now[0], lambda: now[0], sleep))
runs.write_text(str(now[0] + 600))
sys.exit(status)
"""
"""The command on the captured machine, ten minutes after its last run; no wait takes time."""


class Desk:
    """A folder with the files that the pages name, and the command, for the captured machine."""

    def __init__(self, folder: Path) -> None:
        """Unpack the machine, and put the command beside it."""
        self.folder = folder
        package = PROJECT / "src/main/python"
        program = COMMAND.format(
            python=sys.executable, package=package, folder=folder, machine=MACHINE
        )
        (folder / "bin").mkdir()
        (folder / "bin/irqbalance").write_text(program)
        (folder / "bin/irqbalance").chmod(0o755)
        self.unpack()
        for name in ("interrupts", "interrupts.later"):
            (folder / name).write_bytes((folder / MACHINE / "proc" / name).read_bytes())

    def unpack(self) -> None:
        """Put the machine there as it was captured."""
        shutil.rmtree(self.folder / MACHINE, ignore_errors=True)
        captures.unpack(PROJECT / f"src/unittest/resources/captures/{MACHINE}.tar.xz", self.folder)

    def tidy(self) -> None:
        """Make all as it was at first; unpack the machine again only if a run wrote to it."""
        if (self.folder / "state").exists():
            shutil.rmtree(self.folder / "state")
            self.unpack()
        counters = (self.folder / "interrupts").read_bytes()
        (self.folder / MACHINE / "proc/interrupts").write_bytes(counters)
        for made in ("runs", "new.toml"):
            (self.folder / made).unlink(missing_ok=True)
        (rules,) = (block.text for block in TOML if block.page.name == "guide.md")
        (self.folder / "irqbalance.toml").write_text(rules)
        (old,) = (block.text for block in BLOCKS if block.language == "shell")
        (self.folder / "irqbalance.default").write_text(old)

    def run(self, command: str) -> tuple[int, str]:
        """Run a command as a shell would; return its exit status and what it printed."""
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=self.folder,
            env={"PATH": path, "HOME": str(self.folder), "COLUMNS": "80", "PYTHONUTF8": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return done.returncode, done.stdout


@pytest.fixture(scope="module")
def one_desk() -> Iterator[Desk]:
    """Yield the desk of all tests; its machine takes 5 MB of disk, so it goes at once."""
    with tempfile.TemporaryDirectory() as folder:
        yield Desk(Path(folder))


@pytest.fixture
def desk(one_desk: Desk) -> Desk:
    """Return the desk, as it was at first."""
    one_desk.tidy()
    return one_desk


def name(block: pages.Block) -> str:
    """Return a block's name in the list of tests."""
    return f"{block.page.name}: {block.commands()[0][0].strip()[:50]}"


@pytest.mark.parametrize("block", SHELL, ids=name)
def test_a_block_prints_what_its_page_shows(block: pages.Block, desk: Desk):
    for command, shown in block.commands():
        if pages.not_run(command, NOT_RUN):
            continue

        status, printed = desk.run(command)

        assert status == 0, printed
        if shown.strip() or block.language == "console":
            assert pages.same_shape(shown, printed), printed


@pytest.mark.parametrize("block", TOML, ids=lambda block: block.page.name)
def test_a_settings_file_of_the_pages_is_accepted(block: pages.Block, desk: Desk):
    (desk.folder / "irqbalance.toml").write_text(block.text)

    status, printed = desk.run(
        "irqbalance --config irqbalance.toml --from interrupts --to interrupts.later"
    )

    assert status == 0, printed


def test_the_cron_line_of_the_pages_is_that_of_the_cron_file():
    shipped = (PROJECT / "src/main/data/irqbalance.cron").read_text().splitlines()
    lines = [
        line for block in BLOCKS if block.language == "cron" for line in block.text.split("\n")
    ]

    assert lines != []
    assert set(filter(None, lines)) <= set(shipped)


def test_every_command_that_no_test_runs_stands_in_a_page():
    commands = [command for block in SHELL for command, _ in block.commands()]

    matched = {each for command in commands for each in pages.not_run(command, NOT_RUN)}
    assert matched == set(NOT_RUN)


def test_the_prose_names_only_options_that_there_are():
    known = set(parser()._option_string_actions)
    known |= set(re.findall("--[a-z]+", " ".join(command.arguments for command in COMMANDS)))
    named = [
        word.partition("=")[0]
        for page in pages.pages(PROJECT)
        for span in pages.spans(page)
        if span.startswith("irqbalance ")
        for word in span.split()
        if word.startswith("-")
    ]

    units = [block.text.split() for block in BLOCKS if block.language in ("ini", "cron")]
    named += [word for words in units for word in words if word.startswith("--")]
    assert {"--restore", "--log"} <= set(named)
    assert set(named) <= known


def test_the_reference_has_every_field_of_json_and_csv_and_every_key_of_a_rule(desk: Desk):
    reference = PROJECT / "docs/reference.md"
    text = reference.read_text()
    plan = "irqbalance --dry-run --isolate 2 --format "

    printed = json.loads(desk.run(f"{plan}json")[1])
    named = {name for row in pages.rows(reference, "Output for programs") for name in row[:1]}

    assert {name for each in named for name in re.findall(r"\w+", each)} == set(printed)
    assert all(f"`{name}`" in text for name in (*printed["irqs"][0], *printed["balance"]))
    assert f"`{desk.run(f'{plan}csv')[1].splitlines()[0]}`" in text
    assert {row[0] for row in pages.rows(reference, "ban = true ")} == set(_RULE_KEYS)


def examples() -> list[str]:
    """Return the commands of the man page's section EXAMPLES."""
    section = MAN_PAGE.read_text().partition(".SH EXAMPLES\n")[2].partition(".SH ")[0]
    lines = section.replace("\\-", "-").replace("\\(aq", "'").splitlines()
    return [line for line in lines if "irqbalance -" in line]


@pytest.mark.parametrize("command", examples())
def test_an_example_of_the_man_page_runs(command: str, desk: Desk):
    here = command.removeprefix("*/10 * * * * root /usr/local/bin/").replace("ssh $h ", "")

    status, printed = desk.run(here.replace(" --log syslog", ""))

    assert status == 0, printed


def test_the_man_page_has_an_example_of_each_kind():
    words = {word for command in examples() for word in shlex.split(command)}

    assert {"--dry-run", "*/10", "--restore", "--isolate", "--check", "--from", "ssh"} <= words


def test_no_line_of_the_man_page_that_stays_as_it_is_is_wider_than_a_terminal():
    blocks = re.findall(r"^\.nf\n(.*?)^\.fi$", MAN_PAGE.read_text(), re.M | re.S)
    widest = [
        max(map(len, re.sub(r"\\\(..|\\-", "-", block).splitlines())) + 7 * (1 + (".RS" in block))
        for block in blocks
    ]

    assert blocks
    assert max(widest) <= 80


def rewritten(page: Path, desk: Desk) -> str:
    """Return a page with what its commands print now; shortened outputs stay as they are."""

    def block(found: re.Match[str]) -> str:
        shell = pages.Block(page, found[1], found[2])
        if shell.language != "console":
            return found[0]
        text = ""
        desk.tidy()
        for command, shown in shell.commands():
            text += f"$ {command}\n"
            if pages.not_run(command, NOT_RUN):
                text += shown
                continue
            printed = desk.run(command)[1]
            shortened = pages.ANYTHING in shown.rstrip().rstrip(pages.ANYTHING)
            if shortened and pages.same_shape(shown, printed):
                text += shown
                continue
            if pages.ANYTHING in shown:
                head = shown.partition(pages.ANYTHING)[0].count("\n")
                short = "".join(printed.splitlines(keepends=True)[:head])
                printed = f"{short}{pages.ANYTHING}\n"
            text += printed
        return f"```console\n{text}```"

    return pages.FENCE.sub(block, page.read_text("utf-8"))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        made = Desk(Path(place))
        for each in pages.pages(PROJECT):
            each.write_text(rewritten(each, made), "utf-8")
