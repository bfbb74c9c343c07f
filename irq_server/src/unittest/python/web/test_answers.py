"""JSON holds the same values with orjson and without it, byte for byte where both are compact."""

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from house import House
from irq_server.web import answers

TEXTS = st.text(st.characters(exclude_categories=()))  # halves of characters too
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
)


@given(VALUES)
def test_both_encoders_write_the_same_values(values: object):
    plain, fast = answers.json_bytes(values, None), answers.json_bytes(values, orjson.dumps)

    assert json.loads(plain) == json.loads(fast) == values


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({24: [2**64, -(2**63) - 1]}, b'{"24":[18446744073709551616,-9223372036854775809]}'),
        ({"half": "\ud800"}, b'{"half":"\\ud800"}'),
        ({"rate": 93.4, "top": 0.1 + 0.2}, b'{"rate":93.4,"top":0.30000000000000004}'),
        ({"counts": (1, None, True)}, b'{"counts":[1,null,true]}'),
    ],
)
def test_both_encoders_write_the_same_bytes(values: object, text: bytes):
    assert answers.json_bytes(values, None) == answers.json_bytes(values, orjson.dumps) == text


def test_a_name_that_is_not_ascii_is_the_same_name_with_both():
    values = {"device": "Gerät é🚀"}

    for fast in (None, orjson.dumps):
        assert json.loads(answers.json_bytes(values, fast)) == values


@pytest.mark.parametrize("path", ["interrupts", "irqs", "cpus", "series?by=irq,cpu", "status"])
def test_a_server_without_orjson_answers_the_same(
    house: House, monkeypatch: pytest.MonkeyPatch, path: str
):
    house.machine.device(26, "Gerät")
    house.sample()
    with_it = house.get(f"/api/v1/{path}").data
    plain = answers.json_bytes

    monkeypatch.setattr(answers, "json_bytes", lambda values: plain(values, None))

    assert json.loads(house.get(f"/api/v1/{path}").data) == json.loads(with_it)
