"""Go into the background, and report to the process that a person started.

That process waits until the daemon answers requests, or fails. Its exit status is 0 if the server
answers.
"""

import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from daemon.daemon import DaemonError

from daemon import DaemonContext

from . import signals
from .log_format import one_line

_UMASK = 0o022


def detach() -> Callable[[int, str], None]:
    """Return in the daemon only: without terminal, in ``/``, standard streams to /dev/null.

    Every other descriptor is closed. The umask is 022, or stricter. The first call of the returned
    function lets the process that waits print its words, if any, and end with its status.
    """
    reader, writer = os.pipe()
    if os.fork():
        os.close(writer)
        signals.restore()
        _end_as_reported(reader)
    os.close(reader)
    pipe = [writer]

    def report(status: int, words: str) -> None:
        if pipe:
            with suppress(BrokenPipeError), os.fdopen(pipe.pop(), "wb", buffering=0) as starter:
                starter.write(json.dumps([status, words]).encode())

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
        report(1, f"cannot go into the background: {error}")
        sys.exit(1)
    return report


def _end_as_reported(reader: int) -> NoReturn:
    with open(reader, "rb") as pipe:
        message = pipe.read()
    status, words = json.loads(message) if message else (1, "the daemon ended before it was ready")
    if words:
        sys.stderr.write(f"irq_server: {one_line(words)}\n")
    sys.exit(status)
