"""Network interfaces, PCI devices and disks, and their IRQs. Write nothing.

A PCI address stands in /sys, and with many drivers also in the row of /proc/interrupts. A captured
file has the row alone.
"""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import cached_property
from itertools import chain
from pathlib import Path

from .interfaces import Interfaces, device_irqs, named_after
from .interrupts import Row

PCI_ADDRESS = r"[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]"
"""A PCI address, ``0000:3b:00.0``. Source: Documentation/ABI/testing/sysfs-bus-pci."""

_ADDRESS = re.compile(rf"(?<![0-9a-fA-F]){PCI_ADDRESS}(?![0-9a-fA-F])")
"""A PCI address in the text of a row: ``PCI-MSIX-0000:3b:00.0``, ``mlx5@pci:0000:3b:00.0``."""

_MODULE = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)

_USUAL_DOMAIN = "0000:"
"""Most machines have no other, so lspci leaves it out: ``3b:00.0``."""


class Devices:
    """The devices of one machine. They are read when the first pattern asks for them."""

    def __init__(self, rows: Iterable[Row], sysfs: Path | None = None) -> None:
        """Take the rows of /proc/interrupts, and the root of /sys; None for captured files."""
        self._rows = [row for row in rows if row.is_numbered]
        self._sysfs = sysfs
        self._interfaces = None if sysfs is None else Interfaces(sysfs)

    def irqs(self, pattern: str) -> frozenset[str]:
        """Return the IRQs of the interfaces and PCI devices that a shell pattern matches."""
        found = set[str]()
        for address, irqs in self._by_address.items():
            if _matches(address, pattern):
                found |= irqs
        if self._sysfs is None or self._interfaces is None:
            return frozenset(found)
        folder = self._sysfs / "bus" / "pci" / "devices"
        for address in self._addresses:
            if _matches(address, pattern):
                found |= device_irqs(folder / address) or set()
        matching = (name for name in self._names if fnmatchcase(name, pattern))
        for name in dict.fromkeys(chain.from_iterable(map(self._interfaces.with_lower, matching))):
            found |= self._interfaces.irqs(name, self._rows)
        return frozenset(found)

    def of_interfaces(self) -> frozenset[str]:
        """Return the IRQs of all network interfaces that have a device."""
        if self._interfaces is None:
            return frozenset()
        irqs = (self._interfaces.irqs(name, self._rows) for name in self._names)
        return frozenset(chain.from_iterable(irqs))

    def of_disks(self) -> frozenset[str]:
        """Return the IRQs of the PCI devices of all disks, else those named after a disk's device.

        The path of a disk has the devices above it, ``0000:00:1f.2/ata1/…/block/sda``.
        """
        if self._sysfs is None:
            return frozenset()
        root = self._sysfs.resolve()
        found = set[str]()
        for disk in (root / "class" / "block").glob("*"):
            try:
                path = disk.resolve(strict=True)
            except (OSError, RuntimeError):  # before Python 3.13 a loop is a RuntimeError
                continue
            above = [each for each in path.parents if each.is_relative_to(root)]
            irqs = (device_irqs(each) for each in above)
            own = next((each for each in irqs if each is not None), frozenset[str]())
            found |= own or named_after((each.name for each in above), self._rows)
        return frozenset(found)

    @cached_property
    def _names(self) -> list[str]:
        return [] if self._interfaces is None else self._interfaces.names()

    @cached_property
    def _addresses(self) -> list[str]:
        if self._sysfs is None:
            return []
        return sorted(path.name for path in (self._sysfs / "bus" / "pci" / "devices").glob("*"))

    @cached_property
    def _by_address(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for row in self._rows:
            for address in _ADDRESS.findall(row.description.text):
                found.setdefault(address, set()).add(row.irq)
        return found


def devices_of_module(sysfs: Path, module: str) -> list[str]:
    """Return the addresses of the PCI devices that a module drives now.

    Source: drivers/base/module.c (module_add_driver), Documentation/ABI/testing/sysfs-bus-pci.
    """
    if not _MODULE.fullmatch(module):
        return []
    drivers = (sysfs / "module" / module.replace("-", "_") / "drivers").glob("pci:*/*")
    return sorted(path.name for path in drivers if re.fullmatch(PCI_ADDRESS, path.name))


def _matches(address: str, pattern: str) -> bool:
    """Return whether a pattern matches a PCI address, with its domain or without the usual one."""
    lower = pattern.lower()
    return fnmatchcase(address, lower) or (
        address.startswith(_USUAL_DOMAIN) and fnmatchcase(address[len(_USUAL_DOMAIN) :], lower)
    )
