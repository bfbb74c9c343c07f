"""The requests of the live view."""

import json

import pytest

import machine
from irq_client.cli import main
from irq_client.command_line.values import read_cpu_list
from irq_client.commands.shared import default_period_seconds
from irq_client.commands.top.fetch import Fetcher
from irq_client.commands.top.state import Asked
from irq_client.server.client import Client
from irq_client.server.request import Request as Filters
from service import Request, WebService, json_reply
from terminal import streams, written

NOW = Asked(5.0)
CHANGE = machine.EVENTS["events"][1]
CHANGED = 1767225610.0
"""The time of that change, 2026-01-01T00:00:10Z."""


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 50.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def targets(service: WebService) -> list[str]:
    """Return what was asked since the last time."""
    asked = [request.target.removeprefix("/api/v1/") for request in service.requests]
    service.requests.clear()
    return asked


def test_changes_and_affinities_are_asked_for_every_ten_seconds_only():
    clock = Clock()
    with WebService(machine.answer_well) as service, Client(service.url) as client:
        fetch = Fetcher(client, Filters(device="virtio*"), clock)

        data = fetch(NOW)
        asked = targets(service)
        assert asked == [
            "irqs?period=5.000",
            "interrupts?period=5.000&device=virtio%2A",
            "irqs?device=virtio%2A",
            "events?period=3600&device=virtio%2A",
            "status",
        ]
        assert [change.detail for change in data.changes] == ["0-1 -> 1"]
        assert data.affinities["36"] == "0-1"
        clock.now += 9
        assert fetch(NOW).changes == data.changes
        assert targets(service) == ["interrupts?period=5.000&device=virtio%2A"]
        clock.now += 1
        fetch(NOW)
        assert len(targets(service)) > 1


def test_another_time_has_other_changes():
    with WebService(machine.answer_well) as service, Client(service.url) as client:
        fetch = Fetcher(client, Filters(), Clock())
        fetch(NOW)
        targets(service)

        fetch(NOW._replace(end=1767225600.0))

        asked = targets(service)
        assert asked[0] == "interrupts?end=1767225600.000&period=5.000"
        assert asked[2] == "events?end=1767225600.000&period=3600"


@pytest.mark.parametrize(
    ("filters", "passes"),
    [
        (Filters(cpus=read_cpu_list("", "0")), True),
        (Filters(cpus=read_cpu_list("", "2-3")), False),
    ],
)
def test_changes_pass_the_filters(filters: Filters, passes: bool):
    with WebService(machine.answer_well) as service, Client(service.url) as client:
        data = Fetcher(client, filters, Clock())(NOW)

    assert bool(data.changes) is passes
    assert not data.is_whole


def test_an_irq_that_is_filtered_for_is_sent_with_the_question_for_changes():
    with WebService(machine.answer_well) as service, Client(service.url) as client:
        Fetcher(client, Filters(irqs=("36",)), Clock())(NOW)

        assert "events?period=3600&irq=36" in targets(service)


@pytest.mark.parametrize(
    ("asked", "end", "note"),
    [
        (Asked(5.0, seek=-1), CHANGED, ""),
        (Asked(5.0, CHANGED, -1), CHANGED, "no earlier affinity change in 7d"),
        (Asked(5.0, CHANGED - 60, 1), CHANGED, ""),
        (Asked(5.0, seek=1), None, "no later affinity change yet"),
    ],
)
def test_the_change_before_and_the_next_one_are_found(asked: Asked, end: float | None, note: str):
    with WebService(machine.answer_well) as service, Client(service.url) as client:
        data = Fetcher(client, Filters(), Clock())(asked)

    assert (data.end, data.note) == (end, note)


def test_behind_the_last_change_it_is_live():
    def answer(service: WebService, request: Request) -> bytes:
        if "start=" in request.target:
            return json_reply(machine.EVENTS | {"events": []})
        return machine.answer_well(service, request)

    with WebService(answer) as service, Client(service.url) as client:
        data = Fetcher(client, Filters(), Clock())(Asked(5.0, CHANGED, 1))

    assert (data.end, data.note) == (None, "no later affinity change")


@pytest.mark.parametrize(("interval", "period"), [(10.0, 20.0), (1.0, 5.0)])
def test_a_window_holds_two_samples(interval: float, period: float):
    status = json.loads(json.dumps(machine.STATUS))
    status["sampler"]["interval_seconds"] = interval

    def answer(_: WebService, __: Request) -> bytes:
        return json_reply(status)

    with WebService(answer) as service, Client(service.url) as client:
        assert default_period_seconds(client) == period


def test_it_takes_one_server():
    given = streams(typed="", terminal=True)

    assert main(["top", "--server", "http://a", "--server", "http://b"], given) == 2
    assert "top takes one server" in written(given.stderr)


def test_into_a_pipe_it_prints_as_often_as_it_is_told():
    with WebService(machine.answer_well) as service:
        given = streams()
        argv = ["top", "--count", "2", "--refresh", "10ms", "--server", service.url]

        assert main(argv, given) == 0

    first, second = written(given.stdout).split("\n\n")
    assert second == first + "\n"
    assert first.splitlines()[0].startswith("2026-01-01 00:00:00 .. 00:01:00 UTC")
    assert "36    virtio1-req.0" in first


def test_into_a_pipe_the_columns_are_those_of_the_view():
    with WebService(machine.answer_well) as service:
        given = streams()
        argv = ["top", "--count", "1", "--columns", "IRQ,ON,AFFINITY", "--sort", "IRQ"]

        assert main([*argv, "--server", service.url], given) == 0

    assert [line.split() for line in written(given.stdout).splitlines()[1:]] == [
        ["IRQ", "ON", "AFFINITY"],
        ["24", "CPU0", "100%", "0-1"],
        ["36", "CPU1", "100%", "0-1"],
        ["ERR"],
        ["NMI", "CPU1", "100%"],
    ]


@pytest.mark.parametrize(
    ("option", "near"),
    [("--sort=RAT", "RATE/s"), ("--sort=-ir", "IRQ"), ("--columns=IRQ,DEVISE", "")],
)
def test_a_column_that_no_machine_has_is_refused_before_anything_is_asked(option: str, near: str):
    with WebService(machine.answer_well) as service:
        given = streams()

        assert main(["top", option, "--server", service.url], given) == 2

    assert service.requests == []
    assert "one of the columns IRQ, DEVICE, RATE/s, CPU0, ON, AFFINITY" in written(given.stderr)
    assert near in written(given.stderr).partition("found")[2]


@pytest.mark.parametrize("option", ["--sort=-CPU1", "--columns=cpu1,rate,affinity"])
def test_a_column_of_a_machines_own_is_not_refused(option: str):
    with WebService(machine.answer_well) as service:
        assert main(["top", "--count", "1", option, "--server", service.url], streams()) == 0
