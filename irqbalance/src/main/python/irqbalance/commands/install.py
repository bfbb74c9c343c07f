"""The command ``irqbalance install``: a timer or a cron job that runs this very program."""

import argparse
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from ..errors import FileError
from ..installation import contents
from ..installation.placing import install
from ..installation.running import check, is_single_file, needs_home, paths_of, words_of
from ..installation.systemd import is_own, is_running, root_of, systemctl

DONE, FAILED = 0, 1


def main(words: Sequence[str]) -> tuple[str, int]:
    """Return the text to print and the exit status, for the `words` behind the command.

    Raise FileError if something cannot be written, is somebody else's, or must not be run.
    """
    given = parser().parse_args(words)
    try:
        return _install(given.root, is_timer=given.timer, force=given.force)
    except OSError as error:
        raise FileError(error.filename, error.strerror or str(error)) from error


def _install(root: Path, *, is_timer: bool, force: bool) -> tuple[str, int]:
    words = words_of(contents.PROGRAM)
    paths = paths_of(words)
    if is_own(root) and not force:  # elsewhere it will be another program of the same path
        check(paths, for_others=False)
    data = files(__package__.partition(".")[0]) / "data"
    units = contents.timer(data, " ".join(words), needs_home(paths))
    cron = contents.cron(data, " ".join(words))
    wanted, others = (units, cron) if is_timer else (cron, units)
    if is_single_file() or not words[-1].startswith(("/usr/bin/", "/usr/local/bin/")):
        wanted = [*wanted, *contents.documents(data)]  # else they came with the command
    lines = install(wanted, others, root, contents.PROGRAM, force)
    lines.append(f"runs every ten minutes: {' '.join(words)}")
    is_done = True
    if is_running(root):
        systemctl("daemon-reload")
        if is_timer:
            is_done = systemctl("restart", contents.TIMER)
        else:
            systemctl("stop", contents.TIMER)
    elif is_timer:
        lines.append("the timer starts with the next boot")
    lines.append("to take it back: irqbalance uninstall")
    return "".join(f"{line}\n" for line in lines), DONE if is_done else FAILED


def parser() -> argparse.ArgumentParser:
    """Return the parser of the words behind the command."""
    made = argparse.ArgumentParser(
        prog="irqbalance install",
        description="Write the units of a timer, or a cron file, that run this program every ten "
        "minutes by the path that it has now, and turn them on. A command of a virtual "
        "environment, of pipx or a single file gets its man page and completion, too.",
        allow_abbrev=False,
    )
    kind = made.add_mutually_exclusive_group(required=True)
    kind.add_argument("--timer", action="store_true", help="a timer of systemd")
    kind.add_argument("--cron", action="store_true", help="a file of /etc/cron.d")
    force = (
        "overwrite or remove files that irqbalance did not write or that were edited; install a "
        "program that others than root may change"
    )
    add_common_options(made, force)
    return made


def add_common_options(made: argparse.ArgumentParser, force: str) -> None:
    """Add the options that the command `uninstall` has, too; `force` is the help of one."""
    made.add_argument(
        "--root",
        type=root_of,
        metavar="DIR",
        default=Path("/"),
        help="the root of the system, such as an image's (default: /)",
    )
    made.add_argument("--force", action="store_true", help=force)
