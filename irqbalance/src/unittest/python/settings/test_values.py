"""Values that people write: durations, percentages, numbers, CPU lists and paths."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import row
from irqbalance.kernel.interrupts import Row, parse
from irqbalance.settings.values import (
    one_of,
    parse_cpus,
    parse_duration,
    parse_number,
    parse_path,
    parse_pattern,
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
    ("read", "text"),
    [
        *((parse_duration, text) for text in ("", "0", "-1", "1y", "s", "1 s s", "nan", "400d")),
        *((parse_percent, text) for text in ("", "-1", "101", "x", "nan", "5%%")),
        *((parse_number, text) for text in ("", "-1", "1.5", "x", "9999999999")),
        *((parse_cpus, text) for text in ("", " ", "x", "3-1", "0x3")),
        *((parse_path, text) for text in ("", "a\0b")),
        (one_of("a", "b"), "c"),
    ],
)
def test_what_it_is_not_is_refused(read: Callable[[str], Any], text: str):
    with pytest.raises(ValueError, match=r"\w+"):
        read(text)


def test_the_others_are_what_they_say():
    assert parse_percent("2.5%") == 2.5
    assert parse_percent("76.50654934370569") == 76.50654934370569
    assert parse_percent("100") == 100
    assert parse_number(" 12 ") == 12
    assert parse_cpus("0-2,7") == {0, 1, 2, 7}
    assert parse_path("/proc") == Path("/proc")
    assert one_of("a", "b")("b") == "b"


def rows(*lines: str) -> list[Row]:
    return list(parse("\n".join(["CPU0 CPU1", *lines])).rows)


ROWS = rows(
    row(4, 0, 0, device="ttyS0"),
    row(40, 0, 0, device="eth0-rx-0"),
    row(44, 0, 0, device="virtio0, eth3, usb1"),
    row(47, 0, 0, device="Eth0"),
    "LOC: 1 2 Local timer interrupts",
)


@pytest.mark.parametrize(
    ("pattern", "irqs"),
    [
        ("40", ["40"]),
        ("4", ["4"]),
        (" 40-47 ", ["40", "44", "47"]),
        ("eth0-*", ["40"]),
        ("eth*", ["40", "44"]),
        ("eth3", ["44"]),
        ("*", ["4", "40", "44", "47"]),
        ("[ev]*0", ["40", "44"]),
        ("LOC", []),
        ("99", []),
    ],
)
def test_a_pattern_means_these_irqs(pattern: str, irqs: list[str]):
    parsed = parse_pattern(pattern)

    assert [each.irq for each in ROWS if parsed.matches(each)] == irqs


@pytest.mark.parametrize("pattern", ["", "  ", "47-40"])
def test_what_means_nothing_is_refused(pattern: str):
    with pytest.raises(ValueError, match="a range"):
        parse_pattern(pattern)
