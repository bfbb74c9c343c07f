"""All that a run has to show. The other modules of this wing make text of it. Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from ..loads.measure import Basis
from ..planning.plan import FollowUp, Plan
from ..planning.usable import LeftOut
from ..settings.model import Selection

if TYPE_CHECKING:
    from ..planning.isolation import Remaining


class Report(NamedTuple):
    """The plan, the basis of its loads, the outcome of the last run's moves, and the refusals.

    ``left_out`` are the online CPUs that no IRQ may go to. ``isolated`` are the online CPUs that
    ``--isolate`` empties, rising, and ``selection`` is what a person lets irqbalance move.
    ``refused`` has the reason of each IRQ that the kernel refused. ``not_permitted`` says that all
    of them were, because the process may not write here. ``followed`` is None without a last run.
    """

    plan: Plan
    basis: Basis
    followed: FollowUp | None = None
    refused: Mapping[str, str] = MappingProxyType({})
    not_permitted: bool = False
    left_out: tuple[LeftOut, ...] = ()
    isolated: tuple[int, ...] = ()
    selection: Selection = Selection()

    @property
    def remaining(self) -> tuple["Remaining", ...]:
        """Find the IRQs that stay on the isolated CPUs, at each call."""
        from ..planning.isolation import remaining  # few runs need it

        return remaining(self.plan, self.isolated, self.selection)
