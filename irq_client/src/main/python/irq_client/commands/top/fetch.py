"""A live view's questions: counts of a window, affinities, and the changes before its end."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...server import model
from ...server.cpu_list import parse_cpu_list
from ...server.request import Request
from ...server.times import Duration, Time
from .state import Asked

if TYPE_CHECKING:
    from ...server.client import Client

CHANGES_PERIOD = Duration("3600", 3600.0)
"""How far back affinity changes are shown, from the end of the window."""

SEEK_PERIOD = Duration("7d", 604_800.0)
"""How far back an earlier change is looked for."""

MORE_EVERY_SECONDS = 10.0
"""The pause between requests for affinities and changes; servers notice them no sooner."""


@dataclass(frozen=True, slots=True)
class TopData:
    """A server's answers: the counts of a window, and the changes before its end."""

    interrupts: model.Interrupts
    changes: tuple[model.Event, ...] = ()
    """Affinity changes, oldest first."""
    affinities: dict[str, str] = field(default_factory=dict)
    """By IRQ, as they are now."""
    is_whole: bool = True
    """False if filters leave IRQs or CPUs out."""
    end: float | None = None
    """The requested end, in Unix seconds; None for now."""
    note: str = ""
    """Why no change was found."""
    usable: frozenset[int] | None = None
    """The CPUs whose load is balanced; None for all."""


class Fetcher:
    """Asks one server. `filters` has no window. Raises ServerError."""

    def __init__(
        self, client: "Client", filters: Request, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._filters = filters
        self._clock = clock
        self._affinities: dict[str, str] = {}
        self._changes: tuple[model.Event, ...] = ()
        self._changes_of: float | None = None
        self._usable: frozenset[int] | None = None
        self._more_due = 0.0

    def __call__(self, asked: Asked) -> TopData:
        """Return the counts of a window, and the affinity changes of the hour before its end."""
        end, note = self._sought(asked) if asked.seek else (asked.end, "")
        answer = self._client.interrupts(
            self._filters._replace(period=Duration.exactly(asked.period_seconds), end=_time(end))
        )
        if self._clock() >= self._more_due or end != self._changes_of:
            self._ask_more(end)
        filters = self._filters
        return TopData(
            answer,
            self._changes,
            self._affinities,
            is_whole=not (filters.irqs or filters.cpus or filters.device),
            end=end,
            note=note,
            usable=self._usable,
        )

    def _ask_more(self, end: float | None) -> None:
        """Ask for affinities, changes and usable CPUs."""
        rows = self._client.irqs(self._filters._replace(cpus=None, nonzero=False)).irqs
        self._affinities = {each.irq: each.affinity or "" for each in rows}
        self._changes = self._ask_changes(Request(period=CHANGES_PERIOD, end=_time(end)))
        self._changes_of = end
        self._usable = self._client.status().usable
        self._more_due = self._clock() + MORE_EVERY_SECONDS

    def _ask_changes(self, window: Request) -> tuple[model.Event, ...]:
        """Return the affinity changes that pass the filters, oldest first; none if not named."""
        if not self._client.names_changes:
            return ()
        filters = self._filters
        events = self._client.events(window, irqs=filters.irqs, device=filters.device).events
        return tuple(each for each in events if each.change and self._passes(each.change))

    def _passes(self, lists: tuple[str, str]) -> bool:
        """Return True if a change is from or to one of the CPUs."""
        if self._filters.cpus is None:
            return True
        try:
            touched = {cpu for each in lists for cpu in parse_cpu_list(each).cpus}
        except ValueError:  # a server that words it in another way
            return True
        return not touched.isdisjoint(self._filters.cpus.cpus)

    def _sought(self, asked: Asked) -> tuple[float | None, str]:
        """Return the time of the change before or behind the asked end, and what is to be said."""
        if asked.seek < 0:
            found = self._ask_changes(Request(period=SEEK_PERIOD, end=_time(asked.end)))
            times = [each.time.seconds for each in found]
            earlier = [each for each in times if asked.end is None or each < asked.end]
            if earlier:
                return earlier[-1], ""
            return asked.end, f"no earlier affinity change in {SEEK_PERIOD.text}"
        if asked.end is None:
            return None, "no later affinity change yet"
        found = self._ask_changes(Request(start=_time(asked.end)))
        if found:
            return found[0].time.seconds, ""
        return None, "no later affinity change"


def _time(end: float | None) -> Time | None:
    return None if end is None else Time.at(end)
