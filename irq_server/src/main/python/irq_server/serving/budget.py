"""The memory that all connections together may hold: close those that hold it for longest.

A single request and a single answer have limits. Two thousand clients that send slowly, or read
nothing, would still fill the memory. What is read of requests, and what waits of answers, each has
a budget. Beyond it the serving thread closes connections: of requests the oldest unfinished one, of
answers the one of which the client took nothing for longest.
"""

import logging
from collections.abc import Sequence
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
        asking = [each for each in connections if each.request_bytes]
        excess = sum(each.request_bytes for each in asking) - REQUESTS_BYTES
        closed = 0
        if excess > 0:
            for each in sorted(filter(_is_unfinished, asking), key=lambda one: one.began):
                excess -= each.request_bytes
                each.handle_close()
                closed += 1
                if excess <= 0:
                    break
        answered = [each for each in connections if each.answer_bytes]
        excess = sum(each.answer_bytes for each in answered) - ANSWERS_BYTES
        if excess > 0:
            for each in sorted(answered, key=lambda one: one.taken_at)[: len(answered) - 1]:
                excess -= each.answer_bytes
                each.handle_close()
                closed += 1
                if excess <= 0:
                    break
        if closed:
            if self._closed_at is None or now - self._closed_at >= EPISODE_SECONDS:
                words = "%d connections are closed: together they held too much memory"
                _log.warning(words, closed)
            self._closed_at = now


def _is_unfinished(each: Any) -> bool:
    return bool(each.can_go)
