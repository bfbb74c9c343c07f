"""Network interfaces, and the IRQs of their devices. Write nothing.

``/sys/class/net/IF/device`` leads to the device of an interface. Its IRQs are its MSI vectors, else
its line. A virtio device has no IRQs of its own: the device above it has them. A bond, a VLAN or a
bridge has no device: the interfaces below it (``lower_IF``) have one.

Another user may own the tree. A link that leads out of it is not followed, and loops end.
Source: Documentation/ABI/testing/sysfs-bus-pci, net/core/dev.c (netdev_adjacent_sysfs_add).
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from .below import read_below

_LOWER = "lower_"
_IRQ_DIGITS = 9


class Interfaces:
    """The network interfaces of one machine. Each is read once, when somebody asks for it."""

    def __init__(self, sysfs: Path) -> None:
        """Take the root of the tree."""
        self._root = sysfs.resolve()
        self._folder = self._root / "class" / "net"
        self._known: dict[str, tuple[Path | None, tuple[str, ...]]] = {}

    def names(self) -> list[str]:
        """Return the name of every interface, sorted."""
        return sorted(_names_in(self._folder))

    def with_lower(self, name: str) -> Iterator[str]:
        """Yield an interface, those below it, those below these, and so on; each once."""
        found = {name: None}
        left = [name]
        while left:
            each = left.pop()
            yield each
            lower = [other for other in self._read(each)[1] if other not in found]
            found.update(dict.fromkeys(lower))
            left += lower

    def device(self, name: str) -> Path | None:
        """Return the folder of an interface's device; None if it has none."""
        return self._read(name)[0]

    def irqs(self, name: str) -> frozenset[str]:
        """Return the IRQs of an interface's device, by number."""
        device = self.device(name)
        if device is None:
            return frozenset()
        found = device_irqs(device)
        # every PCI device has the file, so no bridge above one counts
        return (device_irqs(device.parent) if found is None else found) or frozenset()

    def _read(self, name: str) -> tuple[Path | None, tuple[str, ...]]:
        """Return the folder of an interface's device, and the names of the interfaces below it."""
        if name not in self._known:
            folder = self._inside(self._folder / name) if _is_name(name) else None
            if folder is None:
                self._known[name] = None, ()
            else:
                lower = tuple(sorted(_lower(_names_in(folder))))
                self._known[name] = self._inside(folder / "device"), lower
        return self._known[name]

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


def _lower(entries: Iterable[str]) -> Iterator[str]:
    return (entry[len(_LOWER) :] for entry in entries if entry.startswith(_LOWER))


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
