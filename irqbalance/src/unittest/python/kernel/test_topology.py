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
        {"24": "0000:00:01.0", "11": "0000:00:02.0", "26": "0000:00:03.0"},
    )
    assert found.local_cpus("24") == {1}
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
