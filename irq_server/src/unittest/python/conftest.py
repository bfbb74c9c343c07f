"""What several test modules share: captured machines, and a simulated one with all over it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import pace
from captures import unpack as unpack_archive
from house import House
from irq_server.kernel.procfs import Procfs
from irq_server.kernel.topology import Topology
from irq_server.sampling.sampler import Sampler
from irq_server.store.store import Store
from irq_server.web.access.guard import Rules
from irq_server.web.access.hosts import Hosts
from irq_server.web.app import create_app
from simulated import FakeClock, Machine
from storing import START, Open, killed

pytest_plugins = ["in_time"]

pace.load_profile()

CAPTURES = Path(__file__).parent.parent / "resources" / "captures"
"""Trees of /proc and /sys of real machines, one archive each, as files with their modes."""


@pytest.fixture(scope="session")
def captured(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return a function from a capture's name to its unpacked tree, which tests must not change."""
    folder = tmp_path_factory.mktemp("captures")

    def unpack(name: str) -> Path:
        if not (folder / name).is_dir():
            unpack_archive(CAPTURES / f"{name}.tar.xz", folder)
        return folder / name

    return unpack


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine with two CPUs: IRQ 24 of eth0, IRQ 25 of a disk, the local timer and ERR."""
    made = Machine(tmp_path / "proc")
    made.device(24, "eth0")
    made.device(25, "nvme0q1")
    made.add("LOC", "Local timer interrupts")
    made.figures["ERR"] = 0
    made.show()
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A place for a data directory."""
    return tmp_path / "data"


@pytest.fixture
def opened(folder: Path) -> Iterator[Open]:
    """Return a function that opens the store, which the test's end closes."""
    stores: list[Store] = []

    def open_one(**options: object) -> Store:
        stores.append(Store(folder, **options))
        return stores[-1]

    yield open_one
    for store in stores:
        killed(store)


@pytest.fixture
def empty(machine: Machine, tmp_path: Path) -> Iterator[House]:
    """A house without a sample."""
    assert machine.root
    clock = FakeClock(START - 10)
    store = Store(tmp_path / "data", interval_seconds=10.0)
    procfs = Procfs(machine.root)
    sampler = Sampler(procfs, store, clock)
    rules = Rules(Hosts(["127.0.0.1"], []), writes_allowed=True)
    topology = Topology(machine.root.parent / "sys")
    app = create_app(store, sampler, procfs, clock.now, topology=topology, rules=rules)
    yield House(machine, store, clock, sampler, app.test_client())
    store.close()


@pytest.fixture
def house(empty: House) -> House:
    """Three samples: IRQ 24 fires 5 on CPU 1 then 100 on CPU 0; LOC 10 on each, ERR once."""
    house, machine = empty, empty.machine
    machine.set_affinity(24, "0-1", "0")
    machine.set_affinity(25, "1", "1", mode=0o444)
    machine.fire("24", 0, 1000)
    house.sample()
    machine.fire("24", 1, 5)
    machine.fire("LOC", 0, 10)
    house.sample()
    machine.fire("24", 0, 100)
    machine.fire("LOC", 1, 10)
    machine.figures["ERR"] = 1
    house.sample()
    return house
