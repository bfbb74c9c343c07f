"""Who asked for a change of an affinity, worked out from the order of the log."""

from pathlib import Path

import pytest

from irq_server.events import Event, Kind
from irq_server.store.authors import Authors
from irq_server.store.event_log import EventLog
from irq_server.store.history import History
from simulated import FaultyFiles


def changed(detail: str, irq: str = "36", by: str = "") -> Event:
    return Event(10.0, Kind.AFFINITY, irq=irq, detail=detail, by=by)


def asked(detail: str, irq: str = "36", by: str = "") -> Event:
    return Event(10.0, Kind.AFFINITY_REQUEST, irq=irq, detail=detail, by=by)


def by_of(*events: Event) -> list[str]:
    return [each.by for each in Authors().fill(events)]


def test_the_change_behind_a_request_is_its_authors():
    assert by_of(asked("1 from 10.0.0.7"), changed("0-1 -> 1")) == ["10.0.0.7", "10.0.0.7"]


def test_a_change_that_was_noticed_has_no_author():
    assert by_of(changed("0-1 -> 1"), changed("1 -> 0")) == ["", ""]


@pytest.mark.parametrize(
    "between",
    [
        [changed("0-1 -> 0")],  # another change came first
        [changed("0-1 -> 1")],  # one request makes one change
        [Event(10.0, Kind.START)],  # nobody saw what changed while the server was down
    ],
)
def test_a_later_change_to_the_same_cpus_is_somebody_elses(between: list[Event]):
    assert by_of(asked("1 from ::1"), *between, changed("0 -> 1"))[-1] == ""


@pytest.mark.parametrize(
    "request_", [asked("1 from ::1: refused: CPU 1 is offline"), asked("1 from ::1", irq="37")]
)
def test_a_refused_request_and_one_for_another_irq_explain_nothing(request_: Event):
    assert by_of(request_, changed("0-1 -> 1")) == ["::1", ""]


def test_the_cpus_are_compared_as_a_whole():
    assert by_of(asked("1 from ::1"), changed("0-1 -> 11"))[-1] == ""
    assert by_of(asked("1 from ::1"), changed("0-1 -> 0,1"))[-1] == ""


@pytest.mark.parametrize("detail", ["", "1", "from ::1", "1 by ::1"])
def test_a_detail_in_other_words_names_nobody(detail: str):
    assert by_of(asked(detail), changed("0-1 -> 1")) == ["", ""]


def test_authors_are_known_after_a_restart_too(tmp_path: Path):
    log = EventLog(tmp_path, FaultyFiles())
    log.append([asked("1 from ::1"), changed("0-1 -> 1")])

    history = History((), EventLog(tmp_path, FaultyFiles()).load(), 10.0)

    assert [each.by for each in history.events] == ["::1", "::1"]
    assert "by" not in (tmp_path / "events.csv").read_text()
