"""The threads that answer requests: one for health alone, and a few for all others.

So a crowd that asks for large answers cannot keep a monitor from learning that the server is well.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from waitress.task import ThreadedTaskDispatcher

from ..web.routes import HEALTH_PATHS

_log = logging.getLogger(__name__)

STUCK_SECONDS = 30.0
"""How long all workers may have the same requests in hand. An answer takes a few seconds."""

NO_ANSWERS = "no request is answered"


class Dispatcher(ThreadedTaskDispatcher):
    """Hands each connection with a request to a thread; waitress calls a connection a task."""

    def __init__(self, count: int) -> None:
        """Start `count` threads, and the one for health."""
        super().__init__()
        self.set_thread_count(count)
        self._health = ThreadedTaskDispatcher()
        self._health.set_thread_count(1)

    def add_task(self, task: Any) -> None:
        """Have a connection's request answered. Any thread may call this."""
        if asks_for_health(task):
            self._health.add_task(task)
        else:
            super().add_task(task)

    def shutdown(self, cancel_pending: bool = True, timeout: Any = 5) -> bool:
        """End the threads; wait `timeout` seconds for those at work."""
        self._health.set_thread_count(0)
        return super().shutdown(cancel_pending, timeout)


def asks_for_health(connection: Any) -> bool:
    """Return whether a connection's request is for a path of HEALTH_PATHS."""
    requests = connection.requests[:1]
    return any(getattr(each, "path", None) in HEALTH_PATHS for each in requests)


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
