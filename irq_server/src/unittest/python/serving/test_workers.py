"""The workers: all of them busy with the same requests for long is a fault."""

import logging
from contextlib import ExitStack

import pytest

from irq_server.serving.workers import STUCK_SECONDS, Workers


class Clock:
    """A clock that a test sets."""

    now = 100.0

    def __call__(self) -> float:
        """Return its time."""
        return self.now


def test_all_workers_with_the_same_requests_for_long_are_stuck(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    clock = Clock()
    workers = Workers(2, clock)
    with ExitStack() as held:
        held.enter_context(workers.at_work())
        clock.now += 1000.0
        assert not workers.are_stuck(clock.now)  # the other one answers
        held.enter_context(workers.at_work())
        assert not workers.are_stuck(clock.now + STUCK_SECONDS - 1.0)
        late = clock.now + STUCK_SECONDS
        for _ in range(3):
            workers.look(late)
        assert workers.are_stuck(late)

    assert not workers.are_stuck(late)
    for _ in range(3):
        workers.look(late)
    assert caplog.messages == [
        "no request is answered: all 2 workers have had a request in hand for 30 s",
        "requests are answered again",
    ]


def test_workers_that_finish_are_not_stuck_however_busy_they_are():
    clock = Clock()
    workers = Workers(1, clock)
    for _ in range(10):
        with workers.at_work():
            assert not workers.are_stuck(clock.now)
            clock.now += STUCK_SECONDS - 1.0


def test_a_worker_that_fails_is_no_longer_busy():
    workers = Workers(1, Clock())
    with pytest.raises(OSError, match="broken"), workers.at_work():
        raise OSError("broken")

    assert not workers.are_stuck(1e9)
