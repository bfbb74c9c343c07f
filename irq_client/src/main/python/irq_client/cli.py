"""argv becomes an exit status. Scripts ask for the version often, so that it imports nothing."""

from __future__ import annotations

import sys

from . import __version__

TYPE_CHECKING = False  # typing's own takes longer to import than all of this module
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .streams import Streams


def main(argv: Sequence[str] | None = None, streams: Streams | None = None) -> int:
    """Run one command and return its exit status; `errors` draws which there are."""
    arguments = sys.argv[1:] if argv is None else argv
    if "--version" in arguments and streams is None and sys.stdout is not None:
        try:
            sys.stdout.write(f"irq_client {__version__}\n")
            sys.stdout.flush()
            return 0
        except OSError:
            pass  # `run` meets the same error and explains it
    from .run import run
    from .streams import own_streams

    return run(arguments, streams or own_streams())
