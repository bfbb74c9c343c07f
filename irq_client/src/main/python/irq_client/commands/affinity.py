"""The command `affinity`: show the CPUs that IRQs may go to, set them, or undo the last change.

A pattern names several IRQs. A CPU list is then dealt out to them, one CPU each, by their loads.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ..command_line.command import Command, Given
from ..command_line.options import Setting
from ..command_line.values import read_cpu_list, read_irq
from ..errors import CommandLineError, NoMatchError, NotAllowedError
from ..figures.rows import is_own
from ..figures.spread import Placed, spread
from ..server.cpu_list import CpuList, parse_cpu_list
from ..server.names import NUMBER
from ..server.request import Request
from ..terminal.columns import Column, Row, csv_rows, field_sheet, headings, table_rows
from ..terminal.table import Sheet
from ..terminal.text import visible
from ..terminal.writer import Shown
from .shared import LOOK_BACK, known, named, shown

if TYPE_CHECKING:
    from ..server import model
    from ..server.client import Client

    Affinities = Mapping[str, model.Affinity]
    """The affinity of each IRQ now."""

Confirm = Callable[[str], None]
"""A function that asks before a change, and raises DeclinedError unless the answer is yes."""

_REFUSED = 409
"""The status of a change that the kernel refuses, or would."""


class Affinity(NamedTuple):
    """The affinity of one IRQ, or of each of several that a name means."""

    irq: str

    def ask(self, client: Client) -> Shown:
        """Ask for the affinities."""
        answers = [client.affinity(name) for name in movable_names(client, self.irq)]
        if len(answers) == 1:
            return shown(answers[0], show_affinity, list_affinity)
        return _shown_moves([Move(each, each) for each in answers])


class NewAffinity(NamedTuple):
    """Other CPUs for one IRQ, or for each of several that a name means."""

    irq: str
    cpus: CpuList | None
    """None to undo the last change of each IRQ."""
    yes: bool
    """Change it without a question."""
    same: bool
    """Give each IRQ the whole list."""

    def change(self, client: Client, confirm: Confirm) -> Shown:
        """Set the affinities one by one, unless `confirm` raises an error.

        An IRQ that is there already stays, as does a managed one beside others. A refusal of the
        kernel stops no other IRQ. Any other ServerError stops all, as does a server that allows no
        change.
        """
        names = movable_names(client, self.irq)
        is_one = len(names) == 1
        before = {name: client.affinity(name) for name in names}
        wanted = self._wanted(client, before, is_one)
        wanted = {name: to for name, to in wanted.items() if not _is_there(before[name], to)}
        if wanted:
            confirm(_question(visible(client.name), before, wanted))
        moves, refusals = {name: Move(each, each) for name, each in before.items()}, []
        for name, to in wanted.items():
            try:
                moves[name] = Move(before[name], client.set_affinity(name, to), is_wanted=True)
            except NotAllowedError as error:
                if is_one or error.status != _REFUSED:
                    raise
                refusals.append(error)
                moves[name] = Move(before[name], before[name], True, error.reason)
        if is_one:
            (move,) = moves.values()
            return shown(move.after, lambda _: show_change(move), list_affinity)
        return _shown_moves(list(moves.values()), changes=True)._replace(failures=tuple(refusals))

    def _wanted(self, client: Client, before: Affinities, is_one: bool) -> Mapping[str, str]:
        """Return the new CPU list of each IRQ that may move."""
        if self.cpus is None:
            return _former_cpus(client, before)
        if is_one:
            return dict.fromkeys(before, self.cpus.text)
        movable = {name: each for name, each in before.items() if each.writable} or dict(before)
        if self.same:
            return dict.fromkeys(movable, self.cpus.text)
        irqs, others = [], dict.fromkeys(self.cpus.cpus, 0.0)
        answer = client.irqs(Request())
        for irq in answer.irqs:
            if irq.irq in movable:
                irqs.append(Placed(irq.irq, irq.total, _only_cpu(movable[irq.irq])))
            elif irq.counts and not is_own(irq.irq, irq.device):
                for cpu, count in zip(answer.cpus, irq.counts, strict=True):
                    if cpu in others:
                        others[cpu] += count
        return {irq: str(cpu) for irq, cpu in spread(irqs, others).items()}


class Move(NamedTuple):
    """One IRQ's affinity before and after, as the server answered."""

    before: model.Affinity
    after: model.Affinity
    is_wanted: bool = False
    """False if it was not to change."""
    refused: str = ""
    """Why the IRQ stayed; empty if it did not."""


def movable_names(client: Client, name: str) -> Sequence[str]:
    """Return the IRQs with an affinity that a name means, in the server's order.

    Raise a ServerError, and NoMatchError if there are none.
    """
    if NUMBER.fullmatch(name):
        return (name,)
    found = [irq.irq for irq in client.named(name) if irq.affinity is not None]
    if not found:
        raise NoMatchError(f"no IRQ with an affinity is named {name}")
    return found


def _former_cpus(client: Client, names: Collection[str]) -> Mapping[str, str]:
    """Return the CPU list before the last change of each IRQ that was changed.

    Raise ServerError, and NoMatchError if no IRQ was changed.
    """
    events = client.events(Request(period=LOOK_BACK)).events
    former = {each.irq: each.change[0] for each in events if each.change}
    found = {name: former[name] for name in names if _cpus(former.get(name))}
    if not found:
        raise NoMatchError(f"no change to undo in the last {LOOK_BACK.text}")
    return found


def _cpus(text: str | None) -> tuple[int, ...]:
    """Return the CPUs of a server's list, none for any other text."""
    try:
        return parse_cpu_list(text or "").cpus
    except ValueError:
        return ()


def _is_there(now: model.Affinity, to: str) -> bool:
    return _cpus(now.affinity) == _cpus(to)


def _only_cpu(now: model.Affinity) -> int | None:
    cpus = _cpus(now.affinity)
    return cpus[0] if len(cpus) == 1 else None


def _question(server: str, before: Affinities, wanted: Mapping[str, str]) -> str:
    """Return the question before affinities are set; of several, a line each stands above it."""
    lines = []
    for name, to in wanted.items():
        now = before[name]
        managed = "" if now.writable else " (managed: the kernel will refuse)"
        irq = named("IRQ", now.irq, now.device)
        lines.append(f"{irq} from {known(now.affinity)} to {to}{managed}")
    if len(lines) == 1:
        return f"{server}: change the affinity of {lines[0]}?"
    question = f"{server}: change the affinities of {len(lines)} IRQs?"
    return "\n".join([*(f"  {line}" for line in lines), question])


# ---- one IRQ


_PENDING = " (pending: the kernel changes it at the next interrupt)"


def _effective(answer: model.Affinity) -> str:
    return known(answer.effective_affinity) + _PENDING * answer.pending


COLUMNS: tuple[Column[model.Affinity], ...] = (
    Column(None, "irq", lambda each: each.irq),
    Column(None, "device", lambda each: each.device),
    Column("affinity", "affinity", lambda each: each.affinity),
    Column("effective affinity", "effective_affinity", _effective, lambda x: x.effective_affinity),
    Column("writable", "writable", lambda each: each.writable),
    Column(None, "pending", lambda each: each.pending),
)


def _affinities(move: Move) -> str:
    before, after = known(move.before.affinity), known(move.after.affinity)
    return f"{after} (there already)" if before == after else f"{before} -> {after}"


def _effectives(move: Move) -> str:
    return f"{known(move.before.effective_affinity)} -> {_effective(move.after)}"


CHANGE_COLUMNS: tuple[Column[Move], ...] = (
    Column("affinity", "", _affinities),
    Column("effective affinity", "", _effectives),
)


def show_affinity(answer: model.Affinity) -> Sheet:
    """Return the CPUs of one IRQ."""
    return field_sheet(COLUMNS, answer, (named("IRQ", answer.irq, answer.device),))


def list_affinity(answer: model.Affinity) -> Iterator[Row]:
    """Return one row."""
    return csv_rows(COLUMNS, [answer])


def show_change(move: Move) -> Sheet:
    """Return what a change did: ``affinity 0-3 -> 2``, ``effective affinity 3 -> 2``."""
    return field_sheet(CHANGE_COLUMNS, move, (named("IRQ", move.after.irq, move.after.device),))


# ---- several IRQs


def _remark(move: Move) -> str:
    if move.refused:
        return f"refused: {move.refused}"
    if not move.after.writable:
        return "managed: the kernel's alone"
    return "pending" if move.after.pending and move.is_wanted else ""


MOVE_COLUMNS: tuple[Column[Move], ...] = (
    Column("IRQ", "irq", lambda move: move.after.irq),
    Column("DEVICE", "device", lambda move: move.after.device, flexible=True),
    Column("BEFORE", "before", lambda move: move.before.affinity),
    Column("AFFINITY", "affinity", lambda move: move.after.affinity),
    Column("EFFECTIVE", "effective_affinity", lambda move: move.after.effective_affinity),
    Column(None, "pending", lambda move: move.after.pending),
    Column("", "refused", _remark, lambda move: move.refused, flexible=True),
)


def _shown_moves(moves: list[Move], *, changes: bool = False) -> Shown:
    """Return several answers: as JSON in one object, ``{"affinities": [...]}``."""
    columns = tuple(each for each in MOVE_COLUMNS if changes or each.title != "BEFORE")
    sheet = Sheet(notes=(), columns=headings(columns), rows=table_rows(columns, moves))
    return Shown(
        b'{"affinities": [%s]}' % b", ".join(move.after.text.strip() for move in moves),
        lambda: sheet,
        lambda: csv_rows(MOVE_COLUMNS, moves),
    )


def read(given: Given) -> Affinity | NewAffinity:
    """Return the question, or the change if there is a CPU list or one is to be undone."""
    irq = given.argument("IRQ", read_irq)
    cpus = given.optional_argument("CPU-LIST", read_cpu_list)
    if cpus is not None and given.flag("undo"):
        raise CommandLineError("--undo takes no CPU list: the last change says where to go back")
    if cpus is None and not given.flag("undo"):
        return Affinity(irq)
    return NewAffinity(irq, cpus, yes=given.flag("yes"), same=given.flag("same"))


COMMAND = Command(
    "affinity",
    "the CPUs that IRQs may go to; with a CPU list, sets them",
    (
        "irq_client affinity 36 2-3 --yes",
        "irq_client affinity 'eth0-*' 0-7",
        "irq_client affinity 36 --undo",
    ),
    read,
    ("IRQ", "[CPU-LIST]"),
    (
        Setting("yes", "change it without asking first", short="-y"),
        Setting("same", "give each IRQ of a pattern the whole list, not one CPU of it by load"),
        Setting("undo", "go back to the CPUs before the last change"),
    ),
)
