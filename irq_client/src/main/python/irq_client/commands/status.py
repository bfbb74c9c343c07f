"""The command `status`: how the server's sampler and store are doing, and the imbalance now."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from ..command_line.command import Command
from ..errors import ServerError
from ..server.request import Request
from ..terminal.columns import Column, Row, csv_rows, field_sheet
from ..terminal.table import Sheet
from ..terminal.text import bytes_text, count_text, span_text, visible
from ..terminal.writer import Shown
from .shared import UNKNOWN, imbalance_of, known

if TYPE_CHECKING:
    from ..server import model
    from ..server.client import Client


class Health(NamedTuple):
    """A server's status, and the imbalance of its machine; None if there is none to have."""

    status: model.Status
    imbalance: float | None = None


class Status(NamedTuple):
    """The status of the server."""

    form: str

    def ask(self, client: Client) -> Shown:
        """Ask for the status and, unless it is for JSON, for the imbalance."""
        answer = client.status()
        health = Health(answer)
        if self.form != "json":
            with suppress(ServerError):  # no sample yet
                health = Health(answer, imbalance_of(client, Request())[1])
        return Shown(answer.text, lambda: show_status(health), lambda: list_status(health))


def _store(answer: model.Status) -> str:
    cap = "" if answer.max_bytes is None else f" of at most {bytes_text(answer.max_bytes)}"
    return bytes_text(answer.bytes) + cap


def _held(answer: model.Status) -> str:
    return UNKNOWN if answer.holds_seconds is None else span_text(answer.holds_seconds)


COLUMNS: tuple[Column[Health], ...] = (
    Column("sampler", "state", lambda each: visible(each.status.state)),
    Column("imbalance", "", lambda each: UNKNOWN if each.imbalance is None else each.imbalance),
    Column(
        "interval",
        "interval_seconds",
        lambda each: span_text(each.status.interval_seconds),
        lambda each: each.status.interval_seconds,
    ),
    Column(
        "last sample",
        "last_sample",
        lambda each: known(each.status.last_sample),
        lambda each: each.status.last_sample,
    ),
    Column(
        "samples",
        "samples",
        lambda each: f"{count_text(each.status.samples)}, {count_text(each.status.late)} late",
        lambda each: each.status.samples,
    ),
    Column(None, "late", lambda each: each.status.late),
    Column(
        None, "last_error", lambda each: each.status.last_error and visible(each.status.last_error)
    ),
    Column("store", "bytes", lambda each: _store(each.status), lambda each: each.status.bytes),
    Column(None, "max_bytes", lambda each: each.status.max_bytes),
    Column(
        "oldest",
        "oldest",
        lambda each: known(each.status.oldest),
        lambda each: each.status.oldest,
    ),
    Column(
        "newest",
        "newest",
        lambda each: known(each.status.newest),
        lambda each: each.status.newest,
    ),
    Column(
        "size cap holds",
        "holds_seconds",
        lambda each: _held(each.status),
        lambda each: each.status.holds_seconds,
    ),
    Column(
        "damaged",
        "damaged",
        lambda each: count_text(each.status.damaged),
        lambda each: each.status.damaged,
    ),
    Column(None, "imbalance", lambda each: each.imbalance),
)


def show_status(health: Health) -> Sheet:
    """Return the state of sampler and store."""
    error = health.status.last_error
    warnings = () if error is None else (f"last error: {visible(error)}",)
    return field_sheet(COLUMNS, health, warnings=warnings)


def list_status(health: Health) -> Iterator[Row]:
    """Return one row; times are Unix seconds."""
    return csv_rows(COLUMNS, [health])


COMMAND = Command(
    "status",
    "is the server sampling, how far back it reaches, and the imbalance of the last minute",
    (
        "irq_client status",
        "irq_client status --server http://a --server http://b --sort imbalance",
    ),
    lambda given: Status(given.form),
)
