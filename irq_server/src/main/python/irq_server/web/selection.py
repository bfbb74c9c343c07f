"""Select the cells with a series of their own in /metrics, so that no series ever falls. Pure.

The cells with the largest totals have one; the other cells of a CPU count together. If a cell gets
a series later, its count so far stays with the others, as their offset: no counter loses anything.
If it loses its series, only its later counts go to the others.
"""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from heapq import nlargest

from ..store.segments.segment import State

OVERTAKEN_BY = 2
"""A cell takes another's place if its total is this many times as large: that is rare."""


class _CpuOf(dict[str, str]):
    """The CPU of each key, worked out once."""

    def __missing__(self, key: str) -> str:
        self[key] = cpu = key.rpartition(",")[2]
        return cpu


@dataclass(slots=True)
class Selection:
    """The cells with a series of their own, ``shown``, and the others' offsets by CPU."""

    shown: set[str] = field(default_factory=set)
    offsets: dict[str, int] = field(default_factory=dict)
    _cpu_of: _CpuOf = field(default_factory=_CpuOf, repr=False, compare=False)

    def update(self, cells: State, room: int) -> bool:
        """Choose at most `room` of `cells`, all above zero; return whether anything changed."""
        before = set(self.shown)
        self.shown.intersection_update(cells)
        free = max(min(room, len(cells)) - len(self.shown), 0)
        if free:
            hidden = (key for key in cells if key not in self.shown)
            self.shown.update(nlargest(free, hidden, key=cells.__getitem__))
        if len(self.shown) < len(cells):
            self._swap(cells)
        return self.shown != before

    def _swap(self, cells: State) -> None:
        """Give the places of the least busy to those that overtook them."""
        enough = OVERTAKEN_BY * min(map(cells.__getitem__, self.shown), default=0)
        waiting = [key for key, n in cells.items() if n > enough and key not in self.shown]
        waiting.sort(key=cells.__getitem__, reverse=True)
        least = sorted(self.shown, key=cells.__getitem__) if waiting else []
        for promoted, demoted in zip(waiting, least, strict=False):
            if cells[promoted] <= OVERTAKEN_BY * cells[demoted]:
                return
            self._move(promoted, cells[promoted])
            self._move(demoted, -cells[demoted])
            self.shown.add(promoted)
            self.shown.remove(demoted)

    def _move(self, key: str, count: int) -> None:
        cpu = self._cpu_of[key]
        self.offsets[cpu] = self.offsets.get(cpu, 0) + count

    def others(self, cells: State) -> dict[str, int]:
        """Return the counter of the cells without a series, by CPU."""
        cpu_of, counts = self._cpu_of, defaultdict(int, self.offsets)
        for key, n in cells.items():
            counts[cpu_of[key]] += n
        for key in self.shown:
            counts[cpu_of[key]] -= cells[key]
        return {cpu: n for cpu, n in counts.items() if n > 0}


def write_selection(selection: Selection) -> bytes:
    """Return the bytes of metrics.json, for the next start."""
    values = {"shown": sorted(selection.shown), "offsets": selection.offsets}
    return json.dumps(values, indent=0).encode() + b"\n"


def read_selection(data: bytes) -> Selection:
    """Return the selection in metrics.json. Raise ValueError if it holds none."""
    values = json.loads(data)
    if not isinstance(values, Mapping):
        raise ValueError("an object was expected")
    shown, offsets = values.get("shown"), values.get("offsets")
    if not isinstance(shown, list) or not isinstance(offsets, Mapping):
        raise ValueError("a list 'shown' and an object 'offsets' were expected")
    if not all(isinstance(count, int) for count in offsets.values()):
        raise ValueError("whole numbers were expected in 'offsets'")
    return Selection({str(key) for key in shown}, dict(offsets))
