"""IRQ numbers, ranges and shell patterns."""

import pytest

from conftest import row
from irqbalance.kernel.interrupts import Row, parse
from irqbalance.settings.values import parse_pattern


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
