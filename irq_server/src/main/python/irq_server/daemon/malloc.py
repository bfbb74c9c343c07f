"""Keep the C library's allocator to one heap for all threads, so that memory stays flat.

glibc gives threads heaps of their own, up to eight per CPU, and no thread uses the memory that
another one freed. A server whose threads take turns at large answers would grow with each of them.
Only one thread at a time runs Python, so one heap costs no waiting.
Source: mallopt(3), M_ARENA_MAX; its number is that of glibc's malloc.h.
"""

import ctypes
import os

_M_ARENA_MAX = -8
_VARIABLE = "MALLOC_ARENA_MAX"


def use_one_heap() -> bool:
    """Return whether it worked: not with another C library, and not if MALLOC_ARENA_MAX is set.

    Call it before any thread starts: a running thread keeps its heap.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None or _VARIABLE in os.environ:
        return False
    return bool(mallopt(_M_ARENA_MAX, 1))
