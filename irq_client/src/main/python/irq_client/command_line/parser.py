"""argv and environment become Arguments; every value is checked before anything is sent.

Each command has a parser of its own that takes the options of every command too, so that these
may stand before or after the command's name. argparse checks choices; times and other values are
read when --utc is known.
"""

import argparse
import re
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import TYPE_CHECKING, Generic, NamedTuple, NoReturn, TypeVar

from .. import __version__
from ..errors import CommandLineError, did_you_mean
from .command import ARGUMENT_HELP, Command, Given, all_settings
from .options import EVERYWHERE, Setting

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

    from .settings import General

J = TypeVar("J")

Completers = Mapping[object, object]
"""The functions that offer words for a value, by its name; `completion` makes them."""

WIDTH = 80
_NO_COMPLETERS: Completers = {}
_USAGE = "irq_client [OPTION]... COMMAND [OPTION]..."
TOPICS = (
    "An IRQ is a number, a list or range (36,38-41), a label (NMI), a device or network interface, "
    "or a shell pattern on these ('eth0*'). A time is local: 10:00 (the last one), 'yesterday "
    "10:00', '2026-11-28 10:00'; also -15m (so long ago), 2026-11-28T09:00:00Z, Unix seconds. A "
    "duration is 90 (seconds), 20ms, 15m, 2h, 7d or 1w. A window is any two of --period, --start "
    "and --end.",
    "Exit status: 0 done; 1 failed; 2 wrong usage; 3 no such IRQ, device or CPU; 4 not allowed, or "
    "the kernel refused; 5 the server cannot be reached or did not answer in time.",
)
"""The paragraphs about values and results that end every help."""


class Arguments(NamedTuple, Generic[J]):
    """The settings of every command, the command, and what is given to it."""

    general: "General"
    command: Command[J]
    given: Given


class Parser(argparse.ArgumentParser):
    """A parser that raises CommandLineError for a wrong command line, and OSError for its output.

    argparse itself prints its usage and exits in the first case, and ignores the second.
    """

    def error(self, message: str) -> NoReturn:
        """Raise CommandLineError."""
        raise CommandLineError(f"{message}; see {self.prog} --help")

    def print_help(self, file: "SupportsWrite[str] | None" = None) -> None:
        """Write the help. Raise OSError."""
        # argparse's own is silent if the help cannot be written
        (file or sys.stdout or sys.stderr).write(self.format_help())


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Help of at most WIDTH columns, whatever the terminal has."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=26, width=WIDTH)


def parse(
    argv: Sequence[str], environment: Mapping[str, str], commands: Sequence[Command[J]]
) -> Arguments[J]:
    """Return what the command line asks of one of the commands, and the settings of all.

    Raise CommandLineError, UsageError and ConfigError. ``--help`` prints and raises SystemExit(0),
    as argparse does.
    """
    settings = all_settings(commands)
    with_value = {name for each in settings if each.metavar for name in each.names}
    tokens = _join_relative_times(argv, with_value)
    words = list(_words(tokens, with_value))
    place = next((place for place in words if not tokens[place].startswith("-")), None)
    before = words if place is None else words[: words.index(place)]
    _refuse_unknown(tokens, before, "irq_client", settings)
    if place is None:
        _general_parser(commands).parse_args(tokens)
        raise CommandLineError("a command is missing; irq_client --help lists them")
    command = next((each for each in commands if each.name == tokens[place]), None)
    if command is None:
        near = did_you_mean(tokens[place], [each.name for each in commands])
        more = near or "; irq_client --help lists them"
        raise CommandLineError(f"there is no command {tokens[place]!r}{more}")
    _refuse_unknown(tokens, words, command.name, (*command.settings, *EVERYWHERE))
    rest = [*tokens[:place], *tokens[place + 1 :]]
    if "[TIME...]" in command.arguments:
        # a blank keeps argparse from taking -15m for an option
        rest = [f" {each}" if re.match("-[0-9]", each) else each for each in rest]
    if not command.arguments:
        rest = [each for each in rest if each != "--"]  # there is nothing to part from the options
    texts = vars(command_parser(command).parse_intermixed_args(rest))
    from .settings import read_general

    general = read_general(texts, environment if command.asks_server else {})
    given = Given(texts, command.settings, general.form, several=general.several)
    return Arguments(general, command, given)


def _join_relative_times(argv: Sequence[str], with_value: Set[str]) -> list[str]:
    """Return ``--start -15m`` as one token, ``--start=-15m``; argparse takes -15m for an option."""
    tokens: list[str] = []
    for token in argv:
        if tokens and re.match("-[0-9]", token) and tokens[-1] in with_value:
            tokens[-1] += f"={token}" if tokens[-1].startswith("--") else token
        else:
            tokens.append(token)
    return tokens


def _words(tokens: Sequence[str], with_value: Set[str]) -> Iterator[int]:
    """Yield the places of the tokens that are no option's value."""
    is_value = False
    for place, token in enumerate(tokens):
        if not is_value:
            yield place
        is_value = not is_value and token in with_value


def _refuse_unknown(
    tokens: Sequence[str], places: Sequence[int], name: str, settings: Sequence[Setting]
) -> None:
    """Raise CommandLineError for a long option that a command does not have."""
    known = [*(each.option for each in settings), "--help", "--version"]
    for place in places:
        option = tokens[place].partition("=")[0]
        if option == "--":
            return
        if option.startswith("--") and option not in known:
            more = did_you_mean(option, known) or "; --help lists them"
            raise CommandLineError(f"{name} has no option {option}{more}")


def _general_parser(commands: Sequence[Command[object]]) -> Parser:
    """Return the parser for a command line without a command: its help is the way to the others."""
    width = max(len(_usage(each)) for each in commands) + 2
    lines = ["Show in a terminal what an irq_server knows of a machine's interrupts.", ""]
    lines.append("commands, with an example each (irq_client COMMAND --help says more):")
    for each in commands:
        indent = " " * (width + 2)
        lines += _wrapped(each.help, f"  {_usage(each):{width}}", indent)
        lines.append(f"{indent}{each.examples[0]}")
    return Parser(
        "irq_client",
        usage=_USAGE,
        description="\n".join(lines),
        epilog=_epilog(),
        formatter_class=_Formatter,
        allow_abbrev=False,
        add_help=False,
        parents=[options_parser()],
    )


def command_parser(command: Command[object], completers: Completers = _NO_COMPLETERS) -> Parser:
    """Return the parser of one command. Examples come first, then its own options."""
    sentence = _wrapped(f"{command.help[0].upper()}{command.help[1:]}.")
    examples = ["", "examples:", *(f"  {each}" for each in command.examples)]
    own = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    arguments = own.add_argument_group("arguments")
    for name in command.arguments:
        plain = name.strip("[].")
        several, optional = name.rstrip("]").endswith("..."), name.startswith("[")
        nargs = {(True, True): "*", (True, False): "+", (False, True): "?"}.get((several, optional))
        _offer(arguments.add_argument(plain, nargs=nargs, help=ARGUMENT_HELP[plain]), completers)
    parents = [own, _options(f"options of {command.name}", command.settings, completers)]
    parents.append(options_parser(completers) if command.asks_server else _help_parser())
    return Parser(
        f"irq_client {command.name}",
        usage=f"irq_client {_usage(command)} [OPTION]...",
        description="\n".join([*sentence, *examples]),
        epilog=_epilog() if command.asks_server else None,
        formatter_class=_Formatter,
        allow_abbrev=False,
        add_help=False,
        parents=parents,
    )


def _usage(command: Command[object]) -> str:
    return " ".join((command.name, *command.arguments))


def _epilog() -> str:
    return "\n\n".join("\n".join(_wrapped(each)) for each in TOPICS)


def _wrapped(text: str, first: str = "", indent: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=indent,
        break_on_hyphens=False,
        break_long_words=False,
    )


def options_parser(completers: Completers = _NO_COMPLETERS) -> Parser:
    """Return the parser of the options of every command, a parent of others."""
    common = _options("options of every command", EVERYWHERE, completers)
    return Parser(add_help=False, parents=[common, _help_parser()])


def _options(title: str, settings: Sequence[Setting], completers: Completers) -> Parser:
    """Return a parser that is the parent of others: one group of options.

    What is not given is not in its answer, so that a command's parser keeps what came before.
    """
    parser = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    group = parser.add_argument_group(title)
    for each in settings:
        names = [each.short, each.option] if each.short else [each.option]
        text = _help(each)
        if not each.metavar:
            group.add_argument(*names, dest=each.name, action="store_true", help=text)
            continue
        action = group.add_argument(
            *names,
            dest=each.name,
            metavar=each.value,
            choices=each.choices or None,
            action="append" if each.repeatable else "store",
            help=text,
        )
        _offer(action, completers)
    return parser


def _help_parser() -> Parser:
    """Return the parser of the options that answer at once, a parent of others."""
    parser = Parser(add_help=False)
    group = parser.add_argument_group("help")
    group.add_argument("-h", "--help", action="help", help="show this and exit")
    version = f"irq_client {__version__}"
    group.add_argument("--version", action="version", version=version, help="show it and exit")
    return parser


def _offer(action: argparse.Action, completers: Completers) -> None:
    """Let argcomplete offer words for a value, if there are some for values of that name."""
    name = action.metavar or action.dest
    if name in completers:
        setattr(action, "completer", completers[name])  # noqa: B010 - argcomplete's own attribute


def _help(setting: Setting) -> str:
    notes = [setting.help]
    if setting.default:
        notes.append(f"default {setting.default}")
    if setting.environment:
        notes.append(f"environment {setting.environment}")
    return "; ".join(notes).replace("%", "%%")
