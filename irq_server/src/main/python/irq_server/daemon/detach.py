"""Go into the background, and report to the process that a person started.

That process waits until the daemon answers requests, or fails. Its exit status is 0 if the server
answers.
"""

import json
import os
import sys
from contextlib import suppress
from typing import NoReturn

from daemon.daemon import DaemonError

from daemon import DaemonContext

from . import signals
from .log_format import one_line

_UMASK = 0o022


class Starter:
    """The process that started a daemon, and reads one message from the pipe `descriptor`."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    def succeeded(self, words: str) -> None:
        """Let it print `words`, if any, and end with status 0."""
        self._report(0, words)

    def failed(self, words: str, status: int = 1) -> None:
        """Let it print `words`, and end with `status`."""
        self._report(status, words)

    def _report(self, status: int, words: str) -> None:
        if self._descriptor is None:
            return
        descriptor, self._descriptor = self._descriptor, None
        try:
            with suppress(BrokenPipeError):  # it does not wait any more
                os.write(descriptor, json.dumps([status, words]).encode())
        finally:
            os.close(descriptor)


def detach() -> Starter:
    """Return in the daemon only: without terminal, in ``/``, standard streams to /dev/null.

    Every other descriptor is closed. The umask is 022, or stricter.
    """
    reader, writer = os.pipe()
    if os.fork():
        os.close(writer)
        signals.restore()
        _end_as_reported(reader)
    os.close(reader)
    starter = Starter(writer)
    context = DaemonContext(
        files_preserve=[writer],
        umask=os.umask(_UMASK) | _UMASK,
        working_directory="/",
        detach_process=True,
        signal_map={},
    )
    try:
        context.open()
    except DaemonError as error:
        starter.failed(f"cannot go into the background: {error}")
        sys.exit(1)
    return starter


def _end_as_reported(reader: int) -> NoReturn:
    with open(reader, "rb") as pipe:
        message = pipe.read()
    status, words = json.loads(message) if message else (1, "the daemon ended before it was ready")
    if words:
        sys.stderr.write(f"irq_server: {one_line(words)}\n")
    sys.exit(status)
