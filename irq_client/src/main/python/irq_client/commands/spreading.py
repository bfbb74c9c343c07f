"""The command `affinity` for several IRQs at once: shows them, or spreads them over CPUs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..errors import NoMatchError, NotAllowedError
from ..figures.patterns import matches, spread
from ..server import model
from ..server.client import Client
from ..server.cpu_list import CpuList
from ..server.request import Request
from ..server.times import Duration
from ..terminal.table import Column, Sheet
from ..terminal.text import visible
from . import views
from .records import Row

_REFUSED = 409
"""The status of what the kernel refuses, or would."""

_LATELY = Request(period=Duration("10s", 10.0))
"""A short window: only the affinities matter."""


@dataclass(frozen=True, slots=True)
class Move:
    """One IRQ's affinity before and after; `refused` says why it stayed, empty where it did not."""

    before: model.Affinity
    after: model.Affinity
    text: bytes
    """The answer as it came."""
    wanted: str = ""
    refused: str = ""


def matching_irqs(client: Client, pattern: str) -> list[model.Irq]:
    """Gives the numbered IRQs that a pattern names, in the server's order.

    Raises a ServerError, and NoMatchError where there are none.
    """
    rows = client.irqs(_LATELY).value.irqs
    found = [
        irq for irq in rows if irq.affinity is not None and matches(pattern, irq.irq, irq.device)
    ]
    if not found:
        raise NoMatchError(f"{client.server}: no IRQ with an affinity is named {pattern}")
    return found


def show_matching(client: Client, pattern: str) -> list[Move]:
    """Gives the affinities of the IRQs that a pattern names."""
    answers = [client.affinity(irq.irq) for irq in matching_irqs(client, pattern)]
    return [Move(each.value, each.value, each.text) for each in answers]


def set_matching(
    client: Client, pattern: str, cpus: CpuList, same: bool, confirm: Callable[[str], None]
) -> tuple[list[Move], list[NotAllowedError]]:
    """Sets the affinities of the IRQs that a pattern names, one CPU of the list each in turn.

    With `same` each gets the whole list. What the kernel refuses is gathered, the other IRQs are
    done; any other ServerError ends it, so does a server that lets nothing be changed.
    """
    irqs = matching_irqs(client, pattern)
    names = [irq.irq for irq in irqs]
    plan = [(name, cpus.text) for name in names] if same else spread(names, cpus.cpus)
    before = {irq.irq: client.affinity(irq.irq) for irq in irqs}
    lines = [_plan_line(before[name].value, to) for name, to in plan]
    listed = "\n".join(lines)
    confirm(f"{listed}\n{client.server}: change the affinities of {len(plan)} IRQs?")
    moves, refusals = [], []
    for name, to in plan:
        old = before[name]
        try:
            answer = client.set_affinity(name, to)
        except NotAllowedError as error:
            if error.status != _REFUSED:
                raise
            refusals.append(error)
            moves.append(Move(old.value, old.value, old.text, to, error.reason))
        else:
            moves.append(Move(old.value, answer.value, answer.text, to))
    return moves, refusals


def _plan_line(before: model.Affinity, to: str) -> str:
    irq = f"IRQ {visible(before.irq)} ({visible(before.device)})"
    change = f"{visible(before.affinity or views.UNKNOWN)} -> {to}"
    return f"  {irq}  {change}{views.refusal_warning(before)}"


def show_moves(moves: list[Move]) -> Sheet:
    """One row per IRQ, with what was changed where something was."""
    changing = any(move.wanted for move in moves)
    return Sheet(
        notes=(),
        columns=(
            Column("IRQ"),
            Column("DEVICE", flexible=True),
            *((Column("BEFORE"),) * changing),
            Column("AFFINITY"),
            Column("EFFECTIVE"),
            Column("", flexible=True),
        ),
        rows=tuple(
            (
                visible(move.after.irq),
                visible(move.after.device),
                *((visible(move.before.affinity or ""),) * changing),
                visible(move.after.affinity or ""),
                visible(move.after.effective_affinity or ""),
                _remark(move),
            )
            for move in moves
        ),
    )


def _remark(move: Move) -> str:
    if move.refused:
        return f"refused: {visible(move.refused)}"
    if move.after.pending:
        return "pending"
    return "" if move.after.writable else "managed: the kernel's alone"


def list_moves(moves: list[Move]) -> Iterator[Row]:
    """One row per IRQ."""
    yield ("irq", "device", "before", "affinity", "effective_affinity", "pending", "refused")
    for move in moves:
        texts = (
            move.after.irq,
            move.after.device,
            move.before.affinity or "",
            move.after.affinity or "",
            move.after.effective_affinity or "",
            "true" if move.after.pending else "false",
            move.refused,
        )
        yield tuple(map(visible, texts))


def json_moves(moves: list[Move]) -> bytes:
    """Gives the server's answers in one object, ``{"affinities": [...]}``."""
    return b'{"affinities": [%s]}' % b", ".join(move.text.strip() for move in moves)
