"""The IRQs that a person means by a network interface or a PCI address."""

from pathlib import Path

from conftest import FakeMachine, row
from irqbalance.kernel.devices import Devices, devices_of_module
from irqbalance.kernel.interrupts import Row, parse


def rows(*lines: str) -> tuple[Row, ...]:
    return parse("\n".join(["CPU0", *lines])).rows


MLX5 = rows(
    " 40: 1 PCI-MSIX-0000:3b:00.0 0-edge mlx5_comp0@pci:0000:3b:00.0",
    " 41: 1 PCI-MSI 1-edge mlx5_comp1@pci:0000:3b:00.0",
    " 42: 1 PCI-MSIX-0000:3b:00.1 0-edge eth1",
    " 43: 1 PCI-MSI-10000:e1:00.0 1-edge nvme0q1",
    "NMI: 1 Non-maskable 0000:3b:00.0",
)


def test_a_pci_address_is_found_in_a_row_without_sys():
    found = Devices(MLX5)

    assert found.irqs("0000:3b:00.0") == {"40", "41"}
    assert found.irqs("0000:3b:00.*") == {"40", "41", "42"}
    assert found.irqs("3B:00.1") == {"42"}
    assert found.irqs("10000:e1:00.0") == {"43"}
    # part of an address is none, and only the usual domain may be left out
    assert [found.irqs(each) for each in ("0000:e1:00.0", "e1:00.0", "3b:00", "eth*")] == [
        set()
    ] * 4


def test_a_pci_address_is_found_in_sys_if_the_row_has_none(fake: FakeMachine):
    for irq in (24, 25):
        fake.write(f"sys/devices/pci0000:00/0000:00:03.0/msi_irqs/{irq}", "msix\n")
    fake.write("sys/devices/pci0000:00/0000:00:04.0/irq", "11\n")
    folder = fake.sysfs / "bus/pci/devices"
    folder.mkdir(parents=True)
    for address in ("0000:00:03.0", "0000:00:04.0"):
        (folder / address).symlink_to(f"../../../devices/pci0000:00/{address}")

    found = Devices(rows(row(24, 1)), fake.sysfs)

    assert found.irqs("00:03.0") == {"24", "25"}
    assert found.irqs("0000:00:0?.0") == {"24", "25", "11"}


def test_an_interface_on_no_pci_bus_has_the_irqs_with_its_devices_name(fake: FakeMachine):
    for name, device in (("eth0", "30be0000.ethernet"), ("eth1", "a0.virtio_mmio/virtio1")):
        (fake.sysfs / "devices/platform" / device).mkdir(parents=True)
        (fake.sysfs / "class/net" / name).mkdir(parents=True)
        link = fake.sysfs / "class/net" / name / "device"
        link.symlink_to(f"../../../devices/platform/{device}")

    found = Devices(
        rows(
            row(50, 1, device="30be0000.ethernet"),
            row(51, 1, device="gpio, 30be0000.ethernet"),
            row(52, 1, device="virtio1"),
            row(53, 1, device="virtio1-input.0"),
            row(54, 1, device="virtio10"),
        ),
        fake.sysfs,
    )

    assert found.irqs("eth0") == {"50", "51"}
    assert found.irqs("eth1") == {"52", "53"}


def test_a_pattern_means_each_interface_that_it_matches_and_those_below(fake: FakeMachine):
    for irq, name in ((24, "eno1"), (25, "eno2"), (26, "wlan0")):
        fake.write(f"sys/class/net/{name}/device/msi_irqs/{irq}", "")
    fake.write("sys/class/net/br0/lower_wlan0", "")

    found = Devices((), fake.sysfs)

    assert found.irqs("eno*") == {"24", "25"}
    assert found.irqs("[eb]*0") == {"26"}
    assert found.irqs("ENO1") == set()


def disk(fake: FakeMachine, name: str, device: str) -> None:
    """Make a block device, and the link that the kernel makes to it."""
    (fake.sysfs / "devices" / device / "block" / name).mkdir(parents=True)
    (fake.sysfs / "class/block").mkdir(parents=True, exist_ok=True)
    (fake.sysfs / "class/block" / name).symlink_to(f"../../devices/{device}/block/{name}")


def test_disks_have_the_irqs_of_the_pci_devices_above_them(fake: FakeMachine):
    fake.write("sys/devices/pci0000:00/irq", "16\n")
    fake.write("sys/devices/pci0000:00/0000:00:1f.2/msi_irqs/30", "msi\n")
    fake.write("sys/devices/pci0000:00/0000:00:04.0/msi_irqs/31", "msix\n")
    fake.write("sys/devices/pci0000:00/0000:00:05.0/irq", "0\n")
    disk(fake, "sda", "pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0")
    disk(fake, "vda", "pci0000:00/0000:00:04.0/virtio2")
    disk(fake, "vdb", "pci0000:00/0000:00:05.0/virtio3")
    disk(fake, "loop0", "virtual")

    assert Devices(rows(row(30, 1), row(32, 1)), fake.sysfs).of_disks() == {"30", "31"}
    assert Devices(rows(row(30, 1))).of_disks() == set()


def test_a_disk_on_no_pci_bus_has_the_irqs_with_the_name_of_a_device_above(fake: FakeMachine):
    disk(fake, "mmcblk0", "platform/fe340000.mmc/mmc_host/mmc0/mmc0:0001")
    found = Devices(rows(row(30, 1, device="mmc0"), row(31, 1, device="mmc01")), fake.sysfs)

    assert found.of_disks() == {"30"}


def test_interfaces_have_their_irqs_together(fake: FakeMachine):
    for irq, name in ((24, "eno1"), (26, "wlan0")):
        fake.write(f"sys/class/net/{name}/device/msi_irqs/{irq}", "")
    fake.write("sys/class/net/lo/mtu", "65536\n")

    assert Devices((), fake.sysfs).of_interfaces() == {"24", "26"}


def test_the_devices_of_a_module_are_those_of_its_pci_drivers(tmp_path: Path):
    drivers = tmp_path / "module/vfio_pci/drivers"
    for name in ("pci:vfio-pci/0000:3b:00.1", "pci:vfio-pci/0000:3b:00.0", "pci:vfio-pci/module"):
        (drivers / name).mkdir(parents=True)
    (drivers / "virtio:x/virtio0").mkdir(parents=True)

    assert devices_of_module(tmp_path, "vfio-pci") == ["0000:3b:00.0", "0000:3b:00.1"]
    for no_module in ("none", "", "..", "../module/vfio_pci", "a\0b"):
        assert devices_of_module(tmp_path, no_module) == []
