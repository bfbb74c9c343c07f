"""Each command: what it asks a server, how it is shown, how it is listed as CSV."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Generic, TypeVar

from ..command_line.parser import Arguments
from ..errors import NoMatchError, ServerError
from ..figures.patterns import is_pattern
from ..server import model
from ..server.authors import CHANGE
from ..server.client import Answer, Client
from ..server.cpu_list import CpuList
from ..server.request import Request
from ..server.times import Duration, Time
from ..terminal.table import Line, Sheet
from . import records, spreading, views
from .drawing import draw_grid, draw_heatmap, draw_history
from .effect import MOST_IRQS, Effect, list_effect, show_effect
from .records import Row

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer in its three forms, the latter two made only where they are wanted."""

    json: bytes
    sheet: Callable[[], Sheet]
    rows: Callable[[], Iterator[Row]]
    draw: Callable[[int], Iterator[Line]] | None = None
    """What is shown in the sheet's place, in so many cells; None where the sheet is."""
    failures: tuple[ServerError, ...] = ()
    """What went wrong on the way, to be told after all that did not."""


@dataclass(frozen=True, slots=True)
class _Reading(Generic[T]):
    """A command that reads."""

    ask: Callable[[Client, Arguments], Answer[T]]
    show: Callable[[T], Sheet]
    rows: Callable[[T], Iterator[Row]]

    def __call__(self, client: Client, arguments: Arguments) -> Shown:
        answer = self.ask(client, arguments)
        return Shown(
            json=answer.text,
            sheet=lambda: self.show(answer.value),
            rows=lambda: self.rows(answer.value),
        )


_READINGS: dict[str, Callable[[Client, Arguments], Shown]] = {
    "overview": _Reading(
        lambda client, given: client.interrupts(given.request),
        views.show_interrupts,
        records.list_interrupts,
    ),
    "irqs": _Reading(
        lambda client, given: client.irqs(given.request), views.show_irqs, records.list_irqs
    ),
    "irq": _Reading(
        lambda client, given: client.irq(given.irq, given.request),
        views.show_one_irq,
        records.list_one_irq,
    ),
    "cpus": _Reading(
        lambda client, given: client.cpus(given.request), views.show_cpus, records.list_cpus
    ),
    "cpu": _Reading(
        lambda client, given: client.cpu(given.cpu or 0, given.request),
        views.show_one_cpu,
        records.list_one_cpu,
    ),
    "history": lambda client, given: _history(client, given),
    "effect": lambda client, given: _effect(client, given),
    "heatmap": lambda client, given: _heatmap(client, given),
    "affinity": _Reading(
        lambda client, given: client.affinity(given.irq), views.show_affinity, records.list_affinity
    ),
    "events": _Reading(
        lambda client, given: client.events(given.request), views.show_events, records.list_events
    ),
    "status": _Reading(lambda client, _: client.status(), views.show_status, records.list_status),
}


def carry_out(client: Client, arguments: Arguments, confirm: Callable[[str], None]) -> Shown:
    """Carries out one command at one server and gives what it answered.

    `confirm` is called with a question before anything is changed, and raises where the answer is
    not yes.
    """
    if arguments.command == "affinity" and is_pattern(arguments.irq):
        return _matching_affinities(client, arguments, confirm)
    if arguments.cpu_list:
        return _set_affinity(client, arguments.irq, arguments.cpu_list, confirm)
    return _READINGS[arguments.command](client, arguments)


_series = _Reading(
    lambda client, given: client.series(given.request), views.show_series, records.list_series
)


def _history(client: Client, given: Arguments) -> Shown:
    """A series; drawn, with the affinity changes of the same time, unless a table is wanted."""
    if given.chart == "table" or given.format != "table":
        return _series(client, given)
    return _drawn(
        client,
        given,
        lambda series, events, width: draw_history(series, events, width, given.chart),
    )


def _heatmap(client: Client, given: Arguments) -> Shown:
    """Keys by time, or IRQ by CPU."""
    if given.request.by == "irq,cpu":
        answer = client.interrupts(given.request._replace(by="", step=None))
        return Shown(
            json=answer.text,
            sheet=lambda: views.show_interrupts(answer.value),
            rows=lambda: records.list_interrupts(answer.value),
            draw=lambda width: draw_grid(answer.value, width),
        )
    if given.format != "table":
        return _series(client, given)
    return _drawn(client, given, draw_heatmap)


def _drawn(
    client: Client,
    given: Arguments,
    draw: Callable[[model.Series, Sequence[model.Event], int], Iterator[Line]],
) -> Shown:
    series = client.series(given.request)
    window = series.value.window
    changes: tuple[model.Event, ...] = ()
    if window.start != window.end:
        edges = Request(start=Time.of(window.start), end=Time.of(window.end))
        changes = client.events(edges._replace(irqs=given.request.irqs)).value.events
    return Shown(
        json=series.text,
        sheet=lambda: views.show_series(series.value),
        rows=lambda: records.list_series(series.value),
        draw=lambda width: draw(series.value, changes, width),
    )


def _set_affinity(client: Client, irq: str, cpus: CpuList, confirm: Callable[[str], None]) -> Shown:
    before = client.affinity(irq).value
    confirm(views.change_question(before, cpus.text, client.server))
    after: Answer[model.Affinity] = client.set_affinity(irq, cpus.text)
    return Shown(
        json=after.text,
        sheet=lambda: views.show_change(before, after.value),
        rows=lambda: records.list_affinity(after.value),
    )


def _matching_affinities(
    client: Client, arguments: Arguments, confirm: Callable[[str], None]
) -> Shown:
    """Shows or sets the affinities of all the IRQs that a pattern names."""
    refusals: Sequence[ServerError] = ()
    if arguments.cpu_list:
        moves, refusals = spreading.set_matching(
            client, arguments.irq, arguments.cpu_list, arguments.same, confirm
        )
    else:
        moves = spreading.show_matching(client, arguments.irq)
    return Shown(
        json=spreading.json_moves(moves),
        sheet=lambda: spreading.show_moves(moves),
        rows=lambda: spreading.list_moves(moves),
        failures=tuple(refusals),
    )


_LOOK_BACK = Duration("7d", 604_800.0)
"""How far back `effect` looks for an affinity change."""

_PERIOD = Duration("60s", 60.0)
"""The length of each of its windows unless one is given."""


def _effect(client: Client, given: Arguments) -> Shown:
    """The same length of time before and after a moment."""
    event = None if given.time else _latest_change(client, given)
    moment = Time.of(event.time) if event else given.time
    around = given.request._replace(period=given.request.period or _PERIOD, top=None)
    before = client.interrupts(around._replace(end=moment))
    after = client.interrupts(around._replace(start=moment))
    effect = Effect(before.value, after.value, event)
    return Shown(
        json=b'{"change": %s, "before": %s, "after": %s}'
        % (_change_json(event), before.text.strip(), after.text.strip()),
        sheet=lambda: show_effect(effect, given.request.top or MOST_IRQS),
        rows=lambda: list_effect(effect),
    )


def _change_json(change: model.Event | None) -> bytes:
    """Gives a change as `/events` has it, and by whom it is; null for none."""
    return json.dumps(None if change is None else asdict(change)).encode()


def _latest_change(client: Client, given: Arguments) -> model.Event:
    """Gives the latest affinity change, of the IRQs that are asked for where some are.

    Raises NoMatchError where there is none.
    """
    looked_at = Request(period=_LOOK_BACK, irqs=given.request.irqs)
    events = client.events(looked_at).value.events
    changes = [each for each in events if each.event == CHANGE]
    if not changes:
        raise NoMatchError(
            f"{client.server}: no affinity change in the last {_LOOK_BACK.text}; "
            "give a time, as in -15m"
        )
    return changes[-1]
