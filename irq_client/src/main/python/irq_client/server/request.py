"""A request for counts or events, and its form as the query of a URL. Pure."""

from typing import NamedTuple

from .cpu_list import CpuList
from .times import Duration, Time


class Request(NamedTuple):
    """A window, filters, steps and keys. None, an empty text and False leave a parameter out."""

    start: Time | None = None
    end: Time | None = None
    period: Duration | None = None
    irqs: tuple[str, ...] = ()
    cpus: CpuList | None = None
    device: str = ""
    """A shell pattern."""
    top: int | None = None
    step: Duration | None = None
    nonzero: bool = False
    by: str = ""
    """``total``, ``cpu``, ``irq`` or ``irq,cpu``."""

    def encoded(self) -> list[tuple[str, str]]:
        """Return names and values of the query parameters, in one order."""
        values = (
            ("start", self.start and self.start.text),
            ("end", self.end and self.end.text),
            ("period", self.period and self.period.text),
            *(("irq", irq) for irq in self.irqs),
            ("cpu", self.cpus and self.cpus.text),
            ("device", self.device),
            ("top", self.top and str(self.top)),
            ("step", self.step and self.step.text),
            ("nonzero", "true" if self.nonzero else ""),
            ("by", self.by),
        )
        return [(name, value) for name, value in values if value]
