"""The command ``irqbalance uninstall``: remove the files that ``irqbalance install`` wrote."""

import argparse
from collections.abc import Sequence
from importlib.resources import files

from ..errors import FileError
from ..installation import contents
from ..installation.placing import uninstall
from ..installation.systemd import is_running, systemctl
from .install import DONE, FAILED, add_common_options


def main(words: Sequence[str]) -> tuple[str, int]:
    """Return the text to print and the exit status, for the `words` behind the command.

    Files that were edited stay, and make the status 1. Raise FileError if one cannot be removed.
    """
    given = parser().parse_args(words)
    data = files(__package__.partition(".")[0]) / "data"
    jobs = [*contents.timer(data, "", has_home=False), *contents.cron(data, "")]
    known = [*jobs, *contents.documents(data)]
    is_live = is_running(given.root)
    try:
        if is_live:
            systemctl("stop", contents.TIMER)
        done, stays = uninstall(known, given.root, contents.PROGRAM, given.force)
        if is_live:
            systemctl("daemon-reload")
    except OSError as error:
        raise FileError(error.filename, error.strerror or str(error)) from error
    lines = [*done, *stays] or ["there is nothing to remove"]
    return "".join(f"{line}\n" for line in lines), FAILED if stays else DONE


def parser() -> argparse.ArgumentParser:
    """Return the parser of the words behind the command."""
    made = argparse.ArgumentParser(
        prog="irqbalance uninstall",
        description='Remove the files that "irqbalance install" wrote, and turn the timer off. '
        "Affinities, and the folder of --state-dir, stay as they are.",
        allow_abbrev=False,
    )
    add_common_options(made, "remove files that irqbalance did not write or that were edited, too")
    return made
