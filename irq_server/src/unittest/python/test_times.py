"""Moments and durations, as people write them and as the API answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irq_server.errors import TimeFormatError
from irq_server.times import (
    DURATION_FORMS,
    MOMENT_FORMS,
    format_duration,
    format_moment,
    parse_duration,
    parse_moment,
    to_milliseconds,
)

NOW = 1767225600.0  # 2026-01-01T00:00:00Z: 20,454 days of 86,400 s since 1970


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90.0),
        ("0.5", 0.5),
        ("20ms", 0.02),
        ("90s", 90.0),
        ("15m", 900.0),
        ("2h", 7200.0),
        ("7d", 604800.0),
        ("1w", 604800.0),
        ("0.50654934370569", 0.50654934370569),
        ("1.5h", 5400.0),
        (" 10s ", 10.0),
    ],
)
def test_a_duration_is_seconds(text: str, seconds: float):
    assert parse_duration(text) == pytest.approx(seconds, rel=1e-12)


@pytest.mark.parametrize(
    "text",
    ["", "0", "0s", "-5", "5 m", "5M", "1y", "1e3", ".5", "5.", "s", "nan", "inf", "\u0665", "1_0"],
)
def test_what_is_not_a_duration_is_refused(text: str):
    with pytest.raises(TimeFormatError) as caught:
        parse_duration(text)

    assert caught.value.text == text
    assert caught.value.expected == DURATION_FORMS


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (10.0, "10s"),
        (0.02, "20ms"),
        (60.0, "1m"),
        (90.0, "90s"),
        (3600.0, "1h"),
        (86400.0, "1d"),
        (5400.0, "90m"),
        (1.5, "1500ms"),
    ],
)
def test_a_duration_is_written_in_its_largest_whole_unit(seconds: float, text: str):
    assert format_duration(seconds) == text


@given(st.integers(1, 10**12))
def test_a_written_duration_reads_back(milliseconds: int):
    seconds = milliseconds / 1000

    assert parse_duration(format_duration(seconds)) == pytest.approx(seconds, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-01T00:00:00Z", NOW),
        ("2026-01-01t00:00:00z", NOW),
        ("2026-01-01 00:00:00Z", NOW),
        ("2026-01-01T02:00:00+02:00", NOW),
        ("2025-12-31T19:30:00-04:30", NOW),
        ("2026-01-01T00:00:00.25Z", NOW + 0.25),
        ("2026-01-01T00:00:00.125000000Z", NOW + 0.125),
        ("1767225600", NOW),
        ("1767225600.5", NOW + 0.5),
        ("0", 0.0),
        ("now", NOW),
        (" now ", NOW),
        ("-15m", NOW - 900),
        ("-2h", NOW - 7200),
        ("-7d", NOW - 604800),
        ("-90", NOW - 90),
    ],
)
def test_a_moment_is_unix_seconds(text: str, moment: float):
    assert parse_moment(text, NOW) == moment


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-01-01T00:00:00",
        "2026-01-01",
        "2026-01-32T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-01-01T00:00:60Z",
        "2026-01-01T00:00:00+25:00",
        "1969-12-31T23:59:59Z",
        "0001-01-01T00:00:00+14:00",
        "253402300800",
        "-",
        "-now",
        "-5x",
        "--5",
        "+15m",
        "15m",
        "tomorrow",
        "1e9",
        "nan",
        "\u0661\u0667",
    ],
)
def test_what_is_not_a_moment_is_refused(text: str):
    with pytest.raises(TimeFormatError) as caught:
        parse_moment(text, NOW)

    assert caught.value.text == text
    assert caught.value.expected == MOMENT_FORMS


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (NOW, "2026-01-01T00:00:00.000Z"),
        (NOW + 0.5, "2026-01-01T00:00:00.500Z"),
        (NOW - 0.001, "2025-12-31T23:59:59.999Z"),
        (NOW + 0.0016, "2026-01-01T00:00:00.001Z"),
        (0.0, "1970-01-01T00:00:00.000Z"),
    ],
)
def test_a_moment_is_written_to_the_millisecond_and_never_beyond_itself(moment: float, text: str):
    assert format_moment(moment) == text


@given(st.integers(0, 4102444800000))  # up to 2100, the limit of milliseconds in a float
def test_a_written_moment_names_the_same_millisecond(milliseconds: int):
    moment = milliseconds / 1000

    assert to_milliseconds(moment) == milliseconds
    assert to_milliseconds(parse_moment(format_moment(moment), NOW)) == milliseconds


@given(st.text(max_size=40))
def test_any_text_is_a_moment_or_refused(text: str):
    try:
        moment = parse_moment(text, NOW)
    except TimeFormatError:
        return
    assert moment <= 253402300799
