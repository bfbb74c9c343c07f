"""The command `watch`: ask again and again until a condition holds; or print a figure.

Clock, sleep and the question are parameters, so that a test watches hours in no time.
"""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from ..command_line.command import Command, Given
from ..command_line.options import PERIOD, REFRESH, Setting
from ..command_line.values import read_condition
from ..errors import GaveUpError, UnreachableError
from ..figures.condition import Condition
from ..server.request import Request
from ..server.times import Duration, Moment
from ..terminal.text import rate_text, span_text
from .shared import Surroundings, default_period_seconds, imbalance_of

if TYPE_CHECKING:
    from ..server.client import Client


class Watching(NamedTuple):
    """A condition, and how to watch for it."""

    condition: Condition
    period: Duration | None
    """The length of the window; two samples of the server if it is None."""
    every_seconds: float
    within_seconds: float | None
    follow: bool
    form: str

    def run(self, client: Client, surroundings: Surroundings) -> int:
        """Print when the condition holds; return the exit status."""
        period = self.period or Duration.exactly(default_period_seconds(client))
        watch = Watch(
            condition=self.condition,
            ask=lambda: read_figure(
                client, self.condition, Request(period=period, irqs=self.condition.irqs)
            ),
            every_seconds=self.every_seconds,
            within_seconds=self.within_seconds,
            clock=time.monotonic,
            sleep=time.sleep,
            warn=surroundings.warn,
        )
        for number, finding in enumerate(watch.changes()):
            text = finding_text(self.condition, finding, self.form, first=number == 0)
            surroundings.stdout.write(text)
            surroundings.stdout.flush()
            if not self.follow:
                break
        return 0


class Reading(NamedTuple):
    """The time of the newest sample, and the figure of a condition then; None if unknown."""

    time: Moment
    figure: float | None
    unknown_name: str = ""
    """A name in the condition that nothing has."""


def read_figure(client: Client, condition: Condition, request: Request) -> Reading:
    """Ask for the figure of a condition in a window. Raise ServerError."""
    if condition.kind == "imbalance":
        cpus = client.cpus(request)
        return Reading(cpus.window.end, imbalance_of(cpus))
    answer = client.interrupts(request)
    return Reading(answer.window.end, condition.figure(answer), condition.unknown_name(answer))


class Finding(NamedTuple):
    """The time of the newest sample, the figure, and if the condition holds."""

    time: Moment
    figure: float | None
    holds: bool


class Watch(NamedTuple):
    """How to watch."""

    condition: Condition
    ask: Callable[[], Reading]
    """Asks for the newest figure. Raises ServerError."""
    every_seconds: float
    within_seconds: float | None
    """The time after which it gives up; None for never."""
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    warn: Callable[[object], None]
    """Reports a server that cannot be reached for now, and a name that nothing has."""

    def changes(self) -> Iterator[Finding]:
        """Return a finding when the condition begins to hold, and each time that changes.

        End when the time is over. Raise GaveUpError if it has not held until then. Raise a
        ServerError if the first question fails, or if a later one fails at a server that can be
        reached.
        """
        started = self.clock()
        since: float | None = None
        held = False
        answered = False
        ever = False
        while True:
            reading = self._answer(answered)
            if reading is not None:
                if not answered and reading.unknown_name:
                    # it may be a mistake
                    self.warn(f"{self.condition.text}: there is no {reading.unknown_name} now")
                answered = True
                now = self.clock()
                fits = self.condition.holds(reading.figure)
                since = (now if since is None else since) if fits else None
                holds = since is not None and now - since >= self.condition.seconds
                if holds != held or (holds and self.condition.compare is None):
                    held, ever = holds, True
                    yield Finding(reading.time, reading.figure, holds)
            if not self._pause(started):
                if ever:
                    return
                time = span_text(self.within_seconds or 0.0)
                raise GaveUpError(f"{self.condition.text}: did not hold within {time}")

    def _answer(self, answered: bool) -> Reading | None:
        """Return the answer, None if the server cannot be reached for now."""
        try:
            return self.ask()
        except UnreachableError as error:
            if not answered:
                raise
            self.warn(error)
            return None

    def _pause(self, started: float) -> bool:
        """Wait for the next question; return False if there is no time for one."""
        if self.within_seconds is None:
            self.sleep(self.every_seconds)
            return True
        left = started + self.within_seconds - self.clock()
        if left > 0:
            self.sleep(min(self.every_seconds, left))
        return left > 0


def finding_text(condition: Condition, finding: Finding, form: str, *, first: bool) -> str:
    """Return one line about a finding, as `table`, `json` or `csv`; a figure alone is a number.

    The first line of CSV stands below its heading.
    """
    if form == "json":
        fields = {"time": finding.time, "condition": condition.text, "figure": finding.figure}
        return json.dumps(fields | {"holds": finding.holds}) + "\n"
    if form == "csv":
        holds = "true" if finding.holds else "false"
        text = io.StringIO()
        writer = csv.writer(text)
        if first:
            writer.writerow(("time", "condition", "figure", "holds"))
        writer.writerow((finding.time.unix_text, condition.text, finding.figure, holds))
        return text.getvalue()
    if condition.compare is None:
        return f"{finding.figure:.2f}\n"
    words = "holds" if finding.holds else "holds no more"
    figure = _figure_text(condition, finding.figure)
    return f"{finding.time.local}  {condition.text}: {words}, {figure}\n"


def _figure_text(condition: Condition, figure: float | None) -> str:
    if figure is None:
        return "not known"
    return f"{figure:.2f}" if condition.kind == "imbalance" else f"{rate_text(figure)}/s"


def read(given: Given) -> Watching:
    """Return the condition, and how to watch for it."""
    return Watching(
        given.argument("CONDITION", read_condition),
        given.request().period,
        given.seconds("refresh") or 1.0,
        given.seconds("within"),
        given.flag("follow"),
        given.form,
    )


COMMAND = Command(
    "watch",
    "waits until a condition holds, then prints it; a figure alone is printed at once",
    (
        "irq_client watch imbalance above 1.5 for 5m",
        "irq_client watch 'irq eth0-* rate above 50k' --within 1h",
        "irq_client watch cpu 0-3 rate below 100 --follow",
        "irq_client watch imbalance",
    ),
    read,
    ("CONDITION...",),
    (
        Setting("within", "stop after this long, with exit status 1", "DURATION", "never"),
        Setting("follow", "keep running; print every change (of a figure alone every reading)"),
        REFRESH,
        PERIOD._replace(default="two samples of the server, at least 5s"),
    ),
)
