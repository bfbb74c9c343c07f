"""Fixtures of several test modules: captured machines, and machines made of plain files."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import pace
from captures import unpack as unpack_archive
from irqbalance.kernel.procfs import Machine
from irqbalance.loads.measure import Clock

pytest_plugins = ["in_time"]

pace.load_profile()

CAPTURES = Path(__file__).parent.parent / "resources" / "captures"
"""Trees of /proc and /sys of real machines, one archive each, as files with their modes."""


@pytest.fixture(scope="session")
def captured(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return a function from a capture's name to its unpacked tree, which tests must not change."""
    folder = tmp_path_factory.mktemp("captures")

    def unpack(name: str) -> Path:
        if not (folder / name).is_dir():
            unpack_archive(CAPTURES / f"{name}.tar.xz", folder)
        return folder / name

    return unpack


@dataclass
class FakeMachine:
    """A tree of /proc and /sys made of plain files, which a test fills and changes."""

    root: Path

    @property
    def procfs(self) -> Path:
        """Return the folder in the place of /proc."""
        return self.root / "proc"

    @property
    def sysfs(self) -> Path:
        """Return the folder in the place of /sys."""
        return self.root / "sys"

    @property
    def state(self) -> Path:
        """Return a path for the state directory."""
        return self.root / "state"

    @property
    def machine(self) -> Machine:
        """Return the machine as the program sees it."""
        return Machine(self.procfs, self.sysfs)

    def write(self, path: str, text: str) -> Path:
        """Write a file below the root, with the folders above it."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        return target

    def counters(self, *rows: str, cpus: tuple[int, ...] = (0, 1)) -> None:
        """Write /proc/interrupts with a header for `cpus` above `rows`."""
        header = "".join(f"CPU{cpu:<8d}" for cpu in cpus)
        self.write("proc/interrupts", "\n".join([f"           {header}", *rows, ""]))

    def irq(
        self, irq: int, affinity: str = "0-1", effective: str | None = None, mode: int = 0o644
    ) -> None:
        """Make /proc/irq/N."""
        for name, text in (("smp_affinity_list", affinity), ("smp_affinity", "3")):
            self.write(f"proc/irq/{irq}/{name}", f"{text}\n").chmod(mode)
        if effective is not None:
            self.write(f"proc/irq/{irq}/effective_affinity_list", f"{effective}\n")

    def affinity(self, irq: int) -> str:
        """Return the text of an IRQ's smp_affinity_list."""
        return (self.procfs / f"irq/{irq}/smp_affinity_list").read_text()


@pytest.fixture
def fake(tmp_path: Path) -> FakeMachine:
    """Return a machine of two CPUs, both online, without any IRQ."""
    made = FakeMachine(tmp_path)
    made.write("sys/devices/system/cpu/online", "0-1\n")
    made.write("proc/sys/kernel/random/boot_id", "this-boot\n")
    return made


def row(irq: int | str, *counts: int, device: str = "", hwirq: int = 1) -> str:
    """Return a line of /proc/interrupts."""
    cells = "".join(f"{count:10d} " for count in counts)
    return f"{irq:>3}: {cells} PCI-MSI {hwirq}-edge      {device or f'dev{irq}'}"


class FakeClock:
    """A clock that stands until somebody sleeps; `then` happens meanwhile."""

    def __init__(self, then: Callable[[], object] = lambda: None) -> None:
        """Take a function to call while somebody sleeps."""
        self.time = 1_767_225_600.0
        self.slept: list[float] = []
        self.then = then

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass at once."""
        self.slept.append(seconds)
        self.time += seconds
        self.then()

    @property
    def clock(self) -> Clock:
        """Return the clock as the program sees it."""
        return Clock(lambda: self.time, lambda: self.time, self.sleep)
