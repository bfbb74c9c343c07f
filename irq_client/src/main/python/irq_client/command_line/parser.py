"""argv and environment -> Arguments, every value checked before anything is sent.

Each command has a parser of its own that takes the options of every command too, so that these
may stand before or after the command's name.
"""

import argparse
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, NoReturn, TypeVar

from .. import __version__
from ..errors import CommandLineError
from ..server.request import Request
from .options import (
    ARGUMENT_HELP,
    CHART,
    COMMANDS,
    EVERYWHERE,
    REFRESH,
    WITHIN,
    Command,
    Setting,
    settings,
)

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

    from ..figures.condition import Condition
    from ..server.cpu_list import CpuList
    from ..server.times import Time

T = TypeVar("T")

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


class Arguments(NamedTuple):
    """What one run is to do."""

    command: str
    servers: tuple[str, ...]
    token_file: str | None
    timeout_seconds: float
    format: str
    verbose: bool = False
    quiet: bool = False
    irq: str = ""
    """The IRQ that is the command's argument; empty where it takes none."""
    cpu: int | None = None
    cpu_list: "CpuList | None" = None
    """What `affinity` is to set; None where it only shows."""
    yes: bool = False
    chart: str = ""
    """``bar``, ``line`` or ``table``; what other commands than `history` make of it is theirs."""
    refresh_seconds: float = 1.0
    names: Mapping[str, str] = {}
    """What each server is called, by URL."""
    token_files: Mapping[str, str] = {}
    """Token files of servers that have one of their own, by URL."""
    time: "Time | None" = None
    """The moment that is `effect`'s argument; None where it takes the latest change."""
    condition: "Condition | None" = None
    shell: str = ""
    """Whose `completion` is wanted."""
    within_seconds: float | None = None
    follow: bool = False
    same: bool = False
    request: Request = Request()
    """Window, filters, key and step."""


class _Parser(argparse.ArgumentParser):
    """A parser that raises: CommandLineError for what is wrong, OSError for what cannot be written.

    argparse prints its usage and exits in the first case, and goes on in the second.
    """

    def error(self, message: str) -> NoReturn:
        raise CommandLineError(f"{message}; see {self.prog} --help")

    def print_help(self, file: "SupportsWrite[str] | None" = None) -> None:
        # argparse's own says nothing where the help cannot be written
        (file or sys.stdout or sys.stderr).write(self.format_help())


def parse(argv: Sequence[str], environment: Mapping[str, str]) -> Arguments:
    """Gives what the command line asks for, settings it leaves open taken from `environment`.

    Raises UsageError. ``--help`` and ``--version`` print and raise SystemExit(0), as argparse does.
    """
    tokens = _join_relative_times(argv)
    place = _command_place(tokens)
    if place is None:
        _general_parser().parse_args(tokens)
        raise CommandLineError("a command is missing; irq_client --help lists them")
    command = next((each for each in COMMANDS if each.name == tokens[place]), None)
    if command is None:
        names = ", ".join(each.name for each in COMMANDS)
        raise CommandLineError(f"no command {tokens[place]!r}; there are {names}")
    rest = [*tokens[:place], *tokens[place + 1 :]]
    if "[TIME]" in command.arguments:
        # a blank keeps argparse from taking -15m for an option
        rest = [f" {each}" if re.match("-[0-9]", each) else each for each in rest]
    if not command.arguments:
        rest = [each for each in rest if each != "--"]  # there is nothing to part from the options
    given = vars(_command_parser(command).parse_intermixed_args(rest))
    return _arguments(command, given, environment)


def _takes_value(token: str) -> bool:
    """Tells whether a token is an option whose value is the next token."""
    return any(token == each.option for each in settings() if each.metavar)


def _join_relative_times(argv: Sequence[str]) -> list[str]:
    """Makes ``--start -15m`` one token, ``--start=-15m``; argparse takes -15m for an option."""
    tokens: list[str] = []
    for token in argv:
        if tokens and re.match("-[0-9]", token) and _takes_value(tokens[-1]):
            tokens[-1] += f"={token}"
        else:
            tokens.append(token)
    return tokens


def _command_place(tokens: Sequence[str]) -> int | None:
    """Gives the index of the command's name: the first token that is no option and no value."""
    is_value = False
    for place, token in enumerate(tokens):
        if not is_value and not token.startswith("-"):
            return place
        is_value = not is_value and _takes_value(token)
    return None


def _general_parser() -> _Parser:
    """Gives the parser for a command line without a command: --help and --version."""
    lines = [f"  {' '.join((each.name, *each.arguments)):24}{each.help}" for each in COMMANDS]
    examples = [f"  {each.examples[0]}" for each in COMMANDS]
    parser = _parser(
        "irq_client",
        usage="irq_client [OPTION]... COMMAND [OPTION]...",
        description=_DESCRIPTION + "\n".join(lines),
        epilog=_EPILOG + "\nexamples:\n" + "\n".join(examples),
    )
    _add_settings(parser.add_argument_group("options of every command"), EVERYWHERE)
    return parser


def _command_parser(command: Command) -> _Parser:
    """Gives the parser of one command."""
    parser = _parser(
        f"irq_client {command.name}",
        description=f"Shows {command.help}.",
        epilog=f"{_EPILOG}\nexamples:\n" + "\n".join(f"  {each}" for each in command.examples),
    )
    for name in command.arguments:
        plain = name.strip("[]")
        text = ARGUMENT_HELP[plain]
        parser.add_argument(plain, nargs="?" if plain != name else None, help=text)
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


def _arguments(
    command: Command, given: Mapping[str, object], environment: Mapping[str, str]
) -> Arguments:
    """Reads every value; the command line wins over the environment, and that over the default."""
    from . import settings as sources
    from . import values

    if given["verbose"] and given["quiet"]:
        raise CommandLineError("--verbose and --quiet contradict each other")
    general, config = sources.general_values(given, environment)
    servers = sources.servers(general, config)
    tokens = general["token-file"]
    return Arguments(
        command=command.name,
        servers=servers.urls,
        names=servers.names,
        token_files=servers.token_files,
        token_file=tokens[0][1] if tokens else None,
        timeout_seconds=values.read_duration(*general["timeout"][0]).seconds,
        format=values.read_choice(*general["format"][0], _choices("format")),
        verbose=bool(given["verbose"]),
        quiet=bool(given["quiet"]),
        irq=_argument(given, "IRQ", values.read_irq) or "",
        cpu=_argument(given, "CPU", values.read_cpu),
        cpu_list=_argument(given, "CPU-LIST", values.read_cpu_list),
        yes=bool(given.get("yes")),
        chart=_chosen(CHART, given) if CHART.name in given else "",
        refresh_seconds=_seconds(REFRESH, given) or 1.0,
        time=_argument(given, "TIME", values.read_time),
        shell=_argument(given, "SHELL", _shell) or "",
        condition=_argument(given, "CONDITION", values.read_condition),
        within_seconds=_seconds(WITHIN, given),
        follow=bool(given.get("follow")),
        same=bool(given.get("same")),
        request=_request(command, given),
    )


def _argument(given: Mapping[str, object], name: str, read: Callable[[str, str], T]) -> T | None:
    """Gives a positional argument; None where there is none."""
    text = given.get(name)
    return None if text is None else read(name, str(text).strip(" "))


def _choices(name: str) -> tuple[str, ...]:
    """Gives the values that the setting `name` may have."""
    (choices,) = (each.choices for each in settings() if each.name == name)
    return choices


def _shell(name: str, text: str) -> str:
    from .completion import SHELLS
    from .values import read_choice

    return read_choice(name, text, SHELLS)


def _chosen(setting: Setting, given: Mapping[str, object]) -> str:
    """Gives the value of a setting with choices, its default where none is given."""
    from .values import read_choice

    text = str(given.get(setting.name) or setting.default)
    return read_choice(setting.option, text, setting.choices)


def _seconds(setting: Setting, given: Mapping[str, object]) -> float | None:
    """Gives the seconds of a duration, None where none is given."""
    from .values import read_duration

    text = given.get(setting.name)
    return None if text is None else read_duration(setting.option, str(text)).seconds


def _request(command: Command, given: Mapping[str, object]) -> Request:
    """Gives what the options ask a server for."""
    from . import values

    def option(name: str, read: Callable[[str, str], T]) -> T | None:
        text = given.get(name)
        return None if text is None else read(f"--{name}", str(text))

    period = option("period", values.read_duration)
    start, end = option("start", values.read_time), option("end", values.read_time)
    values.check_window(period, start, end)
    irqs = given.get("irq")
    by = [_chosen(each, given) for each in command.settings if each.name == "by"]
    return Request(
        start=start,
        end=end,
        period=period,
        irqs=tuple(values.read_irq("--irq", str(each)) for each in irqs)
        if isinstance(irqs, list)
        else (),
        cpus=option("cpu", values.read_cpu_list),
        device=option("device", values.read_pattern) or "",
        top=option("top", values.read_number),
        step=option("step", values.read_duration),
        nonzero=bool(given.get("nonzero")),
        by=by[0] if by else "",
    )
