"""Where the log goes: standard error, a file, or syslog. A failing log harms no caller."""

import logging
import os
import socket
import stat
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from io import TextIOWrapper
from logging.handlers import SysLogHandler, WatchedFileHandler
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ..errors import LogError
from ..serving import access_log
from ..settings.table import Settings
from ..store.segments.files import open_file
from .log_format import JournalFormatter, JsonFormatter, TextFormatter

SYSLOG_SOCKET = Path("/dev/log")

_log = logging.getLogger(__name__)

_TEXT_HEAD = "%(asctime)s %(levelname)s "
_CHATTY = ("waitress", "werkzeug")


class Log:
    """The log of the process: one handler of the root logger, which settings can replace."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        """Log to standard error until use(). `environment` may name a journal."""
        self._environment = environment or {}
        self.place = "stderr"
        self._root = logging.getLogger()
        self._handler: logging.Handler = logging.StreamHandler()
        self._handler.setFormatter(TextFormatter(_TEXT_HEAD, tracebacks=False))

    def __enter__(self) -> Self:
        """Take the log over, with unhandled errors and Python's warnings."""
        self._hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
        self._raises = logging.raiseExceptions
        logging.raiseExceptions = False  # a failing log has no place to report that
        sys.excepthook = _log_error
        threading.excepthook = sys.unraisablehook = _log_raised
        logging.captureWarnings(True)
        self._root.addHandler(self._handler)
        for name in _CHATTY:
            logging.getLogger(name).setLevel(logging.WARNING)
        return self

    def __exit__(self, *_: object) -> None:
        """Give all of it back, and close."""
        sys.excepthook, threading.excepthook, sys.unraisablehook = self._hooks
        logging.raiseExceptions = self._raises
        logging.captureWarnings(False)
        self._root.removeHandler(self._handler)
        self._handler.close()

    def use(self, settings: Settings) -> None:
        """Log as `settings` say from now on; open a file again. Raise LogError."""
        self.prepare(settings)()

    def prepare(self, settings: Settings) -> Callable[[], None]:
        """Open the place of `settings`; return a function that makes it the log. Raise LogError."""
        handler = self._handler_for(settings)

        def commit() -> None:
            old, self._handler = self._handler, handler
            self.place = place_of(settings)
            self._root.addHandler(handler)
            self._root.removeHandler(old)
            self._root.setLevel(settings.log_level.upper())
            access_log.enable(settings.access_log)
            old.close()

        return commit

    def _handler_for(self, settings: Settings) -> logging.Handler:
        tracebacks = settings.log_level == "debug"
        formatter: logging.Formatter = TextFormatter(_TEXT_HEAD, tracebacks)
        handler: logging.Handler = logging.NullHandler()
        place = place_of(settings)
        if place == "file":
            assert settings.log_file is not None
            handler = _open_file(settings.log_file)
        elif place == "syslog":
            path = settings.log.partition(":")[2] or SYSLOG_SOCKET
            handler, formatter = _open_syslog(Path(path)), TextFormatter("", tracebacks)
        elif place == "stderr":
            handler = logging.StreamHandler()
            if _is_journal(self._environment.get("JOURNAL_STREAM", "")):
                formatter = JournalFormatter(tracebacks)
        handler.setFormatter(JsonFormatter() if settings.log_format == "json" else formatter)
        return handler


def place_of(settings: Settings) -> str:
    """Return where the log goes: ``file``, ``syslog``, ``stderr``, or ``nowhere``.

    A daemon has no standard error; without a syslog its log is lost.
    """
    if settings.log_file is not None:
        return "file"
    if settings.log.startswith("syslog"):
        return "syslog"
    if settings.daemon:
        return "syslog" if SYSLOG_SOCKET.is_socket() else "nowhere"
    return "stderr"


class _File(WatchedFileHandler):
    """A file that is opened again after it was moved or removed, and never fails its callers.

    No link, as that could lead to any other file, and no pipe, as that would wait for a reader. A
    character device such as /dev/full is one that only root can make.
    """

    def _open(self) -> TextIOWrapper:
        path = Path(self.baseFilename)
        with suppress(OSError):
            if stat.S_ISCHR(path.lstat().st_mode):
                return super()._open()
        descriptor = open_file(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        return open(descriptor, "a", encoding=self.encoding, errors=self.errors)  # noqa: PTH123 - a descriptor

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, or lose it."""
        with suppress(OSError):
            super().emit(record)

    def close(self) -> None:
        """Write the rest, if possible, and close."""
        with suppress(OSError):
            super().close()


class _Syslog(SysLogHandler):
    """Syslog on this machine. Source: RFC 3164, section 4.1, without time and host, as local."""

    append_nul = False
    socket: socket.socket  # the stubs lack it


def _open_file(path: Path) -> logging.Handler:
    try:
        return _File(path, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise LogError(path, error.strerror or str(error)) from error


def _open_syslog(path: Path) -> logging.Handler:
    handler = _Syslog(str(path), facility=SysLogHandler.LOG_DAEMON)
    if handler.socket.fileno() < 0:  # like openlog(3), it reports no failure
        handler.close()
        raise LogError(path, "no syslog listens there")
    handler.ident = f"irq_server[{os.getpid()}]: "
    return handler


def _is_journal(stream: str) -> bool:
    """Return whether standard error is the journal that `stream` names. Source: systemd.exec(5)."""
    try:
        found = os.fstat(2)
    except OSError:
        return False
    return stat.S_ISSOCK(found.st_mode) and stream == f"{found.st_dev}:{found.st_ino}"


def _log_raised(raised: Any) -> None:
    """Log what a thread left unhandled; both of Python's hooks name its parts alike."""
    _log_error(raised.exc_type, raised.exc_value, raised.exc_traceback)


def _log_error(
    kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
) -> None:
    """Log an unhandled error: a bug, in one line."""
    if error is not None and not issubclass(kind, KeyboardInterrupt):
        _log.critical("a bug", exc_info=(kind, error, trace))
