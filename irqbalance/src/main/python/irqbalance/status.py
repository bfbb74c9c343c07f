"""The one vocabulary of what becomes of an IRQ. Its words stand in JSON and CSV."""

from enum import StrEnum


class Status(StrEnum):
    """What becomes of an IRQ in a run."""

    PLANNED = "planned"
    """It would move. Nothing is written."""

    APPLIED = "applied"
    """Its affinity is written. The kernel may move it only at its next interrupt."""

    REFUSED = "refused"
    """The kernel did not take the write."""

    KEPT = "kept"
    """It stays, though it could move."""

    FIXED = "fixed"
    """It cannot be moved: managed, banned, or a CPU's own."""
