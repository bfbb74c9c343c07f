"""Network interfaces of a made /sys, with the links that the kernel makes."""

from pathlib import Path


def interface(sysfs: Path, name: str, device: str, *irqs: int) -> None:
    """Add an interface of a device: ``0000:3b:00.0``, or ``0000:3b:00.0/virtio1`` on one.

    The IRQs are its PCI device's.
    """
    folder = sysfs / "devices" / device
    _add(sysfs, name, folder)
    (folder / "net" / name / "device").symlink_to("../..")
    for irq in irqs:
        vector = sysfs / "devices" / device.partition("/")[0] / "msi_irqs" / str(irq)
        vector.parent.mkdir(exist_ok=True)
        vector.write_text("msix\n")


def bond(sysfs: Path, name: str, *lower: str) -> None:
    """Add a bond, VLAN or bridge above other interfaces."""
    _add(sysfs, name, sysfs / "devices/virtual")
    for each in lower:
        (sysfs / "class/net" / name / f"lower_{each}").symlink_to(sysfs / "class/net" / each)


def _add(sysfs: Path, name: str, folder: Path) -> None:
    (folder / "net" / name).mkdir(parents=True)
    (sysfs / "class/net").mkdir(parents=True, exist_ok=True)
    (sysfs / "class/net" / name).symlink_to(folder / "net" / name)
