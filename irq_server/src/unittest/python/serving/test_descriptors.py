"""The files of the process: connections leave enough to the sampler and the store."""

import pytest

from irq_server.kernel.procfs import AffinityLists, Procfs
from irq_server.serving import descriptors as module
from simulated import Machine

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
    # 1024: 256 for affinity lists, 128 for the rest
    [(1024, 640), (512, 256), (4096, 2000), (UNLIMITED, 2000), (64, 16)],
)
def test_connections_get_what_the_others_leave(limits: Limits, soft: int, connections: int):
    limits.pair = (soft, soft)

    assert module.connections_allowed() == connections


def test_all_connections_and_all_affinity_lists_leave_the_reserve(limits: Limits, machine: Machine):
    assert machine.root
    limits.pair = (256, 256)
    for number in range(600, 900):
        machine.device(number, f"eth{number}")
        machine.set_affinity(number, "0-1", "0")
    lists = AffinityLists(Procfs(machine.root))

    assert all(lists.read(str(number)) for number in range(600, 900))

    assert len(lists._open) + module.connections_allowed() == 256 - 128
    lists.close()
