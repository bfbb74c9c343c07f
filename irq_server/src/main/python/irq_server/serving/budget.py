"""The memory that all connections together may hold: close those that hold it for longest.

A single request and a single answer have limits. Two thousand clients that send slowly, or read
nothing, would still fill the memory. What is read of requests, and what waits of answers, each has
a budget. Beyond it the serving thread closes connections: of requests the oldest unfinished one, of
answers the one of which the client took nothing for longest.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Any

from ..web.limits import MAX_ANSWER_BYTES

_log = logging.getLogger(__name__)

REQUESTS_BYTES = 16 * 2**20
ANSWERS_BYTES = MAX_ANSWER_BYTES
"""One answer may be as large, and stays if it is alone."""

EPISODE_SECONDS = 60.0
"""Closings belong together, and are logged once, if none is longer apart."""


class Budget:
    """The memory of a server's connections. The serving thread alone calls this."""

    def __init__(self) -> None:
        self._closed_at: float | None = None

    def keep(self, connections: Sequence[Any], now: float) -> None:
        """Close connections until the others hold no more than the budgets; log that once."""
        asking = [(each, each.request_bytes) for each in connections if each.request_bytes]
        answered = [(each, each.answer_bytes) for each in connections if each.answer_bytes]
        unfinished = [(each, size) for each, size in asking if each.can_go]
        excess = sum(size for _, size in asking) - REQUESTS_BYTES
        closed = _close(unfinished, excess, lambda each: each.began)
        excess = sum(size for _, size in answered) - ANSWERS_BYTES
        closed += _close(answered, excess, lambda each: each.taken_at, spared=1)
        if closed:
            if self._closed_at is None or now - self._closed_at >= EPISODE_SECONDS:
                words = "%d connections are closed: together they held too much memory"
                _log.warning(words, closed)
            self._closed_at = now


def _close(
    held: Sequence[tuple[Any, int]],
    excess: int,
    since: Callable[[Any], float],
    spared: int = 0,
) -> int:
    """Close connections until they gave back `excess` bytes; return their number.

    Those with the earliest moment `since` go first; the last `spared` of them stay in any case.
    """
    if excess <= 0:
        return 0
    closed = 0
    for each, size in sorted(held, key=lambda pair: since(pair[0]))[: len(held) - spared]:
        excess -= size
        each.handle_close()
        closed += 1
        if excess <= 0:
            break
    return closed
