"""A host without an irq_server: node_exporter's counters, which cannot be counted by exactly.

They carry no times of their own and name the columns of /proc/interrupts, which are not the CPUs
if one is offline. So their growth is extrapolated, and every answer says so.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from ..server.request import Request
from . import promql
from .api import Series
from .counts import Cells, Counts, Json, by_cpu, chosen, device_rows, rows_of, values
from .host_client import HostClient
from .samples import Past, resolution_of

_LEAST_SCRAPES = 4
"""Scrapes in a step: over fewer, increase() guesses as much as it measures."""

NOTE = "extrapolated; CPU numbers are columns"

_ACTIONS = re.compile(r"(?:\d+\s+)?\S*(?:edge|level|fasteoi)\S*\s+(.*)", re.IGNORECASE)
"""Source: ``devices`` of node_exporter 1.5, ``512000-edge ahci[0000:00:1f.2]``, ``27 Level twd``"""


class NodeClient(HostClient):
    """A host of which only node_exporter's `node_interrupts_total` is stored."""

    def _past(self, request: Request) -> Past:
        start, end, now = self._edges(request)
        found = self._api.at(promql.raw(self._selected(promql.UP), end - start), end)
        times = sorted({at for each in found for at, _ in each.samples})
        resolution = _LEAST_SCRAPES * resolution_of(times)
        return Past(start, end, now, times, start, end, resolution, note=NOTE)

    def _counts(self, request: Request, *, sums: bool = False) -> Counts:  # noqa: ARG002 - HostClient's
        past = self._past(request)
        cells = self._grown(request, past.start, past.end)
        rows = rows_of(chosen(cells, request.device))
        cpus = sorted({cpu for row in rows for cpu in row.by_cpu})
        totals, devices = by_cpu(rows, cpus), by_cpu(device_rows(rows), cpus)
        window, usable = past.window_json(), frozenset(cpus)
        return self._chosen(Counts(window, past.seconds, rows, totals, devices, usable), request)

    def _increments(
        self,
        past: Past,  # noqa: ARG002 - HostClient's
        request: Request,
        edges: Sequence[int],
    ) -> Iterator[tuple[int, int, Cells]]:
        for start, end in pairwise(edges):
            yield start, end, self._grown(request, start, end)

    def _grown(self, request: Request, start: int, end: int) -> Cells:
        series = self._selected(promql.NODE, request, "type")
        return _cells(self._api.at(promql.grown(series, end - start), end))

    def _events(self, request: Request) -> Json:  # noqa: ARG002 - HostClient's
        raise self._unknown("knows what happened, and none is stored here")

    def _status(self) -> Json:
        raise self._unknown("has a status, and none is stored here")


def _cells(found: Iterable[Series]) -> Cells:
    """Return counts by IRQ, device and column."""
    cells = values(found, ("type", "devices", "cpu"))
    return {(irq, _device(text), cpu): count for (irq, text, cpu), count in cells.items()}


def _device(text: str) -> str:
    """Return the action names out of the rest of a row."""
    match = _ACTIONS.fullmatch(text)
    return match[1] if match else text
