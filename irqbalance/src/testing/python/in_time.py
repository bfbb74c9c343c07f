"""A pytest plugin: the fixture `in_time` ends a test that waits for ever."""

import signal
from collections.abc import Iterator
from types import FrameType

import pytest

SECONDS = 10


class _WaitedError(BaseException):
    """No code takes it for an error of a file, as it would TimeoutError."""


@pytest.fixture
def in_time() -> Iterator[None]:
    """Fail a test that waits for ever, as one that opens a pipe may do."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise _WaitedError

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)
