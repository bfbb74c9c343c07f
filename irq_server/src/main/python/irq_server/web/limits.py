"""How large a request and its answer may be, so that none costs more than a few seconds. Pure."""

import math
from collections.abc import Sequence

from ..errors import ParameterError
from ..events import Event
from ..store.counts import Counts
from ..times import format_moment
from .query import Edges

MAX_BODY_BYTES = 64 * 1024

MAX_CELLS = 1_000_000
"""Numbers in one answer: some 20 MB of JSON."""

MAX_READS = 10_000_000
"""Cells that one series reads in all its steps; a few seconds' work."""

MAX_EVENTS = 50_000

MAX_ANSWER_BYTES = 64 * 2**20


def check_table(counts: Counts) -> None:
    """Refuse a table of too many cells. Raise ParameterError, which names a ``top`` that works."""
    rows, columns = len(counts.irqs), len(counts.cpus)
    if rows * columns > MAX_CELLS:
        raise ParameterError(
            "top",
            f"{rows} IRQs on {columns} CPUs are more than {MAX_CELLS} numbers; "
            f"{MAX_CELLS // columns} IRQs work, or fewer CPUs by cpu",
        )


def check_series(edges: Edges, step: float, keys: int, reads: int) -> None:
    """Refuse a series of too many cells, or one that takes too long.

    A step has at most `keys`, and reads `reads` cells. Raise ParameterError, which names the
    smallest step that works.
    """
    seconds = edges.end - edges.start
    steps = math.ceil(round(seconds / step, 6))
    most = min(MAX_CELLS // max(keys, 1), MAX_READS // max(reads, 1))
    if steps <= max(most, 1):
        return
    smallest = math.ceil(seconds / max(most, 1) * 1000) / 1000
    raise ParameterError(
        "step",
        f"{steps} steps of {keys} counts, out of {reads} on this machine, are too many (at most "
        f"{MAX_CELLS} counts, out of {MAX_READS}); the smallest that works is {smallest:g}s, "
        "others with a shorter period, or fewer counts by top, irq or cpu",
    )


def check_events(events: Sequence[Event]) -> None:
    """Refuse too many events. Raise ParameterError, which names a ``start`` that works."""
    if len(events) > MAX_EVENTS:
        start = format_moment(events[-MAX_EVENTS - 1].time)
        raise ParameterError(
            "start",
            f"{len(events)} events are more than {MAX_EVENTS}; a window that starts at {start} "
            "or later works, or one of fewer IRQs by irq",
        )


def check_bytes(length: int, parameter: str) -> None:
    """Refuse too long an answer. Raise ParameterError, which names the `parameter` to change."""
    if length > MAX_ANSWER_BYTES:
        raise ParameterError(
            parameter,
            f"the answer has {length} bytes, at most {MAX_ANSWER_BYTES} are given; "
            "ask for less at a time",
        )
