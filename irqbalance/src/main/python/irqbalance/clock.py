"""The clock, as a value that a test can put another in place of."""

import time
from collections.abc import Callable
from typing import NamedTuple


class Clock(NamedTuple):
    """Moments in Unix seconds, spans in seconds, and waiting."""

    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
