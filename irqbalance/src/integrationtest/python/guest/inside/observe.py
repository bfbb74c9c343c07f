"""What a guest's interrupts do: read by hand, with nothing of what is tested."""

import errno
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

Cells = dict[str, dict[int, int]]
"""Counts of the numbered IRQs, by CPU."""

LOAD = {"eth0": 320, "eth2": 240, "eth4": 80, "sda": 80, "hwrng": 50, "vdc": 100}
"""Operations a second that two cores carry under emulation with four CPUs.

Both NICs of a pair interrupt as often as one sends, e1000e (eth4) twice as often. Dealt out over
four CPUs, the busiest has at best 1.04 times the mean.
"""

LIGHT_LOAD = {"eth0": 200, "eth2": 150, "eth4": 100, "sda": 50, "hwrng": 25, "vdc": 50}
"""The same for eight CPUs, on which two cores carry less: one IRQ alone has 1.3 times the mean.

Disks do little, as what they do depends on where their IRQs are: one block comes after the other.
"""

MANY_CPUS = 4
"""With more CPUs than these the load is light."""

UNUSED = {"x86_64": set(), "s390x": {"eth4", "sda"}, "aarch64": {"eth4", "eth2"}}
"""Which of these devices a machine does not have; any other one lacks the third pair of NICs.

On arm64 eth2 is e1000e, which interrupts up to a quarter less where its CPU is busy.
"""


def numbered() -> tuple[list[int], Cells]:
    """Gives the online CPUs and the cells of the numbered rows of /proc/interrupts."""
    header, *lines = Path("/proc/interrupts").read_text().splitlines()
    cpus = [int(name.removeprefix("CPU")) for name in header.split()]
    cells = {}
    for line in lines:
        name, _, rest = line.partition(":")
        if name.strip().isdecimal():
            counts = map(int, rest.split()[: len(cpus)])
            cells[name.strip()] = dict(zip(cpus, counts, strict=True))
    return cpus, cells


def affinities(kind: str = "smp_affinity_list") -> dict[str, str]:
    """Gives a file of every IRQ below /proc/irq, where it has one."""
    paths = Path("/proc/irq").glob(f"[0-9]*/{kind}")
    return {path.parent.name: path.read_text().strip() for path in paths}


def pin_all(cpu: int) -> list[str]:
    """Writes every numbered IRQ to one CPU, and gives those that the kernel let go there."""
    return [irq for irq in numbered()[1] if not refusal(irq, cpu)]


def refusal(irq: str, cpu: int) -> str:
    """Writes an IRQ to one CPU, and gives the error's name; nothing where the kernel took it."""
    try:
        Path(f"/proc/irq/{irq}/smp_affinity_list").write_text(str(cpu))
    except OSError as error:
        return errno.errorcode[error.errno or 0]
    return ""


def fired(seconds: float) -> Cells:
    """Gives what every numbered IRQ counted in so many seconds, by CPU, as rates."""
    cpus, before = numbered()
    began = time.monotonic()
    time.sleep(seconds)
    _, after = numbered()
    took = time.monotonic() - began
    return {
        irq: {cpu: (cells[cpu] - before.get(irq, {}).get(cpu, 0)) / took for cpu in cpus}
        for irq, cells in after.items()
    }


def by_cpu(rates: Cells) -> dict[int, float]:
    """Gives the sum of all IRQs for each CPU."""
    cpus = sorted({cpu for cells in rates.values() for cpu in cells})
    return {cpu: sum(cells.get(cpu, 0.0) for cells in rates.values()) for cpu in cpus}


@contextmanager
def load() -> Iterator[None]:
    """Gives the devices work for as long as the block lasts."""
    work = LOAD if len(numbered()[0]) <= MANY_CPUS else LIGHT_LOAD
    unused = UNUSED.get(platform.machine(), {"eth4"})
    jobs = [f"{name}={per_second}" for name, per_second in work.items() if name not in unused]
    script = Path(__file__).with_name("load.py")
    with subprocess.Popen([sys.executable, script, *jobs]) as working:
        try:
            time.sleep(3)  # the links come up, the first operations are caught up with
            yield
        finally:
            working.terminate()
