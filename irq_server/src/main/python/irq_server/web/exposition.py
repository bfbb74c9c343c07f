"""Families of timed samples in the two text formats of Prometheus. Pure.

prometheus_client writes the few families without a time. For a thousand samples it takes five times
as long as this. A family, as text and as OpenMetrics::

    # HELP irq_interrupts_total Interrupts.      # HELP irq_interrupts Interrupts.
    # TYPE irq_interrupts_total counter          # TYPE irq_interrupts counter
    irq_interrupts_total{cpu="0"} 7 1767225600123    irq_interrupts_total{cpu="0"} 7 1767225600.123

Source: https://prometheus.io/docs/instrumenting/exposition_formats/, https://openmetrics.io.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Family:
    """A family of one type, ``counter`` or ``gauge``, with the values by their labels' texts.

    A counter's ``name`` lacks ``_total``. ``moment`` is that of the values, Unix seconds, or None
    for the moment of the scrape.
    """

    name: str
    type: str
    help: str
    values: Mapping[str, int]
    moment: float | None = None


def encode(families: Iterable[Family], openmetrics: bool) -> str:
    """Return the lines of the families, without the end that OpenMetrics asks for."""
    parts = []
    for each in families:
        full = f"{each.name}_total" if each.type == "counter" else each.name
        name = each.name if openmetrics else full
        parts.append(f"# HELP {name} {each.help}\n# TYPE {name} {each.type}\n")
        time = _time(each.moment, openmetrics)
        parts += [
            f"{full}{{{text}}} {value}{time}\n" if text else f"{full} {value}{time}\n"
            for text, value in each.values.items()
        ]
    return "".join(parts)


def _time(moment: float | None, openmetrics: bool) -> str:
    """Return a moment as it stands behind a value.

    A reader cuts OpenMetrics' seconds to milliseconds: half a microsecond keeps the last one.
    """
    if moment is None:
        return ""
    milliseconds = round(moment * 1000)
    if not openmetrics:
        return f" {milliseconds}"
    return f" {milliseconds // 1000}.{milliseconds % 1000:03d}0005"
