"""What the live view asks a server for."""

import json

import pytest

import machine
from irq_client.cli import main
from irq_client.commands.shared import default_period_seconds
from irq_client.commands.top.live import Fetcher
from irq_client.server import request
from irq_client.server.client import Client
from service import Request, WebService, json_reply
from terminal import streams, written


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


def test_changes_are_asked_for_every_ten_seconds_only():
    clock = Clock()
    with WebService(machine.answer_well) as service, Client(service.url) as client:
        fetch = Fetcher(client, request.Request(nonzero=True), clock)

        data = fetch(5.0, None)
        assert targets(service) == ["interrupts?period=5.000&nonzero=true", "events?period=3600"]
        assert [change.detail for change in data.changes] == ["0-1 -> 1"]
        clock.now += 9
        assert fetch(5.0, None).changes == data.changes
        assert targets(service) == ["interrupts?period=5.000&nonzero=true"]
        clock.now += 1
        fetch(5.0, None)
        assert len(targets(service)) == 2


def test_another_time_has_other_changes():
    with WebService(machine.answer_well) as service, Client(service.url) as client:
        fetch = Fetcher(client, request.Request(), Clock())
        fetch(5.0, None)
        targets(service)

        fetch(5.0, 1767225600.0)

        assert targets(service) == [
            "interrupts?end=1767225600.000&period=5.000",
            "events?end=1767225600.000&period=3600",
        ]


@pytest.mark.parametrize(("interval", "period"), [(10.0, 20.0), (1.0, 5.0)])
def test_a_window_holds_two_samples(interval: float, period: float):
    status = json.loads(json.dumps(machine.STATUS))
    status["sampler"]["interval_seconds"] = interval

    def answer(_: WebService, __: Request) -> bytes:
        return json_reply(status)

    with WebService(answer) as service, Client(service.url) as client:
        assert default_period_seconds(client) == period


@pytest.mark.parametrize(
    ("terminal", "more", "words"),
    [
        (False, [], "top needs a terminal"),
        (True, ["--server", "http://a", "--server", "http://b"], "top takes one server"),
    ],
)
def test_it_needs_a_terminal_and_one_server(terminal: bool, more: list[str], words: str):
    given = streams(typed="" if terminal else None, terminal=terminal)

    assert main(["top", *more], given) == 2
    assert words in written(given.stderr)
