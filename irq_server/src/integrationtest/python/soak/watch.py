"""What a server takes of its machine, looked at once a second: memory, descriptors, threads."""

import os
import statistics
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

LEAK_BYTES_PER_SAMPLE = 256
SPARE_BYTES = 3 * 2**20
"""Memory may grow by so much a sample, and beside that by what the largest answers left.

A leak of a KiB a sample is seen after some 4,000 samples.
"""

WARM_UP = 1 / 4
"""This part of a life is its warm-up."""

MEDIAN_OF = 15
SPARE_DESCRIPTORS = 12
"""The readers' connections come and go, and files are open for a moment."""


@dataclass(frozen=True)
class Look:
    """What a process took at one moment."""

    resident_bytes: int
    descriptors: int
    threads: int


def look_at(process: int) -> Look | None:
    """Return what a process takes just now; None where it is gone."""
    folder = Path("/proc", str(process))
    try:
        lines = (folder / "status").read_text().splitlines()
        fields = dict(line.split(":", 1) for line in lines)
        resident = int(fields["VmRSS"].split()[0]) * 1024
        return Look(resident, len(os.listdir(folder / "fd")), int(fields["Threads"]))  # noqa: PTH208 - names alone
    except (OSError, KeyError):  # dead, or dying: without memory
        return None


class Watch:
    """Looks at one process once a second until it is gone."""

    def __init__(self, process: int) -> None:
        """Begins to look."""
        self.looks: list[Look] = []
        self._stop = threading.Event()
        self._process = process
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def _watch(self) -> None:
        while not self._stop.wait(1.0):
            look = look_at(self._process)
            if look is None:
                return
            self.looks.append(look)

    def stop(self) -> None:
        """End."""
        self._stop.set()
        self._thread.join()

    @property
    def warm(self) -> Sequence[Look]:
        """The looks right after the warm-up."""
        begin = int(len(self.looks) * WARM_UP)
        return self.looks[begin : begin + MEDIAN_OF]

    @property
    def last(self) -> Sequence[Look]:
        """The last looks."""
        return self.looks[-MEDIAN_OF:]


def resident(looks: Sequence[Look]) -> int:
    """Return the median of the resident memory, bytes."""
    return int(statistics.median(look.resident_bytes for look in looks))
