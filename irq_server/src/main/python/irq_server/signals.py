"""What signals do to the process."""

import signal
from collections.abc import Callable

_ENDING = (signal.SIGTERM, signal.SIGINT)


def on_end(stop: Callable[[], None]) -> None:
    """Calls `stop`, in the main thread, whenever SIGTERM or SIGINT comes."""
    for number in _ENDING:
        signal.signal(number, lambda *_: stop())
