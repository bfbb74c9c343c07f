"""How the CPUs of a machine lie to one another, and which node a device is on. Pure.

Everything may be unknown: a machine that tells nothing has CPUs of equal capacity on one node.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from ..loads.irqs import Irq


class Topology(NamedTuple):
    """What is known of the machine.

    ``capacities`` are the kernel's figures by CPU (1024 is the largest CPU of the machine);
    ``nodes`` the NUMA node of each CPU, ``siblings`` the threads of its core, itself included;
    ``irq_nodes`` the node of the device that an IRQ belongs to, where that is known.
    """

    capacities: Mapping[int, int] = MappingProxyType({})
    nodes: Mapping[int, int] = MappingProxyType({})
    siblings: Mapping[int, frozenset[int]] = MappingProxyType({})
    irq_nodes: Mapping[str, int] = MappingProxyType({})

    def speeds(self, cpus: Iterable[int]) -> list[float]:
        """Gives each CPU's capacity as a share of the largest of `cpus`; 1.0 where none is told."""
        told = [self.capacities.get(cpu, 0) for cpu in cpus]
        largest = max(told, default=0)
        return [capacity / largest if capacity and largest else 1.0 for capacity in told]

    def cpus_of_node(self, node: int) -> frozenset[int]:
        """Gives the CPUs of a node."""
        return frozenset(cpu for cpu, its in self.nodes.items() if its == node)

    def local_cpus(self, irq: str) -> frozenset[int] | None:
        """Gives the CPUs on the node of an IRQ's device; None where nobody knows or all are."""
        if irq not in self.irq_nodes or len(set(self.nodes.values())) < 2:
            return None
        return self.cpus_of_node(self.irq_nodes[irq])


def localized(irqs: Iterable[Irq], topology: Topology, usable: frozenset[int]) -> tuple[Irq, ...]:
    """Gives the IRQs with the CPUs that are local to each, and the ones of a rule on one node."""
    if not topology.nodes:
        return tuple(irqs)
    known = tuple(irq._replace(local=topology.local_cpus(irq.irq)) for irq in irqs)
    chosen = {
        rule: _node_for([irq for irq in known if irq.together == rule], topology, usable)
        for rule in {irq.together for irq in known if irq.together}
    }
    return tuple(_confined(irq, chosen.get(irq.together), topology) for irq in known)


def _confined(irq: Irq, node: int | None, topology: Topology) -> Irq:
    if node is None:
        return irq
    cpus = topology.cpus_of_node(node)
    return irq._replace(allowed=cpus if irq.allowed is None else irq.allowed & cpus, local=cpus)


def _node_for(irqs: list[Irq], topology: Topology, usable: frozenset[int]) -> int | None:
    """The node for IRQs that stay together: their device's, else the one with most of their load.

    Only nodes with a usable CPU come into question; None where no node is known.
    """
    votes: dict[int, tuple[float, float]] = {}
    for irq in irqs:
        own = topology.irq_nodes.get(irq.irq)
        for cpu in usable:
            node = topology.nodes.get(cpu)
            if node is not None:
                devices, load = votes.get(node, (0.0, 0.0))
                votes[node] = (max(devices, float(node == own)), load + irq.placed.get(cpu, 0.0))
    return min(votes, key=lambda node: (-votes[node][0], -votes[node][1], node), default=None)
