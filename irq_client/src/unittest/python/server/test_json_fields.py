"""JSON texts and their fields, checked as they are taken."""

import pytest

from irq_client.errors import ShapeError
from irq_client.server.json_fields import JsonObject, parse_object


def wrong(text: str) -> ShapeError:
    """Return the error for a text that is no JSON object."""
    with pytest.raises(ShapeError) as caught:
        parse_object(text.encode())
    return caught.value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "garbage",
        "<html>",
        '{"a": ',
        '{"a": 1}{',
        '{"a": NaN}',
        '{"a": Infinity}',
        '{"a": ' + "9" * 5000 + "}",
        "[" * 100_000,
    ],
)
def test_what_is_not_json_is_refused(text: str):
    assert wrong(text).expected == "JSON"


def test_bytes_that_are_not_utf_8_are_refused():
    with pytest.raises(ShapeError):
        parse_object(b'{"a": "\xff"}')


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("[]", "a list"),
        ("null", "null"),
        ('"x"', "a string"),
        ("true", "true or false"),
        ("5", "5"),
        ("1.5", "1.5"),
        ("123456789012345678901234567890", "a number"),
    ],
)
def test_another_value_than_an_object_is_refused_by_its_kind(text: str, kind: str):
    assert wrong(text).found == kind


def test_fields_are_given_as_they_are():
    answer = parse_object(
        b'{"t": "x", "n": null, "f": true, "w": 5, "d": 1.5, "m": "2026-01-01T00:00:00Z",'
        b' "c": [1, 2], "o": {"k": 1}, "l": [{"t": "y"}]}'
    )

    assert answer.text("t") == answer.optional_text("t") == "x"
    assert answer.optional_text("n") is None
    assert answer.flag("f") is True
    assert answer.whole("w") == answer.optional_whole("w") == 5
    assert answer.optional_whole("n") is None
    assert answer.number("d") == answer.optional_number("d") == 1.5
    assert answer.number("w") == 5.0
    assert answer.optional_number("n") is None
    assert answer.moment("m") == answer.optional_moment("m") == "2026-01-01T00:00:00Z"
    assert answer.optional_moment("n") is None
    assert answer.counts("c") == answer.optional_counts("c", 2) == (1, 2)
    assert answer.optional_counts("n", 2) is None
    assert answer.counts_by_key("o") == {"k": 1}
    assert answer.inner("o").whole("k") == 1
    assert [each.text("t") for each in answer.objects("l")] == ["y"]


@pytest.mark.parametrize(
    ("take", "value"),
    [
        ("text", 5),
        ("text", None),
        ("flag", 1),
        ("whole", True),
        ("whole", -1),
        ("whole", 1.0),
        ("whole", "1"),
        ("number", -0.5),
        ("number", True),
        ("number", 10**400),
        ("number", "1"),
        ("moment", "yesterday"),
        ("moment", 5),
        ("counts", [1, -1]),
        ("counts", [1, None]),
        ("counts", [True]),
        ("counts", {}),
        ("inner", []),
        ("objects", {}),
        ("objects", [1]),
        ("counts_by_key", {"a": "b"}),
    ],
)
def test_a_field_of_another_kind_is_refused_by_its_place(take: str, value: object):
    answer = JsonObject({"window": {"field": value}}, "").inner("window")

    with pytest.raises(ShapeError) as caught:
        getattr(answer, take)("field")

    assert caught.value.where.startswith("window.field")


def test_a_number_that_json_reads_as_infinite_is_refused():
    with pytest.raises(ShapeError):
        parse_object(b'{"rate": 1e999}').number("rate")


def test_a_field_that_is_missing_is_named():
    with pytest.raises(ShapeError, match="irqs: expected a value, found nothing"):
        JsonObject({}, "").objects("irqs")


def test_counts_of_another_length_are_refused():
    with pytest.raises(ShapeError, match="expected 3 numbers, found 2"):
        JsonObject({"counts": [1, 2]}, "").counts("counts", 3)
