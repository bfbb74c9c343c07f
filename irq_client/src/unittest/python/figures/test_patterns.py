"""Patterns."""

import pytest

from irq_client.figures.patterns import is_pattern, matches


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
