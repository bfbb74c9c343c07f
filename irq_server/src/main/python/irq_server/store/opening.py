"""Open a data directory: mend what a kill or a power cut left, and read what is there."""

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..events import Event
from .devices import Appearance, read_appearances
from .event_log import EventLog
from .history import Sample
from .ledger import Ledger
from .restart import read_memory
from .segments.tier import Tier
from .totals import Identity, Memory, Totals

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """A data directory's newest sample, None if it has none, and the files beside its segments.

    ``cut_bytes`` were an unfinished tail. ``memory`` is None if nothing says which of the cells'
    interrupts are in the totals already.
    """

    cut_bytes: int
    last: Sample | None
    memory: Memory | None
    appearances: list[Appearance]
    events: list[Event]

    def totals(self) -> Totals:
        """Return the totals, with which counting continues."""
        state = self.last.state if self.last else {}
        identities = {each.identity.irq: each.identity for each in self.appearances}
        for key in state:
            irq = key.rpartition(",")[0]
            identities.setdefault(irq, Identity(irq))
        return Totals(state, identities.values(), self.memory)


def look_into(folder: Path, tiers: Sequence[Tier], irqs: Ledger, events: EventLog) -> Found:
    """Cut unfinished tails off, and return what the directory `folder` holds. Raise OSError."""
    cut_bytes = sum(_load(tier) for tier in tiers)
    for unfinished in folder.glob(".*.json.*"):
        unfinished.unlink()
    last = _newest(tiers)
    # offsets mean nothing without their totals
    memory = read_memory(folder / "state.json") if last is not None and last.state else None
    return Found(cut_bytes, last, memory, read_appearances(irqs.load()), events.load())


def _load(tier: Tier) -> int:
    cut = tier.load()
    if cut:
        _log.warning("%s: dropped an unfinished tail of %d bytes", tier.shape.name, cut)
    return cut


def _newest(tiers: Sequence[Tier]) -> Sample | None:
    """Return the newest sample of all tiers, from the finest one that holds it."""
    whole = [tier for tier in tiers if not tier.shape.is_sums]
    found = [(tier.lookup.find(math.inf), tier.shape) for tier in whole]
    samples = [Sample(*each, shape) for each, shape in found if each is not None]
    return max(samples, key=lambda sample: sample.time, default=None)
