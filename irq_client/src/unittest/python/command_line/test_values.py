"""What a person writes, checked before anything is sent."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irq_client.command_line.values import (
    check_window,
    read_cpu,
    read_cpu_list,
    read_duration,
    read_irq,
    read_number,
    read_pattern,
    read_server,
    read_time,
)
from irq_client.errors import CommandLineError, IrqClientError, UsageError
from irq_client.server.times import Time


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90.0),
        ("0.5", 0.5),
        ("20ms", 0.02),
        ("90s", 90.0),
        ("15m", 900.0),
        ("2h", 7200.0),
        ("7d", 604_800.0),
        ("1w", 604_800.0),
        ("0.50654934370569", 0.50654934370569),
        ("1.5h", 5400.0),
    ],
)
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: float):
    assert read_duration("--period", text).seconds == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text",
    ["", "x", "5x", "-5", "0", "0ms", "1e3", ".5", "5 m", "1h30m", "inf", "\u0665", "9" * 12 + "d"],
)
def test_what_is_no_duration_is_refused_by_option_and_value(text: str):
    with pytest.raises(UsageError) as caught:
        read_duration("--step", text)

    assert caught.value.option == "--step"
    assert caught.value.value == text
    assert "duration" in caught.value.expected


@given(
    st.integers(1, 999),
    st.sampled_from([("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0), ("d", 86_400.0)]),
)
def test_a_unit_multiplies(number: int, unit: tuple[str, float]):
    assert read_duration("--period", f"{number}{unit[0]}").seconds == pytest.approx(
        number * unit[1]
    )


@given(st.text(max_size=12))
def test_any_text_is_a_time_or_a_usage_error(text: str):
    with contextlib.suppress(UsageError):
        assert read_time("--start", text).seconds >= 0


@pytest.mark.parametrize(
    ("text", "is_ago", "seconds"),
    [
        ("now", True, 0.0),
        ("-15m", True, 900.0),
        ("-90", True, 90.0),
        ("1767225600", False, 1_767_225_600.0),
        ("1767225600.5", False, 1_767_225_600.5),
        ("2026-01-01T00:00:00Z", False, 1_767_225_600.0),
        ("2026-01-01T01:00:00+01:00", False, 1_767_225_600.0),
        ("2026-01-01 00:00:00Z", False, 1_767_225_600.0),
    ],
)
def test_a_time_is_absolute_or_so_long_ago(text: str, is_ago: bool, seconds: float):
    assert read_time("--start", text) == Time(text.replace(" ", "T"), seconds, is_ago)


@pytest.mark.parametrize("text", ["", "-", "-5x", "-0", "+15m", "NOW", "25:00"])
def test_what_is_no_time_is_refused(text: str):
    with pytest.raises(UsageError):
        read_time("--end", text)


@pytest.mark.parametrize(
    "text", ["2026-01-01", "2026-01-01T00:00", "2026-01-01 00:00:00", "2026-01-01T01:00+01:00"]
)
def test_a_local_time_is_sent_in_utc(text: str):
    if "+" in text:
        with pytest.raises(UsageError, match="2026-11-28T09:00:00Z"):
            read_time("--start", text)
    else:
        assert read_time("--start", text) == Time("2026-01-01T00:00:00Z", 1_767_225_600.0)


def window(period: str | None, start: str | None, end: str | None):
    """Return the three edges of a window as they are read."""
    return (
        None if period is None else read_duration("--period", period),
        None if start is None else read_time("--start", start),
        None if end is None else read_time("--end", end),
    )


@pytest.mark.parametrize(
    "edges",
    [
        (None, None, None),
        ("15m", None, None),
        (None, "-15m", None),
        (None, None, "now"),
        (None, "-2h", "-1h"),
        ("1h", "now", None),
        ("1h", None, "-2h"),
        (None, "100", "-5m"),
        (None, "2026-01-01 00:00:00Z", None),
    ],
)
def test_any_two_edges_make_a_window(edges):
    check_window(*window(*edges))


@pytest.mark.parametrize(
    "edges",
    [
        ("1h", "-1h", "now"),
        (None, "-5m", "-15m"),
        (None, "-5m", "-5m"),
        (None, "now", None),
        (None, "200", "100"),
        (None, "200", "200"),
        (None, "2026-01-01T01:00:00+01:00", "2026-01-01T00:00:00Z"),
        (None, "now", "now"),
    ],
)
def test_a_window_that_cannot_be_is_refused(edges):
    with pytest.raises(IrqClientError) as caught:
        check_window(*window(*edges))

    assert caught.value.exit_status == 2


def test_three_edges_are_one_too_many():
    with pytest.raises(CommandLineError, match="any two"):
        check_window(*window("1h", "-1h", "now"))


@pytest.mark.parametrize("text", ["0", "0-3,8", "0-31:2/8", "1, 3-4", "65535"])
def test_a_cpu_list_is_sent_as_written(text: str):
    assert read_cpu_list("--cpu", text).text == text


@pytest.mark.parametrize(
    "text", ["", "x", "3-1", "1-", "1,,2", "65536", "0-4:0/2", "0-4:3/2", "all", "0x1", "9" * 99]
)
def test_what_is_no_cpu_list_is_refused(text: str):
    with pytest.raises(UsageError):
        read_cpu_list("--cpu", text)


def test_a_cpu_is_a_number():
    assert read_cpu("CPU", "07") == 7
    for text in ("", "x", "-1", "65536", "1,2"):
        with pytest.raises(UsageError, match="CPU number"):
            read_cpu("CPU", text)


@pytest.mark.parametrize("text", ["36", "NMI", "THR#2", "36,38-41", "a, b:c[0]", "eth0-*"])
def test_an_irq_is_any_visible_text(text: str):
    assert read_irq("IRQ", text) == text


@pytest.mark.parametrize("text", ["", " ", "\x1b[1m", "a\nb", "x" * 201])
def test_what_cannot_be_an_irq_is_refused(text: str):
    with pytest.raises(UsageError):
        read_irq("IRQ", text)


def test_a_pattern_is_any_visible_text():
    assert read_pattern("--device", "eth0-*") == "eth0-*"
    for text in ("", "a\nb", "x" * 201):
        with pytest.raises(UsageError):
            read_pattern("--device", text)


def test_a_number_starts_at_one():
    assert read_number("--top", "010") == 10
    for text in ("", "0", "-1", "1.5", "x", "9" * 10):
        with pytest.raises(UsageError):
            read_number("--top", text)


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("http://[::1]:5000/", "http://[::1]:5000"),
        ("https://irq.example.org/prefix/", "https://irq.example.org/prefix"),
        ("unix:/run/irq_server/socket", "unix:/run/irq_server/socket"),
        ("localhost", "http://localhost:5000"),
        ("localhost:80", "http://localhost:80"),
        ("[::1]", "http://[::1]:5000"),
        ("h:80/prefix", "http://h:80/prefix"),
        ("h/prefix", "http://h/prefix"),
    ],
)
def test_a_server_is_a_url(text: str, server: str):
    assert read_server("--server", text) == server


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":5000",
        "a b",
        "ftp://h",
        "http://",
        "http://h:99999",
        "http://h:0",
        "http://[::1",
        "http://h?x=1",
        "http://h#x",
        "http://h h",
    ],
)
def test_what_is_no_url_of_a_server_is_refused(text: str):
    with pytest.raises(UsageError, match="expected a server such as"):
        read_server("--server", text)


@pytest.mark.parametrize(
    "text",
    [
        "unix:",
        "unix:/",
        "unix:socket",
        "unix:/run/",
        "unix:/a b",
        "unix:/a?b",
        "unix:/a#b",
        "unix:/a%20b",
        "unix:/" + "x" * 107,
    ],
)
def test_what_is_no_path_of_a_socket_is_refused(text: str):
    with pytest.raises(UsageError, match="expected a socket such as"):
        read_server("--server", text)


def test_a_password_in_a_url_is_refused_and_not_repeated():
    with pytest.raises(UsageError) as caught:
        read_server("--server", "http://me:secret@h")

    assert "secret" not in str(caught.value)
