"""Notices that somebody changed an IRQ's affinity: by looking, as the kernel tells nobody."""

import threading
from collections.abc import Iterable, Mapping

from .errors import AffinityError
from .ledger import Event
from .procfs import Procfs

LOOK_SECONDS = 10.0
"""How often the affinities are looked at, where the sampling interval is not longer."""


class AffinityWatch:
    """The affinities of one machine's numbered IRQs, as they were at the last look."""

    def __init__(self, procfs: Procfs, interval_seconds: float = 0.0) -> None:
        """Takes where to read, and how often is_due() is asked. The first look finds no change."""
        self.lock = threading.RLock()
        """Held during a look; who changes an affinity holds it, and looks before and after."""
        self._procfs = procfs
        self._wait_seconds = LOOK_SECONDS - interval_seconds
        self._last_look: float | None = None
        self._affinities: dict[str, str] = {}

    def is_due(self, monotonic: float) -> bool:
        """Whether it is time for a look: the next time would be too late."""
        return self._last_look is None or monotonic - self._last_look >= self._wait_seconds

    def look(self, irqs: Iterable[tuple[str, str]], moment: float, monotonic: float) -> list[Event]:
        """Gives an event for every affinity that changed since the last look.

        `irqs` are pairs of an IRQ's name in the store and its number. One that came since, or whose
        affinity cannot be read, has no event. The detail is the old and the new CPU list.
        """
        with self.lock:
            before, self._affinities = self._affinities, {}
            self._last_look = monotonic
            events = []
            for irq, number in irqs:
                try:
                    events += self._compare(before, irq, number, moment)
                except AffinityError:
                    continue
            return events

    def look_at(self, irq: str, number: str, moment: float) -> list[Event]:
        """Looks at one IRQ alone, as look() does. Raises AffinityError where it has none."""
        with self.lock:
            return self._compare(self._affinities, irq, number, moment)

    def _compare(
        self, before: Mapping[str, str], irq: str, number: str, moment: float
    ) -> list[Event]:
        affinity = self._procfs.read_affinity_list(number)
        old = before.get(irq, affinity)
        # a read that meets a move as it is carried out gives none; the next look sees the new one
        affinity = affinity or old
        self._affinities[irq] = affinity
        if old == affinity:
            return []
        return [Event(moment, "affinity", irq=irq, detail=f"{old} -> {affinity}")]
