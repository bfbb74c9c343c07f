"""Local times, in zones whose rules the test names itself, so that no machine's data matters."""

import calendar
import time
from collections.abc import Iterator
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irq_client.server.local_time import local_text, parse_local, utc_text

BERLIN = "CET-1CEST,M3.5.0,M10.5.0/3"
ZONES = (
    BERLIN,
    "EST5EDT,M3.2.0,M11.1.0",
    "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
    "IST-5:30",
    "<-03>3",
    "EET-2EEST,M3.5.0/0,M10.5.0/0",
    "UTC0",
)
"""Berlin, New York, Lord Howe (half an hour), Kolkata, Sao Paulo, Beirut (at midnight), UTC."""

NOW = calendar.timegm((2026, 11, 28, 11, 30, 0))


@pytest.fixture(autouse=True)
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Live in Berlin, and let the process's own zone come back."""
    with monkeypatch.context() as context:
        context.setenv("TZ", BERLIN)
        time.tzset()
        yield
    time.tzset()


def live_in(zone: str) -> None:
    """Change the zone until the test ends."""
    with pytest.MonkeyPatch.context() as context:
        context.setenv("TZ", zone)
        time.tzset()


def utc(text: str) -> int:
    """Return the Unix milliseconds of a time in UTC."""
    return calendar.timegm(datetime.fromisoformat(text).timetuple()) * 1000


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("10:00", "2026-11-28 09:00"),
        ("9:05", "2026-11-28 08:05"),
        ("12:30", "2026-11-28 11:30"),
        ("12:31", "2026-11-27 11:31"),
        ("23:59:59", "2026-11-27 22:59:59"),
        ("10:00 UTC", "2026-11-28 10:00"),
        ("today", "2026-11-27 23:00"),
        ("today 10:00", "2026-11-28 09:00"),
        ("yesterday", "2026-11-26 23:00"),
        ("yesterday 10:00", "2026-11-27 09:00"),
        ("2026-11-28", "2026-11-27 23:00"),
        ("2026-11-28 10:00", "2026-11-28 09:00"),
        ("2026-11-28T10:00:05", "2026-11-28 09:00:05"),
        ("2026-07-01 10:00", "2026-07-01 08:00"),
        ("2026-07-01 10:00 CEST", "2026-07-01 08:00"),
        ("2026-07-01 10:00 UTC", "2026-07-01 10:00"),
        ("2026-10-25 02:30 CEST", "2026-10-25 00:30"),
        ("2026-10-25 02:30 CET", "2026-10-25 01:30"),
    ],
)
def test_a_local_time_is_a_moment(text: str, moment: str):
    assert parse_local(text, NOW) == utc(moment)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2026-10-25 02:30", "'2026-10-25 02:30:00 CEST' and '2026-10-25 02:30:00 CET'"),
        ("2026-03-29 02:30", "it skips 2026-03-29 02:30, '2026-03-29 03:30:00 CEST'"),
        ("2026-07-01 10:00 CET", "'2026-07-01 10:00:00 CEST'"),
        ("2026-02-30 10:00", "a day that exists"),
        ("25:00", "from 00:00 to 23:59:59"),
        ("10:60", "from 00:00 to 23:59:59"),
        ("", "10:00"),
        ("tomorrow", "'yesterday 10:00'"),
        ("10", "'yesterday 10:00'"),
        ("10:00 ", "10:00"),
        ("yesterday10:00", "'yesterday 10:00'"),
        ("+15m", "-15m"),
    ],
)
def test_a_refusal_has_the_right_form(text: str, words: str):
    with pytest.raises(ValueError, match=r".") as caught:
        parse_local(text, NOW)

    assert words in str(caught.value)


def test_the_last_time_of_a_clock_that_is_set_back_is_the_second_one():
    noon = utc("2026-10-25 11:00") / 1000

    assert parse_local("02:30", noon) == utc("2026-10-25 01:30")
    assert parse_local("02:30", utc("2026-10-25 01:00") / 1000) == utc("2026-10-25 00:30")


def test_the_last_time_of_a_clock_that_skipped_it_is_the_day_before():
    assert parse_local("02:30", utc("2026-03-29 10:00") / 1000) == utc("2026-03-28 01:30")


def test_a_day_without_a_midnight_begins_later():
    live_in("EET-2EEST,M3.5.0/0,M10.5.0/0")

    assert parse_local("2026-03-29", NOW) == utc("2026-03-28 22:00")
    assert local_text(utc("2026-03-28 22:00")) == "2026-03-29 01:00:00 EEST"


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        ("2026-11-28 09:00", "2026-11-28 10:00:00 CET"),
        ("2026-07-01 08:00", "2026-07-01 10:00:00 CEST"),
    ],
)
def test_a_moment_is_shown_with_its_zone_and_without_zeros(moment: str, text: str):
    assert local_text(utc(moment)) == text
    assert local_text(utc(moment) + 50) == text.replace(":00 C", ":00.050 C")


def test_a_moment_is_sent_in_utc():
    assert utc_text(utc("2026-11-28 09:00")) == "2026-11-28T09:00:00Z"
    assert utc_text(utc("2026-11-28 09:00") + 250) == "2026-11-28T09:00:00.250Z"


MOMENTS = st.integers(0, utc("2037-12-31 00:00"))


@given(MOMENTS, st.sampled_from(ZONES))
def test_what_is_shown_can_be_typed(moment: int, zone: str):
    live_in(zone)

    assert parse_local(local_text(moment), NOW) == moment


@given(
    st.integers(utc("1971-01-01 00:00") // 1000, utc("2037-12-31 00:00") // 1000),
    st.times(),
    st.sampled_from(ZONES),
)
def test_the_last_time_is_never_later_than_now_and_shows_that_time(now: int, clock, zone: str):
    live_in(zone)
    text = clock.strftime("%H:%M:%S")

    moment = parse_local(text, now)

    assert now - 49 * 3600 <= moment / 1000 <= now
    assert text in local_text(moment)


@given(MOMENTS, st.sampled_from(ZONES))
def test_yesterday_is_the_day_before_today(moment: int, zone: str):
    live_in(zone)
    now = moment / 1000 + 86_400 * 3
    days = [local_text(parse_local(f"{day} 12:00", now))[:10] for day in ("yesterday", "today")]

    one, other = map(datetime.fromisoformat, days)
    assert (other - one).days == 1
    assert local_text(int(now) * 1000).startswith(days[1])
