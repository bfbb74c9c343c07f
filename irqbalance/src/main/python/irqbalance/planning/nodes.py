"""Every NUMA rule: the CPUs near an IRQ's device, and IRQs that stay on one node. Pure.

1. A rule of the settings (``one_node``) keeps its IRQs on one node: their device's, else the one
   with most of their load.
2. An IRQ goes to its device's own node, unless the CPUs there would be clearly busier.
3. If they would be, as many IRQs as possible stay on their own node.
4. An IRQ that moves within its own node is not spread over another.
"""

from collections.abc import Iterable, Iterator, Sequence

from ..kernel.topology import Topology
from ..loads.irqs import Irq
from .search.placement import Placement, Problem, lower_bound, with_homes
from .search.search import solve

CLEARLY_BUSIER = 1.1
"""Local CPUs are clearly busier from this many times the load that all CPUs together allow."""

Bins = frozenset[int] | None
"""The bins of the CPUs near an item's device; None if all are, or nobody knows."""


def with_nodes(irqs: Iterable[Irq], topology: Topology, usable: frozenset[int]) -> tuple[Irq, ...]:
    """Return the IRQs with the CPUs that are local to each, confined by rule 1."""
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
    """Return the node for IRQs that stay together: their device's, else the one with most load.

    Only a node with a usable CPU will do. Return None if no node is known.
    """
    votes: dict[int, tuple[float, float]] = {}
    for irq in irqs:
        devices_node = topology.irq_nodes.get(irq.irq)
        for cpu in usable:
            node = topology.nodes.get(cpu)
            if node is not None:
                devices, load = votes.get(node, (0.0, 0.0))
                devices = max(devices, float(node == devices_node))
                votes[node] = (devices, load + irq.placed.get(cpu, 0.0))
    return min(votes, key=lambda node: (-votes[node][0], -votes[node][1], node), default=None)


def plans_by_preference(
    problem: Problem, local: Sequence[Bins], max_moves: int | None, known: Sequence[int] | None
) -> Iterator[list[int]]:
    """Yield plans, the preferred one first, by rules 2 and 3.

    A search takes long, so each plan is made only when it is asked for.
    """
    if not any(local):
        yield solve(problem, max_moves, known)
        return
    near = solve(_near(problem, local, max_moves is not None), max_moves, known)
    busiest = Placement(problem, near).target() / CLEARLY_BUSIER
    if busiest <= lower_bound(problem):
        yield near
        return
    anywhere = solve(problem, max_moves, known)
    if busiest <= Placement(problem, anywhere).target():
        yield near
        return
    if max_moves is None:
        yield solve(with_homes(problem, near))  # from there, every move off its own node costs one
    yield anywhere


def _near(problem: Problem, local: Sequence[Bins], may_stay: bool) -> Problem:
    """Return the problem with every item on its own node, or at home if it `may_stay` there."""
    allowed: list[Bins] = []
    homes = list(problem.homes)
    for item, (may, near) in enumerate(zip(problem.allowed, local, strict=True)):
        both = _both(may, near)
        home = problem.homes[item]
        if near and may_stay and home >= 0:
            both = (both or frozenset()) | {home}
        if near and not both:
            both = may
        if both is not None and home not in both:
            homes[item] = -1
        allowed.append(both)
    return problem._replace(homes=homes, allowed=allowed)


def kept_on_own_node(problem: Problem, local: Sequence[Bins], bins: Sequence[int]) -> Problem:
    """Return the problem of rule 4: an item that `bins` has on its own node stays on it."""
    allowed = [
        _both(may, near) if near and bin_ in near else may
        for may, near, bin_ in zip(problem.allowed, local, bins, strict=True)
    ]
    return problem._replace(allowed=allowed)


def _both(may: Bins, near: Bins) -> Bins:
    if not near:
        return may
    return near if may is None else may & near
