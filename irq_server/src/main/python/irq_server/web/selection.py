"""Select the cells with a series of their own in /metrics; each interrupt counts once. Pure.

The cells with the largest totals have a series each; the other cells of a CPU count together. A
series says only what it counted itself, and all the rest of a CPU is the others'. So no series ever
falls, and the sum over a CPU's series grows by each interrupt once.

A series begins at 0, and stays there for HELD_SECONDS: a scraper must see the 0 to count from it,
and there may be two scrapers. Until then the others count for it. A series that is shown again goes
on at its last value in the same way.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from heapq import nlargest, nsmallest
from typing import Any, NamedTuple

from ..store.segments.segment import State

OVERTAKEN_BY = 2
"""A cell takes another's place if its total is this many times as large: that is rare."""

HELD_SECONDS = 120.0
"""How long a series that is new, or shown again, stays at its first value."""


class Name(NamedTuple):
    """What names a series: the cell's key in the store, and the device that it had."""

    key: str
    device: str


@dataclass(slots=True)
class Shown:
    """A cell with a series of its own: its name, its value at the last update, and more.

    ``base`` is what the cell had counted when the series had counted nothing. It is None until the
    moment ``held_until``, Unix seconds.
    """

    name: Name
    value: int
    held_until: float
    base: int | None = None


@dataclass(slots=True)
class Selection:
    """The series that are shown, by the cell's key, and the last values of those that were."""

    shown: dict[str, Shown] = field(default_factory=dict)
    hidden: dict[Name, int] = field(default_factory=dict)

    def update(self, cells: State, devices: Mapping[str, str], moment: float, room: int) -> bool:
        """Take a sample's `cells`, all above zero; return whether a restart must know of a change.

        At most `room` cells have a series. `devices` gives the device of each IRQ. `moment` is the
        sample's, Unix seconds.
        """
        before = list(self.shown.values())
        for key, series in list(self.shown.items()):
            if key not in cells or devices[key[: key.rindex(",")]] != series.name.device:
                self._hide(key)
        free = min(room, len(cells)) - len(self.shown)
        if free < 0:
            for key in nsmallest(-free, self.shown, key=cells.__getitem__):
                self._hide(key)
        elif free:
            waiting = (key for key in cells if key not in self.shown)
            for key in nlargest(free, waiting, key=cells.__getitem__):
                self._show(_name(key, devices), moment)
        if len(self.shown) < len(cells):
            self._swap(cells, devices, moment)
        began = self._count(cells, moment)
        return began or before != list(self.shown.values())

    def _swap(self, cells: State, devices: Mapping[str, str], moment: float) -> None:
        """Give the places of the least busy to those that overtook them."""
        enough = OVERTAKEN_BY * min(map(cells.__getitem__, self.shown), default=0)
        waiting = [key for key, n in cells.items() if n > enough and key not in self.shown]
        waiting.sort(key=cells.__getitem__, reverse=True)
        least = sorted(self.shown, key=cells.__getitem__) if waiting else []
        for promoted, demoted in zip(waiting, least, strict=False):
            if cells[promoted] <= OVERTAKEN_BY * cells[demoted]:
                return
            self._hide(demoted)
            self._show(_name(promoted, devices), moment)

    def _show(self, name: Name, moment: float) -> None:
        value = self.hidden.pop(name, 0)
        self.shown[name.key] = Shown(name, value, moment + HELD_SECONDS)

    def _hide(self, key: str) -> None:
        """Hide a series; the others count from its last value on."""
        series = self.shown.pop(key)
        self.hidden[series.name] = series.value

    def _count(self, cells: State, moment: float) -> bool:
        """Bring the values up to date; return whether a series began to count."""
        began = False
        for key, series in self.shown.items():
            if series.base is not None:
                series.value = cells[key] - series.base
            elif moment >= series.held_until:
                series.base, began = cells[key] - series.value, True
        return began

    def others(self, cells: State, cpus: Iterable[int]) -> dict[str, int]:
        """Return the counter of all that no series counted, for each of `cpus`."""
        counts: defaultdict[str, int] = defaultdict(int, dict.fromkeys(map(str, cpus), 0))
        for key, n in cells.items():
            series = self.shown.get(key)
            counts[_cpu(key)] += n if series is None else n - series.value
        for name, n in self.hidden.items():
            counts[_cpu(name.key)] -= n
        return dict(counts)


def _name(key: str, devices: Mapping[str, str]) -> Name:
    return Name(key, devices[key[: key.rindex(",")]])


def _cpu(key: str) -> str:
    return key[key.rindex(",") + 1 :]


def selection_json(selection: Selection) -> dict[str, Any]:
    """Return what the next start must know of a selection; one that is held is as if hidden."""
    shown = [series for series in selection.shown.values() if series.base is not None]
    held = [series for series in selection.shown.values() if series.base is None]
    hidden = [*selection.hidden.items(), *((series.name, series.value) for series in held)]
    return {
        "shown": [[*series.name, series.base] for series in shown],
        "hidden": [[*name, n] for name, n in hidden if n],
    }


def read_selection(values: Mapping[str, Any], cells: State) -> Selection:
    """Return the selection that selection_json() wrote, for the first `cells` after a start.

    Raise ValueError if there is none, or if the series counted more than the cells hold: then this
    is another history.
    """
    shown, hidden = (_read_counts(values.get(part)) for part in ("shown", "hidden"))
    for name, n in [*shown.items(), *hidden.items()]:
        if cells.get(name.key, 0) < n:
            raise ValueError(f"{name.key} has counted less than {n}")
    return Selection(
        {name.key: Shown(name, cells[name.key] - base, 0.0, base) for name, base in shown.items()},
        hidden,
    )


def _read_counts(rows: Any) -> dict[Name, int]:
    """Return whole numbers by name, of lists of a key, a device and a number."""
    found = {}
    for row in rows if isinstance(rows, list) else [None]:
        match row:
            case [str(key), str(device), int(count)] if "," in key and count >= 0:
                found[Name(key, device)] = count
            case _:
                raise ValueError(f"expected a key, a device and a count, found {row!r:.60}")
    return found
