"""The query of a request -> values; an error names the wrong parameter. Pure."""

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from ..errors import CpuSetError, ParameterError, TimeFormatError
from ..kernel.cpuset import parse_list
from ..store.counts import Filters
from ..times import parse_duration, parse_moment, to_milliseconds
from .parameters import (
    DEFAULT_PERIOD_SECONDS,
    DEFAULT_STEPS,
    FALSE,
    FORMATS,
    MAX_TOP,
    SERIES_KEYS,
    TRUE,
    WINDOW,
)

MAX_STEPS = 11_000
"""Prometheus' limit for one series."""


class Query:
    """The parameters of one request: only known ones, and only `repeatable` ones more than once."""

    def __init__(
        self,
        pairs: Iterable[tuple[str, str]],
        known: Collection[str],
        repeatable: Collection[str] = (),
    ) -> None:
        """Take the pairs of the query string. Raise ParameterError."""
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            if name not in known:
                names = ", ".join(sorted(known))
                there = f"there are: {names}" if names else "this route has none"
                raise ParameterError(name[:60], f"no such parameter here; {there}")
            self._values.setdefault(name, []).append(value)
        for name, values in self._values.items():
            if len(values) > 1 and name not in repeatable:
                raise ParameterError(name, f"given {len(values)} times, expected once")

    def one(self, name: str) -> str | None:
        """Return a parameter's text, None if it is not given."""
        values = self._values.get(name)
        return values[0] if values else None

    def all(self, name: str) -> list[str]:
        """Return every text of a parameter."""
        return self._values.get(name, [])


@dataclass(frozen=True, slots=True)
class Edges:
    """The requested edges of a window, Unix seconds; `end` is never after now."""

    start: float
    end: float


def parse_edges(parameters: Query, now: float) -> Edges:
    """Return the edges by any two of start, end and period. Raise ParameterError."""
    given = [name for name in WINDOW if parameters.one(name) is not None]
    if "period" in given and "period_seconds" in given:
        raise ParameterError("period_seconds", "the same as period; give one of them")
    if len(given) > 2:
        raise ParameterError(given[-1], "one too many; give any two of start, end and period")
    start = _moment(parameters, "start", now)
    end = _moment(parameters, "end", now)
    period = _period(parameters)
    if start is not None and period is not None:
        end = start + period
    end = now if end is None else min(end, now)
    if start is None:
        start = end - (DEFAULT_PERIOD_SECONDS if period is None else period)
    if start >= end:
        raise ParameterError(
            "start", f"expected a time before the end, found {start:.3f} and {end:.3f}"
        )
    start, end = max(start, 0.0), max(end, 0.0)
    return Edges(to_milliseconds(start) / 1000, to_milliseconds(end) / 1000)


def _moment(parameters: Query, name: str, now: float) -> float | None:
    text = parameters.one(name)
    try:
        return None if text is None else parse_moment(text, now)
    except TimeFormatError as error:
        raise ParameterError(name, str(error)) from error


def _period(parameters: Query) -> float | None:
    for name in ("period", "period_seconds"):
        text = parameters.one(name)
        if text is None:
            continue
        try:
            return parse_duration(text)
        except TimeFormatError as error:
            raise ParameterError(name, str(error)) from error
    return None


def is_fixed(parameters: Query, edges: Edges, last: float) -> bool:
    """Return whether the window means the same at any later moment: over, and without "now".

    `last` is the time of the newest sample; later ones lie beyond it.
    """
    texts = {name: parameters.one(name) for name in WINDOW}
    if texts["end"] is None and (
        texts["start"] is None or all(texts[p] is None for p in WINDOW[2:])
    ):
        return False
    edge_texts = (texts["start"], texts["end"])
    relative = any(text is not None and text.strip()[:1] in ("n", "-") for text in edge_texts)
    return not relative and edges.end <= last


def parse_filters(parameters: Query) -> Filters:
    """Return the requested filters. Raise ParameterError."""
    irqs = parameters.all("irq")
    device = parameters.one("device")
    if "" in irqs:
        raise ParameterError("irq", "expected an IRQ such as 24 or NMI, found ''")
    if device == "":
        raise ParameterError("device", "expected a shell pattern such as eth0-*, found ''")
    return Filters(
        irqs=frozenset(irqs) if irqs else None,
        cpus=_cpus(parameters),
        device=device,
        nonzero=_flag(parameters, "nonzero"),
        top=_top(parameters),
    )


def _cpus(parameters: Query) -> frozenset[int] | None:
    text = parameters.one("cpu")
    if text is None:
        return None
    try:
        cpus = parse_list(text)
    except CpuSetError as error:
        raise ParameterError("cpu", str(error)) from error
    if not cpus:
        raise ParameterError("cpu", "expected a CPU list such as 0-3,8, found ''")
    return cpus


def parse_cpu(text: str) -> int | None:
    """Return the number of a path's CPU; None if it is no number."""
    digits = text.lstrip("0")[:9] or "0"
    return int(digits) if text.isdecimal() and text.isascii() else None


def _flag(parameters: Query, name: str) -> bool:
    text = parameters.one(name)
    if text is None or text.lower() in FALSE:
        return False
    if text.lower() not in TRUE:
        raise ParameterError(name, f"expected true or false, found {text[:60]!r}")
    return True


def _top(parameters: Query) -> int | None:
    text = parameters.one("top")
    if text is None:
        return None
    if not (text.isdecimal() and text.isascii()) or not 0 < int(text[:9]) <= MAX_TOP:
        raise ParameterError("top", f"expected a number from 1 to {MAX_TOP}, found {text[:60]!r}")
    return int(text)


def parse_format(parameters: Query, prefers_csv: bool) -> str:
    """Return ``json`` or ``csv``. Raise ParameterError."""
    text = parameters.one("format")
    if text is None:
        return "csv" if prefers_csv else "json"
    if text not in FORMATS:
        raise ParameterError("format", f"expected json or csv, found {text[:60]!r}")
    return text


def parse_by(parameters: Query) -> str:
    """Return the kind of a series' keys, one of SERIES_KEYS. Raise ParameterError."""
    text = parameters.one("by")
    if text is None:
        return "total"
    if text not in SERIES_KEYS:
        raise ParameterError(
            "by", f"expected {', '.join(SERIES_KEYS[:3])} or irq,cpu, found {text[:60]!r}"
        )
    return text


def parse_step(parameters: Query, edges: Edges) -> float:
    """Return the seconds of a series' step; the default cuts the window into DEFAULT_STEPS.

    Raise ParameterError for too short a step, with the smallest one that works.
    """
    seconds = edges.end - edges.start
    text = parameters.one("step")
    if text is None:
        return max(round(seconds / DEFAULT_STEPS, 3), 0.001)
    try:
        step = round(parse_duration(text), 3)
    except TimeFormatError as error:
        raise ParameterError("step", str(error)) from error
    smallest = max(math.ceil(seconds / MAX_STEPS * 1000) / 1000, 0.001)
    if step < smallest:
        raise ParameterError(
            "step", f"more than {MAX_STEPS} steps; the smallest that works is {smallest:g}s"
        )
    return step


def series_edges(edges: Edges, step: float) -> list[float]:
    """Return the edges of the steps, from the window's start to its end; the last may be short."""
    count = math.ceil(round((edges.end - edges.start) / step, 6))
    inner = [round(edges.start + number * step, 3) for number in range(max(count, 1))]
    return [*inner, edges.end]
