"""A command line and the file that it names become Settings, by the table in table.py.

The command line wins over the file, and the file over the defaults. No module below the command
reads arguments or files of settings; each takes the values that it needs.
"""

import argparse
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from .. import __version__
from ..errors import CpuSetError, OldOptionError, SettingError
from .model import Settings
from .table import COMMANDS, SETTINGS, Setting
from .values import BANNING, banned_cpus

_COMMANDS = "".join(f"  {each.name} {each.arguments}\n      {each.help}\n" for each in COMMANDS)
EPILOG = f"""\
commands, in the place of options; each has its own --help:
{_COMMANDS}
exit status:
  0  done                        3  some IRQs refused; the others are done
  1  failed                      4  another run, or another balancer, is at work
  2  wrong usage                 5  --check: a run would act

example, for /etc/cron.d: every ten minutes, silent unless something fails
  */10 * * * * root /usr/local/bin/irqbalance --quiet
"""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line. A value that is not given is None."""
    made = argparse.ArgumentParser(
        prog="irqbalance",
        description="Spread this machine's interrupts over its CPUs, once: measure the load of\n"
        "each IRQ, plan one CPU for each, write the affinities that change, and report.",
        epilog=EPILOG,
        formatter_class=_formatter,
        allow_abbrev=False,
    )
    made.add_argument("--version", action="version", version=f"irqbalance {__version__}")
    made.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="take settings and rules from this TOML file; the command line wins (default: none)",
    )
    for setting in SETTINGS:
        _add_option(made, setting)
    return made


def _formatter(prog: str) -> argparse.HelpFormatter:
    """Return what formats the help. argparse would import shutil for the width, at every start."""
    try:
        columns = os.get_terminal_size(1).columns
    except OSError:
        columns = 80
    return argparse.RawDescriptionHelpFormatter(prog, width=columns - 2)


def _add_option(made: argparse.ArgumentParser, setting: Setting) -> None:
    shown = setting.help.replace("%", "%%")
    if setting.parse is None:
        made.add_argument(
            *setting.options, dest=setting.name, action="store_true", default=None, help=shown
        )
        return
    made.add_argument(
        *setting.options,
        dest=setting.name,
        action="append" if setting.repeatable else "store",
        metavar=setting.metavar,
        help=f"{shown} (default: {setting.shown_default})",
    )


def settings_of(
    argv: Sequence[str], environment: Mapping[str, str] = MappingProxyType({})
) -> Settings:
    """Return the settings of a command line, of the file that it names, and of the environment.

    Raise SettingError for a wrong value, OldOptionError for an option of the C irqbalance; exit as
    argparse does for another unknown option.
    """
    made = parser()
    known, unknown = made.parse_known_args(argv)
    if unknown:
        _answer_old_options(unknown)
        made.error(f"unrecognized arguments: {' '.join(unknown)}")
    given = {name: value for name, value in vars(known).items() if value is not None}
    values: dict[str, Any] = {setting.name: setting.default for setting in SETTINGS}
    config = given.pop("config", None)
    if config is not None:
        # imported only if needed: cron runs this often
        from .file import read_config

        values |= read_config(config)
    for setting in SETTINGS:
        if setting.name in given:
            values[setting.name] = setting.value_of(given[setting.name], setting.options[-1])
    _refuse_contradictions(given)
    # --verbose on the command line ends the file's quiet, and --quiet its verbose
    values["quiet"] &= not ("verbose" in given and "quiet" not in given)
    values["verbose"] &= not values["quiet"]
    # a restore plans nothing, and works with whatever these variables hold
    banned_by = () if values["restore"] else tuple(_banned_by(environment))
    return Settings(**values, banned_by=banned_by)


def _answer_old_options(words: Sequence[str]) -> None:
    from .old_options import find_old  # few need it

    for word in words:
        old = find_old(word)
        if old is not None:
            raise OldOptionError(word, old.instead)


def _banned_by(environment: Mapping[str, str]) -> Iterator[tuple[str, frozenset[int]]]:
    """Yield the variables that ban CPUs, as the C irqbalance reads them."""
    for variable in BANNING:
        text = environment.get(variable, "")
        try:
            yield variable, banned_cpus(variable, text)
        except CpuSetError as error:
            raise SettingError(variable, error.expected, text) from error


_CONTRADICTIONS = (
    ("--from", "from_file", "interval", "no --interval, as the files hold their own time"),
    ("--from", "from_file", "restore", "no --restore, as it never writes"),
    ("--check", "check", "restore", "no --restore, as it only plans"),
    ("--verbose", "verbose", "quiet", "no --quiet"),
)


def _refuse_contradictions(given: Mapping[str, Any]) -> None:
    if "to_file" in given and "from_file" not in given:
        raise SettingError("--to", "--from before it", "none")
    if "from_file" in given and given.get("load") == "time":
        raise SettingError("--load", "counts with --from, as /proc/stat is not there", "time")
    for option, one, other, expected in _CONTRADICTIONS:
        if one in given and other in given:
            raise SettingError(option, expected, "both")
