"""The facts of CPUs and devices, on captured and on made machines."""

from collections.abc import Callable
from pathlib import Path

from conftest import FakeMachine
from irqbalance.kernel.procfs import Machine
from irqbalance.kernel.topology import Topology, read_topology


def test_a_captured_machine_of_two_nodes_is_understood(captured: Callable[[str], Path]):
    root = captured("x86_64-8cpu-2node")

    found = read_topology(Machine(root / "proc", root / "sys"), ["24", "26", "57", "60", "0"])

    assert found.nodes == dict.fromkeys(range(4), 0) | dict.fromkeys(range(4, 8), 1)
    assert found.siblings == {}
    assert found.irq_nodes == {"24": 1, "26": 0, "57": 0}
    assert found.local_cpus("24") == {4, 5, 6, 7}
    assert found.local_cpus("0") is None


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
    )
    assert found.local_cpus("24") == {1}
    assert found.speeds([0, 1]) == [1.0, 0.5]


def test_files_that_hold_something_else_tell_nothing(fake: FakeMachine):
    fake.write("sys/devices/system/cpu/cpu0/cpu_capacity", "many\n")
    fake.write("sys/devices/system/cpu/cpu0/topology/thread_siblings_list", "(null)\n")
    fake.write("sys/devices/system/node/node0/cpulist", "\n")

    assert read_topology(fake.machine, ["24"]) == Topology()
