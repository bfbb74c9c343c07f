"""Values that people write: durations, percentages, numbers, CPU lists and paths."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from irqbalance.settings.values import (
    one_of,
    parse_cpus,
    parse_duration,
    parse_number,
    parse_path,
    parse_percent,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("0.5", 0.5),
        ("20ms", 0.02),
        ("90s", 90),
        ("15m", 900),
        ("2h", 7200),
        ("7d", 604800),
        ("1w", 604800),
        ("0.50654934370569", 0.50654934370569),
        (" 1.5m ", 90),
    ],
)
def test_a_duration_is_so_many_seconds(text: str, seconds: float):
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        *((parse_duration, text) for text in ("", "0", "-1", "1y", "s", "1 s s", "nan", "400d")),
        *((parse_percent, text) for text in ("", "-1", "101", "x", "nan", "5%%")),
        *((parse_number, text) for text in ("", "-1", "1.5", "x", "9999999999")),
        *((parse_cpus, text) for text in ("", " ", "x", "3-1", "0x3")),
        *((parse_path, text) for text in ("", "a\0b")),
        (one_of("a", "b"), "c"),
    ],
)
def test_what_it_is_not_is_refused(parse: Callable[[str], Any], text: str):
    with pytest.raises(ValueError, match=r"\w+"):
        parse(text)


def test_the_others_are_what_they_say():
    assert parse_percent("2.5%") == 2.5
    assert parse_percent("76.50654934370569") == 76.50654934370569
    assert parse_percent("100") == 100
    assert parse_number(" 12 ") == 12
    assert parse_cpus("0-2,7") == {0, 1, 2, 7}
    assert parse_path("/proc") == Path("/proc")
    assert one_of("a", "b")("b") == "b"
