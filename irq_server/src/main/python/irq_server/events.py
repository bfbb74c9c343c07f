"""An event of a machine or its server: the value that all wings share."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The kind of an event, as events.csv and the API write it."""

    START = "start"
    STOP = "stop"
    BOOT = "boot"
    GAP = "gap"
    RESET = "reset"
    CLOCK = "clock"
    INTERVAL = "interval"
    CPU_ONLINE = "cpu_online"
    CPU_OFFLINE = "cpu_offline"
    AFFINITY = "affinity"
    AFFINITY_REQUEST = "affinity_request"


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its moment, its kind, and the IRQ or CPU that it concerns, if any.

    ``by`` names who asked the server for a change of an affinity. It is empty if nobody did.
    """

    time: float
    event: Kind
    irq: str | None = None
    cpu: int | None = None
    detail: str = ""
    by: str = ""
