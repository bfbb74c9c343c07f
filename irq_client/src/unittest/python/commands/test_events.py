"""The command `events`."""

import machine
from irq_client.commands import events
from irq_client.server import model
from sheets import lines, read

WINDOW_LINE = "2026-01-01 00:00:00 .. 00:01:00 UTC  60 s, 7 samples"


EVENTS = read(model.read_events, machine.EVENTS)


def test_events_are_listed():
    assert lines(events.show_events(EVENTS))[1:] == [
        "TIME                         EVENT             IRQ  CPU  DETAIL            BY",
        "2026-01-01 00:00:08 UTC      affinity_request  36        1 from 192.0.2.7  192.0.2.7",
        "2026-01-01 00:00:10 UTC      affinity          36        0-1 -> 1          192.0.2.7",
        "2026-01-01 00:00:20.500 UTC  cpu_offline              3",
    ]


def test_no_event_is_said():
    answer = machine.EVENTS | {"events": []}

    assert lines(events.show_events(read(model.read_events, answer)))[1:] == [
        "no event in the window; --period 7d looks further back"
    ]


def test_csv_has_a_row_for_each_event():
    assert list(events.list_events(EVENTS)) == [
        ("time", "event", "irq", "cpu", "detail", "by"),
        ("1767225608", "affinity_request", "36", None, "1 from 192.0.2.7", "192.0.2.7"),
        ("1767225610", "affinity", "36", None, "0-1 -> 1", "192.0.2.7"),
        ("1767225620.500", "cpu_offline", "", "3", "", ""),
    ]
