"""Patterns, and IRQs dealt out to CPUs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irq_client.figures.patterns import is_pattern, matches, spread


@pytest.mark.parametrize(
    ("text", "several"),
    [
        ("eth0-*", True),
        ("4?", True),
        ("[ab]x", True),
        ("40-47", True),
        ("36", False),
        ("eth0-3", False),
        ("THR#2", False),
    ],
)
def test_a_pattern_may_name_several(text: str, several: bool):
    assert is_pattern(text) is several


@pytest.mark.parametrize(
    ("pattern", "irq", "device", "expected"),
    [
        ("eth0-*", "40", "eth0-TxRx-3", True),
        ("snd*", "19", "i801_smbus, snd_hda_intel:card0", True),
        ("i801*card0", "19", "i801_smbus, snd_hda_intel:card0", True),
        ("ETH*", "40", "eth0", False),
        ("40-47", "40", "x", True),
        ("40-47", "47#2", "x", True),
        ("40-47", "48", "x", False),
        ("40-47", "NMI", "", False),
        ("N*", "NMI", "", True),
        ("*", "NMI", "", True),
    ],
)
def test_a_pattern_names_irqs(pattern: str, irq: str, device: str, expected: bool):
    assert matches(pattern, irq, device) is expected


def test_irqs_are_dealt_out_in_turn():
    assert spread(["40", "41", "42"], [0, 4]) == [("40", "0"), ("41", "4"), ("42", "0")]


@given(st.lists(st.text("0123456789")), st.sets(st.integers(0, 99), min_size=1))
def test_no_cpu_gets_two_more_than_another(irqs: list[str], cpus: set[int]):
    dealt = [cpu for _, cpu in spread(irqs, sorted(cpus))]
    counts = [dealt.count(str(cpu)) for cpu in cpus]

    assert max(counts) - min(counts) <= 1
