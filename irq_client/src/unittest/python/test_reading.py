"""The options of every command that reads: --every, --count, --columns, --sort, --color."""

from collections.abc import Iterator

import pytest

import machine
from irq_client.cli import main
from service import WebService, problem
from terminal import streams, written


@pytest.fixture
def good() -> Iterator[WebService]:
    """Return a service that answers well."""
    with WebService(machine.answer_well) as service:
        yield service


def run(service: WebService, *argv: str, terminal: bool = False) -> tuple[int, str, str]:
    """Run a command at a service; return exit status, output and messages."""
    given = streams({"IRQ_CLIENT_SERVER": service.url}, terminal=terminal)
    status = main(argv, given)
    return status, written(given.stdout), written(given.stderr)


def test_a_command_reads_again_and_again(good: WebService):
    argv = ["cpus", "--every", "10ms", "--count", "3", "--format", "csv"]

    status, output, _ = run(good, *argv)

    assert status == 0
    assert [line.split(",")[0] for line in output.splitlines()] == ["cpu", *["0", "1"] * 3]
    asked = [request.target for request in good.requests]
    assert asked == ["/api/v1/cpus?period=10ms"] * 3


def test_a_window_that_is_given_is_the_one_that_is_read_again(good: WebService):
    run(good, "irqs", "--every", "10ms", "--count", "1", "--period", "5m")

    assert [request.target for request in good.requests] == ["/api/v1/irqs?period=5m"]


def test_a_server_that_fails_is_read_again_unless_it_never_answered():
    failing: list[int] = []

    def answer(service: WebService, request):
        failing.append(1)
        return (
            problem(403, "broken") if len(failing) == 2 else machine.answer_well(service, request)
        )

    argv = ["cpus", "--every", "10ms", "--count", "3", "--format", "csv"]
    with WebService(answer) as service:
        status, output, messages = run(service, *argv)
        assert (status, len(output.splitlines()), messages.count("broken")) == (4, 5, 1)
    with WebService(lambda *_: problem(403, "broken")) as service:
        assert run(service, *argv)[2].count("broken") == 1


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["cpus", "--count", "3"], "--count needs --every"),
        (["affinity", "36", "1", "--yes", "--every", "1s"], "--every is for what reads"),
        (["cpus", "--columns", "IRQ"], "--columns: expected one of the columns CPU, TOTAL, RATE/s"),
        (["cpus", "--sort", "IRQ", "--format", "csv"], "one of the columns cpu, total, rate"),
    ],
)
def test_what_cannot_be_repeated_or_chosen_is_wrong_usage(good, argv: list[str], words: str):
    status, output, messages = run(good, *argv)

    assert (status, output) == (2, "")
    assert words in messages
    assert all(request.method == "GET" for request in good.requests)


def test_columns_and_order_are_chosen(good: WebService):
    argv = ["irqs", "--columns", "device,rate", "--sort", "irq", "--format", "csv"]

    assert run(good, *argv)[1].splitlines() == [
        "device,rate",
        "ahci[0000:00:1f.2],30.0",
        "virtio1-req.0,93.4",
        ",0.0",
        ",61.7",
    ]


def test_colour_may_go_into_a_pipe_or_stay_away_from_a_terminal(good: WebService):
    assert "\x1b[1mIRQ" in run(good, "irqs", "--color", "always")[1]
    assert "\x1b" not in run(good, "irqs", "--color=never", terminal=True)[1]
