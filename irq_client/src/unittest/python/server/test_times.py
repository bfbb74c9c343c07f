"""RFC 3339 times and Unix seconds."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irq_client.server.times import Moment


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:01.250Z", 1250),
        ("1970-01-02T00:00:00z", 86_400_000),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1970-01-01t00:00:00.0009Z", 0),
        ("1969-12-31T23:59:59Z", -1000),
        ("2026-01-01 00:00:00Z", 1_767_225_600_000),
    ],
)
def test_a_time_is_milliseconds_since_1970(text: str, milliseconds: int):
    assert Moment(text).milliseconds == milliseconds
    assert Moment(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-01-01",
        "2026-01-01T00:00:00",
        "2026-02-30T00:00:00Z",
        "2026-01-01T00:00:60Z",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00+0100",
        "2026-W01-1T00:00:00Z",
        "\u0662026-01-01T00:00:00Z",
    ],
)
def test_what_is_no_rfc_3339_time_is_refused(text: str):
    with pytest.raises(ValueError, match=r"."):
        Moment(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-01-01T00:00:00Z", "1767225600"),
        ("2026-01-01T00:00:00.250Z", "1767225600.250"),
        ("1969-12-31T23:59:58.500Z", "-1.500"),
    ],
)
def test_csv_has_whole_seconds_or_three_decimals(text: str, seconds: str):
    assert Moment(text).unix_text == seconds


@given(st.datetimes(timezones=st.just(UTC)))
def test_every_moment_comes_back_to_the_millisecond(moment: datetime):
    text = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    assert Moment(text).milliseconds == (
        moment.toordinal() - 719_163
    ) * 86_400_000 + moment.hour * 3_600_000 + moment.minute * 60_000 + moment.second * 1000 + (
        moment.microsecond // 1000
    )
