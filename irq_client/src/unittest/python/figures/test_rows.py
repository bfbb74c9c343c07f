"""Rows of /proc/interrupts: descriptions, and a CPU's own interrupts."""

import pytest

from irq_client.figures.rows import device_text, is_own, mostly


@pytest.mark.parametrize(
    ("irq", "device", "text"),
    [
        ("36", "virtio1-req.0", "virtio1-req.0"),
        ("LOC", "", "Local timer interrupts"),
        ("PIW", "", "Posted-interrupt wakeup event"),
        ("NPI", "", "Nested posted-interrupt event"),
        ("THR#2", "", "Threshold APIC interrupts"),
        ("CLK", "", "[EXT] Clock Comparator"),
        ("WDG", "", "Watchdog soft-NMI interrupts"),
        ("IPI0", "", ""),
        ("ERR", "", ""),
        ("36", "", ""),
    ],
)
def test_a_row_without_a_device_has_the_description_of_the_table(irq: str, device: str, text: str):
    assert device_text(irq, device, "") == text


@pytest.mark.parametrize(
    ("irq", "device", "description", "text"),
    [
        ("IPI0", "", "Rescheduling interrupts", "Rescheduling interrupts"),
        ("NMI", "", "[NMI] Machine Check", "[NMI] Machine Check"),
        ("LOC#2", "", "Local timer interrupts for others", "Local timer interrupts for others"),
        ("36", "virtio1-req.0", "", "virtio1-req.0"),
    ],
)
def test_the_words_of_a_server_stand_before_those_of_the_table(
    irq: str, device: str, description: str, text: str
):
    assert device_text(irq, device, description) == text


@pytest.mark.parametrize(
    ("irq", "device", "own"),
    [
        ("LOC", "", True),
        ("IPI0", "", True),
        ("THR#2", "", True),
        ("27", "arch_timer", True),
        ("27", "arch_timer, kvm guest vtimer", True),
        ("36", "virtio1-req.0", False),
        ("36#2", "eth0", False),
        ("9", "", False),
    ],
)
def test_a_cpus_own_interrupts_are_known(irq: str, device: str, own: bool):
    assert is_own(irq, device) is own


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        ((0, 0, 98, 2), "CPU7 98%"),
        ((9, 1, 0, 0), "CPU1 90%"),
        ((5, 5, 0, 0), "2 CPUs"),
        ((10, 11, 10, 12), "4 CPUs"),
        ((0, 0, 0, 0), ""),
        (None, ""),
    ],
)
def test_where_an_irq_fires_is_a_cpu_or_a_number_of_them(counts, text: str):
    assert mostly(counts, (1, 3, 7, 8)) == text
