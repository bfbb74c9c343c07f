"""The files of the process: connections leave enough to the sampler and the store."""

import pytest

from irq_server.serving import descriptors as module

UNLIMITED = module.resource.RLIM_INFINITY


class Limits:
    """The limits of a process."""

    def __init__(self, soft: int, hard: int) -> None:
        self.pair = (soft, hard)

    def get(self, _: int) -> tuple[int, int]:
        """Return the soft and the hard one."""
        return self.pair

    def set(self, _: int, pair: tuple[int, int]) -> None:
        """Take both."""
        self.pair = pair


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> Limits:
    made = Limits(1024, 4096)
    monkeypatch.setattr(module.resource, "getrlimit", made.get)
    monkeypatch.setattr(module.resource, "setrlimit", made.set)
    return made


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((1024, 4096), (4096, 4096)),
        ((1024, 1024), (1024, 1024)),
        ((1024, UNLIMITED), (65536, UNLIMITED)),
        ((100_000, UNLIMITED), (100_000, UNLIMITED)),
        ((UNLIMITED, UNLIMITED), (UNLIMITED, UNLIMITED)),
    ],
)
def test_the_soft_limit_becomes_the_hard_one(
    limits: Limits, before: tuple[int, int], after: tuple[int, int]
):
    limits.pair = before

    module.raise_limit()

    assert limits.pair == after


def test_a_limit_that_may_not_be_raised_stays(limits: Limits, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(module.resource, "setrlimit", refuse)

    module.raise_limit()

    assert limits.pair == (1024, 4096)


@pytest.mark.parametrize(
    ("soft", "connections"),
    # 128 are for the rest of the process
    [(1024, 896), (512, 384), (4096, 2000), (UNLIMITED, 2000), (64, 16)],
)
def test_connections_get_what_the_others_leave(limits: Limits, soft: int, connections: int):
    limits.pair = (soft, soft)

    assert module.connections_allowed() == connections
