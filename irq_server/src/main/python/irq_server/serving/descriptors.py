"""The files that the process may open: raise their limit, and divide them.

The sampler and the store must never lack a file because clients hold all of them. So connections
get what the limit leaves beside a reserve for the rest of the process.
"""

import errno
import resource
from contextlib import suppress

MAX_CONNECTIONS = 2000
"""A further connection replaces the one that has been silent for longest."""

_RESERVE = 128  # for the store, the log, an affinity that is looked at, and all else
_LEAST_CONNECTIONS = 16
_ENOUGH = 65536  # where the hard limit is none, as the kernel has one nevertheless

NONE_LEFT = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
"""accept(2) failed as process, system or kernel memory is full; the connection still waits."""


def raise_limit() -> None:
    """Raise the process's soft limit of open files to the hard one.

    Source: getrlimit(2), RLIMIT_NOFILE.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _ENOUGH if hard == resource.RLIM_INFINITY else hard
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):  # a service manager may forbid the call
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def connections_allowed() -> int:
    """Return how many connections leave enough files to the sampler and the store."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return MAX_CONNECTIONS
    return max(min(soft - _RESERVE, MAX_CONNECTIONS), _LEAST_CONNECTIONS)
