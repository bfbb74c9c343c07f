"""What happens to a machine and its server: the value that all wings share."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: a ``start``, ``stop``, ``boot``, ``gap``, ``reset`` or CPU.

    ``irq`` and ``cpu`` are None where the event concerns none.
    """

    time: float
    event: str
    irq: str | None = None
    cpu: int | None = None
    detail: str = ""
