"""Read what a guest's interrupts do by hand, without the tested programs."""

import errno
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

Cells = dict[str, dict[int, int]]
"""Counts of the numbered IRQs, by CPU."""

LOAD = {"eth0": 160, "eth2": 120, "eth4": 40, "sda": 40, "hwrng": 25, "vdc": 50}
"""Operations a second, half of what two idle cores carry under emulation with four CPUs.

Both NICs of a pair interrupt as often as one sends, e1000e (eth4) twice as often. Dealt out over
four CPUs, the busiest has at best 1.04 times the mean.
"""

LIGHT_LOAD = {"eth0": 100, "eth2": 75, "eth4": 50, "sda": 25, "hwrng": 12, "vdc": 25}
"""The same for eight CPUs, on which two cores carry less: one IRQ alone has 1.3 times the mean.

Disks do little, as what they do depends on where their IRQs are: one block comes after the other.
"""

LONGEST_SECONDS = 120.0
"""How long a slow machine has to count what is needed."""

ISOLATED = 3
"""The guest of the tests of hotplug is booted with isolcpus= of this CPU."""

MANY_CPUS = 4
"""With more CPUs than these the load is light."""

UNUSED = {"x86_64": set(), "s390x": {"eth4", "sda"}, "aarch64": {"eth4", "eth2"}}
"""Which of these devices a machine does not have; any other one lacks the third pair of NICs.

On arm64 eth2 is e1000e, which interrupts up to a quarter less where its CPU is busy.
"""


def numbered() -> tuple[list[int], Cells]:
    """Return the online CPUs and the cells of the numbered rows of /proc/interrupts."""
    header, *lines = Path("/proc/interrupts").read_text().splitlines()
    cpus = [int(name.removeprefix("CPU")) for name in header.split()]
    cells = {}
    for line in lines:
        name, _, rest = line.partition(":")
        if name.strip().isdecimal():
            counts = map(int, rest.split()[: len(cpus)])
            cells[name.strip()] = dict(zip(cpus, counts, strict=True))
    return cpus, cells


def every_row() -> Cells:
    """Return the cells of all rows of /proc/interrupts that have one for each online CPU."""
    header, *lines = Path("/proc/interrupts").read_text().splitlines()
    cpus = [int(name.removeprefix("CPU")) for name in header.split()]
    cells = {}
    for line in lines:
        name, _, rest = line.partition(":")
        words = rest.split()[: len(cpus)]
        if len(words) == len(cpus) and all(word.isdecimal() for word in words):
            cells[name.strip()] = dict(zip(cpus, map(int, words), strict=True))
    return cells


def affinities(kind: str = "smp_affinity_list") -> dict[str, str]:
    """Return the text of a file below /proc/irq, for each IRQ that has it."""
    paths = Path("/proc/irq").glob(f"[0-9]*/{kind}")
    return {path.parent.name: path.read_text().strip() for path in paths}


def pin_all(cpu: int) -> list[str]:
    """Write one CPU as every numbered IRQ's affinity; return the IRQs that the kernel accepts."""
    return [irq for irq in numbered()[1] if not refusal(irq, cpu)]


def write_all(known: dict[str, str]) -> None:
    """Write the `known` affinities that differ from those of now. Ignore the kernel's refusals."""
    for irq, cpus in affinities().items():
        if known.get(irq, "") not in ("", cpus):
            refusal(irq, known[irq])


def refusal(irq: str, cpus: int | str) -> str:
    """Write an IRQ's affinity, and return the error's name; an empty text if the kernel took it."""
    try:
        Path(f"/proc/irq/{irq}/smp_affinity_list").write_text(str(cpus))
    except OSError as error:
        return errno.errorcode[error.errno or 0]
    return ""


def totals(cells: Cells) -> dict[str, int]:
    """Return the sum of each IRQ's cells."""
    return {irq: sum(counts.values()) for irq, counts in cells.items()}


def growth(before: Cells, after: Cells) -> Cells:
    """Return how much each cell grew."""
    return {
        irq: {cpu: count - before.get(irq, {}).get(cpu, 0) for cpu, count in counts.items()}
        for irq, counts in after.items()
    }


def counted(seconds: float, at_least: int) -> Cells:
    """Return the counts of some seconds, by IRQ and CPU.

    A slow machine has longer, until all IRQs together have counted `at_least`.
    """
    _, before = numbered()
    end = time.monotonic() + LONGEST_SECONDS
    while True:
        time.sleep(seconds)
        cells = growth(before, numbered()[1])
        if sum(totals(cells).values()) >= at_least or time.monotonic() > end:
            return cells


class Watch:
    """Looks at the counters, one after the other."""

    def __init__(self) -> None:
        """Look at the counters for the first time."""
        self._looks: list[tuple[float, float, Cells]] = []
        self.look()

    def look(self) -> None:
        """Keep the cells of now, and when reading them began and ended."""
        began = time.monotonic()
        _, cells = numbered()
        self._looks.append((began, time.monotonic(), cells))

    def seen(self) -> dict[str, Any]:
        """Return what each cell counted in all, and each IRQ's total at each look."""
        looks = [
            {"began": began, "ended": ended, "totals": totals(cells)}
            for began, ended, cells in self._looks
        ]
        return {"cells": growth(self._looks[0][2], self._looks[-1][2]), "looks": looks}


@contextmanager
def watching() -> Iterator[Watch]:
    """Look twice a second for as long as the block lasts, and once after it."""
    watch, over = Watch(), Event()

    def go_on() -> None:
        while not over.wait(0.5):
            watch.look()

    thread = Thread(target=go_on)
    thread.start()
    try:
        yield watch
    finally:
        over.set()
        thread.join()
        watch.look()


def near() -> dict[str, list[int]]:
    """Return the CPUs of the node of each IRQ's PCI device, for devices that have a node.

    Source: Documentation/ABI/testing/sysfs-bus-pci (msi_irqs, irq, numa_node).
    """
    found = {}
    for device in Path("/sys/bus/pci/devices").iterdir():
        node = (device / "numa_node").read_text().strip()
        cpus = Path(f"/sys/devices/system/node/node{node}/cpulist")
        if not cpus.exists():
            continue
        irqs = [each.name for each in device.glob("msi_irqs/*")]
        for irq in irqs or [(device / "irq").read_text().strip()]:
            found[irq] = cpus_of(cpus.read_text())
    return found


def cpus_of(text: str) -> list[int]:
    """Return the CPUs of a CPU list such as 0-3,8."""
    ends = [each.split("-") for each in text.strip().split(",") if each]
    return [cpu for each in ends for cpu in range(int(each[0]), int(each[-1]) + 1)]


def children(process: int) -> list[str]:
    """Return the processes that a process started and that have not ended. Source: proc(5)."""
    return Path(f"/proc/{process}/task/{process}/children").read_text().split()


def wait_for_nics() -> None:
    """Wait until all NICs are up. They have no IRQs before. Source: netdevice(7), IFF_UP."""
    limit = time.monotonic() + LONGEST_SECONDS
    flags = list(Path("/sys/class/net").glob("eth*/flags"))
    while time.monotonic() < limit and not all(int(each.read_text(), 16) & 1 for each in flags):
        time.sleep(0.5)


@contextmanager
def load() -> Iterator[None]:
    """Operate the devices while the block runs."""
    work = LOAD if len(numbered()[0]) <= MANY_CPUS else LIGHT_LOAD
    unused = UNUSED.get(platform.machine(), {"eth4"})
    jobs = [f"{name}={per_second}" for name, per_second in work.items() if name not in unused]
    script = Path(__file__).with_name("load.py")
    with subprocess.Popen([sys.executable, script, *jobs]) as working:
        try:
            wait_for_nics()
            time.sleep(3)  # the links come up, the first operations are caught up with
            yield
        finally:
            working.terminate()
