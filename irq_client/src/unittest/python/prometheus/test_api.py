"""Answers of Prometheus become series, whatever comes."""

import contextlib
import json
from urllib.parse import parse_qs, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from irq_client.errors import ShapeError
from irq_client.prometheus.api import Api, Series, read_series

JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda each: (
        st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=5), each, max_size=3)
    ),
    max_leaves=8,
)


def answer(kind: object, result: object) -> bytes:
    return json.dumps({"data": {"resultType": kind, "result": result}}).encode()


def test_vectors_and_matrices_are_series():
    labels = {"cpu": "0"}
    one = {"metric": labels, "value": [1767225600.25, "12"]}
    many = {"metric": labels, "values": [[1767225600, "1"], [1767225601.5, "2e3"]]}

    assert read_series(answer("vector", [one])) == [Series(labels, ((1_767_225_600_250, 12.0),))]
    (series,) = read_series(answer("matrix", [many]))
    assert series.samples == ((1_767_225_600_000, 1.0), (1_767_225_601_500, 2000.0))
    assert series.value == 2000.0
    assert series.keyed(("irq", "cpu", "x")) == ("", "0", "")


def test_a_series_without_a_number_is_left_out():
    values = [{"metric": {}, "value": [1, text]} for text in ("NaN", "+Inf", "5")]

    assert [each.value for each in read_series(answer("vector", values))] == [5.0]


def test_the_mark_of_an_ended_series_is_no_sample():
    marked = {"metric": {}, "values": [[1, "4"], [2, "NaN"], [3, "5"]]}

    (series,) = read_series(answer("matrix", [marked]))

    assert series.samples == ((1000, 4.0), (3000, 5.0))


@given(st.sampled_from(["vector", "matrix", "scalar"]) | JSON, JSON)
def test_any_other_json_is_refused(kind: object, result: object):
    sample = [{"metric": {"a": "b"}, "value": result, "values": result}]
    for each in (result, sample):
        with contextlib.suppress(ShapeError):
            read_series(answer(kind, each))


def test_moments_are_sent_to_the_millisecond_and_no_edge_is_moved():
    asked: list[str] = []

    def get(url: str, _: object) -> list[Series]:
        asked.append(url)
        return []

    Api("http://h", get).at("up", 1_767_225_600_250)
    Api("http://h", get).steps("up", 1000, 5000, 500)

    at, steps = (parse_qs(urlsplit(each).query) for each in asked)
    assert (at["query"], at["time"], at["nocache"]) == (["up"], ["1767225600.250"], ["1"])
    assert (at["deny_partial_response"], at["partial_response"]) == (["1"], ["false"])
    assert (steps["start"], steps["end"], steps["step"]) == (["1.000"], ["5.000"], ["0.500"])
