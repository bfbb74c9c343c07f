"""A request as the query of a URL."""

import pytest

from irq_client.errors import UsageError
from irq_client.server.cpu_list import parse_cpu_list
from irq_client.server.request import Request
from irq_client.server.times import Duration, Moment, Time


def test_an_empty_request_is_no_query():
    assert Request().encoded() == []


def test_every_field_is_a_parameter_in_one_order():
    request = Request(
        by="cpu",
        nonzero=True,
        step=Duration("1m", 60.0),
        top=5,
        device="eth*",
        cpus=parse_cpu_list("0-31:2/8"),
        irqs=("36", "THR#2"),
        period=Duration("2h", 7200.0),
        end=Time("-5m", 300.0, is_ago=True),
        start=Time.of(Moment("2026-01-01T00:00:00Z")),
    )

    assert request.encoded() == [
        ("start", "2026-01-01T00:00:00Z"),
        ("end", "-5m"),
        ("period", "2h"),
        ("irq", "36"),
        ("irq", "THR#2"),
        ("cpu", "0-31:2/8"),
        ("device", "eth*"),
        ("top", "5"),
        ("step", "1m"),
        ("nonzero", "true"),
        ("by", "cpu"),
    ]


def test_computed_times_are_sent_to_the_millisecond():
    request = Request(end=Time.at(1_767_225_600.0), period=Duration.exactly(5.0))

    assert request.encoded() == [("end", "1767225600.000"), ("period", "5.000")]


def test_fields_are_values_or_what_a_person_writes():
    base = Request(nonzero=True, top=3)

    assert base.updated() is base
    assert base.updated(period="15m", irqs=["36", "eth0"], cpus="0-3", top=5) == Request(
        period=Duration("15m", 900.0),
        irqs=("36", "eth0"),
        cpus=parse_cpu_list("0-3"),
        top=5,
        nonzero=True,
    )
    assert base.updated(end=Time.at(5.0), irqs="36").encoded() == [
        ("end", "5.000"),
        ("irq", "36"),
        ("top", "3"),
        ("nonzero", "true"),
    ]


@pytest.mark.parametrize("field", ["start", "end", "period", "step", "cpus"])
def test_a_text_that_is_no_value_is_refused_by_its_field(field: str):
    with pytest.raises(UsageError) as caught:
        Request().updated(**{field: "?"})

    assert (caught.value.option, caught.value.value) == (field, "?")
