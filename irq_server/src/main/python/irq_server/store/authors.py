"""The authors of affinity changes: those who asked the server for them. Pure.

The kernel does not name who wrote an affinity, but the server logs its requests. The writer of
affinities records a request just before the change that it made. Two lines of events.csv::

    1767225612,affinity_request,36,,1 from 127.0.0.1
    1767225612,affinity,36,,0-1 -> 1
"""

import re
from collections.abc import Iterable
from dataclasses import replace

from ..events import Event, Kind

_REQUEST = re.compile(r"(?P<cpus>\S+) from (?P<who>.+?)(?P<refusal>: refused: .*)?", re.DOTALL)


class Authors:
    """Fill in who asked for each change, event by event in the order of the log.

    One thread at a time may call it.
    """

    def __init__(self) -> None:
        self._requests: dict[str | None, tuple[str, str]] = {}  # the CPUs asked for, and by whom

    def fill(self, events: Iterable[Event]) -> list[Event]:
        """Return the events, each with its ``by``."""
        return [self._filled(each) for each in events]

    def _filled(self, event: Event) -> Event:
        if event.event == Kind.START:
            self._requests = {}  # nobody saw what changed while the server was down
        elif event.event == Kind.AFFINITY_REQUEST:
            request = _REQUEST.fullmatch(event.detail)
            if request is not None:
                if not request["refusal"]:
                    self._requests[event.irq] = request["cpus"], request["who"]
                return replace(event, by=request["who"])
        elif event.event == Kind.AFFINITY:
            cpus, who = self._requests.pop(event.irq, ("", ""))
            if event.detail.endswith(f" -> {cpus}") and cpus:
                return replace(event, by=who)
        return event
