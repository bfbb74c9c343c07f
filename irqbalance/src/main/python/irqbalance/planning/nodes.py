"""Every NUMA rule: the CPUs near an IRQ's device, and IRQs that stay on one node. Pure.

1. A rule of the settings (``one_node``) keeps its IRQs on one node: their device's, else the
   nearest to it, else the one with most of their load, or with most of them if all are idle.
2. An IRQ goes to its device's own node, unless the CPUs there would be clearly busier.
3. If they would be, as many IRQs as possible stay on their own node.
4. An IRQ that cannot stay there goes to the nearest nodes, by the nodes' distances, and further
   only if these would be clearly busier too.
5. A move that must be made goes as near as rules 2 and 4 let it.
6. An IRQ that moves is not spread over CPUs further away than where it goes.
"""

from collections.abc import Iterable, Iterator, Sequence

from ..kernel.topology import Topology
from ..loads.irqs import Irq
from .search.local import heaviest_first, repair
from .search.placement import Placement, Problem, lower_bound
from .search.search import least_load, seat, solve

CLEARLY_BUSIER = 1.1
"""Local CPUs are clearly busier from this many times the load that all CPUs together allow."""

Rings = tuple[frozenset[int], ...]
"""The bins near an item's device: the nearest, then these and the next nearest, and so on.

All are bins where the item may be. Not all of these are in any of the sets.
"""


def with_nodes(irqs: Sequence[Irq], topology: Topology, usable: frozenset[int]) -> tuple[Irq, ...]:
    """Return the IRQs with the CPUs that are local to each and near it, confined by rule 1."""
    if not topology.nodes:
        return tuple(irqs)
    several = len(set(topology.nodes.values())) > 1
    devices = set(topology.irq_nodes.values()) if several else set()
    local = {node: topology.cpus_of_node(node) for node in devices}
    near = {node: topology.cpus_near(node) for node in devices}
    nodes = [topology.irq_nodes.get(irq.irq, -1) for irq in irqs]
    known = tuple(
        irq._replace(local=local.get(node), near=near.get(node, ()))
        for irq, node in zip(irqs, nodes, strict=True)
    )
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
    """Return the node for IRQs that stay together, as rule 1 says; None if no node is known.

    Only a node with a usable CPU will do.
    """
    load = dict.fromkeys((topology.nodes[cpu] for cpu in usable if cpu in topology.nodes), 0.0)
    number = dict.fromkeys(load, 0)
    for irq in irqs:
        for cpu in usable.intersection(irq.present, topology.nodes):
            load[topology.nodes[cpu]] += irq.placed.get(cpu, 0.0)
            number[topology.nodes[cpu]] += 1
    devices = {topology.irq_nodes[irq.irq] for irq in irqs if irq.irq in topology.irq_nodes}

    def preference(node: int) -> tuple[int, float, int, int]:
        distances = (topology.distance(device, node) for device in devices)
        return min(distances, default=0), -load[node], -number[node], node

    return min(load, key=preference, default=None)


def rings(near: Iterable[frozenset[int]], may: frozenset[int], bin_of: dict[int, int]) -> Rings:
    """Return the bins of the CPUs `near` a device that an IRQ `may` use."""
    found: list[frozenset[int]] = []
    for cpus in near:
        bins = frozenset(bin_of[cpu] for cpu in cpus & may)
        if bins and len(bins) < len(may) and (not found or bins != found[-1]):
            found.append(bins)
    return tuple(found)


def plans_by_preference(
    problem: Problem, near: Sequence[Rings], max_moves: int | None, known: Sequence[int] | None
) -> Iterator[list[int]]:
    """Yield plans, the preferred one first, by rules 2, 3 and 4.

    A search takes long, so each plan is made only when it is asked for.
    """
    levels = _Levels(problem, near, max_moves, known)
    if not levels.number:
        yield solve(problem, max_moves, known)
        return
    plan = levels.surely_near_enough()
    if plan is not None:
        yield plan.bins
        return
    if max_moves is None:
        anywhere = least_load(problem, known)
        if anywhere.bins == list(problem.homes):  # no plan gains more than the tolerance
            yield anywhere.bins
            return
    else:
        anywhere = Placement(problem, solve(problem, max_moves, known))
    most = anywhere.target() * CLEARLY_BUSIER
    for level in range(levels.number):
        plan = levels.plan(level, most)
        if plan.target() <= most:
            yield plan.bins
            return
    yield anywhere.bins if max_moves is not None else levels.plan(levels.number, most).bins


class _Levels:
    """Plans of one problem: with all items in their first ring, then in their second, and so on.

    The last level lets them be anywhere. Each plan starts from the one before, so every move
    further away costs one. If the moves are limited, each starts from the present placement.
    """

    def __init__(
        self,
        problem: Problem,
        near: Sequence[Rings],
        max_moves: int | None,
        known: Sequence[int] | None,
    ) -> None:
        self._problem, self._near, self._max_moves, self._known = problem, near, max_moves, known
        self._plans: dict[int, Placement] = {}
        self.number = max(map(len, near), default=0)

    def surely_near_enough(self) -> Placement | None:
        """Return the nearest plan that is, whatever a search of all CPUs would find; else None."""
        most = lower_bound(self._problem) * CLEARLY_BUSIER
        before = float("inf")
        for level in range(self.number):
            if level and lower_bound(self._within(level)) > most:
                return None
            plan = self.plan(level, most)
            if plan.target() <= most:
                return plan if plan.target() * CLEARLY_BUSIER < before else None
            before = plan.target()
        return None

    def plan(self, level: int, most: float) -> Placement:
        """Return the plan of a level. A level that cannot be within `most` is not searched."""
        if level not in self._plans:
            self._plans[level] = self._make(level, most)
        return self._plans[level]

    def _make(self, level: int, most: float) -> Placement:
        within = self._within(level)
        if level and self._max_moves is None:
            within = within._replace(homes=self.plan(level - 1, most).bins)
            least = lower_bound(within)
            if level < self.number and least > most:
                crowded = Placement(within, within.homes)
                repair(crowded, least)
                return crowded
        bins = solve(within, self._max_moves, None if level else self._known)
        return Placement(self._problem, bins)

    def _within(self, level: int) -> Problem:
        """Return the problem with every item within its rings up to a level.

        Items that have no such ring may be anywhere. If the moves are limited, each may also be at
        home.
        """
        allowed: list[frozenset[int] | None] = []
        homes = list(self._problem.homes)
        for item, (may, its) in enumerate(zip(self._problem.allowed, self._near, strict=True)):
            within, home = its[level] if level < len(its) else may, homes[item]
            if within is not None and home >= 0 and home not in within:
                if self._max_moves is None:
                    homes[item] = -1
                else:
                    within |= {home}
            allowed.append(within)
        return self._problem._replace(homes=homes, allowed=allowed)


def seat_near(problem: Problem, near: Sequence[Rings], max_moves: int | None = None) -> Placement:
    """Return the present placement, with the items that have no home put by rule 5."""
    anywhere = seat(problem, max_moves)
    homeless = [item for item in heaviest_first(problem) if problem.homes[item] < 0][:max_moves]
    if not any(near[item] for item in homeless):
        return anywhere
    most = anywhere.target() * CLEARLY_BUSIER
    placement = Placement(problem, problem.homes)
    every = frozenset(range(len(problem.fixed)))
    for item in homeless:
        weight = problem.weights[item]
        for bins in (*near[item], problem.allowed[item] or every):
            load, best = min(
                ((placement.loads[bin_] + weight) / problem.speeds[bin_], bin_) for bin_ in bins
            )
            if load <= most:
                break
        placement.put(item, best)
    return placement if placement.target() <= most else anywhere


def no_further(problem: Problem, near: Sequence[Rings], bins: Sequence[int]) -> Problem:
    """Return the problem of rule 6: each item stays as near to its device as `bins` have it."""
    allowed = [
        next((ring for ring in its if bin_ in ring), may)
        for may, its, bin_ in zip(problem.allowed, near, bins, strict=True)
    ]
    return problem._replace(allowed=allowed)
