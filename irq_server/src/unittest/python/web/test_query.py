"""Parameters become values; each wrong one is refused by its name."""

import pytest

from irq_server.errors import ParameterError
from irq_server.store.counts import Filters
from irq_server.store.pattern import Pattern
from irq_server.web.parameters import BY, DEFAULT_STEPS, FILTERS, FORMAT, IRQ, WINDOW
from irq_server.web.query import (
    MAX_STEPS,
    Edges,
    Query,
    parse_edges,
    parse_filters,
    parse_step,
    series_edges,
)

NOW = 10_000.0


def given(*pairs: tuple[str, str]) -> Query:
    known = (*WINDOW, *FILTERS, "step", "by", "format")
    return Query(pairs, known)


@pytest.mark.parametrize(
    ("pairs", "start", "end"),
    [
        ([], 9940, 10_000),
        ([("period", "5m")], 9700, 10_000),
        ([("period_seconds", "30")], 9970, 10_000),
        ([("start", "9000")], 9000, 10_000),
        ([("end", "9000")], 8940, 9000),
        ([("start", "-1h"), ("end", "-10m")], 6400, 9400),
        ([("start", "8000"), ("period", "90")], 8000, 8090),
        ([("end", "8000"), ("period", "90")], 7910, 8000),
        ([("start", "9990"), ("end", "20000")], 9990, 10_000),
        ([("start", "9990"), ("period", "1h")], 9990, 10_000),
        ([("start", "1970-01-01T00:00:01Z"), ("end", "now")], 1, 10_000),
        ([("period", "7d")], 0, 10_000),
        ([("start", "9999.0009"), ("end", "9999.9999")], 9999, 9999.999),
    ],
)
def test_any_two_of_start_end_and_period_make_a_window(
    pairs: list[tuple[str, str]], start: float, end: float
):
    assert parse_edges(given(*pairs), NOW) == Edges(start, end)


@pytest.mark.parametrize(
    ("pairs", "parameter"),
    [
        ([("start", "1"), ("end", "2"), ("period", "1")], "period"),
        ([("period", "1"), ("period_seconds", "1")], "period_seconds"),
        ([("start", "soon")], "start"),
        ([("end", "2026-01-01T00:00:00")], "end"),
        ([("period", "0")], "period"),
        ([("period_seconds", "-1")], "period_seconds"),
        ([("start", "20000")], "start"),
        ([("start", "5000"), ("end", "5000")], "start"),
        ([("start", "5001"), ("end", "5000")], "start"),
    ],
)
def test_a_window_that_cannot_be_is_refused(pairs: list[tuple[str, str]], parameter: str):
    with pytest.raises(ParameterError) as caught:
        parse_edges(given(*pairs), NOW)

    assert caught.value.parameter == parameter


def test_an_unknown_and_a_repeated_parameter_are_refused():
    with pytest.raises(ParameterError, match=r"^perod: no such parameter here; there are: "):
        given(("perod", "1"))
    with pytest.raises(ParameterError, match=r"^period: given 2 times, expected once"):
        given(("period", "1"), ("period", "1"))
    assert given(("irq", "24"), ("irq", "25")).all(IRQ) == ["24", "25"]


@pytest.mark.parametrize(
    ("pairs", "filters"),
    [
        ([], Filters()),
        ([("irq", "24"), ("irq", "NMI")], Filters(irqs=frozenset({"24", "NMI"}))),
        ([("cpu", "0-2,5")], Filters(cpus=frozenset({0, 1, 2, 5}))),
        ([("device", "eth0-*")], Filters(device=Pattern("eth0-*"))),
        ([("nonzero", "")], Filters(nonzero=True)),
        ([("nonzero", "True")], Filters(nonzero=True)),
        ([("nonzero", "0")], Filters()),
        ([("top", "3")], Filters(top=3)),
    ],
)
def test_filters_are_what_was_asked_for(pairs: list[tuple[str, str]], filters: Filters):
    assert parse_filters(given(*pairs)) == filters


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("irq", ""),
        ("cpu", ""),
        ("cpu", "a"),
        ("cpu", "3-1"),
        ("device", ""),
        ("nonzero", "perhaps"),
        ("top", "0"),
        ("top", "-1"),
        ("top", "many"),
        ("top", "9" * 5000),
        ("top", "\u0663"),
    ],
)
def test_a_filter_that_cannot_be_is_refused(name: str, value: str):
    with pytest.raises(ParameterError) as caught:
        parse_filters(given((name, value)))

    assert caught.value.parameter == name
    assert len(str(caught.value)) < 300


def test_a_format_is_json_or_csv():
    assert given().one(FORMAT) is None
    assert given(("format", "json")).one(FORMAT) == "json"
    with pytest.raises(ParameterError, match=r"^format: expected json or csv, found 'xml'"):
        given(("format", "xml")).one(FORMAT)


def test_a_series_is_by_a_known_key():
    assert given().one(BY) is None
    assert given(("by", "irq,cpu")).one(BY) == "irq,cpu"
    with pytest.raises(ParameterError, match=r"^by: expected total, cpu, irq or irq,cpu, found "):
        given(("by", "cpu,irq")).one(BY)


def test_a_step_is_given_or_cuts_the_window_evenly():
    assert parse_step(given(("step", "1m")), Edges(0, 3600)) == 60.0
    assert parse_step(given(), Edges(0, 3600)) == 3600 / DEFAULT_STEPS


def test_too_many_steps_are_refused_with_the_smallest_that_works():
    edges = Edges(0, 86400)

    with pytest.raises(ParameterError, match=r"the smallest that works is 7\.855s"):
        parse_step(given(("step", "1s")), edges)
    assert parse_step(given(("step", "7.855")), edges) == 7.855
    assert len(series_edges(edges, 7.855)) <= MAX_STEPS + 1
    with pytest.raises(ParameterError, match=r"^step: expected a duration"):
        parse_step(given(("step", "x")), edges)


def test_the_last_step_may_be_short():
    assert series_edges(Edges(100, 160), 20) == [100, 120, 140, 160]
    assert series_edges(Edges(100, 150), 20) == [100, 120, 140, 150]
    assert series_edges(Edges(100, 105), 20) == [100, 105]
    assert series_edges(Edges(0, 0.3), 0.1) == [0, 0.1, 0.2, 0.3]
