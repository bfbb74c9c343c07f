"""What a sample costs sysstat's sadc and Performance Co-Pilot's pmlogger, of interrupts alone.

Both are Debian's, run by chroot on a /proc of plain files. What a sample costs is what many more of
them cost, so that starting costs nothing.
"""

import os
import resource
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from debian import command_in, linked
from tools import show
from verdict import Capture

PACKAGES = ("pcp", "sysstat")
FEW, MORE = 2, 42
"""Samples of two runs: one costs the difference by so many."""

SLOW_CELLS = 100_000
"""On a machine of so many counts pmlogger takes seconds for a sample, and is asked for fewer."""


class Cost(NamedTuple):
    """Of one sample: bytes in a file, and milliseconds of CPU."""

    size_bytes: float
    milliseconds: float


@contextmanager
def recording(root: Path, text: str, cpu_count: int) -> Iterator[Path]:
    """Return an unpacked folder of its own whose /proc/interrupts is `text`."""
    cpus = f"0-{cpu_count - 1}"
    with tempfile.TemporaryDirectory(dir=root.parent, prefix=".recorder-") as folder:
        Path(folder).chmod(0o755)
        own = Path(folder, "root")
        linked(root, own)
        show(own, Capture("", "", text, cpus, cpus, (), 0))
        for name in ("work", "var/tmp"):
            (own / name).mkdir(parents=True, exist_ok=True)
            (own / name).chmod(0o777)
        yield own


def sadc(root: Path, cells: int) -> Cost:
    """Return what a sample costs sadc; it takes one a second, and no more often."""

    def record(samples: int) -> tuple[int, float]:
        path = root / f"work/sadc-{samples}"
        activities = ("-S", "A_NULL,A_IRQ")
        taken = str(samples)
        spent = _run(root, "/usr/lib/sysstat/sadc", *activities, "1", taken, f"/work/{path.name}")
        return path.stat().st_size, spent

    return _cost(record, FEW, MORE // 2 if cells > SLOW_CELLS else MORE)


def pmlogger(root: Path, cells: int) -> Cost:
    """Return what a sample costs pmlogger; of bytes those of its data, not of its description."""
    interval, few, more = ("50 msec", FEW, MORE) if cells < SLOW_CELLS else ("1 sec", 1, 3)
    config = f"log mandatory on {interval} {{ kernel.percpu.interrupts }}\n"
    (root / "work/config").write_text(config)

    def record(samples: int) -> tuple[int, float]:
        name = f"/work/pcp-{samples}"
        names = "/var/lib/pcp/pmns/root_linux"
        options = ("-o", "-n", names, "-c", "/work/config", "-s", str(samples))
        spent = _run(root, "/usr/lib/pcp/bin/pmlogger", *options, "-l", f"{name}.log", name)
        return (root / f"{name[1:]}.0").stat().st_size, spent

    return _cost(record, few, more)


def _cost(record: Callable[[int], tuple[int, float]], few: int, more: int) -> Cost:
    few_bytes, few_seconds = record(few)
    more_bytes, more_seconds = record(more)
    samples = more - few
    spent = (more_seconds - few_seconds) / samples
    return Cost((more_bytes - few_bytes) / samples, spent * 1000)


def _run(root: Path, *argv: str) -> float:
    """Run a recorder to its end; return the seconds of CPU that it took."""
    environment = os.environ | {"PCP_TMP_DIR": "/work", "HOME": "/work"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command_in(root, *argv), check=True, capture_output=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
