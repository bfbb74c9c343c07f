"""Undo and refusal records: of one device only, and nothing believed that is no record."""

from typing import Any

import pytest

from conftest import row
from irqbalance.kernel.interrupts import Row, parse
from irqbalance.state.records import (
    REFUSAL_FIELDS,
    UNDO_FIELDS,
    Undo,
    belongs,
    read_entries,
    refusal_entry,
    undo_entry,
    undo_of,
)


def a_row(line: str) -> Row:
    return parse(f"CPU0\n{line}\n").rows[0]


ETH0 = a_row(row(24, 5, device="eth0"))
UNDO = Undo(frozenset({0, 1, 2, 3}), frozenset({2}))


def test_a_record_comes_back_as_it_was():
    entry = undo_entry(ETH0, UNDO)

    assert read_entries({"irqs": {"24": entry}}, UNDO_FIELDS) == {"24": entry}
    assert undo_of(entry) == UNDO
    assert belongs(entry, ETH0)
    assert refusal_entry(ETH0, "managed")["reason"] == "managed"


@pytest.mark.parametrize(
    "line",
    [row(24, 9, device="eth1"), row(24, 9, device="eth0", hwirq=5), " 24: 9 GIC 1-edge eth0"],
)
def test_a_record_is_not_another_devices(line: str):
    assert not belongs(undo_entry(ETH0, UNDO), a_row(line))


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"irqs": []},
        {"irqs": {"24": 5}},
        {"irqs": {"24": {}}},
        {"irqs": {"24": undo_entry(ETH0, UNDO) | {"before": 3}}},
        {"irqs": {"24": undo_entry(ETH0, UNDO) | {"before": "x"}}},
        {"irqs": {"24": undo_entry(ETH0, UNDO) | {"written": ""}}},
    ],
)
def test_what_is_no_record_is_refused(content: dict[str, Any]):
    with pytest.raises(ValueError, match=r"\w+"):
        read_entries(content, UNDO_FIELDS)


def test_no_file_has_no_records():
    assert read_entries(None, REFUSAL_FIELDS) == {}
