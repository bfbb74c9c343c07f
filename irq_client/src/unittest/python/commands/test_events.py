"""The command `events`."""

import json

import pytest
from test_history import EVENTS, run

import machine
from irq_client.commands.events import Happened, show_events
from irq_client.server import model
from sheets import lines, read

WINDOW = read(model.read_events, machine.EVENTS).window


def test_events_are_listed():
    happened = [Happened(each, "eth0" if each.irq else "") for each in EVENTS]

    assert lines(show_events(WINDOW, happened))[1:] == [
        "TIME                      EVENT             IRQ  CPU  DETAIL            BY         DEVICE",
        "2026-01-01T00:00:08Z      affinity_request  36        1 from 192.0.2.7  192.0.2.7  eth0",
        "2026-01-01T00:00:10Z      affinity          36        0-1 -> 1          192.0.2.7  eth0",
        "2026-01-01T00:00:20.500Z  cpu_offline              3",
    ]


def test_no_event_is_said():
    assert lines(show_events(WINDOW, []))[1:] == [
        "no event in the window; --period 7d looks further back"
    ]


def test_csv_has_a_row_for_each_event():
    assert run("events", "--format", "csv")[1].splitlines() == [
        "time,event,irq,cpu,detail,by,device",
        "1767225608,affinity_request,36,,1 from 192.0.2.7,192.0.2.7,virtio1-req.0",
        "1767225610,affinity,36,,0-1 -> 1,192.0.2.7,virtio1-req.0",
        "1767225620.500,cpu_offline,,3,,,",
    ]


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_a_device_has_its_own_events(form: str):
    rows = {"interrupts": machine.INTERRUPTS | {"irqs": machine.ROWS[1:2]}}

    status, output, asked = run(
        "events", "--device", "virtio1*", "--period", "1d", "--format", form, answers=rows
    )

    assert status == 0
    assert "0-1 -> 1" in output
    assert "cpu_offline" not in output
    assert asked[:2] == [
        "/api/v1/events?period=1d",
        "/api/v1/interrupts?period=1d&device=virtio1%2A",
    ]
    if form == "json":
        assert [each["irq"] for each in json.loads(output)["events"]] == ["36", "36"]
