"""Completion of command lines, by argcomplete: its scripts, and what it offers.

A shell runs the command itself, with the line in its environment, and reads what to offer. Servers
come from the configuration file, IRQs and devices from the server; nothing is offered if one of
them fails.
"""

from argparse import Namespace
from collections.abc import Callable, Iterable, Mapping, Sequence

from argcomplete import autocomplete
from argcomplete.completers import FilesCompleter, SuppressCompleter
from argcomplete.shell_integration import shellcode

from ..errors import IrqClientError
from .command import Command
from .parser import Completers, Parser, command_parser, options_parser
from .settings import find_config, read_general
from .token_file import read_token

SHELLS = ("bash", "zsh", "fish")

_SECONDS = 1.0
"""The time limit of a question while a person waits for a word."""

_Offer = Callable[..., Iterable[str]]


def completion_script(shell: str) -> str:
    """Return the script that makes a shell (one of SHELLS) complete irq_client's command lines."""
    return shellcode(["irq_client"], shell=shell) + "\n"


def complete(commands: Sequence[Command[object]], environment: Mapping[str, str]) -> int:
    """Offer words to the shell that asks by the environment; end the process then."""
    completers: Completers = {
        "FILE": FilesCompleter(),
        "SERVER": _servers(environment),
        "HOST": _hosts(environment),
        "IRQ": _names(environment, with_numbers=True),
        "PATTERN": _names(environment, with_numbers=False),
        "SHELL": lambda **_: SHELLS,
    }
    autocomplete(
        _whole_parser(commands, completers),
        always_complete_options="long",
        default_completer=SuppressCompleter(),
    )
    return IrqClientError.exit_status  # not reached: argcomplete ends the process


def _whole_parser(commands: Sequence[Command[object]], completers: Completers) -> Parser:
    """Return one parser of all commands."""
    parser = Parser("irq_client", add_help=False, parents=[options_parser(completers)])
    subparsers = parser.add_subparsers(parser_class=Parser)
    for each in commands:
        own = command_parser(each, completers)
        subparsers.add_parser(each.name, help=each.help, add_help=False, parents=[own])
    return parser


def _servers(environment: Mapping[str, str]) -> _Offer:
    """Return a function that offers the servers of the configuration file."""

    def offer(parsed_args: Namespace, **_: object) -> Iterable[str]:
        try:
            config = find_config(vars(parsed_args), environment)
        except IrqClientError:
            return ()
        # argcomplete takes a mapping for words and what zsh and fish say about them
        return {name: host.url for name, host in config.hosts.items()} if config else ()

    return offer


def _hosts(environment: Mapping[str, str]) -> _Offer:
    """Return a function that offers the hosts of the Prometheus-compatible server."""

    def offer(parsed_args: Namespace, **_: object) -> Iterable[str]:
        from ..prometheus.host_client import HostClient
        from ..server.request import Request

        try:
            server = read_general({**vars(parsed_args), "host": ""}, environment).prometheus
            if server is None:
                return ()
            token = read_token(server.token_file)[0] if server.token_file else None
            with HostClient(server.url, "", token=token, timeout_seconds=_SECONDS) as client:
                return [each.instance for each in client.hosts("", Request())]
        except IrqClientError:
            return ()

    return offer


def _names(environment: Mapping[str, str], *, with_numbers: bool) -> _Offer:
    """Return a function that offers the devices and interfaces of the first server, and IRQs."""

    def offer(parsed_args: Namespace, **_: object) -> Iterable[str]:
        from ..server.client import Client

        try:
            hosts = read_general(vars(parsed_args), environment).hosts
            if not hosts:  # those of a Prometheus-compatible server have their names there
                return ()
            host = hosts[0]
            token = read_token(host.token_file)[0] if host.token_file else None
            with Client(host.url, token=token, timeout_seconds=_SECONDS) as client:
                irqs = client.irqs().irqs
        except IrqClientError:
            return ()
        devices = (name for irq in irqs for name in irq.device_names)
        numbers = (irq.irq for irq in irqs if with_numbers)
        return tuple(dict.fromkeys(filter(None, (*numbers, *devices))))

    return offer
