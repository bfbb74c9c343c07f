"""Notice changed affinities by looking: the kernel announces none."""

import threading
from collections.abc import Iterable

from ..errors import AffinityError, CpuSetError
from ..events import Event, Kind
from .procfs import Procfs, normal_list

LOOK_SECONDS = 10.0
"""How often the watch looks at the affinities, if the sampling interval is not longer."""


class AffinityWatch:
    """The affinities of one machine's numbered IRQs, as they were at the last look.

    The caller asks is_due() every `interval_seconds`. The first look finds no change.
    """

    def __init__(self, procfs: Procfs, interval_seconds: float = 0.0) -> None:
        self.lock = threading.RLock()
        """Held during a look. A writer of an affinity holds it, and looks before and after."""
        self._procfs = procfs
        self._wait_seconds = LOOK_SECONDS - interval_seconds
        self._last_look: float | None = None
        self._seen: dict[str, tuple[bytes, str]] = {}

    def is_due(self, monotonic: float) -> bool:
        """Return whether a look is due: the next question would come too late."""
        return self._last_look is None or monotonic - self._last_look >= self._wait_seconds

    def look(self, irqs: Iterable[tuple[str, str]], moment: float, monotonic: float) -> list[Event]:
        """Return an event for every affinity that changed since the last look.

        `irqs` are pairs of an IRQ's name in the store and its number. An IRQ that is new, or
        whose affinity cannot be read, has no event. The detail is the old and the new CPU list.
        """
        with self.lock:
            before, self._seen = self._seen, {}
            self._last_look = monotonic
            events = []
            read, seen = self._procfs.affinity_text, self._seen
            for irq, number in irqs:
                text, known = read(number), before.get(irq)
                if known is not None and known[0] == text:
                    seen[irq] = known
                elif text is not None:
                    events += self._compare(known, irq, text, moment)
            return events

    def look_at(self, irq: str, number: str, moment: float) -> list[Event]:
        """Look at one IRQ alone, as look() does. Raise AffinityError if it has no affinity."""
        with self.lock:
            text = self._procfs.affinity_text(number)
            if text is None:
                raise AffinityError(irq, "its affinity cannot be read")
            return self._compare(self._seen.get(irq), irq, text, moment)

    def _compare(
        self, known: tuple[bytes, str] | None, irq: str, text: bytes, moment: float
    ) -> list[Event]:
        try:
            affinity = normal_list(text)
        except CpuSetError:
            return []
        old = known[1] if known is not None else affinity
        # a read at the very moment of a move returns none; the next look sees the new one
        affinity = affinity or old
        self._seen[irq] = (text, affinity)
        if old == affinity:
            return []
        return [Event(moment, Kind.AFFINITY, irq=irq, detail=f"{old} -> {affinity}")]
