"""argv and environment become Arguments; every value is checked before anything is sent.

Each command has a parser of its own that takes the options of every command too, so that these
may stand before or after the command's name.
"""

import argparse
import re
import sys
from collections.abc import Mapping, Sequence, Set
from typing import TYPE_CHECKING, Generic, NamedTuple, NoReturn, TypeVar

from .. import __version__
from ..errors import CommandLineError
from .command import ARGUMENT_HELP, Command, Given, all_settings
from .options import EVERYWHERE, Setting

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

    from .settings import General

J = TypeVar("J")

_DESCRIPTION = """\
Shows in a terminal what an irq_server knows of a machine's interrupts.

commands (irq_client COMMAND --help says more):
"""
_EPILOG = """\
Durations: 90 (seconds), 0.5, 20ms, 90s, 15m, 2h, 7d, 1w. Times: 2026-01-01T00:00:00Z, Unix seconds,
now, -15m (so long ago). A window is any two of --period, --start and --end; it ends now and is
60 seconds long where nothing else is said.

Exit status: 0 done; 1 failed; 2 wrong usage; 3 no such IRQ or CPU; 4 not allowed, or the kernel
refused; 5 the server cannot be reached or did not answer in time.
"""


class Arguments(NamedTuple, Generic[J]):
    """The settings of every command, the command's name, and what it is to do."""

    general: "General"
    command: str
    job: J
    given: Given


class _Parser(argparse.ArgumentParser):
    """A parser that raises CommandLineError for a wrong command line, and OSError for its output.

    argparse itself prints its usage and exits in the first case, and ignores the second.
    """

    def error(self, message: str) -> NoReturn:
        raise CommandLineError(f"{message}; see {self.prog} --help")

    def print_help(self, file: "SupportsWrite[str] | None" = None) -> None:
        # argparse's own is silent if the help cannot be written
        (file or sys.stdout or sys.stderr).write(self.format_help())


def parse(
    argv: Sequence[str], environment: Mapping[str, str], commands: Sequence[Command[J]]
) -> Arguments[J]:
    """Return what the command line asks of one of the commands, and the settings of all.

    Raise CommandLineError, UsageError and ConfigError. ``--help`` and ``--version`` print and raise
    SystemExit(0), as argparse does.
    """
    with_value = {each.option for each in all_settings(commands) if each.metavar}
    tokens = _join_relative_times(argv, with_value)
    place = _command_place(tokens, with_value)
    if place is None:
        _general_parser(commands).parse_args(tokens)
        raise CommandLineError("a command is missing; irq_client --help lists them")
    command = next((each for each in commands if each.name == tokens[place]), None)
    if command is None:
        names = ", ".join(each.name for each in commands)
        raise CommandLineError(f"no command {tokens[place]!r}; there are {names}")
    rest = [*tokens[:place], *tokens[place + 1 :]]
    if "[TIME]" in command.arguments:
        # a blank keeps argparse from taking -15m for an option
        rest = [f" {each}" if re.match("-[0-9]", each) else each for each in rest]
    if not command.arguments:
        rest = [each for each in rest if each != "--"]  # there is nothing to part from the options
    texts = vars(_command_parser(command).parse_intermixed_args(rest))
    from .settings import read_general

    general = read_general(texts, environment)
    several = len(general.hosts) > 1
    given = Given(texts, command.settings, general.form, several=several)
    return Arguments(general, command.name, command.read(given), given)


def _join_relative_times(argv: Sequence[str], with_value: Set[str]) -> list[str]:
    """Return ``--start -15m`` as one token, ``--start=-15m``; argparse takes -15m for an option."""
    tokens: list[str] = []
    for token in argv:
        if tokens and re.match("-[0-9]", token) and tokens[-1] in with_value:
            tokens[-1] += f"={token}"
        else:
            tokens.append(token)
    return tokens


def _command_place(tokens: Sequence[str], with_value: Set[str]) -> int | None:
    """Return the index of the command's name: the first token that is no option and no value."""
    is_value = False
    for place, token in enumerate(tokens):
        if not is_value and not token.startswith("-"):
            return place
        is_value = not is_value and token in with_value
    return None


def _general_parser(commands: Sequence[Command[object]]) -> _Parser:
    """Return the parser for a command line without a command: --help and --version."""
    lines = [f"  {' '.join((each.name, *each.arguments)):24}{each.help}" for each in commands]
    examples = [f"  {each.examples[0]}" for each in commands]
    parser = _parser(
        "irq_client",
        usage="irq_client [OPTION]... COMMAND [OPTION]...",
        description=_DESCRIPTION + "\n".join(lines),
        epilog=_EPILOG + "\nexamples:\n" + "\n".join(examples),
    )
    _add_settings(parser.add_argument_group("options of every command"), EVERYWHERE)
    return parser


def _command_parser(command: Command[object]) -> _Parser:
    """Return the parser of one command."""
    parser = _parser(
        f"irq_client {command.name}",
        description=f"Shows {command.help}.",
        epilog=f"{_EPILOG}\nexamples:\n" + "\n".join(f"  {each}" for each in command.examples),
    )
    for name in command.arguments:
        plain = name.strip("[].")
        nargs = "?" if name.startswith("[") else "+" if name.endswith("...") else None
        parser.add_argument(plain, nargs=nargs, help=ARGUMENT_HELP[plain])
    if command.settings:
        _add_settings(parser.add_argument_group("options"), command.settings)
    _add_settings(parser.add_argument_group("options of every command"), EVERYWHERE)
    return parser


def _parser(name: str, *, description: str, epilog: str, usage: str | None = None) -> _Parser:
    parser = _Parser(
        prog=name,
        usage=usage,
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        add_help=False,
    )
    general = parser.add_argument_group("help")
    general.add_argument("-h", "--help", action="help", help="show this and exit")
    version = f"irq_client {__version__}"
    general.add_argument("--version", action="version", version=version, help="show it and exit")
    return parser


def _add_settings(group: argparse._ArgumentGroup, wanted: Sequence[Setting]) -> None:
    for each in wanted:
        names = [each.short, each.option] if each.short else [each.option]
        text = _help(each)
        if not each.metavar:
            group.add_argument(*names, dest=each.name, action="store_true", help=text)
            continue
        group.add_argument(
            *names,
            dest=each.name,
            metavar="|".join(each.choices) or each.metavar,
            action="append" if each.repeatable else "store",
            help=text,
        )


def _help(setting: Setting) -> str:
    notes = [setting.help]
    if setting.default:
        notes.append(f"default {setting.default}")
    if setting.environment:
        notes.append(f"environment {setting.environment}")
    return "; ".join(notes).replace("%", "%%")
