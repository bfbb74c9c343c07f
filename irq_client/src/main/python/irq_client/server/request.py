"""A request for counts or events, and its form as the query of a URL. Pure."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypedDict, TypeVar, Unpack

from ..errors import UsageError
from .cpu_list import CpuList, parse_cpu_list
from .times import Duration, Time, parse_duration, parse_time

T = TypeVar("T")


class Parameters(TypedDict, total=False):
    """The fields of a Request, as values or as a person writes them: ``15m``, ``0-3``."""

    start: Time | str
    end: Time | str
    period: Duration | str
    irqs: Sequence[str]
    cpus: CpuList | str
    device: str
    top: int
    step: Duration | str
    nonzero: bool
    by: str


class Request(NamedTuple):
    """A window, filters, steps and keys. None, an empty text and False leave a parameter out."""

    start: Time | None = None
    end: Time | None = None
    period: Duration | None = None
    irqs: tuple[str, ...] = ()
    """Names of IRQs as a person writes them; `names` lists the forms. The client resolves them."""
    cpus: CpuList | None = None
    device: str = ""
    """A device as it is written, else a shell pattern."""
    top: int | None = None
    step: Duration | None = None
    nonzero: bool = False
    by: str = ""
    """``total``, ``cpu``, ``irq`` or ``irq,cpu``."""

    def updated(self, **fields: Unpack[Parameters]) -> "Request":
        """Return the request with other fields. Raise UsageError for a text that is none."""
        if not fields:
            return self
        values: dict[str, object] = dict(fields)
        for name, parse in _PARSERS.items():
            if isinstance(text := values.get(name), str):
                values[name] = checked(name, text, parse)
        if "irqs" in fields:
            irqs = fields["irqs"]
            values["irqs"] = (irqs,) if isinstance(irqs, str) else tuple(irqs)
        return Request(**{**self._asdict(), **values})

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


_PARSERS: dict[str, Callable[[str], object]] = {
    "start": parse_time,
    "end": parse_time,
    "period": parse_duration,
    "step": parse_duration,
    "cpus": parse_cpu_list,
}


def checked(name: str, text: str, parse: Callable[[str], T]) -> T:
    """Return the value of an option's or a field's text. Raise UsageError if `parse` refuses it."""
    try:
        return parse(text)
    except ValueError as error:
        raise UsageError(name, text, str(error)) from None
