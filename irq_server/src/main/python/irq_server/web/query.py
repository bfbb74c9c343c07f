"""The query of a request -> values; an error names the wrong parameter. Pure."""

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from ..errors import ParameterError, TextError
from ..store.counts import Filters
from ..times import to_milliseconds
from .parameters import (
    CPU,
    DEFAULT_PERIOD_SECONDS,
    DEFAULT_STEPS,
    DEVICE,
    END,
    IRQ,
    MAX_REPEATS,
    NONZERO,
    PERIOD,
    PERIOD_SECONDS,
    QUERY,
    START,
    STEP,
    TOP,
    Parameter,
    T,
)

MAX_STEPS = 11_000
"""Prometheus' limit for one series."""


class Query:
    """The parameters of one request: only known ones, and only repeatable ones more than once."""

    def __init__(self, pairs: Iterable[tuple[str, str]], known: Collection[str]) -> None:
        """Take the pairs of the query string. Raise ParameterError."""
        self._texts: dict[str, list[str]] = {}
        for name, text in pairs:
            if name not in known:
                names = ", ".join(sorted(known))
                there = f"there are: {names}" if names else "this route has none"
                raise ParameterError(name[:60], f"no such parameter here; {there}")
            self._texts.setdefault(name, []).append(text)
        for name, texts in self._texts.items():
            if len(texts) > 1 and not QUERY[name].repeatable:
                raise ParameterError(name, f"given {len(texts)} times, expected once")
            if len(texts) > MAX_REPEATS:
                most = f"expected at most {MAX_REPEATS} times"
                raise ParameterError(name, f"given {len(texts)} times, {most}")
            _refuse_long(QUERY[name], texts)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Return the names and texts; queries in another order have the same."""
        return sorted((name, text) for name, texts in self._texts.items() for text in texts)

    def has(self, parameter: Parameter[Any]) -> bool:
        """Return whether a parameter is given."""
        return parameter.name in self._texts

    def one(self, parameter: Parameter[T]) -> T | None:
        """Return a parameter's value, None if it is not given. Raise ParameterError."""
        values = self.all(parameter)
        return values[0] if values else None

    def all(self, parameter: Parameter[T]) -> list[T]:
        """Return every value of a parameter. Raise ParameterError."""
        try:
            return [parameter.parse(text) for text in self._texts.get(parameter.name, ())]
        except (TextError, ValueError) as error:
            raise ParameterError(parameter.name, str(error)) from error


def _refuse_long(parameter: Parameter[Any], texts: Iterable[str]) -> None:
    """Raise ParameterError for a text that nobody needs, before a parser works on it."""
    longest, most = max(map(len, texts)), parameter.max_characters
    if longest > most:
        found = f"expected at most {most} characters, found {longest}"
        raise ParameterError(parameter.name, found)


@dataclass(frozen=True, slots=True)
class Edges:
    """The requested edges of a window, Unix seconds; `end` is never after now."""

    start: float
    end: float


def parse_edges(query: Query, now: float) -> Edges:
    """Return the edges by any two of start, end and period. Raise ParameterError."""
    if query.has(PERIOD) and query.has(PERIOD_SECONDS):
        raise ParameterError("period_seconds", "the same as period; give one of them")
    given = [each.name for each in (START, END, PERIOD, PERIOD_SECONDS) if query.has(each)]
    if len(given) > 2:
        raise ParameterError(given[-1], "one too many; give any two of start, end and period")
    first, last = query.one(START), query.one(END)
    period = query.one(PERIOD) or query.one(PERIOD_SECONDS)
    start = first.at(now) if first else None
    end = min(last.at(now), now) if last else now
    if start is not None and period is not None:
        end = min(start + period, now)
    if start is None:
        start = end - (period or DEFAULT_PERIOD_SECONDS)
    if start >= end:
        raise ParameterError(
            "start", f"expected a time before the end, found {start:.3f} and {end:.3f}"
        )
    start, end = max(start, 0.0), max(end, 0.0)
    return Edges(to_milliseconds(start) / 1000, to_milliseconds(end) / 1000)


def is_absolute(query: Query) -> bool:
    """Return whether the window has the same edges at any moment after its end."""
    has_period = query.has(PERIOD) or query.has(PERIOD_SECONDS)
    if not query.has(END) and not (query.has(START) and has_period):
        return False
    return not any(each.is_relative for each in (*query.all(START), *query.all(END)))


def parse_filters(query: Query) -> Filters:
    """Return the requested filters. Raise ParameterError."""
    irqs, device = query.all(IRQ), query.one(DEVICE)
    return Filters(
        irqs=frozenset(irqs) if irqs else None,
        cpus=query.one(CPU),
        device=device,
        nonzero=query.one(NONZERO) or False,
        top=query.one(TOP),
    )


def parse_step(query: Query, edges: Edges) -> float:
    """Return the seconds of a series' step; the default cuts the window into DEFAULT_STEPS.

    Raise ParameterError for too short a step, with the smallest one that works.
    """
    seconds = edges.end - edges.start
    given = query.one(STEP)
    if given is None:
        return max(round(seconds / DEFAULT_STEPS, 3), 0.001)
    step = round(given, 3)
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
