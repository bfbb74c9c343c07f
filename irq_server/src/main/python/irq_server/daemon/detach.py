"""Goes into the background, and tells who started it how that went.

The process that a person started waits until the daemon answers requests, or cannot, and ends as
that went: who sees exit status 0 can ask at once.
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
    """The process that a daemon was started by, which waits for one word of it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    def succeeded(self, words: str) -> None:
        """Let it end with status 0, and say `words`, if any."""
        self._tell(0, words)

    def failed(self, words: str, status: int = 1) -> None:
        """Let it end with `status`, and say `words`."""
        self._tell(status, words)

    def _tell(self, status: int, words: str) -> None:
        if self._descriptor is None:
            return
        descriptor, self._descriptor = self._descriptor, None
        try:
            with suppress(BrokenPipeError):  # it did not wait
                os.write(descriptor, json.dumps([status, words]).encode())
        finally:
            os.close(descriptor)


def detach() -> Starter:
    """Return in the daemon only: without terminal, in ``/``, standard streams to /dev/null.

    Every other descriptor is closed; files are made without more rights than the umask 022 leaves.
    """
    reader, writer = os.pipe()
    if os.fork():
        os.close(writer)
        signals.restore()
        _end_as_told(reader)
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


def _end_as_told(reader: int) -> NoReturn:
    with open(reader, "rb") as pipe:
        told = pipe.read()
    status, words = json.loads(told) if told else (1, "the daemon ended before it was ready")
    if words:
        sys.stderr.write(f"irq_server: {one_line(words)}\n")
    sys.exit(status)
