"""The facts of CPUs and devices, on captured and on made machines."""

from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import FakeMachine
from irqbalance.kernel.procfs import Machine
from irqbalance.kernel.topology import Topology, read_topology


def test_a_captured_machine_of_two_nodes_is_understood(captured: Callable[[str], Path]):
    root = captured("x86_64-8cpu-2node")

    found = read_topology(Machine(root / "proc", root / "sys"), ["24", "26", "57", "60", "0"])

    assert found.nodes == dict.fromkeys(range(4), 0) | dict.fromkeys(range(4, 8), 1)
    assert found.siblings == {}
    assert found.irq_nodes == {"24": 1, "26": 0, "57": 0}
    assert found.cpus_of_node(1) == {4, 5, 6, 7}


def test_a_made_machine_tells_capacities_threads_and_nodes(fake: FakeMachine):
    for cpu in (0, 1):
        fake.write(f"sys/devices/system/cpu/cpu{cpu}/cpu_capacity", f"{1024 // (cpu + 1)}\n")
        fake.write(f"sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list", "0-1\n")
        fake.write(f"sys/devices/system/node/node{cpu}/cpulist", f"{cpu}\n")
    fake.write("sys/devices/system/cpu/cpufreq/ignored", "")
    fake.write("sys/bus/pci/devices/0000:00:01.0/numa_node", "1\n")
    fake.write("sys/bus/pci/devices/0000:00:01.0/msi_irqs/24", "msix\n")
    fake.write("sys/bus/pci/devices/0000:00:02.0/numa_node", "0\n")
    fake.write("sys/bus/pci/devices/0000:00:02.0/irq", "11\n")
    fake.write("sys/bus/pci/devices/0000:00:03.0/numa_node", "-1\n")
    fake.write("sys/bus/pci/devices/0000:00:03.0/msi_irqs/26", "msix\n")

    found = read_topology(fake.machine, ["24", "11", "26", "29"])

    assert found == Topology(
        {0: 1024, 1: 512},
        {0: 0, 1: 1},
        {0: frozenset({0, 1}), 1: frozenset({0, 1})},
        {"24": 1, "11": 0},
        {"24": "0000:00:01.0", "11": "0000:00:02.0", "26": "0000:00:03.0"},
    )
    assert found.cpus_of_node(1) == {1}
    assert found.speeds([0, 1]) == [1.0, 0.5]


def test_files_that_hold_something_else_tell_nothing(fake: FakeMachine):
    fake.write("sys/devices/system/cpu/cpu0/cpu_capacity", "many\n")
    fake.write("sys/devices/system/cpu/cpu0/topology/thread_siblings_list", "(null)\n")
    fake.write("sys/devices/system/node/node0/cpulist", "\n")

    assert read_topology(fake.machine, ["24"]) == Topology()


def test_all_interrupts_of_a_pci_device_are_one_devices(fake: FakeMachine):
    for irq, device in ((24, "3b:00.0"), (25, "3b:00.0"), (26, "86:00.0")):
        fake.write(f"sys/bus/pci/devices/0000:{device}/msi_irqs/{irq}", "msix\n")
    # with MSI this file names a vector too, or the line that is not used
    fake.write("sys/bus/pci/devices/0000:3b:00.0/irq", "17\n")

    found = read_topology(fake.machine, ["17", "24", "25", "26", "27"])

    assert found.irq_devices == {"24": "0000:3b:00.0", "25": "0000:3b:00.0", "26": "0000:86:00.0"}


def test_a_line_that_pci_devices_share_and_irq_0_are_no_devices(fake: FakeMachine):
    for device, irq in (("01.0", 11), ("02.0", 11), ("03.0", 0), ("04.0", 12)):
        fake.write(f"sys/bus/pci/devices/0000:00:{device}/irq", f"{irq}\n")

    assert read_topology(fake.machine, ["0", "11", "12"]).irq_devices == {"12": "0000:00:04.0"}


def nodes(fake: FakeMachine, *lists: str, distances: tuple[str, ...] = ()) -> None:
    """Make NUMA nodes of these CPU lists, and their rows of distances."""
    for node, cpus in enumerate(lists):
        fake.write(f"sys/devices/system/node/node{node}/cpulist", f"{cpus}\n")
    for node, row in enumerate(distances):
        fake.write(f"sys/devices/system/node/node{node}/distance", f"{row}\n")


def test_the_cpus_near_a_device_are_those_of_the_nearest_nodes_first(fake: FakeMachine):
    rows = ("10 12 21 31", "12 10 31 21", "21 31 10 12", "31 21 12 10")
    nodes(fake, "0-1", "2-3", "4-5", "6-7", distances=rows)
    fake.write("sys/bus/pci/devices/0000:00:01.0/numa_node", "2\n")
    fake.write("sys/bus/pci/devices/0000:00:01.0/msi_irqs/24", "msix\n")

    found = read_topology(fake.machine, ["24", "25"])

    assert found.distances[2] == {0: 21, 1: 31, 2: 10, 3: 12}
    assert found.cpus_near(2) == ({4, 5}, {4, 5, 6, 7}, {0, 1, 4, 5, 6, 7})
    assert found.cpus_of_node(2) == {4, 5}
    assert found.irq_nodes == {"24": 2}


def test_nodes_as_far_as_each_other_are_near_together(fake: FakeMachine):
    nodes(fake, "0", "1", "2", distances=("10 20 20", "20 10 20", "20 20 10"))
    fake.write("sys/bus/pci/devices/0000:00:01.0/numa_node", "1\n")
    fake.write("sys/bus/pci/devices/0000:00:01.0/irq", "24\n")

    assert read_topology(fake.machine, ["24"]).cpus_near(1) == ({1},)


@pytest.mark.parametrize(
    "row", ["", "10 20", "10 20 x", "10 20 -1", "10 20 20 20", "1e3 20 30", "9" * 5000 + " 1 2"]
)
def test_distances_that_are_no_row_of_numbers_are_unknown(fake: FakeMachine, row: str):
    nodes(fake, "0", "1", "2", distances=(row, row, row))
    fake.write("sys/bus/pci/devices/0000:00:01.0/numa_node", "1\n")
    fake.write("sys/bus/pci/devices/0000:00:01.0/irq", "24\n")

    found = read_topology(fake.machine, ["24"])

    assert found.distances == {}
    assert found.cpus_near(1) == ({1},)


def test_the_columns_of_distances_are_the_online_nodes(fake: FakeMachine):
    for node, cpus, row in ((0, "0-1", "10 40 17"), (2, "2-3", "40 10 17"), (5, "", "17 17 10")):
        fake.write(f"sys/devices/system/node/node{node}/cpulist", f"{cpus}\n")
        fake.write(f"sys/devices/system/node/node{node}/distance", f"{row}\n")
    fake.write("sys/devices/system/node/node7/cpulist", "\n")
    fake.write("sys/devices/system/node/online", "0,2,5\n")

    found = read_topology(fake.machine, [])

    assert found.distances[0] == {0: 10, 2: 40, 5: 17}


def test_a_device_on_a_node_without_cpus_is_near_the_nearest_that_has_some(fake: FakeMachine):
    nodes(fake, "0-1", "2-3", "", distances=("10 21 24", "21 10 14", "24 14 10"))
    fake.write("sys/bus/pci/devices/0000:00:01.0/numa_node", "2\n")
    fake.write("sys/bus/pci/devices/0000:00:01.0/irq", "24\n")

    found = read_topology(fake.machine, ["24"])

    assert found.cpus_near(2) == ({2, 3},)
    assert not found.cpus_of_node(2)


def cache(
    fake: FakeMachine, cpu: int, index: int, level: object, cpus: str, kind: str = ""
) -> None:
    """Make one cache of a CPU."""
    folder = f"sys/devices/system/cpu/cpu{cpu}/cache/index{index}"
    fake.write(f"{folder}/level", f"{level}\n")
    fake.write(f"{folder}/shared_cpu_list", f"{cpus}\n")
    if kind:
        fake.write(f"{folder}/type", f"{kind}\n")


def caches(fake: FakeMachine) -> dict[int, set[int]]:
    return {cpu: set(cpus) for cpu, cpus in read_topology(fake.machine, []).caches.items()}


def test_the_last_level_cache_counts_wherever_it_stands(fake: FakeMachine):
    for cpu in range(4):
        for index, level in enumerate((1, 1, 2)):
            cache(fake, cpu, index, level, str(cpu), "Instruction" if index == 1 else "Data")
        cache(fake, cpu, 10, 3, "0-1" if cpu < 2 else "2-3", "Unified")
        cache(fake, cpu, 11, 9, "0-3", "Instruction")  # no such one holds an IRQ's data

    assert caches(fake) == {0: {0, 1}, 1: {0, 1}, 2: {2, 3}, 3: {2, 3}}


def test_the_second_level_is_the_last_on_some_arm_machines(fake: FakeMachine):
    # a cluster of four small CPUs, a pair of large ones, and one alone with its cache
    for cpu in range(7):
        cache(fake, cpu, 0, 1, str(cpu), "Data")
        cache(fake, cpu, 1, 1, str(cpu), "Instruction")
        cache(fake, cpu, 2, 2, "0-3" if cpu < 4 else "4-5" if cpu < 6 else "6", "Unified")

    assert caches(fake) == {key: {0, 1, 2, 3} for key in range(4)} | {key: {4, 5} for key in (4, 5)}


def test_offline_cpus_have_no_cache(fake: FakeMachine):
    (fake.sysfs / "devices/system/cpu/cpu1").mkdir(parents=True)
    for cpu in (0, 2, 3):
        cache(fake, cpu, 3, 3, "0,2-3")

    assert caches(fake) == {key: {0, 2, 3} for key in (0, 2, 3)}


def test_without_shared_caches_a_package_counts_as_one(fake: FakeMachine):
    for cpu in range(6):
        cache(fake, cpu, 0, 2, str(cpu), "Unified")
        package = (-1, 0, 0, 7, 7, 9)[cpu]
        fake.write(f"sys/devices/system/cpu/cpu{cpu}/topology/physical_package_id", f"{package}\n")

    assert caches(fake) == {1: {1, 2}, 2: {1, 2}, 3: {3, 4}, 4: {3, 4}}


def test_a_machine_may_tell_nothing_of_caches_and_packages(captured: Callable[[str], Path]):
    for name in ("s390x-4cpu", "armhf-4cpu", "riscv64-4cpu", "x86_64-128cpu"):
        root = captured(name)
        found = read_topology(Machine(root / "proc", root / "sys"), []).caches

        assert all(cpu in cpus and len(cpus) > 1 for cpu, cpus in found.items())
        assert all(found[other] == cpus for cpus in found.values() for other in cpus)


def test_caches_of_other_forms_tell_nothing(fake: FakeMachine):
    cache(fake, 0, 0, "three", "0-1")
    cache(fake, 1, 0, 3, "2-3")  # not itself
    cache(fake, 2, 0, 3, "(null)")
    fake.write("sys/devices/system/cpu/cpu3/cache/index0", "a file\n")
    fake.write("sys/devices/system/cpu/cpu4/cache", "a file\n")

    assert caches(fake) == {}
