"""Notice changed affinities by looking: the kernel announces none."""

import math
import threading
from collections.abc import Mapping, Sequence

from ..errors import AffinityError, CpuSetError
from ..events import Event, Kind
from .procfs import Procfs, normal_list

LOOK_SECONDS = 10.0
"""How often the watch looks at each affinity, if the sampling interval is not longer."""

_EARLY = 0.1
"""A sample may come this part of an interval early and still has its whole share."""


class AffinityWatch:
    """The affinities of one machine's numbered IRQs, as they were at the last look.

    The caller looks at every sample. The IRQs take turns, so that no sample looks at all of them
    unless the interval is long. The first look at an IRQ finds no change.
    """

    def __init__(self, procfs: Procfs, interval_seconds: float = LOOK_SECONDS) -> None:
        self.lock = threading.RLock()
        """Held during a look. A writer of an affinity holds it, and looks before and after."""
        self._procfs = procfs
        self._early_seconds = _EARLY * interval_seconds
        self._turn_seconds = interval_seconds * max(LOOK_SECONDS // interval_seconds, 1)
        self._last_look = 0.0
        self._numbered: Mapping[str, str] | None = None
        self._irqs: list[tuple[str, str]] = []  # the next to look at is the first
        self._seen: dict[str, tuple[bytes, str]] = {}

    def look(self, numbered: Mapping[str, str], moment: float, monotonic: float) -> list[Event]:
        """Look at the IRQs whose turn it is; return an event for every affinity that changed.

        `numbered` is the number of each IRQ by its name in the store: the same object as before,
        unless an IRQ came or went. Then all have their turn. An IRQ that is new, or whose affinity
        cannot be read, has no event. The detail is the old and the new CPU list.
        """
        with self.lock:
            if numbered is not self._numbered:
                self._numbered, self._irqs = numbered, list(numbered.items())
                self._seen = {irq: each for irq, each in self._seen.items() if irq in numbered}
                count = len(self._irqs)
            else:
                elapsed = monotonic - self._last_look + self._early_seconds
                count = math.ceil(len(self._irqs) * min(elapsed / self._turn_seconds, 1.0))
            self._last_look = monotonic
            turn, rest = self._irqs[:count], self._irqs[count:]
            self._irqs = rest + turn
            return self._look_at_all(turn, moment)

    def _look_at_all(self, irqs: Sequence[tuple[str, str]], moment: float) -> list[Event]:
        events = []
        read, seen = self._procfs.affinity_text, self._seen
        for irq, number in irqs:
            text, known = read(number), seen.get(irq)
            if text is None:
                seen.pop(irq, None)
            elif known is None or known[0] != text:
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
