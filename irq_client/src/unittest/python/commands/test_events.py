"""The command `events`."""

from test_history import EVENTS, run

import machine
from irq_client.commands.events import Happened, show_events
from irq_client.server import model
from sheets import lines, read

WINDOW = read(model.read_events, machine.EVENTS).window


def test_events_are_listed():
    happened = [Happened(each, "eth0" if each.irq else "") for each in EVENTS]

    assert lines(show_events(WINDOW, happened))[1:] == [
        "TIME                         EVENT             IRQ  CPU  DETAIL    BY         DEVICE",
        "2026-01-01 00:00:08 UTC      affinity_request  36        1         192.0.2.7  eth0",
        "2026-01-01 00:00:10 UTC      affinity          36        0-1 -> 1  192.0.2.7  eth0",
        "2026-01-01 00:00:20.500 UTC  cpu_offline              3",
    ]
    # columns that are empty everywhere are left out
    assert lines(show_events(WINDOW, happened[2:]))[1:] == [
        "TIME                         EVENT        CPU",
        "2026-01-01 00:00:20.500 UTC  cpu_offline    3",
    ]


def test_no_event_is_said():
    assert lines(show_events(WINDOW, []))[1:] == [
        "no event in the window; a longer --period looks further back"
    ]


def test_csv_has_a_row_for_each_event():
    assert run("events", "--format", "csv")[1].splitlines() == [
        "time,event,irq,cpu,detail,by,device",
        "1767225608,affinity_request,36,,1 from 192.0.2.7,192.0.2.7,virtio1-req.0",
        "1767225610,affinity,36,,0-1 -> 1,192.0.2.7,virtio1-req.0",
        "1767225620.500,cpu_offline,,3,,,",
    ]


def test_a_device_has_its_own_events():
    status, output, asked = run("events", "--device", "virtio1*", "--start", "2026-01-01")

    assert status == 0
    assert "virtio1-req.0" in output
    assert "/api/v1/events?start=2026-01-01T00%3A00%3A00Z&device=virtio1%2A" in asked


def test_json_asks_for_no_devices():
    assert run("events", "--format", "json")[2] == ["/api/v1/events"]
