"""Sets the wall clock of a Python process off by the seconds in the file that SOAK_CLOCK names.

Python imports a module of this name at its start, where it is found. The steady clock goes on as it
is, as it does where a person sets a machine's clock. libfaketime would do the same for any program,
but not for one of several threads: now and then it gives the true time.
"""

import mmap
import os
import struct
import time
from pathlib import Path

_OFFSET = struct.Struct("=d")

with Path(os.environ["SOAK_CLOCK"]).open("rb") as _file:
    _shown = mmap.mmap(_file.fileno(), _OFFSET.size, access=mmap.ACCESS_READ)
_time, _time_ns = time.time, time.time_ns


def _offset_seconds() -> float:
    return float(_OFFSET.unpack_from(_shown)[0])


time.time = lambda: _time() + _offset_seconds()
time.time_ns = lambda: _time_ns() + round(_offset_seconds() * 10**9)
