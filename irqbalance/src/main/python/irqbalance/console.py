"""What says things to people, and to the log. Pure: the command makes them."""

from collections.abc import Callable
from typing import NamedTuple


class Tellers(NamedTuple):
    """What says things to people: always, unless quiet, when verbose, on a terminal only.

    ``told`` is given every affinity that is written, and may have a log to tell it to as well.
    """

    failed: Callable[[str], None]
    warned: Callable[[str], None]
    told: Callable[[str], None]
    progress: Callable[[str], None]
