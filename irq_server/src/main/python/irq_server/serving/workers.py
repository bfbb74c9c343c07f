"""The threads that answer requests: notice when all of them are stuck."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_log = logging.getLogger(__name__)

STUCK_SECONDS = 30.0
"""How long all workers may have the same requests in hand. An answer takes a few seconds."""

NO_ANSWERS = "no request is answered"


class Workers:
    """The `count` workers, each of which says when it is at work. The clock is monotonic."""

    def __init__(self, count: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._count = count
        self._clock = clock
        self._lock = threading.Lock()  # for the two below, which all workers change
        self._busy = 0
        self._full_since: float | None = None
        self._logged = False

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Count the calling thread as busy meanwhile."""
        with self._lock:
            self._busy += 1
            if self._busy >= self._count:
                self._full_since = self._clock()
        try:
            yield
        finally:
            with self._lock:
                self._busy -= 1
                self._full_since = None

    def are_stuck(self, now: float) -> bool:
        """Return whether all are busy and none has finished for long."""
        since = self._full_since
        return since is not None and now - since >= STUCK_SECONDS

    def look(self, now: float) -> None:
        """Log once that all are stuck, and that they no longer are. One thread calls this."""
        stuck = self.are_stuck(now)
        if stuck and not self._logged:
            words = "%s: all %d workers have had a request in hand for %g s"
            _log.error(words, NO_ANSWERS, self._count, STUCK_SECONDS)
        elif self._logged and not stuck:
            _log.info("requests are answered again")
        self._logged = stuck
