"""The shape of a machine: capacities, cores, nodes, and the nodes of devices. Write nothing.

Any of these files may be missing. Its facts are then unknown, and a plan is made without them.
Source: Documentation/ABI/stable/sysfs-devices-system-cpu and -node, testing/sysfs-bus-pci.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from ..errors import CpuSetError, FileError
from .cpuset import parse_list
from .procfs import Machine, read_text

LARGEST_CAPACITY = 2**16
"""No larger figure is accepted. Source: SCHED_CAPACITY_SCALE, include/linux/sched.h: 1024."""

_NUMBERED_CPU = "cpu[0-9]*"


class Topology(NamedTuple):
    """The known facts of a machine's CPUs and devices.

    ``capacities`` has the kernel's figure for each CPU (1024 for the largest CPU of the machine),
    ``nodes`` its NUMA node, and ``siblings`` the threads of its core, itself among them.
    ``irq_nodes`` has the node of the device that an IRQ belongs to. Unknown facts are left out.
    """

    capacities: Mapping[int, int] = MappingProxyType({})
    nodes: Mapping[int, int] = MappingProxyType({})
    siblings: Mapping[int, frozenset[int]] = MappingProxyType({})
    irq_nodes: Mapping[str, int] = MappingProxyType({})

    def speeds(self, cpus: Iterable[int]) -> list[float]:
        """Return each CPU's capacity as a share of the largest of `cpus`; 1.0 if unknown."""
        known = [self.capacities.get(cpu, 0) for cpu in cpus]
        largest = max(known, default=0)
        return [capacity / largest if capacity and largest else 1.0 for capacity in known]

    def cpus_of_node(self, node: int) -> frozenset[int]:
        """Return the CPUs of a node."""
        return frozenset(cpu for cpu, its in self.nodes.items() if its == node)

    def local_cpus(self, irq: str) -> frozenset[int] | None:
        """Return the CPUs on the node of an IRQ's device; None if unknown, or if all CPUs are."""
        if irq not in self.irq_nodes or len(set(self.nodes.values())) < 2:
            return None
        return self.cpus_of_node(self.irq_nodes[irq])


def read_topology(machine: Machine, irqs: Iterable[str]) -> Topology:
    """Return the facts of the CPUs of `machine`, and the nodes of the devices behind `irqs`."""
    capacities, siblings = {}, {}
    for folder in (machine.sysfs / "devices" / "system" / "cpu").glob(_NUMBERED_CPU):
        cpu = int(folder.name[3:]) if folder.name[3:].isdecimal() else None
        if cpu is None:
            continue
        capacity = _number(folder / "cpu_capacity")
        if capacity is not None and 0 < capacity <= LARGEST_CAPACITY:
            capacities[cpu] = capacity
        threads = _list(folder / "topology" / "thread_siblings_list")
        if len(threads) > 1:
            siblings[cpu] = threads
    nodes = _nodes(machine.sysfs / "devices" / "system" / "node")
    several = len(set(nodes.values())) > 1
    irq_nodes = _irq_nodes(machine, irqs, frozenset(nodes.values())) if several else {}
    return Topology(capacities, nodes, siblings, irq_nodes)


def _nodes(folder: Path) -> dict[int, int]:
    """Return the node of each CPU."""
    found = {}
    for node in folder.glob("node[0-9]*"):
        if node.name[4:].isdecimal():
            found.update(dict.fromkeys(_list(node / "cpulist"), int(node.name[4:])))
    return found


def _irq_nodes(machine: Machine, irqs: Iterable[str], nodes: frozenset[int]) -> dict[str, int]:
    """Return the node of each IRQ's device by PCI, which has -1 for most virtual devices.

    /proc/irq/N/node is another fact: the node where the kernel keeps its own record of the IRQ.
    """
    of_devices: dict[str, int] = {}
    for device in (machine.sysfs / "bus" / "pci" / "devices").glob("*"):
        node = _number(device / "numa_node")
        if node is not None and node in nodes:
            vectors = [path.name for path in (device / "msi_irqs").glob("[0-9]*")]
            of_devices.update(dict.fromkeys(vectors or [str(_number(device / "irq"))], node))
    return {irq: of_devices[irq] for irq in irqs if irq in of_devices}


def _number(path: Path) -> int | None:
    """Return the whole number in a file; None if it holds none."""
    try:
        return int(read_text(path))
    except (FileError, ValueError):
        return None


def _list(path: Path) -> frozenset[int]:
    try:
        return parse_list(read_text(path))
    except (FileError, CpuSetError):
        return frozenset()
