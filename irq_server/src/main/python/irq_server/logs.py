"""Where the log goes, and how much of it."""

import logging
import sys


def set_up(level: int) -> None:
    """Logs what is at least of `level` to standard error, from now on."""
    logging.basicConfig(
        level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr
    )
    logging.getLogger("waitress").setLevel(logging.WARNING)
