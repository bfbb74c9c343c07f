"""The command line and the environment, read into Arguments."""

import shlex
from typing import NamedTuple

import pytest

from irq_client.command_line import parser
from irq_client.command_line.command import ARGUMENT_HELP
from irq_client.command_line.config_files import Host
from irq_client.command_line.settings import General
from irq_client.commands.affinity import Affinity, NewAffinity
from irq_client.commands.cpus import OneCpu
from irq_client.commands.effect import Around
from irq_client.commands.history import History
from irq_client.commands.irqs import OneIrq
from irq_client.commands.overview import Overview
from irq_client.commands.registry import COMMANDS
from irq_client.errors import IrqClientError, UsageError
from irq_client.server.request import Request


class Parsed(NamedTuple):
    """The result of parsing a command line."""

    general: General
    command: str
    job: object


def parse(argv: list[str], environment: dict[str, str]) -> Parsed:
    """Read a command line of the real commands."""
    general, command, given = parser.parse(argv, environment, COMMANDS)
    return Parsed(general, command.name, command.read(given))


def urls(argv: list[str], environment: dict[str, str]) -> list[str]:
    """Return the servers that are asked."""
    return [host.url for host in parse(argv, environment).general.hosts]


def test_a_command_alone_takes_every_default():
    general, command, job = parse(["overview"], {})

    assert general == General(
        hosts=(Host("127.0.0.1:5000", "http://127.0.0.1:5000"),),
        timeout_seconds=10.0,
        form="table",
    )
    assert (command, job) == ("overview", Overview(Request(), has_sentence=True, every=False))


@pytest.mark.parametrize(
    "argv",
    [
        ["--server", "http://h:1", "--format", "csv", "-v", "cpus", "--top", "3"],
        ["cpus", "--top", "3", "--server", "http://h:1", "--format", "csv", "-v"],
        ["--format=csv", "--top=3", "cpus", "-v", "--server=http://h:1"],
    ],
)
def test_options_stand_before_or_after_the_command(argv: list[str]):
    general, command, job = parse(argv, {})

    assert command == "cpus"
    assert [host.url for host in general.hosts] == ["http://h:1"]
    assert general.form == "csv"
    assert general.verbose
    assert job.request == Request(top=3)


def test_servers_before_and_after_the_command_are_all_asked():
    argv = ["--server", "http://a", "status", "--server", "http://b"]

    assert urls(argv, {}) == ["http://a", "http://b"]


def test_the_environment_stands_in_for_options():
    environment = {
        "IRQ_CLIENT_SERVER": " http://a http://b/ ",
        "IRQ_CLIENT_TOKEN_FILE": "/run/token",
        "IRQ_CLIENT_TIMEOUT": "500ms",
        "IRQ_CLIENT_FORMAT": "json",
    }

    general = parse(["status"], environment).general

    assert general.hosts == (
        Host("a", "http://a", "/run/token"),
        Host("b", "http://b", "/run/token"),
    )
    assert general.timeout_seconds == 0.5
    assert general.form == "json"


def test_an_option_wins_over_the_environment():
    argv = ["status", "--server", "http://b"]

    assert urls(argv, {"IRQ_CLIENT_SERVER": "http://a"}) == ["http://b"]


def test_an_empty_variable_is_as_none():
    assert urls(["status"], {"IRQ_CLIENT_SERVER": ""}) == ["http://127.0.0.1:5000"]


def test_a_wrong_variable_is_named():
    with pytest.raises(UsageError) as caught:
        parse(["status"], {"IRQ_CLIENT_FORMAT": "xml"})

    assert caught.value.option == "IRQ_CLIENT_FORMAT"
    assert caught.value.expected == "one of table json csv"


@pytest.mark.parametrize(
    "argv",
    [
        ["overview", "--start", "-15m", "--end", "-5m"],
        ["overview", "--start=-15m", "--end=-5m"],
        ["--start", "-15m", "overview", "--end", "-5m"],
    ],
)
def test_a_relative_time_is_a_value_and_no_option(argv: list[str]):
    assert parse(argv, {}).job.request.encoded() == [("start", "-15m"), ("end", "-5m")]


def test_filters_become_query_parameters():
    argv = ["overview", "--irq", "36", "--irq", "NMI", "--cpu", "0-3", "--device", "eth*"]
    argv += ["--nonzero", "--top", "5", "--period", "2h"]

    assert parse(argv, {}).job.request.encoded() == [
        ("period", "2h"),
        ("irq", "36"),
        ("irq", "NMI"),
        ("cpu", "0-3"),
        ("device", "eth*"),
        ("top", "5"),
        ("nonzero", "true"),
    ]


def test_a_history_asks_for_totals_unless_told_otherwise():
    assert parse(["history"], {}).job == History(Request(by="total"), "bar", "table", every=False)
    assert parse(["history", "--by", "irq,cpu", "--step", "1m"], {}).job.request.encoded() == [
        ("step", "1m"),
        ("by", "irq,cpu"),
    ]


@pytest.mark.parametrize(
    "argv",
    [
        ["affinity", "36", "2-3", "--yes"],
        ["affinity", "36", "--yes", "2-3"],
        ["affinity", "--yes", "36", "2-3"],
        ["--yes", "affinity", "36", "2-3"],
    ],
)
def test_options_stand_among_the_arguments(argv: list[str]):
    assert parse(argv, {}).job == NewAffinity("36", ("2-3", (2, 3)), yes=True, same=False)


@pytest.mark.parametrize("argv", [["--", "status"], ["status", "--"], ["irq", "--", "36"]])
def test_two_dashes_end_the_options(argv: list[str]):
    assert parse(argv, {}).command in argv


def test_arguments_are_checked():
    assert parse(["irq", "THR#2"], {}).job == OneIrq("THR#2", Request(), every=False)
    assert parse(["cpu", "07"], {}).job == OneCpu(7, Request(), every=False)
    assert parse(["affinity", "36"], {}).job == Affinity("36")
    assert parse(["effect", "-15m"], {}).job == Around(
        ("-15m", 900.0, True), Request(), every=False
    )
    for argv in (["irq", ""], ["cpu", "x"], ["effect", "10:77"], ["affinity", "36", ""]):
        with pytest.raises(UsageError):
            parse(argv, {})


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ([], "a command is missing"),
        (["-v"], "a command is missing"),
        (["frobnicate"], "there is no command 'frobnicate'; irq_client --help lists them"),
        (["evnets"], "there is no command 'evnets'; did you mean events?"),
        (["overview", "--frob"], "overview has no option --frob; --help lists them"),
        (["overview", "--perod=5m"], "overview has no option --perod; did you mean --period?"),
        (["--sever", "h", "overview"], "--sever"),
        (["overview", "-z"], "-z"),
        (["overview", "36"], "36"),
        (["overview", "--per", "5"], "--per"),
        (["irq"], "IRQ"),
        (["overview", "--irq"], "--irq"),
        (["status", "--period", "5"], "--period"),
        (["status", "-v", "-q"], "contradict"),
        (["history", "--by", "moon"], "--by"),
        (["overview", "--timeout", ""], "--timeout"),
        (["overview", "--server", ""], "--server"),
        (["overview", "--device", ""], "--device"),
        (["--server"], "--server"),
    ],
)
def test_a_wrong_command_line_says_what_is_wrong(argv: list[str], words: str):
    with pytest.raises(IrqClientError) as caught:
        parse(argv, {})

    assert caught.value.exit_status == 2
    assert words in str(caught.value)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_the_help_of_a_command_has_units_defaults_and_an_example(command, capsys):
    with pytest.raises(SystemExit) as caught:
        parse([command.name, "--help"], {})

    text = capsys.readouterr().out
    lines, shown = text.splitlines(), " ".join(text.split())
    assert caught.value.code == 0
    assert all(example in shown for example in command.examples)
    assert max(map(len, lines)) <= 80
    if command.asks_server:
        assert "default http://127.0.0.1:5000; environment IRQ_CLIENT_SERVER" in shown
        assert "answer in seconds" in shown
        assert "is sent the token: prefer --server unix:PATH" in shown
    order = f"examples: arguments: options_of_{command.name}: options_of_every_command: help:"
    wanted = [each.replace("_", " ") for each in order.split()]
    titles = [each for each in lines if each in wanted]
    assert titles[0] == "examples:"
    assert titles[-1] == "help:"
    assert titles == sorted(titles, key=wanted.index)
    for setting in command.settings:
        assert setting.option in shown
    for argument in command.arguments:
        assert ARGUMENT_HELP[argument.strip("[].")] in shown


def test_the_general_help_lists_every_command_with_an_example(capsys):
    with pytest.raises(SystemExit):
        parse(["--help"], {})

    text = capsys.readouterr().out
    shown = " ".join(text.split())
    assert max(map(len, text.splitlines())) <= 80
    for command in COMMANDS:
        assert command.help in shown
        assert command.examples[0] in shown


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_example_is_a_right_command_line(command):
    for example in command.examples:
        assert "irq_client " in example
        argv = shlex.split(example.partition("irq_client ")[2].rstrip('")').partition(" | ")[0])

        assert parse(argv, {}).command == command.name


def test_several_words_are_one_time():
    job = parse(["effect", "2026-01-01", "10:00"], {}).job

    assert job.time.text == "2026-01-01T10:00:00Z"


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("-p 15m -s -1h -n 5", "--period 15m --start -1h --top 5"),
        ("-p15m -s-1h -n5", "--period=15m --start=-1h --top=5"),
        ("-e 10:00 -i 36 -c 0-3 -d eth0", "--end 10:00 --irq 36 --cpu 0-3 --device eth0"),
        ("-H a -f csv -v -o IRQ", "--server a --format csv --verbose --columns IRQ"),
    ],
)
def test_short_options_mean_long_ones(short: str, long: str):
    assert parse(["irqs", *short.split()], {}) == parse(["irqs", *long.split()], {})


def test_the_short_n_is_what_a_command_counts():
    assert parser.parse(["top", "-n", "3"], {}, COMMANDS).given.repeat().last == 3
    assert parse(["irqs", "-n", "3"], {}).job.request.top == 3


def test_a_script_of_completion_reads_no_settings():
    general = parse(["completion", "bash"], {"IRQ_CLIENT_CONFIG": "/nonexistent"}).general

    assert general.form == "table"
