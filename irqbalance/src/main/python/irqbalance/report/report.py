"""All that a run has to show. The other modules of this wing make text of it. Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from ..loads.measure import Basis
from ..planning.plan import FollowUp, Plan


class Report(NamedTuple):
    """The plan, the basis of its loads, the outcome of the last run's moves, and the refusals.

    ``refused`` has the reason of each IRQ that the kernel refused. ``not_permitted`` says that all
    of them were, because the process may not write here. ``followed`` is None without a last run.
    """

    plan: Plan
    basis: Basis
    followed: FollowUp | None = None
    refused: Mapping[str, str] = MappingProxyType({})
    not_permitted: bool = False
