"""The command `status`: how the server's sampler and store are doing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from ..command_line.command import Command
from ..server.times import Moment
from ..terminal.columns import Column, Row, csv_rows, field_sheet
from ..terminal.table import Sheet
from ..terminal.text import bytes_text, count_text, span_text, visible
from ..terminal.writer import Shown
from .shared import UNKNOWN, known, shown

if TYPE_CHECKING:
    from ..server import model
    from ..server.client import Client


class Status(NamedTuple):
    """The status of the server."""

    def ask(self, client: Client) -> Shown:
        """Ask for the status."""
        return shown(client.status(), show_status, list_status)


def _unix(moment: Moment | None) -> str | None:
    return None if moment is None else moment.unix_text


def _store(answer: model.Status) -> str:
    cap = "" if answer.max_bytes is None else f" of at most {bytes_text(answer.max_bytes)}"
    return bytes_text(answer.bytes) + cap


def _held(answer: model.Status) -> str:
    return UNKNOWN if answer.holds_seconds is None else span_text(answer.holds_seconds)


COLUMNS: tuple[Column[model.Status], ...] = (
    Column("sampler", "state", lambda each: visible(each.state)),
    Column(
        "interval",
        "interval_seconds",
        lambda each: span_text(each.interval_seconds),
        lambda each: each.interval_seconds,
    ),
    Column(
        "last sample",
        "last_sample",
        lambda each: known(each.last_sample),
        lambda each: _unix(each.last_sample),
    ),
    Column(
        "samples",
        "samples",
        lambda each: f"{count_text(each.samples)}, {count_text(each.late)} late",
        lambda each: each.samples,
    ),
    Column(None, "late", lambda each: each.late),
    Column(None, "last_error", lambda each: each.last_error and visible(each.last_error)),
    Column("store", "bytes", _store, lambda each: each.bytes),
    Column(None, "max_bytes", lambda each: each.max_bytes),
    Column("oldest", "oldest", lambda each: known(each.oldest), lambda each: _unix(each.oldest)),
    Column("newest", "newest", lambda each: known(each.newest), lambda each: _unix(each.newest)),
    Column("size cap holds", "holds_seconds", _held, lambda each: each.holds_seconds),
    Column("damaged", "damaged", lambda each: count_text(each.damaged), lambda each: each.damaged),
)


def show_status(answer: model.Status) -> Sheet:
    """Return the state of sampler and store."""
    error = answer.last_error
    warnings = () if error is None else (f"last error: {visible(error)}",)
    return field_sheet(COLUMNS, answer, warnings=warnings)


def list_status(answer: model.Status) -> Iterator[Row]:
    """Return one row; times are Unix seconds."""
    return csv_rows(COLUMNS, [answer])


COMMAND = Command(
    "status",
    "how the server's sampler and store are doing",
    ("irq_client status --server http://127.0.0.1:5000",),
    lambda _: Status(),
)
