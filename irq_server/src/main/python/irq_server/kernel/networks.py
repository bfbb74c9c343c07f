"""The network interfaces behind IRQs, as they are now. Reads again at times; any thread may ask."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from .interfaces import Interfaces
from .interrupts import Row

LOOK_SECONDS = 60.0
"""Interfaces are read this often if no IRQ comes or goes: somebody may rename one."""

ABOVE_SECONDS = 10.0
"""The bonds, VLANs and bridges are read again after this time."""

_MOST_NAMES = 4
"""A device may have hundreds of interfaces: representors of virtual functions."""

_NONE: Mapping[str, str] = MappingProxyType({})


class InterfaceWatch:
    """The interface of each IRQ, for one thread that samples."""

    def __init__(self, sysfs: Path) -> None:
        """Take the root of the tree. Read nothing."""
        self._interfaces = Interfaces(sysfs)
        self._labels: list[str] = []
        self._last_look: float | None = None
        self._found = _NONE

    def look(self, rows: Sequence[Row], monotonic: float) -> Mapping[str, str]:
        """Return the interfaces of each IRQ that has one, by number; the same object if it stands.

        Read them if an IRQ came or went, and every LOOK_SECONDS.
        """
        labels = [row.irq for row in rows]
        is_due = self._last_look is None or monotonic - self._last_look >= LOOK_SECONDS
        if is_due or labels != self._labels:
            found = self._read([row for row in rows if row.is_numbered])
            self._found = self._found if found == self._found else found
            self._labels, self._last_look = labels, monotonic
        return self._found

    def _read(self, rows: Sequence[Row]) -> dict[str, str]:
        found: dict[str, list[str]] = {}
        # the kernel makes no other names; a tree of another user may have any
        for name in (each for each in self._interfaces.names() if each.isprintable()):
            for irq in self._interfaces.irqs(name, rows):
                found.setdefault(irq, []).append(name)
        return {irq: ", ".join(names[:_MOST_NAMES]) for irq, names in found.items()}


class Above:
    """The bonds, VLANs and bridges above each interface. Any number of threads may ask."""

    def __init__(
        self, sysfs: Path = Path("/sys"), monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """Take the root of the tree, and the clock. Read nothing."""
        self._sysfs, self._monotonic = sysfs, monotonic
        self._known: tuple[float, Mapping[str, tuple[str, ...]]] | None = None

    def above(self) -> Mapping[str, tuple[str, ...]]:
        """Return the names above each interface that has some, at most ABOVE_SECONDS old."""
        known, now = self._known, self._monotonic()
        if known is None or now - known[0] >= ABOVE_SECONDS:
            known = self._known = now, self._read()  # replaced whole, as many threads ask
        return known[1]

    def _read(self) -> dict[str, tuple[str, ...]]:
        interfaces = Interfaces(self._sysfs)
        found: dict[str, list[str]] = {}
        for name in interfaces.names():
            for lower in interfaces.with_lower(name):
                if lower != name:
                    found.setdefault(lower, []).append(name)
        return {name: tuple(above) for name, above in found.items()}
