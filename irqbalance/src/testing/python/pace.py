"""How thorough the tests are: quick, or full if CI is set or TEST_PACE says so.

`pyb` sets TEST_PACE (see build.py). The same file in all three projects.
"""

import os
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

from hypothesis import settings

T = TypeVar("T")

FULL = os.environ.get("TEST_PACE", "full" if os.environ.get("CI") else "quick") == "full"


def examples(full: int) -> int:
    """Return the number of examples for a check that looks at `full` examples in a full run."""
    return full if FULL else max(10, full // 5)


def some(cases: Iterable[T]) -> Iterator[T]:
    """Return all cases in a full run, else every fifth of them, the first included."""
    return islice(cases, 0, None, 1 if FULL else 5)


def load_profile() -> None:
    """Make Hypothesis keep the pace, without a deadline: a slow machine must not fail a test."""
    settings.register_profile("pace", deadline=None, max_examples=examples(100))
    settings.load_profile("pace")
