"""Streams for tests: pipes that are buffers, and terminals that are none."""

import io
from collections.abc import Mapping

from irq_client.streams import Streams


class Terminal(io.TextIOWrapper):
    """A buffer that says it is a terminal."""

    def isatty(self) -> bool:
        """Return True: it is one."""
        return True


def stream(text: str = "", *, terminal: bool = False) -> io.TextIOWrapper:
    """Return a stream that holds a text, as a pipe or as a terminal."""
    kind = Terminal if terminal else io.TextIOWrapper
    return kind(io.BytesIO(text.encode()), encoding="utf-8", newline="", write_through=True)


def streams(
    environment: Mapping[str, str] | None = None,
    *,
    typed: str | None = None,
    terminal: bool = False,
) -> Streams:
    """Return a process's surroundings; `typed` is what is typed, None where nobody is there."""
    return Streams(
        stdin=stream(typed or "", terminal=typed is not None),
        stdout=stream(terminal=terminal),
        stderr=stream(),
        environment=environment or {},
    )


def written(given: io.TextIOWrapper) -> str:
    """Return all that was written to a stream."""
    given.flush()
    return given.buffer.getvalue().decode()
