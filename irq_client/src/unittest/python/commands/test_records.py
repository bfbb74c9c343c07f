"""Answers as rows of CSV."""

from dataclasses import replace

import pytest

import machine
from irq_client.commands import records
from irq_client.server import model
from irq_client.server.authors import attributed
from irq_client.server.json_fields import JsonObject


def read_events_by_whom(answer: JsonObject) -> model.Events:
    """Reads events, with what `authors` makes of them."""
    events = model.read_events(answer)
    return replace(events, events=attributed(events.events, 25.0))


CASES = {
    "overview": (
        records.list_interrupts,
        model.read_interrupts,
        machine.INTERRUPTS,
        [
            ("irq", "device", "cpu", "count"),
            ("24", "ahci[0000:00:1f.2]", 0, 1800),
            ("24", "ahci[0000:00:1f.2]", 1, 0),
            ("36", "virtio1-req.0", 0, 0),
            ("36", "virtio1-req.0", 1, 5604),
            ("NMI", "", 0, 4),
            ("NMI", "", 1, 3697),
            ("ERR", "", None, 2),
        ],
    ),
    "irqs": (
        records.list_irqs,
        model.read_irqs,
        machine.IRQS,
        [
            ("irq", "device", "total", "rate", "affinity"),
            ("36", "virtio1-req.0", 5604, 93.4, "0-1"),
            ("NMI", "", 3701, 61.7, None),
            ("24", "ahci[0000:00:1f.2]", 1800, 30.0, "0-1"),
            ("ERR", "", 2, 0.0, None),
        ],
    ),
    "irq": (
        records.list_one_irq,
        model.read_one_irq,
        machine.ONE_IRQ,
        [
            ("irq", "device", "total", "rate", "affinity"),
            ("36", "virtio1-req.0", 5604, 93.4, "0-1"),
        ],
    ),
    "cpus": (
        records.list_cpus,
        model.read_cpus,
        machine.CPUS,
        [("cpu", "total", "rate"), (0, 1804, 30.1), (1, 9301, 155.0)],
    ),
    "cpu": (
        records.list_one_cpu,
        model.read_one_cpu,
        machine.ONE_CPU,
        [
            ("irq", "device", "total", "rate"),
            ("36", "virtio1-req.0", 5604, 93.4),
            ("NMI", "", 3697, 61.6),
        ],
    ),
    "history": (
        records.list_series,
        model.read_series,
        machine.SERIES,
        [
            ("start", "end", "key", "count"),
            ("1767225600", "1767225630.250", "0", 900),
            ("1767225600", "1767225630.250", "1", 4100),
            ("1767225630.250", "1767225660", "0", 904),
            ("1767225630.250", "1767225660", "1", 5201),
        ],
    ),
    "events": (
        records.list_events,
        read_events_by_whom,
        machine.EVENTS,
        [
            ("time", "event", "irq", "cpu", "detail", "by"),
            ("1767225608", "affinity_request", "36", None, "1 from 192.0.2.7", "192.0.2.7"),
            ("1767225610", "affinity", "36", None, "0-1 -> 1", "192.0.2.7"),
            ("1767225620.500", "cpu_offline", None, 3, "", ""),
        ],
    ),
    "affinity": (
        records.list_affinity,
        model.read_affinity,
        machine.AFFINITY,
        [
            ("irq", "device", "affinity", "effective_affinity", "writable", "pending"),
            ("36", "virtio1-req.0", "0-1", "1", "true", "false"),
        ],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_an_answer_is_listed_under_the_names_of_its_columns(case: str):
    rows, reader, answer, expected = CASES[case]

    assert list(rows(reader(JsonObject(answer, "")))) == expected


def test_a_series_of_totals_is_listed_under_one_key():
    point = machine.SERIES["points"][0] | {"counts": {}}
    answer = machine.SERIES | {"by": "total", "points": [point]}

    assert list(records.list_series(model.read_series(JsonObject(answer, ""))))[1:] == [
        ("1767225600", "1767225630.250", "total", 5000)
    ]


def test_a_status_is_one_row():
    heading, row = records.list_status(model.read_status(JsonObject(machine.STATUS, "")))
    fields = dict(zip(heading, row, strict=True))

    assert fields["state"] == "running"
    assert fields["last_sample"] == "1767225660"
    assert fields["max_bytes"] == 1_073_741_824
    assert fields["last_error"] is None


def test_a_status_without_samples_has_empty_times():
    store = machine.STATUS["store"] | {"oldest": None}
    sampler = machine.STATUS["sampler"] | {"last_error": "no\x1b"}
    answer = model.read_status(JsonObject({"sampler": sampler, "store": store}, ""))

    heading, row = records.list_status(answer)
    fields = dict(zip(heading, row, strict=True))

    assert fields["oldest"] is None
    assert fields["last_error"] == r"no\x1b"


def test_escape_sequences_do_not_reach_a_csv_file():
    row = machine.ROWS[0] | {"device": "\x1b[2J\x9b"}
    answer = model.read_interrupts(JsonObject(machine.INTERRUPTS | {"irqs": [row]}, ""))

    assert list(records.list_interrupts(answer))[1] == ("24", r"\x1b[2J\x9b", 0, 1800)
