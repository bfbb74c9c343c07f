"""Network interfaces and the IRQs of their devices, on made trees and hostile ones."""

import os
from pathlib import Path

import pytest

from conftest import FakeMachine
from irqbalance.kernel.interfaces import Interfaces, named_after
from irqbalance.kernel.interrupts import Description, Row

PCI = "sys/devices/pci0000:3a/0000:3a:00.0"


class Network:
    """A tree with the links that the kernel makes."""

    def __init__(self, fake: FakeMachine) -> None:
        self.fake, self.sysfs = fake, fake.sysfs
        (self.sysfs / "class/net").mkdir(parents=True)

    def interface(self, name: str, device: str = "", lower: tuple[str, ...] = ()) -> None:
        """Add an interface of a device, a folder below the root, or above others."""
        folder = self.fake.root / (device or "sys/devices/virtual") / "net" / name
        folder.mkdir(parents=True)
        if device:
            (folder / "device").symlink_to("../..")
        for each in lower:
            (folder / f"lower_{each}").symlink_to(f"../{each}")
        (self.sysfs / "class/net" / name).symlink_to(folder)

    def vectors(self, device: str, *irqs: int, line: int = 0) -> None:
        """Add the files of a PCI device."""
        self.fake.write(f"{device}/irq", f"{line}\n")
        for irq in irqs:
            self.fake.write(f"{device}/msi_irqs/{irq}", "msix\n")

    def irqs(self, name: str) -> set[str]:
        """Return the IRQs of an interface and of those below it."""
        found = Interfaces(self.sysfs)
        return {irq for each in found.with_lower(name) for irq in found.irqs(each, ())}


@pytest.fixture
def net(fake: FakeMachine) -> Network:
    made = Network(fake)
    made.vectors(PCI, 16)  # the bridge
    for number, irqs in enumerate(((40, 41), (42, 43))):
        made.vectors(f"{PCI}/0000:3b:00.{number}", *irqs)
        made.interface(f"ens1f{number}np{number}", f"{PCI}/0000:3b:00.{number}")
    return made


def test_an_interface_has_the_vectors_of_its_pci_device(net: Network):
    assert net.irqs("ens1f0np0") == {"40", "41"}
    assert net.irqs("ens1f1np1") == {"42", "43"}
    assert Interfaces(net.sysfs).names() == ["ens1f0np0", "ens1f1np1"]


def test_one_without_vectors_has_the_line_and_never_the_bridges_vectors(net: Network):
    net.vectors(f"{PCI}/0000:3b:02.0", line=11)
    net.vectors(f"{PCI}/0000:3b:03.0", line=0)
    net.interface("old", f"{PCI}/0000:3b:02.0")
    net.interface("down", f"{PCI}/0000:3b:03.0")

    assert net.irqs("old") == {"11"}
    assert net.irqs("down") == set()


def test_a_virtio_interface_has_the_vectors_of_the_pci_device_above(net: Network):
    net.vectors(f"{PCI}/0000:3b:04.0", 50, 51, 52)
    net.interface("eth0", f"{PCI}/0000:3b:04.0/virtio3")

    assert net.irqs("eth0") == {"50", "51", "52"}


def test_a_usb_interface_does_not_have_the_irqs_of_its_controller(net: Network):
    net.vectors(f"{PCI}/0000:3b:05.0", 60)
    net.interface("enx001122", f"{PCI}/0000:3b:05.0/usb1/1-1/1-1:1.0")

    assert net.irqs("enx001122") == set()


def test_a_vlan_on_a_bond_has_the_irqs_of_the_bonds_members(net: Network):
    net.interface("bond0", lower=("ens1f0np0", "ens1f1np1"))
    net.interface("bond0.100", lower=("bond0",))
    net.interface("veth1")

    assert net.irqs("bond0.100") == {"40", "41", "42", "43"}
    assert net.irqs("veth1") == set()
    below = set(Interfaces(net.sysfs).with_lower("bond0.100"))
    assert below == {"bond0.100", "bond0", "ens1f0np0", "ens1f1np1"}


def test_a_loop_of_lower_interfaces_ends(net: Network):
    net.interface("a", lower=("b", "a"))
    net.interface("b", lower=("a", "ens1f0np0"))

    assert net.irqs("a") == {"40", "41"}


def test_a_name_with_a_line_end_is_a_name(net: Network):
    net.interface("a\nb", f"{PCI}/0000:3b:00.0/virtio9")

    assert net.irqs("a\nb") == {"40", "41"}


@pytest.mark.parametrize("target", ["outside", "../../../../outside", "/"])
def test_a_link_that_leads_out_of_the_tree_is_not_followed(
    net: Network, tmp_path: Path, target: str
):
    for irq in ("70", "71"):
        net.fake.write(f"outside/msi_irqs/{irq}", "")
    evil = net.sysfs / "class/net/evil"
    evil.mkdir()
    (evil / "device").symlink_to(tmp_path / "outside" if target == "outside" else target)
    (net.sysfs / "class/net/worse").symlink_to(tmp_path / "outside")
    (evil / "lower_..").mkdir()

    assert net.irqs("evil") == set()
    assert net.irqs("worse") == set()
    assert net.irqs("..") == set()


def test_files_of_another_kind_tell_nothing_and_wait_for_nobody(net: Network):
    device = net.sysfs / "devices/odd"
    net.interface("odd", "sys/devices/odd")
    os.mkfifo(device / "irq")
    (device / "msi_irqs").write_text("40\n")
    (net.sysfs / "class/net/file").write_text("")
    (net.sysfs / "class/net/loop").symlink_to("loop")
    linked = net.sysfs / "devices/linked"
    net.interface("linked", "sys/devices/linked")
    (linked / "msi_irqs").symlink_to(net.fake.root / PCI / "msi_irqs")

    assert [net.irqs(name) for name in ("odd", "file", "loop", "linked")] == [set()] * 4


def test_vectors_that_are_no_numbers_are_none(net: Network):
    net.interface("odd", "sys/devices/odd")
    for name in ("٤", "1234567890", "-1", "4 4", "45"):
        net.fake.write(f"sys/devices/odd/msi_irqs/{name}", "")

    assert net.irqs("odd") == {"45"}


def test_an_unreadable_tree_has_no_interfaces(tmp_path: Path):
    found = Interfaces(tmp_path / "none")

    assert found.names() == []
    assert found.irqs("eth0", ()) == frozenset()


def test_no_name_is_the_name_of_no_irq():
    row = Row("30", (1,), None, Description(device="@pci:0000:3b:00.0"))

    assert named_after((), [row]) == frozenset()
