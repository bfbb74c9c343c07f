"""Network interfaces, and the IRQs of their devices. Write nothing.

``/sys/class/net/IF/device`` leads to the device of an interface. Its IRQs are its MSI vectors, else
its line. A virtio device has no IRQs of its own: the device above it has them. A device on no PCI
bus lists none, and its driver often names them after the device or the interface. A bond, a VLAN or
a bridge has no device: the interfaces below it (``lower_IF``) have one.

Another user may own the tree. A link that leads out of it is not followed, and loops end.
Source: Documentation/ABI/testing/sysfs-bus-pci, net/core/dev.c (netdev_adjacent_sysfs_add).
"""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from .below import read_below
from .interrupts import Row

_LOWER = "lower_"
_IRQ_DIGITS = 9


class Interfaces:
    """The network interfaces of one machine."""

    def __init__(self, sysfs: Path) -> None:
        """Take the root of the tree. Read nothing."""
        self._root = sysfs.resolve()
        self._folder = self._root / "class" / "net"
        self._lower: dict[str, list[str]] = {}

    def names(self) -> list[str]:
        """Return the name of every interface, sorted."""
        return sorted(_names_in(self._folder))

    def with_lower(self, name: str) -> Iterator[str]:
        """Yield an interface, those below it, those below these, and so on; each once."""
        found = {name}
        left = [name]
        while left:
            each = left.pop()
            yield each
            if each not in self._lower:  # many bridges may be above the same ones
                names = _names_in(self._folder / each) if _is_name(each) else []
                lower = (name.removeprefix(_LOWER) for name in names if name.startswith(_LOWER))
                self._lower[each] = sorted(filter(_is_name, lower))
            new = [other for other in self._lower[each] if other not in found]
            found.update(new)
            left += new

    def device(self, name: str) -> Path | None:
        """Return the folder of an interface's device; None if it has none."""
        return self._inside(self._folder / name / "device") if _is_name(name) else None

    def irqs(self, name: str, rows: Iterable[Row]) -> frozenset[str]:
        """Return the IRQs of an interface's device, by number; `rows` are those of the machine."""
        device = self.device(name)
        if device is None:
            return frozenset()
        found = device_irqs(device)
        if found is None:  # every PCI device has the file, so no bridge above one counts
            found = device_irqs(device.parent)
        return named_after((device.name, name), rows) if found is None else found

    def _inside(self, path: Path) -> Path | None:
        """Return the folder that a path leads to; None if it leads out of the tree, or nowhere."""
        try:
            if not path.is_dir():
                return None
            real = path.resolve(strict=True)
        except (OSError, RuntimeError):  # before Python 3.13 a loop is a RuntimeError
            return None
        return real if real != self._root and real.is_relative_to(self._root) else None


def device_irqs(device: Path) -> frozenset[str] | None:
    """Return the IRQs of the device of a folder: its MSI vectors, else its line.

    Return None if the folder has neither ``msi_irqs`` nor ``irq``: it is no PCI device.
    """
    vectors = device / "msi_irqs"
    found = frozenset(filter(_is_irq, () if vectors.is_symlink() else _names_in(vectors)))
    if found:
        return found
    try:
        data = read_below(device, "irq", 32)
    except FileNotFoundError:
        return None
    except OSError:
        return frozenset()
    line = data.decode("ascii", "replace").strip()
    return frozenset({line}) if _is_irq(line) and line != "0" else frozenset()


def named_after(names: Iterable[str], rows: Iterable[Row]) -> frozenset[str]:
    """Return the IRQs with an action of one of these names: ``virtio0``, ``virtio0-input.0``."""
    any_name = "|".join(map(re.escape, names))
    if not any_name:  # that would be a pattern for every name
        return frozenset()
    own = re.compile(rf"(?:{any_name})(?![0-9A-Za-z]).*", re.DOTALL)
    return frozenset(row.irq for row in rows if any(map(own.fullmatch, row.actions)))


def _is_irq(text: str) -> bool:
    return text.isdecimal() and text.isascii() and len(text) <= _IRQ_DIGITS


def _is_name(text: str) -> bool:
    return text not in ("", ".", "..") and "/" not in text and "\0" not in text


def _names_in(folder: Path) -> list[str]:
    """Return the names in a folder; none if it cannot be read."""
    try:
        return os.listdir(folder)  # noqa: PTH208 - names
    except OSError:
        return []
