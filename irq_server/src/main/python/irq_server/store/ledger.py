"""The two CSV files beside the segments, to which a line is appended now and then.

``irqs.csv``, one line when a row of /proc/interrupts appears or its device changes::

    time,irq,chip,hwirq,trigger,device
    1767225600,24,PCI-MSIX-0000:00:02.0,1,edge,virtio1-req.0

``events.csv``, one line when something happened::

    time,event,irq,cpu,detail
    1767225600,start,,,every 10s
"""

import csv
import io
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..times import LATEST_IN_FILES
from .files import Files
from .totals import Identity

_log = logging.getLogger(__name__)

IRQ_FIELDS = ("time", "irq", "chip", "hwirq", "trigger", "device")
EVENT_FIELDS = ("time", "event", "irq", "cpu", "detail")


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: a ``start``, ``stop``, ``boot``, ``gap``, ``reset`` or CPU.

    ``irq`` and ``cpu`` are None where the event concerns none.
    """

    time: float
    event: str
    irq: str | None = None
    cpu: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Appearance:
    """A row that appeared at ``time``, or got another device."""

    time: float
    identity: Identity


class Ledger:
    """A CSV file of whole lines. One thread appends; a torn last line is cut when it is opened."""

    def __init__(self, path: Path, fields: Sequence[str], files: Files) -> None:
        """Takes the file's path, its columns and the file layer."""
        self._path = path
        self._fields = tuple(fields)
        self._files = files

    def load(self) -> list[list[str]]:
        """Gives the lines in their order, the header left out; lines that do not fit are told."""
        try:
            data = self._files.read(self._path)
        except FileNotFoundError:
            return []
        whole = data[: data.rfind(b"\n") + 1]
        if len(whole) < len(data):
            _log.warning("%s: dropped %d bytes of a torn line", self._path, len(data) - len(whole))
            self._files.truncate(self._path, len(whole))
        lines = whole.decode(errors="replace").split("\n")[:-1]
        rows = [_fields_of(line) for line in lines if line != ",".join(self._fields)]
        fitting = [row for row in rows if len(row) == len(self._fields) and _is_time(row[0])]
        if len(fitting) < len(rows):
            _log.warning("%s: passed over %d lines", self._path, len(rows) - len(fitting))
        return fitting

    def exists(self) -> bool:
        """Whether the file is there."""
        return self._path.exists()

    def append(self, rows: Iterable[Sequence[str]]) -> int:
        """Appends lines by one write and gives their bytes. Raises OSError."""
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        if not self._path.exists() or not self._path.stat().st_size:
            writer.writerow(self._fields)
        writer.writerows(rows)
        data = text.getvalue().encode()
        self._files.append(self._path, data, sync=False)
        return len(data)

    def replace(self, rows: Iterable[Sequence[str]]) -> None:
        """Puts a file of these lines in the place of the old one, at once. Raises OSError."""
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows([self._fields, *rows])
        self._files.replace(self._path, text.getvalue().encode())


def _fields_of(line: str) -> list[str]:
    """Gives the fields of one line; none where damage made it no CSV."""
    try:
        return next(csv.reader([line]), [])
    except csv.Error:
        return []


def _is_time(text: str) -> bool:
    whole, _, fraction = text.partition(".")
    is_number = (whole + fraction).isdecimal() and text.isascii() and len(whole) < 13
    return is_number and float(text) <= LATEST_IN_FILES


def read_appearances(rows: Iterable[Sequence[str]]) -> list[Appearance]:
    """Gives the lines of irqs.csv as values."""
    return [Appearance(float(row[0]), Identity(*row[1:])) for row in rows]


def read_events(rows: Iterable[Sequence[str]]) -> list[Event]:
    """Gives the lines of events.csv as values; a CPU that is no number is left out."""
    return [
        Event(float(time), event, irq or None, _cpu_of(cpu), detail)
        for time, event, irq, cpu, detail in rows
    ]


def _cpu_of(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 10 else None


def first_and_last(appearances: Iterable[Appearance]) -> list[Appearance]:
    """Gives the first and the last appearance of each row, in the order of what is given."""
    every = list(appearances)
    last = {each.identity.irq: number for number, each in enumerate(every)}
    first = {each.identity.irq: number for number, each in reversed(list(enumerate(every)))}
    return [every[number] for number in sorted({*first.values(), *last.values()})]


def identity_row(time: str, identity: Identity) -> tuple[str, ...]:
    """Gives the line of irqs.csv for an identity."""
    return (time, identity.irq, identity.chip, identity.hwirq, identity.trigger, identity.device)


def event_row(time: str, event: Event) -> tuple[str, ...]:
    """Gives the line of events.csv for an event."""
    cpu = "" if event.cpu is None else str(event.cpu)
    return (time, event.event, event.irq or "", cpu, event.detail)
