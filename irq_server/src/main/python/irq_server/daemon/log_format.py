"""Records of the log -> one line each, as text or JSON. Pure.

Each record is one line. Control characters and line ends in a value are escaped, so no request and
no file's name can forge a line.
"""

import json
import logging
import traceback
from logging import LogRecord

from ..serving.access_log import FIELDS
from ..times import format_moment


def one_line(text: str) -> str:
    r"""Return `text` with unprintable characters escaped, as in ``\n`` and ``\x1b``."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else _escaped(each) for each in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def error_of(record: LogRecord) -> str | None:
    """Return the error that came with a record, ``TypeError: the text``; None without one."""
    error = record.exc_info[1] if record.exc_info else None
    return f"{type(error).__name__}: {error}" if error else None


def traceback_of(record: LogRecord) -> str | None:
    """Return the traceback that came with a record, over several lines; None without one."""
    error = record.exc_info[1] if record.exc_info else None
    return "".join(traceback.format_exception(error)).rstrip("\n") if error else None


class TextFormatter(logging.Formatter):
    """One line of text per record; with `tracebacks`, also those, folded.

    ::

        2026-11-24 02:41:18,174 INFO irq_server: sampling every 1 s into /root/interrupts
    """

    def __init__(self, head: str, tracebacks: bool) -> None:
        super().__init__(f"{head}%(name)s: ")
        self._tracebacks = tracebacks

    def format(self, record: LogRecord) -> str:
        """Return the line, without its end."""
        record.asctime = self.formatTime(record)
        parts = [record.getMessage(), error_of(record)]
        line = self.formatMessage(record) + ": ".join(part for part in parts if part is not None)
        trace = traceback_of(record) if self._tracebacks else None
        return one_line(line) + (f" | {fold(trace)}" if trace else "")


def fold(text: str) -> str:
    """Return the lines of `text` in one, with ``|`` between them."""
    return " | ".join(one_line(line.strip()) for line in text.split("\n"))


class JsonFormatter(logging.Formatter):
    """One JSON object per record.

    ::

        {"time": "2026-11-24T02:41:18.174Z", "level": "info", "logger": "irq_server",
         "message": "sampling every 1 s into /root/interrupts"}

    (in one line), with ``error`` and ``traceback`` for a bug, and a request's own fields in the
    access log.
    """

    def format(self, record: LogRecord) -> str:
        """Return the line, without its end."""
        values: dict[str, object] = {
            "time": format_moment(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        values |= getattr(record, FIELDS, {})
        error = error_of(record)
        if error is not None:
            values |= {"error": error, "traceback": traceback_of(record)}
        return json.dumps(values)


class JournalFormatter(TextFormatter):
    """A line for the journal, which has its own time, and reads the level from ``<6>``.

    Source: sd-daemon(3).
    """

    _LEVELS = ((logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))

    def __init__(self, tracebacks: bool) -> None:
        super().__init__("", tracebacks)

    def format(self, record: LogRecord) -> str:
        """Return the line, without its end."""
        level = next((level for least, level in self._LEVELS if record.levelno >= least), 7)
        return f"<{level}>{super().format(record)}"
