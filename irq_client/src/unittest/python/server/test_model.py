"""Answers of an irq_server, read into values."""

import copy
import json

import pytest

import machine
from irq_client.errors import ShapeError
from irq_client.server import model
from irq_client.server.json_fields import JsonObject, parse_object
from irq_client.server.times import Moment


def read(reader, answer: object):
    """Read an answer as it comes over the wire."""
    return reader(parse_object(json.dumps(answer).encode()))


WINDOW = model.Window(
    start="2026-01-01T00:00:00Z",
    end="2026-01-01T00:01:00Z",
    seconds=60.0,
    samples=7,
    complete=True,
    gaps=0,
    resets=0,
    resolution_seconds=10.0,
    requested=("2026-01-01T00:00:03Z", "2026-01-01T00:01:03Z"),
)


def test_interrupts_are_irqs_by_cpus():
    answer = read(model.read_interrupts, machine.INTERRUPTS)

    assert answer.window == WINDOW
    assert answer.cpus == (0, 1)
    assert answer.irqs[1] == model.Irq("36", "virtio1-req.0", (0, 5604), 5604, 93.4)
    assert answer.irqs[3] == model.Irq("ERR", "", None, 2, 0.0)
    assert answer.totals == (1804, 9301)
    assert answer.total == 11105


def test_irqs_have_affinities():
    answer = read(model.read_irqs, machine.IRQS)

    assert [(irq.irq, irq.affinity, irq.effective_affinity) for irq in answer.irqs] == [
        ("24", "0-1", "0"),
        ("36", "0-1", "1"),
        ("NMI", None, None),
        ("ERR", None, None),
    ]


def test_one_irq_is_an_irq_with_its_cpus():
    answer = read(model.read_one_irq, machine.ONE_IRQ)

    assert answer.cpus == (0, 1)
    assert answer.irq == model.Irq("36", "virtio1-req.0", (0, 5604), 5604, 93.4, "0-1", "1")


def test_cpus_have_totals_and_rates():
    answer = read(model.read_cpus, machine.CPUS)

    assert answer.cpus == (model.Cpu(0, 1804, 30.1, 1800), model.Cpu(1, 9301, 155.0, 5604))
    assert answer.total == 11105


def test_one_cpu_has_irqs():
    answer = read(model.read_one_cpu, machine.ONE_CPU)

    assert answer.cpu == model.Cpu(1, 9301, 155.0)
    assert [irq.irq for irq in answer.irqs] == ["NMI", "36"]


def test_a_series_has_points():
    answer = read(model.read_series, machine.SERIES)

    assert answer.step_seconds == 30.0
    assert answer.by == "cpu"
    assert answer.points[0].counts == {"0": 900, "1": 4100}
    assert answer.points[1].start == "2026-01-01T00:00:30.250Z"


def test_events_may_concern_an_irq_or_a_cpu():
    answer = read(model.read_events, machine.EVENTS)

    assert answer.events == (
        model.Event(
            Moment("2026-01-01T00:00:08Z"),
            "affinity_request",
            "36",
            None,
            "1 from 192.0.2.7",
            "192.0.2.7",
        ),
        model.Event(
            Moment("2026-01-01T00:00:10Z"), "affinity", "36", None, "0-1 -> 1", "192.0.2.7"
        ),
        model.Event(Moment("2026-01-01T00:00:20.500Z"), "cpu_offline", None, 3, ""),
    )


def test_only_a_changed_affinity_has_cpus_before_and_after():
    request, change, offline = read(model.read_events, machine.EVENTS).events

    assert change.change == ("0-1", "1")
    assert (request.change, offline.change) == (None, None)


def test_an_event_has_its_author():
    events = [{**each, "by": None} for each in machine.EVENTS["events"]]

    with pytest.raises(ShapeError, match=r"events\[0\]\.by: expected a string"):
        read(model.read_events, machine.EVENTS | {"events": events})


def test_fields_that_a_server_may_add_are_read():
    irqs = [
        machine.IRQS["irqs"][1]
        | {"writable": True, "pending": True, "interface": "eth0", "above": ["bond0"]}
    ]
    cpus = [{"cpu": 0, "total": 5, "rate": 0.1, "devices": 3}]
    known = [
        {"cpu": number, "online": number != 1, "isolated": number == 2, "node": 0}
        for number in range(4)
    ]

    (irq,) = read(model.read_irqs, machine.IRQS | {"irqs": irqs}).irqs
    answer = read(model.read_cpus, machine.CPUS | {"cpus": cpus, "imbalance": 1.5})
    status = read(model.read_status, machine.STATUS | {"cpus": known})

    assert (irq.writable, irq.pending, irq.interface, irq.above) == (True, True, "eth0", ("bond0",))
    assert (answer.cpus[0].devices, answer.imbalance) == (3, 1.5)
    assert status.usable == {0, 3}


def test_an_affinity_says_whether_it_may_be_written():
    answer = read(model.read_affinity, machine.AFFINITY)

    assert answer == model.Affinity(
        "36", "virtio1-req.0", "0-1", "1", writable=True, pending=False, text=answer.text
    )


def test_an_answer_holds_its_text_as_it_came():
    text = json.dumps(machine.STATUS, indent=1).encode()

    assert model.read_status(parse_object(text)).text == text


def test_a_status_is_sampler_and_store():
    answer = read(model.read_status, machine.STATUS)

    assert answer.state == "running"
    assert answer.bytes == 1_572_864
    assert answer.last_error is None


def test_an_empty_store_has_no_oldest_sample():
    status = copy.deepcopy(machine.STATUS)
    status["store"] |= {"oldest": None, "newest": None, "holds_seconds": None}
    status["sampler"]["last_sample"] = None

    answer = read(model.read_status, status)

    assert (answer.oldest, answer.newest, answer.holds_seconds) == (None, None, None)


def test_fields_that_are_not_known_are_left_alone():
    answer = read(model.read_cpus, machine.CPUS | {"temperature": [1, "x"]})

    assert answer.total == 11105


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"cpus": [0]}, "irqs[0].counts"),
        ({"totals": [1]}, "totals"),
        ({"totals": ["1804", "9301"]}, "totals"),
        ({"total": "11105"}, "total"),
        ({"window": None}, "window"),
        ({"window": {}}, "window.start"),
        ({"irqs": {}}, "irqs"),
        ({"irqs": [{"irq": 36}]}, "irqs[0].irq"),
    ],
)
def test_an_answer_that_is_not_ours_is_refused_by_the_place(change: dict, place: str):
    with pytest.raises(ShapeError) as caught:
        read(model.read_interrupts, machine.INTERRUPTS | change)

    assert caught.value.where == place


READERS = {
    model.read_interrupts: machine.INTERRUPTS,
    model.read_irqs: machine.IRQS,
    model.read_one_irq: machine.ONE_IRQ,
    model.read_cpus: machine.CPUS,
    model.read_one_cpu: machine.ONE_CPU,
    model.read_series: machine.SERIES,
    model.read_events: machine.EVENTS,
    model.read_affinity: machine.AFFINITY,
    model.read_status: machine.STATUS,
}


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__)
def test_every_field_that_is_left_out_is_missed(reader):
    answer = READERS[reader]
    optional = {model.read_cpus: {"imbalance"}, model.read_status: {"cpus"}}.get(reader, set())
    for name in answer.keys() - optional:
        without = {key: value for key, value in answer.items() if key != name}
        with pytest.raises(ShapeError):
            reader(JsonObject(without, ""))


def test_names_above_an_interface_are_texts():
    irqs = [machine.IRQS["irqs"][1] | {"above": ["bond0", 1]}]

    with pytest.raises(ShapeError, match=r"irqs\[0\]\.above: expected a list of strings"):
        read(model.read_irqs, machine.IRQS | {"irqs": irqs})
