"""argv -> exit status."""

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from . import __version__, loading, logs, offline
from .config import SETTINGS
from .errors import IrqServerError, SettingsError
from .service import serve

DONE, FAILED, USAGE = 0, 1, 2

_EXAMPLE = """\
example:
  irq_server --interval 1s --data-dir /tmp/interrupts --port 5000
  then: irq_client overview --period 10s

on a data directory, without a server: irq_server verify | repair | export | import, with --help

exit status: 0 stopped by SIGTERM or SIGINT, 1 failed, 2 wrong usage
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command and gives its exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments and arguments[0] in offline.COMMANDS:
        return offline.main(arguments)
    options = vars(_parser().parse_args(arguments))
    level = logging.DEBUG if options["verbose"] else logging.INFO
    logs.set_up(logging.WARNING if options["quiet"] else level)
    try:
        serve(loading.load(options, os.environ, options["config"]))
    except IrqServerError as error:
        sys.stderr.write(f"irq_server: {error}\n")
        return USAGE if isinstance(error, SettingsError) else FAILED
    return DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="irq_server",
        description="Records this machine's interrupts in plain CSV and answers what fired where.",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    for setting in SETTINGS:
        text = f"{setting.help} (default: {setting.default or 'none'}; {setting.variable})"
        if setting.metavar is None:
            parser.add_argument(f"--{setting.name}", action="store_const", const="true", help=text)
        else:
            parser.add_argument(f"--{setting.name}", metavar=setting.metavar, help=text)
    parser.add_argument("--config", metavar="FILE", type=Path, help="a TOML file of settings")
    volume = parser.add_mutually_exclusive_group()
    volume.add_argument("-v", "--verbose", action="store_true", help="log more")
    volume.add_argument("-q", "--quiet", action="store_true", help="log warnings and errors only")
    parser.add_argument("--version", action="version", version=f"irq_server {__version__}")
    return parser
