"""The streams of the process, and what becomes of them if nobody reads."""

import contextlib
import io
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, TextIO


class Streams(NamedTuple):
    """The streams and the environment of the process; a test gives its own."""

    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    environment: Mapping[str, str]

    def say(self, message: object) -> None:
        """Write one line on standard error, with names from servers made harmless."""
        from .terminal.text import visible

        with contextlib.suppress(OSError):  # standard error is gone too
            self.stderr.write(f"irq_client: {visible(str(message))}\n")
            self.stderr.flush()

    def agrees(self, question: str) -> bool:
        """Ask, end the line, and return True if the answer is yes."""
        self.stderr.write(f"{question} [y/N] ")
        self.stderr.flush()
        answer = ""
        try:
            answer = self.stdin.readline()
        finally:
            if not answer.endswith("\n"):  # Ctrl-D, or Ctrl-C
                self.stderr.write("\n")
        return answer.strip().lower() in ("y", "yes")


def own_streams() -> Streams:
    """Return the process's streams; os.devnull takes the place of one that is closed."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            with contextlib.suppress(OSError):  # it flushes, which fails again when it matters
                stream.reconfigure(errors="backslashreplace")
    return Streams(
        stdin=sys.stdin or _nowhere(),
        stdout=sys.stdout or _nowhere(),
        stderr=sys.stderr or _nowhere(),
        environment=os.environ,
    )


def drop(stream: TextIO) -> None:
    """Drop the text that could not be written, so that Python does not try again at its end."""
    try:
        stream.flush()
    except OSError:
        with contextlib.suppress(OSError), _nowhere() as nowhere:
            os.dup2(nowhere.fileno(), stream.fileno())


def _nowhere() -> TextIO:
    return Path(os.devnull).open("r+", encoding="utf-8")
