"""The commands ``irq_server install`` and ``irq_server uninstall``: a service of systemd."""

import argparse
import sys
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from . import contents
from .placing import install, uninstall
from .running import check, needs_home, paths_of, words_of
from .systemd import is_own, is_running, root_of, systemctl

DONE, FAILED = 0, 1


def main(argv: Sequence[str]) -> int:
    """Run the command that `argv` begins with; return its exit status."""
    given = parser().parse_args(argv)
    run = _install if given.command == "install" else _uninstall
    try:
        return run(given.root, force=given.force)
    except OSError as error:
        sys.stderr.write(f"irq_server: {error.filename}: {error.strerror or error}\n")
        return FAILED


def _install(root: Path, *, force: bool) -> int:
    words = words_of(contents.PROGRAM)
    paths = paths_of(words)
    if is_own(root) and not force:  # elsewhere it will be another program of the same path
        check(paths, for_others=True)
    data = files(__package__.partition(".")[0]) / "data"
    wanted = contents.service(data, " ".join(words), needs_home(paths))
    if not words[-1].startswith(("/usr/bin/", "/usr/local/bin/")):
        wanted += contents.documents(data)  # else they came with the command
    lines = install(wanted, [], root, contents.PROGRAM, force)
    lines.append(f"runs as a service: {' '.join(words)}")
    is_done = True
    if is_running(root):
        systemctl("daemon-reload")
        is_done = systemctl("restart", contents.UNIT)
    else:
        lines.append("the service starts with the next boot")
    _print([*lines, "to take it back: irq_server uninstall"])
    return DONE if is_done else FAILED


def _uninstall(root: Path, *, force: bool) -> int:
    data = files(__package__.partition(".")[0]) / "data"
    known = [*contents.service(data, "", has_home=False), *contents.documents(data)]
    is_live = is_running(root)
    if is_live:
        systemctl("stop", contents.UNIT)
    done, stays = uninstall(known, root, contents.PROGRAM, force)
    if is_live:
        systemctl("daemon-reload")
    _print([*done, *stays] or ["there is nothing to remove"])
    return FAILED if stays else DONE


def _print(lines: Sequence[str]) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def parser() -> argparse.ArgumentParser:
    """Return the parser of the two commands."""
    made = argparse.ArgumentParser(prog="irq_server", allow_abbrev=False)
    commands = made.add_subparsers(required=True, metavar="COMMAND", dest="command")
    texts = (
        "Write a unit of systemd that runs this program by the path that it has now, and start it. "
        "A command of a virtual environment or of pipx gets its man page and completion, too.",
        'Stop the service; remove the files that "irq_server install" wrote. The history stays.',
    )
    forces = (
        "overwrite files that irq_server did not write or that were edited; install a program that "
        "others than root may change",
        "remove files that irq_server did not write or that were edited, too",
    )
    for name, text, force in zip(("install", "uninstall"), texts, forces, strict=True):
        command = commands.add_parser(name, description=text, allow_abbrev=False)
        command.add_argument(
            "--root",
            type=root_of,
            metavar="DIR",
            default=Path("/"),
            help="the root of the system, such as an image's (default: /)",
        )
        command.add_argument("--force", action="store_true", help=force)
    return made
