"""The command `status`: how the server's sampler and store are doing, and the imbalance now."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from ..command_line.command import Command
from ..errors import ServerError
from ..terminal.columns import Column, Row, csv_rows, field_sheet
from ..terminal.table import Sheet
from ..terminal.text import bytes_text, count_text, span_text, visible
from ..terminal.writer import Shown
from .shared import imbalance_of

if TYPE_CHECKING:
    from ..server import model
    from ..server.client import Client


class Status(NamedTuple):
    """The status of the server."""

    form: str

    def ask(self, client: Client) -> Shown:
        """Ask for the status and, unless it is for JSON, for the imbalance."""
        answer = client.status()
        imbalance: float | None = None
        if self.form != "json":
            with suppress(ServerError):  # no sample yet
                imbalance = imbalance_of(client.cpus())
        return Shown(
            answer.text,
            lambda: show_status(answer, imbalance),
            lambda: list_status(answer, imbalance),
        )


def _store(answer: model.Status) -> str:
    cap = "" if answer.max_bytes is None else f" of at most {bytes_text(answer.max_bytes)}"
    return bytes_text(answer.bytes) + cap


def _held(answer: model.Status) -> str | None:
    return None if answer.holds_seconds is None else span_text(answer.holds_seconds)


def _interval(answer: model.Status) -> str:
    return span_text(answer.interval_seconds)


def _samples(answer: model.Status) -> str:
    return f"{count_text(answer.samples)}, {count_text(answer.late)} late"


COLUMNS: tuple[Column[model.Status], ...] = (
    Column("sampler", "state", lambda x: x.state),
    Column("interval", "interval_seconds", _interval, lambda x: x.interval_seconds),
    Column("last sample", "last_sample", lambda x: x.last_sample),
    Column("samples", "samples", _samples, lambda x: x.samples),
    Column(None, "late", lambda x: x.late),
    Column(None, "last_error", lambda x: x.last_error),
    Column("store", "bytes", _store, lambda x: x.bytes),
    Column(None, "max_bytes", lambda x: x.max_bytes),
    Column("oldest", "oldest", lambda x: x.oldest),
    Column("newest", "newest", lambda x: x.newest),
    Column("size cap holds", "holds_seconds", _held, lambda x: x.holds_seconds),
    Column("damaged", "damaged", lambda x: x.damaged),
)


def _imbalance(figure: float | None) -> Column[model.Status]:
    return Column("imbalance", "imbalance", lambda _: figure)


def show_status(answer: model.Status, imbalance: float | None) -> Sheet:
    """Return the state of sampler and store, and the imbalance."""
    error = answer.last_error
    warnings = () if error is None else (f"last error: {visible(error)}",)
    columns = (COLUMNS[0], _imbalance(imbalance), *COLUMNS[1:])
    return field_sheet(columns, answer, warnings=warnings)


def list_status(answer: model.Status, imbalance: float | None) -> Iterator[Row]:
    """Return one row."""
    return csv_rows((*COLUMNS, _imbalance(imbalance)), [answer])


COMMAND = Command(
    "status",
    "is the server sampling, how far back it reaches, and the imbalance of the last minute",
    (
        "irq_client status",
        "irq_client status --server http://a --server http://b --sort imbalance",
    ),
    lambda given: Status(given.form),
)
