"""The events of a store: events.csv, and below events/ what it held before. Bounded in size.

When events.csv is large enough it is closed: renamed to ``events/20260101/1767225600.csv``, by its
first event's time, and gzipped, as a segment is. Both hold the same lines. The oldest closed file
goes when all files together are too large, or when all that it tells of is too old. So a machine
whose devices flap fills neither the disk nor the memory, where all events are kept too. A line::

    time,event,irq,cpu,detail
    1767225600,start,,,every 10s
"""

import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from ..events import Event, Kind
from ..times import format_unix
from .ledger import Ledger
from .segments.files import Files
from .segments.segment_files import SegmentFile, segments_in

_log = logging.getLogger(__name__)

EVENT_FIELDS = ("time", "event", "irq", "cpu", "detail")

MAX_BYTES = 4 * 2**20
"""The bytes of all events, unpacked: some 80,000, which take 20 MB of memory."""

FILES = 8
"""The number of files that hold them. The oldest file is dropped whole."""

_MIN_BYTES = 4096
_KINDS = frozenset(Kind)


class EventLog:
    """What happened to one machine and its server. One thread at a time appends."""

    def __init__(self, folder: Path, files: Files, max_bytes: int = MAX_BYTES) -> None:
        """Take the data directory, the file layer and the bytes of events to keep."""
        self._files = files
        self._folder = folder / "events"
        self._path = folder / "events.csv"
        self._current = Ledger(self._path, EVENT_FIELDS, files)
        self._file_bytes = max(min(max_bytes, MAX_BYTES), _MIN_BYTES) // FILES
        self._closed: tuple[SegmentFile, ...] = ()
        self._first: float | None = None
        self._size = 0

    def load(self) -> list[Event]:
        """Return all events, file by file, the oldest first."""
        self._closed = tuple(segments_in(self._folder))
        events: list[Event] = []
        for each in self._closed:
            try:
                events += read_events(Ledger(each.path, EVENT_FIELDS, self._files).load())
            except OSError as error:
                _log.warning("%s: cannot be read: %s", each.path, error)
        current = read_events(self._current.load())
        self._first = current[0].time if current else None
        self._size = self._current.size()
        return [*events, *current]

    @property
    def closed(self) -> tuple[SegmentFile, ...]:
        """Return the files of the past, the oldest first."""
        return self._closed

    def append(self, events: Sequence[Event]) -> int:
        """Append events, at least one, by one write; return their bytes.

        Raises OSError; then none was appended.
        """
        if self._size >= self._file_bytes:
            self._close()
        rows = [event_row(format_unix(each.time), each) for each in events]
        if not self._current.exists():
            self._first, self._size = None, 0
        size = self._current.append(rows)
        self._size += size
        self._first = events[0].time if self._first is None else self._first
        return size

    def bound(self, before: float | None) -> float | None:
        """Drop the oldest files while they are too many, or have only events `before` a moment.

        Gives the time that the first file which is left is named by; None where none was dropped.
        """
        dropped = False
        while self._closed and (len(self._closed) >= FILES or self._is_old(before)):
            self._files.remove(self._closed[0].path)
            self._closed = self._closed[1:]
            dropped = True
        left = self._closed[0].first if self._closed else self._first
        return left if dropped else None

    def _is_old(self, before: float | None) -> bool:
        following = self._closed[1].first if len(self._closed) > 1 else self._first
        return before is not None and following is not None and following < before

    def _close(self) -> None:
        """Rename events.csv, and pack it; one that cannot be packed stays as it is."""
        if not self._path.exists():
            return
        first = self._first or 0.0
        if self._closed:  # names rise and are unique, though a clock was set back
            first = max(first, round(self._closed[-1].first + 0.001, 3))
        day = datetime.fromtimestamp(first, UTC).strftime("%Y%m%d")
        path = self._folder / day / f"{format_unix(first)}.csv"
        self._files.make_folder(path.parent)
        self._files.rename(self._path, path)
        self._first, self._size = None, 0
        try:
            path = self._files.compress(path)
        except OSError as error:
            _log.warning("%s: cannot be packed: %s", path, error)
        self._closed = (*self._closed, SegmentFile(first, path))


def read_events(rows: Iterable[Sequence[str]]) -> list[Event]:
    """Return the lines of events.csv as values.

    A line of another kind is left out, as is a CPU that is no number.
    """
    return [
        Event(float(time), Kind(event), irq or None, _cpu_of(cpu), detail)
        for time, event, irq, cpu, detail in rows
        if event in _KINDS
    ]


def _cpu_of(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 10 else None


def event_row(time: str, event: Event) -> tuple[str, ...]:
    """Return the line of events.csv for an event."""
    cpu = "" if event.cpu is None else str(event.cpu)
    return (time, event.event, event.irq or "", cpu, event.detail)
