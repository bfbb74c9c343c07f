"""The interfaces behind IRQs, and the bonds and VLANs above these, on made trees."""

from pathlib import Path

import pytest

from irq_server.kernel.interrupts import Row, parse
from irq_server.kernel.networks import ABOVE_SECONDS, LOOK_SECONDS, Above, InterfaceWatch
from nets import bond, interface


def rows(*names: str) -> tuple[Row, ...]:
    lines = (f"{40 + n}: 1 PCI-MSI {n}-edge {name}" for n, name in enumerate(names))
    return parse("\n".join(["CPU0", *lines, "NMI: 1 eth0"])).rows


@pytest.fixture
def sysfs(tmp_path: Path) -> Path:
    interface(tmp_path, "eth0", "0000:3b:00.0", 40, 41)
    return tmp_path


def test_the_interface_of_a_pci_device_is_that_of_its_irqs(sysfs: Path):
    interface(sysfs, "eth1", "0000:3b:00.1/virtio1", 42)
    interface(sysfs, "end0", "30be0000.ethernet")

    found = InterfaceWatch(sysfs).look(rows("a", "b", "c", "30be0000.ethernet", "sda"), 0.0)

    assert found == {"40": "eth0", "41": "eth0", "42": "eth1", "43": "end0"}


def test_a_device_of_several_interfaces_has_the_first_four(sysfs: Path):
    for number in range(9):
        interface(sysfs, f"eth0r{number}", "0000:3b:00.0")

    assert InterfaceWatch(sysfs).look((), 0.0)["40"] == "eth0, eth0r0, eth0r1, eth0r2"


def test_it_is_read_again_if_an_irq_comes_and_after_a_while(sysfs: Path):
    watch, two = InterfaceWatch(sysfs), rows("a", "b")
    first = watch.look(two, 0.0)
    interface(sysfs, "eth1", "0000:3b:00.1", 42)

    assert watch.look(two, LOOK_SECONDS - 1) is first
    assert watch.look(two, LOOK_SECONDS) == {"40": "eth0", "41": "eth0", "42": "eth1"}
    interface(sysfs, "eth2", "0000:3b:00.2", 43)
    assert watch.look(rows("a", "b", "c"), LOOK_SECONDS)["43"] == "eth2"
    second = watch.look(two, 3 * LOOK_SECONDS)
    assert watch.look(two, 9 * LOOK_SECONDS) is second


def test_names_that_no_kernel_makes_are_left_out(sysfs: Path):
    interface(sysfs, "a\nb", "0000:3b:00.1", 42)

    assert InterfaceWatch(sysfs).look((), 0.0) == {"40": "eth0", "41": "eth0"}


def test_the_names_above_an_interface_are_its_bonds_and_their_vlans(sysfs: Path):
    interface(sysfs, "eth1", "0000:3b:00.1", 42)
    bond(sysfs, "bond0", "eth0", "eth1")
    bond(sysfs, "bond0.100", "bond0")
    now = 0.0
    found = Above(sysfs, lambda: now)

    assert found.above() == {
        "eth0": ("bond0", "bond0.100"),
        "eth1": ("bond0", "bond0.100"),
        "bond0": ("bond0.100",),
    }
    bond(sysfs, "br0", "eth0")
    now = ABOVE_SECONDS - 1
    assert "br0" not in found.above()["eth0"]
    now = ABOVE_SECONDS
    assert "br0" in found.above()["eth0"]


def test_a_machine_without_sys_has_no_interface(tmp_path: Path):
    assert InterfaceWatch(tmp_path / "none").look(rows("eth0"), 0.0) == {}
    assert Above(tmp_path / "none").above() == {}
