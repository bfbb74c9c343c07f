"""The command ``irqbalance migrate``: the C irqbalance's file of variables as a settings file."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from ..errors import FileError
from ..kernel.devices import devices_of_module
from ..kernel.procfs import read_text
from ..migration.assignments import parse_assignments
from ..migration.translate import translate
from ..settings.table import COMMANDS

PLACES = (Path("/etc/default/irqbalance"), Path("/etc/sysconfig/irqbalance"))
"""Where Debian and its kin, and Red Hat and its kin, keep the file."""

_LARGEST_BYTES = 2**18


def main(words: Sequence[str]) -> tuple[str, int]:
    """Return the text to print and the exit status, for the `words` behind the command.

    Raise FileError if there is no file, or one cannot be read or written.
    """
    given = parser().parse_args(words)
    paths = [given.file] if given.file else [path for path in PLACES if path.exists()]
    if not paths:
        raise FileError(PLACES[0], f"there is neither this file nor {PLACES[1]}")
    read = [parse_assignments(read_text(path, _LARGEST_BYTES)) for path in paths]
    text = translate(
        [each for assignments in read for each in assignments.values],
        [each for assignments in read for each in assignments.problems],
        " and ".join(map(str, paths)),
        lambda module: devices_of_module(given.sysfs, module),
    )
    if given.output is None:
        return text, 0
    try:
        _write_new(given.output, text)
    except OSError as error:
        raise FileError(given.output, error.strerror or str(error)) from error
    return "", 0


def _write_new(path: Path, text: str) -> None:
    """Write a file in UTF-8, as TOML wants it, or none; raise OSError.

    A file that exists stays, and so does one behind a link.
    """
    with path.open("x", encoding="utf-8") as file:
        try:
            file.write(text)
            file.flush()
        except OSError:
            path.unlink()
            raise


def parser() -> argparse.ArgumentParser:
    """Return the parser of the words behind the command."""
    (command,) = (each for each in COMMANDS if each.name == "migrate")
    made = argparse.ArgumentParser(
        prog=f"irqbalance {command.name}",
        description=f"{command.help[0].upper()}{command.help[1:]}, with a comment for what has no "
        "counterpart. Nothing in the file is executed.",
        allow_abbrev=False,
    )
    shown = " and ".join(map(str, PLACES))
    made.add_argument(
        "file", metavar="FILE", nargs="?", type=Path, help=f"the file to read (default: {shown})"
    )
    made.add_argument(
        "--output", type=Path, metavar="FILE", help="write here, to a new file, and print nothing"
    )
    made.add_argument(
        "--sysfs", type=Path, metavar="DIR", default=Path("/sys"),
        help="look for the devices of modules here (default: /sys)",
    )  # fmt: skip
    return made
