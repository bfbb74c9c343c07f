"""The shape of a machine: capacities, cores, caches, nodes, and devices. Write nothing.

Any of these files may be missing. Its facts are then unknown, and a plan is made without them.
Source: Documentation/ABI/stable/sysfs-devices-system-cpu and -node, testing/sysfs-bus-pci.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from ..errors import FileError
from .interfaces import device_irqs
from .procfs import Machine, read_cpus, read_text

LARGEST_CAPACITY = 2**16
"""No larger figure is accepted. Source: SCHED_CAPACITY_SCALE, include/linux/sched.h: 1024."""

UNKNOWN_DISTANCE = 255
"""No node is further away. Source: ACPI, System Locality Information Table: 255 is out of reach."""

_NUMBERED_CPU = "cpu[0-9]*"
_DISTANCE = re.compile(r"[0-9]{1,3}", re.ASCII)


class Topology(NamedTuple):
    """The known facts of a machine's CPUs and devices.

    ``capacities`` has the kernel's figure for each CPU (1024 for the largest CPU of the machine),
    ``nodes`` its NUMA node, and ``siblings`` the threads of its core, itself among them.
    ``irq_nodes`` has the node of the device that an IRQ belongs to, ``irq_devices`` the device's
    PCI address. ``distances`` has the distance of each node from each, itself included (10 is
    local, 20 twice as far). ``caches`` has the CPUs that share the last-level cache with a CPU,
    itself among them; if no CPU shares one, those of its package. Unknown facts are left out.
    """

    capacities: Mapping[int, int] = MappingProxyType({})
    nodes: Mapping[int, int] = MappingProxyType({})
    siblings: Mapping[int, frozenset[int]] = MappingProxyType({})
    irq_nodes: Mapping[str, int] = MappingProxyType({})
    irq_devices: Mapping[str, str] = MappingProxyType({})
    distances: Mapping[int, Mapping[int, int]] = MappingProxyType({})
    caches: Mapping[int, frozenset[int]] = MappingProxyType({})

    def speeds(self, cpus: Iterable[int]) -> list[float]:
        """Return each CPU's capacity as a share of the largest of `cpus`; 1.0 if unknown."""
        known = [self.capacities.get(cpu, 0) for cpu in cpus]
        largest = max(known, default=0)
        return [capacity / largest if capacity and largest else 1.0 for capacity in known]

    def cpus_of_node(self, node: int) -> frozenset[int]:
        """Return the CPUs of a node."""
        return frozenset(cpu for cpu, its in self.nodes.items() if its == node)

    def sharing_cache(self, cpus: Iterable[int]) -> frozenset[int]:
        """Return the CPUs that share a cache with any of `cpus`; empty if no cache is known."""
        return frozenset().union(*(self.caches.get(cpu, ()) for cpu in cpus))

    def device(self, irq: str, otherwise: str) -> str:
        """Return the PCI device of an IRQ, `otherwise` if it is unknown."""
        return self.irq_devices.get(irq, otherwise)

    def cpus_near(self, node: int) -> tuple[frozenset[int], ...]:
        """Return the CPUs of a node, then these and the next nearest ones, and so on.

        Sets without a CPU, and the set of all CPUs, are left out.
        """
        distances = {cpu: self.distance(node, its) for cpu, its in self.nodes.items()}
        within = (
            frozenset(cpu for cpu, distance in distances.items() if distance <= most)
            for most in sorted(set(distances.values()))
        )
        return tuple(cpus for cpus in within if len(cpus) < len(self.nodes))

    def distance(self, node: int, other: int) -> int:
        """Return the distance between two nodes: 0 for the same, UNKNOWN_DISTANCE if unknown."""
        if node == other:
            return 0
        return self.distances.get(node, {}).get(other, UNKNOWN_DISTANCE)


def read_topology(machine: Machine, irqs: Iterable[str]) -> Topology:
    """Return the facts of the CPUs of `machine`, and of the devices behind `irqs`."""
    capacities, siblings = {}, {}
    folders = _cpu_folders(machine.sysfs / "devices" / "system" / "cpu")
    for cpu, folder in folders.items():
        capacity = _number(folder / "cpu_capacity")
        if capacity is not None and 0 < capacity <= LARGEST_CAPACITY:
            capacities[cpu] = capacity
        threads = read_cpus(folder / "topology" / "thread_siblings_list") or frozenset()
        if len(threads) > 1:
            siblings[cpu] = threads
    folder = machine.sysfs / "devices" / "system" / "node"
    nodes = _nodes(folder)
    distances = _distances(folder) if len(set(nodes.values())) > 1 else {}
    known = frozenset(nodes.values())
    known |= distances.keys() if len(known) > 1 else frozenset()
    irq_nodes, irq_devices = _devices(machine, frozenset(irqs), known)
    caches = _caches(folders) or _packages(folders)
    return Topology(capacities, nodes, siblings, irq_nodes, irq_devices, distances, caches)


def _cpu_folders(folder: Path) -> dict[int, Path]:
    found = {}
    for path in folder.glob(_NUMBERED_CPU):
        if path.name[3:].isdecimal() and path.name.isascii():
            found[int(path.name[3:])] = path
    return dict(sorted(found.items()))


def _caches(folders: Mapping[int, Path]) -> dict[int, frozenset[int]]:
    """Return the CPUs of each CPU's last-level cache. Caches of one CPU are left out.

    All CPUs of a cache name the same ones, so one of them is asked.
    """
    found: dict[int, frozenset[int]] = {}
    for cpu, folder in folders.items():
        if cpu not in found:
            shared = _last_level(folder / "cache")
            if cpu in shared:
                found.update(dict.fromkeys(shared - found.keys(), shared))
    return {cpu: shared for cpu, shared in found.items() if len(shared) > 1}


def _last_level(folder: Path) -> frozenset[int]:
    """Return the CPUs of the cache with the highest level; empty if there is none.

    The last one in the folder mostly is. Offline CPUs have no such folder.
    """
    highest, last = 0, None
    for index in sorted(folder.glob("index[0-9]*"), reverse=True):
        level = _number(index / "level") or 0
        if level > highest and _line(index / "type") != "Instruction":
            highest, last = level, index
    return (last and read_cpus(last / "shared_cpu_list")) or frozenset()


def _packages(folders: Mapping[int, Path]) -> dict[int, frozenset[int]]:
    """Return the CPUs of each CPU's package. Packages of one CPU are left out."""
    members: dict[int, set[int]] = {}
    for cpu, folder in folders.items():
        package = _number(folder / "topology" / "physical_package_id")
        if package is not None and package >= 0:
            members.setdefault(package, set()).add(cpu)
    groups = (frozenset(cpus) for cpus in members.values() if len(cpus) > 1)
    return {cpu: group for group in groups for cpu in group}


def _nodes(folder: Path) -> dict[int, int]:
    """Return the node of each CPU."""
    found = {}
    for node in folder.glob("node[0-9]*"):
        if _is_node(node):
            found.update(dict.fromkeys(read_cpus(node / "cpulist") or (), int(node.name[4:])))
    return found


def _distances(folder: Path) -> dict[int, dict[int, int]]:
    """Return the distance of each node from each: a row has a number for each online node."""
    numbers = [int(path.name[4:]) for path in folder.glob("node[0-9]*") if _is_node(path)]
    online = sorted(read_cpus(folder / "online") or numbers)
    found = {}
    for node in online:
        try:
            words = read_text(folder / f"node{node}" / "distance").split()
        except FileError:
            return {}
        if len(words) != len(online) or not all(map(_DISTANCE.fullmatch, words)):
            return {}
        found[node] = dict(zip(online, map(int, words), strict=True))
    return found


def _is_node(path: Path) -> bool:
    return path.name[4:].isdecimal() and path.name.isascii()


def _devices(
    machine: Machine, irqs: frozenset[str], nodes: frozenset[int]
) -> tuple[dict[str, int], dict[str, str]]:
    """Return the node and the address of each IRQ's PCI device; most virtual ones have node -1.

    A line that several devices share is no device's, and has a node if they agree on it.
    /proc/irq/N/node is another fact: the node where the kernel keeps its own record of the IRQ.
    """
    owners: dict[str, list[Path]] = {}
    for device in (machine.sysfs / "bus" / "pci" / "devices").glob("*"):
        for irq in (device_irqs(device) or frozenset()) & irqs:
            owners.setdefault(irq, []).append(device)
    irq_nodes, irq_devices = {}, {}
    several = len(nodes) > 1
    known: dict[Path, int | None] = {}
    for irq, devices in owners.items():
        if len(devices) == 1:
            irq_devices[irq] = devices[0].name
        if several:
            for device in devices:
                if device not in known:
                    known[device] = _number(device / "numa_node")
            (first, *others) = {known[device] for device in devices}
            if not others and first is not None and first in nodes:
                irq_nodes[irq] = first
    return irq_nodes, irq_devices


def _line(path: Path) -> str:
    """Return the text of a file of one line; ``""`` if it cannot be read."""
    try:
        return read_text(path).strip()
    except FileError:
        return ""


def _number(path: Path) -> int | None:
    """Return the whole number in a file; None if it holds none."""
    try:
        return int(read_text(path))
    except (FileError, ValueError):
        return None
