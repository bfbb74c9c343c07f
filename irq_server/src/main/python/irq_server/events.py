"""An event of a machine or its server: the value that all wings share."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its moment, its kind, and the IRQ or CPU that it concerns, if any.

    The kinds: start, stop, boot, gap, reset, clock, interval, cpu_online, cpu_offline, affinity,
    affinity_request.
    """

    time: float
    event: str
    irq: str | None = None
    cpu: int | None = None
    detail: str = ""
