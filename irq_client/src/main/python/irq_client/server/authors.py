"""The authors of changes: the kernel does not name them, but a server logs its requests. Pure.

An event ``affinity`` reports a change of any origin, up to an interval or 10 s later. An event
``affinity_request`` reports a request to the server and its author: its detail is
``1 from 127.0.0.1``, or ``1 from ::1: refused: CPU 1 is offline``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from .cpu_list import parse_cpu_list
from .times import Time

if TYPE_CHECKING:
    from . import model

CHANGE, REQUEST = "affinity", "affinity_request"

ON_THE_MACHINE = "on the machine"
"""The author of a change that no request explains: a person there, irqbalance, a driver."""

_DETAIL = re.compile(r"(?P<cpus>\S+) from (?P<author>.+?)(?P<refusal>: refused: .*)?", re.DOTALL)

_NOTICE_SECONDS = 10.0
_LATE = 2.5
"""A sampler notices a change within this many of its intervals, or within 10 s."""

_SLACK_MILLISECONDS = 1000
"""A change has the time of its sample, a little before the affinities were looked at."""


class _Request(NamedTuple):
    """A request that a server carried out; `moment` in Unix milliseconds."""

    moment: int
    cpus: frozenset[int]
    author: str


def notice_seconds(window: model.Window) -> float:
    """Return how long before a change its request may be, with samples as in that window."""
    return _LATE * max(window.resolution_seconds, _NOTICE_SECONDS)


def attributed(events: Sequence[model.Event], within_seconds: float) -> tuple[model.Event, ...]:
    """Return the events, `by` filled in for changes of affinities and for requests.

    A change is by the request that last set these CPUs, at most `within_seconds` before it and
    after the change before. Without such a request, it was made on the machine.
    """
    from dataclasses import replace  # here: help and wrong usage need no dataclass

    requests: dict[str | None, list[_Request]] = {}
    authors = {}
    in_time = sorted(range(len(events)), key=lambda place: events[place].time.milliseconds)
    for place in in_time:
        each = events[place]
        if each.event == REQUEST and (match := _DETAIL.fullmatch(each.detail)):
            authors[place] = match["author"]
            if not match["refusal"]:
                request = _Request(each.time.milliseconds, _cpus(match["cpus"]), match["author"])
                requests.setdefault(each.irq, []).append(request)
    for place in in_time:
        each = events[place]
        if each.event == CHANGE:
            authors[place] = _author(each, requests.get(each.irq, []), within_seconds)
    return tuple(replace(each, by=authors.get(place, "")) for place, each in enumerate(events))


def unknown_before(
    events: Sequence[model.Event], within_seconds: float
) -> tuple[Time, Time] | None:
    """Return the span before these events that may hold the request for a change.

    `events` have their `by`. None if every change is explained, or if there are events from before
    any request that could explain one.
    """
    moments = [each.time.milliseconds for each in events]
    unexplained = (
        moment for each, moment in zip(events, moments, strict=True) if each.by == ON_THE_MACHINE
    )
    end = min(unexplained, default=None)
    if end is None:
        return None
    start = max(end - round(1000 * within_seconds), 1)
    if min(moments) <= start:
        return None
    return Time.at(start / 1000), Time.at(end / 1000)


def _author(change: model.Event, requests: list[_Request], within_seconds: float) -> str:
    """Return the author of a change; remove the requests before it from `requests`.

    A repeated request changes nothing, so the first of several alike counts. A
    request has the time of its change, and of one that was noticed just before it.
    """
    moment = change.time.milliseconds
    cpus = _cpus(change.detail.rpartition(" -> ")[2])
    earliest = moment - 1000 * within_seconds
    before = [each for each in requests if earliest <= each.moment <= moment]
    after = [each for each in requests if moment < each.moment]
    alike = list(takewhile(lambda each: each.cpus == cpus, reversed(before)))
    meanwhile = [
        each
        for each in after
        if each.moment <= moment + _SLACK_MILLISECONDS and each.cpus == cpus and not alike
    ]
    chosen = next(iter([*alike[-1:], *meanwhile]), None)
    requests[:] = [each for each in requests if each.moment >= moment and each is not chosen]
    return chosen.author if chosen and cpus else ON_THE_MACHINE


def _cpus(cpu_list: str) -> frozenset[int]:
    """Return the CPUs of a list, none for any other text."""
    try:
        return frozenset(parse_cpu_list(cpu_list).cpus)
    except ValueError:
        return frozenset()
