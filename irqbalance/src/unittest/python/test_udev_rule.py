"""The udev rule: which events restart the timer. The guests show that udev takes it so."""

import re
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

DATA = Path(__file__).parents[2] / "main" / "data"
TIMER = "irqbalance-once.timer"
RULES = [
    re.findall(r'([A-Z]+)(==|!=|\+=)"([^"]*)"(?:, |$)', line)
    for line in (DATA / "90-irqbalance-once.rules").read_text().splitlines()
    if not line.startswith("#")
]
RUN = f"/usr/bin/systemctl --no-block try-restart {TIMER}"

PCI = "/devices/pci0000:00/0000:00:03.0"


def commands(action: str, subsystem: str, path: str, *, systemd: bool = True) -> list[str]:
    """Return the commands that udev runs at an event. Source: udev(7)."""
    event = {"ACTION": action, "SUBSYSTEM": subsystem, "DEVPATH": path}
    event["TEST"] = "/run/systemd/system" if systemd else ""

    def holds(key: str, operator: str, value: str) -> bool:
        found = any(fnmatchcase(event[key], each) for each in value.split("|"))
        return found == (operator == "==")

    return [
        rule[-1][2]
        for rule in RULES
        if rule[-1][:2] == ("RUN", "+=") and all(holds(*each) for each in rule[:-1])
    ]


@pytest.mark.parametrize(
    ("action", "subsystem", "path"),
    [
        ("add", "net", f"{PCI}/net/eth0"),
        ("add", "net", f"{PCI}/virtio1/net/eth0"),
        ("add", "nvme", f"{PCI}/nvme/nvme0"),
        ("online", "cpu", "/devices/system/cpu/cpu3"),
    ],
)
def test_hardware_that_comes_restarts_the_timer_once(action: str, subsystem: str, path: str):
    assert commands(action, subsystem, path) == [RUN]
    assert commands(action, subsystem, path, systemd=False) == []


@pytest.mark.parametrize(
    ("action", "subsystem", "path"),
    [
        ("add", "net", "/devices/virtual/net/veth1a2b"),
        ("add", "nvme", "/devices/virtual/nvme-fabrics/ctl/nvme1"),
        ("remove", "net", f"{PCI}/net/eth0"),
        ("change", "nvme", f"{PCI}/nvme/nvme0"),
        ("offline", "cpu", "/devices/system/cpu/cpu3"),
        ("add", "cpu", "/devices/system/cpu/cpu3"),
        ("add", "block", f"{PCI}/block/vda"),
    ],
)
def test_what_brings_no_interrupt_does_nothing(action: str, subsystem: str, path: str):
    assert commands(action, subsystem, path) == []


def test_the_timer_may_be_restarted_any_number_of_times_and_runs_soon_and_later():
    lines = (DATA / TIMER).read_text().splitlines()

    assert "StartLimitIntervalSec=0" in lines
    assert [line for line in lines if line.startswith("On")] == [
        "OnActiveSec=5s",
        "OnActiveSec=1min",
        "OnUnitActiveSec=10min",
    ]
