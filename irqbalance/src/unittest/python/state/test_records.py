"""Undo and refusal records: of one device only, and nothing used that is no record."""

import json
from pathlib import Path
from typing import Any

import pytest

from conftest import row
from irqbalance.kernel.interrupts import Row, parse
from irqbalance.kernel.procfs import KernelSays
from irqbalance.loads.irqs import Irq
from irqbalance.state.folder import UNDO, StateFolder
from irqbalance.state.records import (
    Identity,
    Undo,
    forget_undo,
    identity,
    load_refusals,
    load_undo,
    record_undo,
    remember_refusals,
)


def a_row(line: str) -> Row:
    return parse(f"CPU0\n{line}\n").rows[0]


ETH0 = a_row(row(24, 5, device="eth0"))
ENTRY = {"chip": "PCI-MSI", "hwirq": "1", "device": "eth0", "before": "0-3", "written": "2"}


@pytest.fixture
def folder(tmp_path: Path) -> StateFolder:
    made = StateFolder(tmp_path / "state", "this-boot")
    made.prepare()
    return made


def eth0(*affinity: int) -> Irq:
    says = KernelSays(exists=True, affinity=frozenset(affinity))
    return Irq("24", "eth0", 5.0, (0,), {0: 5.0}, row=ETH0, kernel=says)


def test_an_undo_record_is_written_in_its_format_and_read_back(folder: StateFolder):
    record_undo(folder, [(eth0(0, 1, 2, 3), 2)])

    kept = json.loads((folder.path / "undo.json").read_text())
    assert kept == {"version": 1, "boot": "this-boot", "irqs": {"24": ENTRY}}
    undo = Undo(Identity("PCI-MSI", "1", "eth0"), frozenset({0, 1, 2, 3}), frozenset({2}))
    assert load_undo(folder) == {"24": undo}


def test_a_second_write_keeps_the_affinity_from_before_the_first(folder: StateFolder):
    record_undo(folder, [(eth0(0, 1, 2, 3), 2)])
    record_undo(folder, [(eth0(2), 1)])

    assert load_undo(folder)["24"][1:] == ({0, 1, 2, 3}, {1})


def test_an_affinity_that_cannot_be_read_leaves_no_record(folder: StateFolder):
    record_undo(folder, [(eth0(), 2)])

    assert load_undo(folder) == {}


def test_a_record_is_dropped_by_its_irq(folder: StateFolder):
    record_undo(folder, [(eth0(0, 1), 2)])
    forget_undo(folder, ["25"])
    assert set(load_undo(folder)) == {"24"}

    forget_undo(folder, ["24"])

    assert load_undo(folder) == {}


@pytest.mark.parametrize(
    "line",
    [row(24, 9, device="eth1"), row(24, 9, device="eth0", hwirq=5), " 24: 9 GIC 1-edge eth0"],
)
def test_a_record_is_not_another_devices(folder: StateFolder, line: str):
    remember_refusals(folder, {"24": "managed"}, {"24": ETH0})

    assert load_refusals(folder, {"24": ETH0}) == {"24": "managed"}
    assert identity(a_row(line)) != identity(ETH0)
    assert load_refusals(folder, {"24": a_row(line)}) == {}


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"irqs": []},
        {"irqs": {"24": 5}},
        {"irqs": {"24": {}}},
        {"irqs": {"x": ENTRY}},
        {"irqs": {"24": ENTRY | {"before": 3}}},
        {"irqs": {"24": ENTRY | {"before": "x"}}},
        {"irqs": {"24": ENTRY | {"written": ""}}},
        {"irqs": {"24": ENTRY | {"chip": None}}},
    ],
)
def test_a_file_that_holds_no_records_is_not_used(folder: StateFolder, content: dict[str, Any]):
    folder.save(UNDO, content)

    assert load_undo(folder) == {}
    assert "undo.json is not used" in folder.problems[0]


def test_no_file_has_no_records(folder: StateFolder):
    assert load_undo(folder) == {}
    assert load_refusals(folder, {}) == {}
    assert folder.problems == []
