"""A CSV file beside the segments: whole lines, appended by one write, read in spite of damage."""

import logging
import os
from pathlib import Path
from typing import Any

import pytest

from irq_server.store.event_log import EVENT_FIELDS
from irq_server.store.ledger import Ledger
from irq_server.store.segments.files import Files
from simulated import FaultyFiles

HEADER = "time,event,irq,cpu,detail\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the events lie."""
    return tmp_path / "events.csv"


@pytest.fixture
def events(path: Path) -> Ledger:
    """The events of a new store."""
    return Ledger(path, EVENT_FIELDS, Files())


def test_a_ledger_that_is_not_there_is_empty(events: Ledger):
    assert events.load() == []


def test_the_first_append_writes_the_header_too(events: Ledger, path: Path):
    size = events.append([("1767225600", "start", "", "", "every 10s")])
    more = events.append([("1767225610", "affinity", "36", "", "0-1 -> 1")])

    assert path.read_text() == (
        HEADER + "1767225600,start,,,every 10s\n1767225610,affinity,36,,0-1 -> 1\n"
    )
    assert (size, more) == (26 + 29, 33)
    assert events.load() == [
        ["1767225600", "start", "", "", "every 10s"],
        ["1767225610", "affinity", "36", "", "0-1 -> 1"],
    ]


def test_a_file_that_goes_while_it_is_looked_at_is_begun_again(
    events: Ledger, path: Path, monkeypatch: pytest.MonkeyPatch
):
    events.append([("1", "start", "", "", "")])
    real, looks = os.stat, iter(range(1, 100))

    def look(name: Any, *rest: Any, **more: Any) -> Any:
        if str(name) == str(path) and next(looks) == 2:
            path.unlink()
        return real(name, *rest, **more)

    monkeypatch.setattr(os, "stat", look)
    events.append([("2", "start", "", "", "")])
    path.unlink()
    events.append([("3", "start", "", "", "")])

    assert path.read_text() == HEADER + "3,start,,,\n"


def test_an_append_of_several_lines_is_one_write(path: Path):
    files = FaultyFiles()

    Ledger(path, EVENT_FIELDS, files).append([("1", "boot", "", "", "")] * 50)

    assert len(files.written) == 1


def test_a_file_that_lost_all_its_bytes_gets_its_header_again(events: Ledger, path: Path):
    path.write_bytes(b"")

    events.append([("1767225600", "boot", "", "", "")])

    assert path.read_text() == HEADER + "1767225600,boot,,,\n"
    assert events.load() == [["1767225600", "boot", "", "", ""]]


def test_a_torn_last_line_is_cut_and_told(
    events: Ledger, path: Path, caplog: pytest.LogCaptureFixture
):
    path.write_text(HEADER + "1767225600,boot,,,\n1767225610,sto")

    assert events.load() == [["1767225600", "boot", "", "", ""]]
    assert path.read_text() == HEADER + "1767225600,boot,,,\n"
    assert "dropped 14 bytes of a torn line" in caplog.text


def test_a_torn_header_is_cut_and_written_again(events: Ledger, path: Path):
    path.write_text("time,eve")

    assert events.load() == []
    events.append([("1767225600", "boot", "", "", "")])

    assert path.read_text() == HEADER + "1767225600,boot,,,\n"


@pytest.mark.parametrize(
    "line",
    [
        "1767225600,boot,,",
        "1767225600,boot,,,,",
        "yesterday,boot,,,",
        ",boot,,,",
        "1.2.3,boot,,,",
        "17672256000000,boot,,,",
        '1767225600,"boot,,,',
        'x"' + "," * 3 + "y" * 200_000,
        "",
    ],
)
def test_a_damaged_line_costs_no_other(
    events: Ledger, path: Path, line: str, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.WARNING)
    path.write_text(HEADER + f"1767225600,start,,,\n{line}\n1767225610,stop,,,\n")

    assert [row[1] for row in events.load()] == ["start", "stop"]
    assert "passed over 1 lines" in caplog.text


def test_bytes_that_are_no_text_cost_no_line(events: Ledger, path: Path):
    path.write_bytes(HEADER.encode() + b"1767225600,st\xffrt,,,\n1767225610,stop,,,\n")

    assert [row[0] for row in events.load()] == ["1767225600", "1767225610"]
