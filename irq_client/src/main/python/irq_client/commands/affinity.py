"""The command `affinity`: show the CPUs that IRQs may go to, or set them.

A pattern names several IRQs. A CPU list is then dealt out to them, one CPU each in turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from ..command_line.command import Command, Given
from ..command_line.options import Setting
from ..command_line.values import read_cpu_list, read_irq
from ..errors import NoMatchError, NotAllowedError
from ..figures.patterns import is_pattern, matches, spread
from ..server.cpu_list import CpuList
from ..server.request import Request
from ..server.times import Duration
from ..terminal.columns import Column, Row, csv_rows, field_sheet, headings, table_rows
from ..terminal.table import Sheet
from ..terminal.text import visible
from ..terminal.writer import Shown
from .shared import known, named, shown

if TYPE_CHECKING:
    from ..server import model
    from ..server.client import Client

Confirm = Callable[[str], None]
"""A function that asks before a change, and raises DeclinedError unless the answer is yes."""

_REFUSED = 409
"""The status of a change that the kernel refuses, or would."""

_LATELY = Request(period=Duration("10s", 10.0))
"""A short window: only the affinities matter."""

_PENDING = " (pending: the kernel changes it at the next interrupt)"


class Affinity(NamedTuple):
    """The affinity of one IRQ, or of each IRQ that a pattern names."""

    irq: str

    def ask(self, client: Client) -> Shown:
        """Ask for the affinities."""
        if not is_pattern(self.irq):
            return shown(client.affinity(self.irq), show_affinity, list_affinity)
        answers = [client.affinity(irq.irq) for irq in matching_irqs(client, self.irq)]
        return _shown_moves([Move(each, each) for each in answers])


class NewAffinity(NamedTuple):
    """A CPU list for one IRQ, or for the IRQs that a pattern names."""

    irq: str
    cpus: CpuList
    yes: bool
    """Change it without a question."""
    same: bool
    """Give each IRQ the whole list."""

    def change(self, client: Client, confirm: Confirm) -> Shown:
        """Set the affinities, unless `confirm` raises an error."""
        if is_pattern(self.irq):
            return self._change_many(client, confirm)
        before = client.affinity(self.irq)
        confirm(change_question(before, self.cpus.text, client.name))
        after = client.set_affinity(self.irq, self.cpus.text)
        return shown(after, lambda value: show_change(before, value), list_affinity)

    def _change_many(self, client: Client, confirm: Confirm) -> Shown:
        """Set the affinities one by one.

        A refusal of the kernel stops no other IRQ. Any other ServerError stops all, as does a
        server that allows no change.
        """
        names = [irq.irq for irq in matching_irqs(client, self.irq)]
        plan = spread(names, self.cpus.cpus)
        if self.same:
            plan = [(name, self.cpus.text) for name in names]
        before = {name: client.affinity(name) for name in names}
        lines = [_plan_line(before[name], to) for name, to in plan]
        confirm("\n".join([*lines, f"{client.name}: change the affinities of {len(plan)} IRQs?"]))
        moves, refusals = [], []
        for name, to in plan:
            try:
                moves.append(_moved(before[name], client.set_affinity(name, to)))
            except NotAllowedError as error:
                if error.status != _REFUSED:
                    raise
                refusals.append(error)
                moves.append(_moved(before[name], before[name], error.reason))
        return _shown_moves(moves)._replace(failures=tuple(refusals))


class Move(NamedTuple):
    """One IRQ's affinity before and after."""

    before: model.Affinity
    after: model.Affinity
    is_wanted: bool = False
    """False if the affinity is only shown."""
    refused: str = ""
    """Why the IRQ stayed; empty if it did not."""


def _moved(before: model.Affinity, after: model.Affinity, refused: str = "") -> Move:
    return Move(before, after, True, refused)


def matching_irqs(client: Client, pattern: str) -> list[model.Irq]:
    """Return the IRQs with an affinity that a pattern names, in the server's order.

    Raise a ServerError, and NoMatchError if there are none.
    """
    rows = client.irqs(_LATELY).irqs
    found = [
        irq for irq in rows if irq.affinity is not None and matches(pattern, irq.irq, irq.device)
    ]
    if not found:
        raise NoMatchError(f"no IRQ with an affinity is named {pattern}")
    return found


# ---- one IRQ


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _effective(answer: model.Affinity) -> str:
    return known(answer.effective_affinity) + _PENDING * answer.pending


COLUMNS: tuple[Column[model.Affinity], ...] = (
    Column(None, "irq", lambda each: visible(each.irq)),
    Column(None, "device", lambda each: visible(each.device)),
    Column(
        "affinity",
        "affinity",
        lambda each: known(each.affinity),
        lambda each: visible(each.affinity or ""),
    ),
    Column(
        "effective affinity",
        "effective_affinity",
        _effective,
        lambda each: visible(each.effective_affinity or ""),
    ),
    Column(
        "writable",
        "writable",
        lambda each: "yes" if each.writable else "no",
        lambda each: _flag(each.writable),
    ),
    Column(None, "pending", lambda each: _flag(each.pending)),
)
CHANGE_COLUMNS: tuple[Column[tuple[model.Affinity, model.Affinity]], ...] = (
    Column("affinity", "", lambda pair: f"{known(pair[0].affinity)} -> {known(pair[1].affinity)}"),
    Column(
        "effective affinity",
        "",
        lambda pair: f"{known(pair[0].effective_affinity)} -> {_effective(pair[1])}",
    ),
)


def show_affinity(answer: model.Affinity) -> Sheet:
    """Return the CPUs of one IRQ."""
    return field_sheet(COLUMNS, answer, (named("IRQ", answer.irq, answer.device),))


def list_affinity(answer: model.Affinity) -> Iterator[Row]:
    """Return one row."""
    return csv_rows(COLUMNS, [answer])


def show_change(before: model.Affinity, after: model.Affinity) -> Sheet:
    """Return what a change did: ``affinity 0-3 -> 2``, ``effective affinity 3 -> 2``."""
    return field_sheet(CHANGE_COLUMNS, (before, after), (named("IRQ", after.irq, after.device),))


def change_question(before: model.Affinity, cpus: str, server: str) -> str:
    """Return the question before an affinity is set."""
    irq = named("IRQ", before.irq, before.device)
    change = f"change the affinity of {irq} from {known(before.affinity)} to {cpus}"
    return f"{server}: {change}{_refusal_warning(before)}?"


def _refusal_warning(before: model.Affinity) -> str:
    """Return a warning if the kernel will refuse a change, else an empty text."""
    return "" if before.writable else " (managed: the kernel will refuse)"


def _plan_line(before: model.Affinity, to: str) -> str:
    irq = f"IRQ {visible(before.irq)} ({visible(before.device)})"
    return f"  {irq}  {known(before.affinity)} -> {to}{_refusal_warning(before)}"


# ---- several IRQs


def _remark(move: Move) -> str:
    if move.refused:
        return f"refused: {visible(move.refused)}"
    if move.after.pending:
        return "pending"
    return "" if move.after.writable else "managed: the kernel's alone"


MOVE_COLUMNS: tuple[Column[Move], ...] = (
    Column("IRQ", "irq", lambda move: visible(move.after.irq)),
    Column("DEVICE", "device", lambda move: visible(move.after.device), flexible=True),
    Column("BEFORE", "before", lambda move: visible(move.before.affinity or "")),
    Column("AFFINITY", "affinity", lambda move: visible(move.after.affinity or "")),
    Column(
        "EFFECTIVE",
        "effective_affinity",
        lambda move: visible(move.after.effective_affinity or ""),
    ),
    Column(None, "pending", lambda move: _flag(move.after.pending)),
    Column("", "refused", _remark, lambda move: visible(move.refused), flexible=True),
)


def _shown_moves(moves: list[Move]) -> Shown:
    """Return several answers: as JSON in one object, ``{"affinities": [...]}``."""
    return Shown(
        b'{"affinities": [%s]}' % b", ".join(move.after.text.strip() for move in moves),
        lambda: show_moves(moves),
        lambda: csv_rows(MOVE_COLUMNS, moves),
    )


def show_moves(moves: list[Move]) -> Sheet:
    """Return a row for each IRQ; with the affinity before, if that was to change."""
    columns = MOVE_COLUMNS
    if not any(move.is_wanted for move in moves):
        columns = tuple(each for each in columns if each.title != "BEFORE")
    return Sheet(notes=(), columns=headings(columns), rows=table_rows(columns, moves))


def read(given: Given) -> Affinity | NewAffinity:
    """Return the question, or the change if there is a CPU list."""
    irq = given.argument("IRQ", read_irq)
    cpus = given.optional_argument("CPU-LIST", read_cpu_list)
    if cpus is None:
        return Affinity(irq)
    return NewAffinity(irq, cpus, yes=given.flag("yes"), same=given.flag("same"))


COMMAND = Command(
    "affinity",
    "the CPUs that an IRQ may go to; with a CPU list, sets them (IRQ: also a pattern or 40-47)",
    ("irq_client affinity 36 2-3 --yes", "irq_client affinity 'eth0-*' 0-7"),
    read,
    ("IRQ", "[CPU-LIST]"),
    (
        Setting("yes", "change it without asking first", short="-y"),
        Setting("same", "gives each IRQ of a pattern the whole list, not one CPU of it in turn"),
    ),
)
