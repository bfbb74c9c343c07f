"""Who changed an affinity: the events of a server, joined."""

import pytest

from irq_client import Client
from irq_client.server import model
from irq_client.server.authors import ON_THE_MACHINE, attributed, notice_seconds, unknown_before
from irq_client.server.times import Moment, Time
from machine import WINDOW
from service import Request, WebService, json_reply


def event(second: float, kind: str, detail: str, irq: str = "36") -> model.Event:
    """Return an event of the minute 2026-01-01T00:01."""
    return model.Event(Moment(f"2026-01-01T00:01:{second:06.3f}Z"), kind, irq, None, detail)


def changed(second: float, detail: str, irq: str = "36") -> model.Event:
    return event(second, "affinity", detail, irq)


def asked(second: float, detail: str, irq: str = "36") -> model.Event:
    return event(second, "affinity_request", detail, irq)


def by(*events: model.Event, within_seconds: float = 25.0) -> list[str]:
    """Return by whom each of the changes is, in their order."""
    found = attributed(events, within_seconds)
    return [each.by for each in found if each.event == "affinity"]


@pytest.mark.parametrize(
    ("detail", "author"),
    [
        ("1 from 192.0.2.7", "192.0.2.7"),
        ("1 from ::1", "::1"),
        ("1 from a local socket (uid 0)", "a local socket (uid 0)"),
    ],
)
def test_a_change_is_by_the_one_who_asked_for_it(detail: str, author: str):
    assert by(asked(1, detail), changed(9, "0-1 -> 1")) == [author]


@pytest.mark.parametrize(
    "request_",
    [
        asked(1, "1 from ::1: refused: the kernel says: Input/output error"),
        asked(1, "0 from ::1"),
        asked(1, "1 from ::1", irq="37"),
        asked(1, "what is this"),
        asked(1, "x from ::1"),
        event(1, "gap", "1 from ::1"),
    ],
    ids=["refused", "other CPUs", "another IRQ", "no words of ours", "no CPUs", "no request"],
)
def test_a_change_that_nobody_asked_for_was_made_on_the_machine(request_: model.Event):
    assert by(request_, changed(9, "0-1 -> 1")) == [ON_THE_MACHINE]


def test_cpus_are_compared_not_their_spelling():
    assert by(asked(1, "0,1,2 from ::1"), changed(9, "5 -> 0-2")) == ["::1"]


def test_a_change_to_what_is_no_cpu_list_is_by_no_one_who_asked():
    assert by(asked(1, "x from ::1"), changed(9, "0 -> x")) == [ON_THE_MACHINE]


def test_a_request_explains_one_change():
    # back by hand at 20, and by hand once more the CPUs of the request at 1
    events = (
        asked(1, "1 from ::1"),
        changed(2, "0 -> 1"),
        changed(20, "1 -> 0"),
        changed(22, "0 -> 1"),
    )

    assert by(*events) == ["::1", ON_THE_MACHINE, ON_THE_MACHINE]


def test_who_asks_again_for_what_is_so_changes_nothing():
    assert by(asked(1, "1 from a"), asked(3, "1 from b"), changed(9, "0 -> 1")) == ["a"]
    others = (asked(1, "1 from a"), asked(2, "0 from b"), asked(3, "1 from c"))
    assert by(*others, changed(9, "0 -> 1")) == ["c"]


def test_what_was_asked_for_and_undone_before_anybody_looked_explains_nothing_later():
    assert by(asked(1, "1 from a"), asked(2, "2 from b"), changed(9, "0 -> 1")) == [ON_THE_MACHINE]
    assert by(asked(1, "1 from a"), changed(30, "0 -> 1")) == [ON_THE_MACHINE]


def test_a_request_may_come_between_a_sample_and_its_look_at_the_affinities():
    assert by(changed(9, "0 -> 1"), asked(9.2, "1 from a")) == ["a"]
    assert by(changed(9, "0 -> 1"), asked(11, "1 from a")) == [ON_THE_MACHINE]
    both = (changed(9, "0 -> 1"), asked(9.2, "1 from a"), changed(9.3, "1 -> 0"))
    assert by(*both, changed(9.4, "0 -> 1")) == ["a", ON_THE_MACHINE, ON_THE_MACHINE]


def test_a_request_and_what_it_found_changed_may_have_one_time():
    # somebody had set 3 by hand, which was noticed only at the request for 1
    noticed = (changed(9, "0 -> 3"), changed(9, "3 -> 1"), asked(9, "1 from a"))

    assert by(*noticed) == [ON_THE_MACHINE, "a"]


def test_the_order_stays_and_requests_have_their_author_too():
    events = (changed(9, "0-1 -> 1"), asked(1, "1 from a"), event(3, "gap", "from x"))

    found = attributed(events, 25.0)

    assert [each.by for each in found] == ["a", "a", ""]
    assert [each.event for each in found] == ["affinity", "affinity_request", "gap"]


def test_a_change_is_noticed_within_ten_seconds_or_an_interval():
    def window(seconds: float) -> model.Window:
        return model.Window("", "", 1.0, 2, True, 0, 0, seconds)

    assert notice_seconds(window(0.2)) == 25.0
    assert notice_seconds(window(60.0)) == 150.0


def test_the_time_is_known_in_which_an_unexplained_change_may_be_asked_for():
    explained = attributed((asked(1, "1 from a"), changed(9, "0 -> 1")), 25.0)
    alone = attributed((changed(30, "0 -> 1"),), 25.0)
    with_older = attributed((event(4, "gap", ""), changed(30, "0 -> 1")), 25.0)

    assert unknown_before(explained, 25.0) is None
    # 2026-01-01T00:01:30Z is 1767225690
    assert Moment("2026-01-01T00:01:30Z").unix_text == "1767225690"
    assert unknown_before(alone, 25.0) == (Time.at(1767225665), Time.at(1767225690))
    assert unknown_before(with_older, 25.0) is None


def as_json(*events: model.Event) -> object:
    """Return events as a server does."""
    names = ("time", "event", "irq", "cpu", "detail")
    return [{name: getattr(each, name) for name in names} for each in events]


def test_a_request_from_before_the_window_is_looked_for_once():
    change, request = changed(30, "0 -> 1"), asked(28, "1 from a")

    def answer(_: WebService, asked_: Request) -> bytes:
        of_the_window = dict(asked_.query).get("period") == "1s"
        found = as_json(change) if of_the_window else as_json(request, change)
        return json_reply({"window": WINDOW, "events": found})

    with WebService(answer) as service, Client(service.url) as client:
        found = client.events([("period", "1s"), ("irq", "36")])

    assert [(each.event, each.by) for each in found.value.events] == [("affinity", "a")]
    assert b"affinity_request" not in found.text
    assert [dict(each.query) for each in service.requests] == [
        {"period": "1s", "irq": "36"},
        {"start": "1767225665.000", "end": "1767225690.000", "irq": "36"},
    ]
