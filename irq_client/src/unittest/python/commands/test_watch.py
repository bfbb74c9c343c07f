"""Watching hours in no time: clock, sleep and server are made up."""

import json
from functools import partial

import pytest

import machine
from irq_client.cli import main
from irq_client.command_line.values import read_condition
from irq_client.commands.watch import Reading, Watch
from irq_client.errors import GaveUpError, ProblemError, UnreachableError
from irq_client.figures.condition import Condition
from irq_client.server import model
from irq_client.server.json_fields import JsonObject
from service import WebService
from terminal import streams, written

ANSWER = model.read_interrupts(JsonObject(machine.INTERRUPTS, ""))
GONE = UnreachableError("http://h", "connection refused")


class Server:
    """A server whose total rate is given for each question, the last one for ever."""

    def __init__(self, *rates: float | Exception, stop: int = 100) -> None:
        self.rates = list(rates)
        self.now = 0.0
        self.warned: list[object] = []
        self.stop = stop

    def ask(self, condition: Condition) -> Reading:
        """Answer."""
        self.stop -= 1
        assert self.stop > 0, "it should have ended"
        rate = self.rates.pop(0) if len(self.rates) > 1 else self.rates[0]
        if isinstance(rate, Exception):
            raise rate
        answer = ANSWER._replace(total=round(rate * 60))
        return Reading(answer.window.end, condition.figure(answer), condition.unknown_name(answer))

    def sleep(self, seconds: float) -> None:
        """Let the time pass."""
        self.now += seconds

    def watch(self, text: str, within: float | None = None) -> Watch:
        """Return a watch that asks every 10 s."""
        condition = read_condition("CONDITION", text)
        clock = lambda: self.now  # noqa: E731 - the shortest clock there is
        ask = partial(self.ask, condition)
        return Watch(condition, ask, 10.0, within, clock, self.sleep, self.warned.append)


def test_it_finds_what_holds_at_once():
    found = next(Server(5).watch("rate > 4").changes())

    assert (found.time, found.figure, found.holds) == ("2026-01-01T00:01:00Z", 5.0, True)


def test_for_means_without_a_break():
    server = Server(5, 5, 1, 5, 5, 5, 5)

    next(server.watch("rate > 4 for 30s").changes())

    # it began at 30 s, after the break at 20 s, and held for 30 s at 60 s
    assert server.now == 60.0


def test_it_tells_each_change():
    changes = Server(1, 5, 5, 1, 5).watch("rate > 4").changes()

    assert [next(changes).holds for _ in range(3)] == [True, False, True]


def test_it_gives_up():
    server = Server(1)

    with pytest.raises(GaveUpError, match="rate > 4: did not hold within 25 s"):
        list(server.watch("rate > 4", within=25).changes())
    assert server.now == 25.0


def test_what_held_once_is_no_giving_up():
    server = Server(1, 5, 1)

    assert [each.holds for each in server.watch("rate > 4", within=55).changes()] == [True, False]
    assert server.now == 55.0


@pytest.mark.parametrize(
    ("condition", "warnings"),
    [
        ("cpu 2-3 rate > 1", ["cpu 2-3 rate > 1: there is no CPU 2-3 now"]),
        ("cpu 1-3 rate > 1G", []),
    ],
)
def test_a_name_that_nothing_has_is_a_warning_once(condition: str, warnings: list[str]):
    server = Server(1)

    with pytest.raises(GaveUpError):
        list(server.watch(condition, within=50).changes())

    assert server.warned == warnings


def test_a_server_that_is_away_for_a_while_is_told_and_asked_again():
    server = Server(1, GONE, 5)

    assert next(server.watch("rate > 4").changes()).holds
    assert server.warned == [GONE]


@pytest.mark.parametrize("rates", [[GONE], [1, ProblemError("http://h", "no", status=400)]])
def test_a_wrong_server_is_no_server_to_wait_for(rates: list):
    with pytest.raises((UnreachableError, ProblemError)):
        list(Server(*rates).watch("rate > 4").changes())


def run(*argv: str) -> tuple[int, str, str, list[str]]:
    """Run `watch`; return exit status, output, messages and what was asked."""
    with WebService(machine.answer_well) as service:
        given = streams({"IRQ_CLIENT_SERVER": service.url})
        status = main(["watch", *argv], given)
        asked = [request.target for request in service.requests]
        return status, written(given.stdout), written(given.stderr), asked


@pytest.mark.parametrize(
    "words", [["imbalance  > 1.5"], ["imbalance", "above", "1.5"], ["imbalance above 1.5"]]
)
def test_the_command_prints_and_ends(words: list[str]):
    status, output, _, asked = run(*words)

    text = " ".join(" ".join(words).split())
    assert status == 0
    # the imbalance is the server's, of devices: 5604 over the mean of 1800 and 5604
    assert output == f"2026-01-01 00:01:00 UTC  {text}: holds, 1.51\n"
    # the made-up server samples every 10 s
    assert asked == ["/api/v1/status", "/api/v1/cpus?period=20.000"]


@pytest.mark.parametrize(
    ("words", "number"), [(["imbalance"], "1.51"), (["irq", "virtio*", "rate"], "185.08")]
)
def test_a_figure_alone_is_one_number_for_a_script(words: list[str], number: str):
    assert run(*words)[:2] == (0, f"{number}\n")


def test_a_figure_alone_is_followed_by_every_reading():
    server = Server(5, 5, 1)

    figures = [each.figure for each in server.watch("rate", within=25).changes()]

    assert figures == [5.0, 5.0, 1.0, 1.0]


def test_the_command_prints_json_and_csv():
    assert json.loads(run("rate > 1", "--format", "json", "--period", "60s")[1]) == {
        "time": "2026-01-01T00:01:00Z",
        "condition": "rate > 1",
        "figure": 11105 / 60,
        "holds": True,
    }
    csv = run("irq 36 rate > 1", "--format", "csv")[1]
    assert csv.splitlines() == [
        "time,condition,figure,holds",
        "1767225660,irq 36 rate > 1,185.08333333333334,true",
    ]


def test_an_irq_that_nothing_is_named_is_three_and_others_are_asked_for_by_number():
    status, output, messages, _ = run("irq eth9-* rate > 1")
    asked = run("irq virtio* rate > 1", "--period", "60s")[3]

    assert (status, output) == (3, "")
    assert messages.startswith("irq_client: no IRQ is named 'eth9-*'")
    assert [each.partition("/api/v1/")[2] for each in asked] == [
        "irqs?period=60s",
        "interrupts?period=60s&irq=36",
    ]


def test_the_command_gives_up():
    status, output, messages, _ = run("rate > 1G", "--within", "20ms", "--refresh", "5ms")

    assert (status, output) == (1, "")
    assert messages == "irq_client: rate > 1G: did not hold within 0.02 s\n"


def test_a_wrong_condition_is_never_sent():
    status, _, messages, asked = run("imbalance", "over", "1")

    assert (status, asked) == (2, [])
    assert messages.startswith("irq_client: CONDITION: expected a condition such as")


def test_one_server_is_watched():
    assert run("rate > 1", "--server", "http://a", "--server", "http://b")[0] == 2
