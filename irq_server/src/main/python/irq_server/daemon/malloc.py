"""Keeps the C library's allocator to one heap for all threads, so that memory stays flat.

glibc gives threads heaps of their own, up to eight for each CPU, and what one thread freed no other
one uses: a server whose threads take turns at large answers grows by each of them. Only one thread
at a time runs Python, so one heap costs no waiting.
Source: mallopt(3), M_ARENA_MAX; its number is that of glibc's malloc.h.
"""

import ctypes
import os

_M_ARENA_MAX = -8
_VARIABLE = "MALLOC_ARENA_MAX"


def use_one_heap() -> bool:
    """Return whether that was done: not with another C library, nor where MALLOC_ARENA_MAX is set.

    Threads that run already keep their heaps: before any thread starts is when to call.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None or _VARIABLE in os.environ:
        return False
    return bool(mallopt(_M_ARENA_MAX, 1))
