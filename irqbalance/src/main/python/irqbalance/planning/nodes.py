"""The NUMA rules: which CPUs are local to an IRQ, and which IRQs stay together. Pure."""

from collections.abc import Iterable

from ..kernel.topology import Topology
from ..loads.irqs import Irq


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
