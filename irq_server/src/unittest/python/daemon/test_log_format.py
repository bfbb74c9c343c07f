"""The log's lines: one a record, whatever the record holds."""

import json
import logging
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irq_server.daemon.log_format import JournalFormatter, JsonFormatter, TextFormatter, one_line
from irq_server.serving.access_log import FIELDS

FORGED = "eth0\n2026-11-24 02:41:18,174 ERROR irq_server: forged\r\x1b[2J\u2028\x85"


def record(message: str, level: int = logging.INFO, **more: object) -> logging.LogRecord:
    return logging.makeLogRecord(
        {"name": "irq_server", "levelno": level, "levelname": logging.getLevelName(level)}
        | {"msg": message, "created": 1795488078.1746, "msecs": 174.6}
        | more
    )


def raised() -> object:
    try:
        raise ValueError("two\nlines")
    except ValueError:
        return sys.exc_info()


def test_a_record_is_a_line_of_text():
    formatter = TextFormatter("%(levelname)s ", tracebacks=False)

    assert formatter.format(record("ready")) == "INFO irq_server: ready"


def test_the_time_stands_before_the_level():
    formatter = TextFormatter("%(asctime)s %(levelname)s ", tracebacks=False)
    formatter.converter = time.gmtime

    assert formatter.format(record("ready")) == "2026-11-24 02:41:18,174 INFO irq_server: ready"


def test_a_record_is_an_object_of_json_in_one_line():
    line = JsonFormatter().format(record("ready", **{FIELDS: {"status": 200}}))

    assert "\n" not in line
    assert json.loads(line) == {
        "time": "2026-11-24T02:41:18.174Z",
        "level": "info",
        "logger": "irq_server",
        "message": "ready",
        "status": 200,
    }


@pytest.mark.parametrize(
    ("level", "priority"),
    [
        (logging.DEBUG, 7),
        (logging.INFO, 6),
        (logging.WARNING, 4),
        (logging.ERROR, 3),
        (logging.CRITICAL, 3),
    ],
)
def test_the_journal_is_told_the_level_by_number(level: int, priority: int):
    line = JournalFormatter(tracebacks=False).format(record("ready", level))

    assert line == f"<{priority}>irq_server: ready"


def test_what_is_not_printable_cannot_forge_a_line_or_move_the_cursor():
    line = TextFormatter("", tracebacks=False).format(record(FORGED))

    assert line == (
        "irq_server: eth0\\n2026-11-24 02:41:18,174 ERROR irq_server: forged\\r\\x1b[2J\\u2028\\x85"
    )


@given(st.text())
def test_every_text_becomes_one_printable_line(text: str):
    assert one_line(text).isprintable()
    assert len(JsonFormatter().format(record(text)).splitlines()) == 1


def test_a_half_of_a_surrogate_pair_is_escaped():
    assert one_line("a\udcffb") == "a\\udcffb"


def test_an_error_is_told_in_the_line_and_its_traceback_only_when_asked_for():
    logged = record("a request failed", exc_info=raised())

    short = TextFormatter("", tracebacks=False).format(logged)
    long = TextFormatter("", tracebacks=True).format(logged)

    assert short == "irq_server: a request failed: ValueError: two\\nlines"
    head, first, *_, last = long.split(" | ")
    assert head == short
    assert first == "Traceback (most recent call last):"
    assert last == "lines"
    assert "\n" not in long


def test_json_has_the_error_and_its_traceback_as_fields():
    values = json.loads(JsonFormatter().format(record("a bug", exc_info=raised())))

    assert values["error"] == "ValueError: two\nlines"
    assert values["traceback"].startswith("Traceback (most recent call last):\n")
    assert values["message"] == "a bug"
