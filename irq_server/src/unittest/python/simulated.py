"""A simulated machine with known truth, a clock and a disk that do what a test says."""

import errno
import os
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from irq_server.kernel.interrupts import CELL_MODULUS, Snapshot, parse
from irq_server.store.segments.files import Files
from irq_server.store.segments.tier import Tier

BOOT_IDS = tuple(f"{number:08x}-0000-4000-8000-000000000000" for number in range(1, 100))


@dataclass(slots=True)
class Line:
    """A row of the machine: its label, its name in the store, its text, its cells by CPU."""

    label: str
    name: str
    text: str
    cells: dict[int, int] = field(default_factory=dict)


class Machine:
    """What a kernel shows of its interrupts, and what really fired.

    ``truth`` holds, by the store's keys (``24,0``), what a store that samples at every look must
    have counted: look() adds what fired since the last look; what a boot or a reset wiped out
    before anybody looked is in it never. Cells of a CPU that is offline are looked at when it is
    back.
    """

    def __init__(self, root: Path | None = None, cpus: Iterable[int] = (0, 1)) -> None:
        """Make a machine without rows; with a `root`, show() writes it there as a /proc tree."""
        self.root = root
        self.possible = tuple(cpus)
        self.online = list(self.possible)
        self.lines: dict[str, Line] = {}
        self.figures: dict[str, int] = {}
        self.texts: dict[str, str] = {}
        self.truth: dict[str, int] = {}
        self._boots = 0
        self._pending: dict[str, dict[int, int]] = {}

    @property
    def boot_id(self) -> str:
        """The id of this boot."""
        return BOOT_IDS[self._boots]

    def add(self, label: str, text: str, name: str | None = None) -> None:
        """Add a row with a cell per CPU, all zero; what stood under its label is gone."""
        cells = dict.fromkeys(self.possible, 0)
        if label in self.lines:
            self._pending.pop(self.lines[label].name, None)
        self.lines[label] = Line(label.partition("#")[0], name or label, text, cells)

    def device(self, number: int, action: str, name: str | None = None) -> None:
        """Add a numbered row of a device, or hands the number to another device."""
        hwirq = sum(map(ord, action))
        self.add(str(number), f"PCI-MSI {hwirq}-edge      {action}", name)

    def remove(self, label: str) -> None:
        """Take a row away."""
        self._pending.pop(self.lines.pop(label).name, None)

    def fire(self, label: str, cpu: int, count: int = 1) -> None:
        """Lets an IRQ fire `count` times on a CPU."""
        line = self.lines[label]
        line.cells[cpu] = (line.cells[cpu] + count) % CELL_MODULUS
        waiting = self._pending.setdefault(line.name, {})
        waiting[cpu] = waiting.get(cpu, 0) + count

    def reset(self, label: str) -> None:
        """Lets the kernel count an IRQ from zero again, on every CPU."""
        line = self.lines[label]
        line.cells = dict.fromkeys(line.cells, 0)
        self._pending.pop(line.name, None)

    def boot(self) -> None:
        """Start the machine again, with all its CPUs."""
        self._boots += 1
        self.online = list(self.possible)
        for label in self.lines:
            self.reset(label)
        self.figures = dict.fromkeys(self.figures, 0)
        self._pending = {}

    def forget(self) -> None:
        """Lets what fired on online CPUs since the last look be counted by nobody."""
        for cells in self._pending.values():
            for cpu in self.online:
                cells.pop(cpu, None)

    def offline(self, cpu: int) -> None:
        """Take a CPU away; the kernel keeps its cells."""
        self.online.remove(cpu)

    def bring_back(self, cpu: int) -> None:
        """Brings a CPU back."""
        self.online = sorted([*self.online, cpu])

    def text(self) -> str:
        """Return the machine's /proc/interrupts."""
        lines = ["           " + "".join(f"CPU{cpu:<8d}" for cpu in self.online)]
        for line in self.lines.values():
            cells = "".join(f"{line.cells[cpu]:10d} " for cpu in self.online)
            lines.append(f"{line.label:>3}: {cells}  {line.text}")
        lines += [f"{label:>3}: {figure:10d}" for label, figure in self.figures.items()]
        lines += [f"{label:>3}:              {text}" for label, text in self.texts.items()]
        return "\n".join(lines) + "\n"

    def look(self) -> Snapshot:
        """Return the snapshot of now, and count it in ``truth``."""
        for name, cells in self._pending.items():
            for cpu in [cpu for cpu in cells if cpu in self.online]:
                key = f"{name},{cpu}"
                self.truth[key] = self.truth.get(key, 0) + cells.pop(cpu)
        return parse(self.text())

    def show(self) -> None:
        """Write the tree: interrupts and boot_id."""
        assert self.root is not None
        folder = self.root / "sys/kernel/random"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "boot_id").write_text(f"{self.boot_id}\n")
        (self.root / "interrupts").write_text(self.text())

    def set_affinity(
        self, number: int, affinity: str, effective: str | None = None, mode: int = 0o644
    ) -> None:
        """Write the files of an IRQ's affinity."""
        assert self.root is not None
        folder = self.root / "irq" / str(number)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "smp_affinity_list"
        path.unlink(missing_ok=True)
        path.write_text(f"{affinity}\n")
        path.chmod(mode)
        if effective is not None:
            (folder / "effective_affinity_list").write_text(f"{effective}\n")


class FakeClock:
    """A clock that moves only when somebody waits; each wait may run a step of the test's plan."""

    def __init__(self, now: float = 1767225600.0) -> None:
        """Take the moment at which it starts, Unix seconds."""
        self.moment = now
        self.passed = 1000.0
        self.waits: list[float] = []
        self.plan: list[Callable[[], object]] = []

    def now(self) -> float:
        """Return the moment."""
        return self.moment

    def monotonic(self) -> float:
        """Return the seconds that passed."""
        return self.passed

    def advance(self, seconds: float) -> None:
        """Lets time pass."""
        self.moment += seconds
        self.passed += seconds

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        """Lets `seconds` pass and runs the next step; stops the waiter when there is none."""
        self.waits.append(round(seconds, 3))
        if not self.plan:
            stop.set()
            return True
        self.advance(seconds)
        self.plan.pop(0)()
        return stop.is_set()


class FaultyFiles(Files):
    """Files that fail where a test says so.

    ``broken`` maps a method's name to the errno of its every call, until it is taken out again;
    ``fail_at`` one to the number of the one call that fails (the first is 1); ``short`` is how
    many bytes of the next write reach the disk before ENOSPC.
    """

    def __init__(self) -> None:
        """Make a file layer that does not fail yet."""
        self.broken: dict[str, int] = {}
        self.fail_at: dict[str, int] = {}
        self.short: int | None = None
        self.calls: dict[str, int] = {}
        self.written: list[int] = []

    def _call(self, method: str) -> None:
        self.calls[method] = self.calls.get(method, 0) + 1
        if self.fail_at.get(method) == self.calls[method]:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        if method in self.broken:
            raise OSError(self.broken[method], os.strerror(self.broken[method]))

    def append(self, path: Path, data: bytes, sync: bool) -> int:
        """Append, or fail."""
        self._call("append")
        return super().append(path, data, sync)

    def write(self, descriptor: int, data: bytes) -> None:
        """Write all, a part, or nothing."""
        self._call("write")
        if self.short is not None:
            data, self.short = data[: self.short], None
            os.write(descriptor, data)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.written.append(len(data))
        super().write(descriptor, data)

    def replace(self, path: Path, data: bytes) -> None:
        """Replace, or fail."""
        self._call("replace")
        super().replace(path, data)

    def compress(self, path: Path) -> Path:
        """Packs, or fails."""
        self._call("compress")
        return super().compress(path)

    def rename(self, path: Path, target: Path) -> None:
        """Rename, or fail."""
        self._call("rename")
        super().rename(path, target)

    def remove(self, path: Path) -> None:
        """Remove, or fail."""
        self._call("remove")
        super().remove(path)

    def make_folder(self, path: Path) -> None:
        """Make, or fail."""
        self._call("make_folder")
        super().make_folder(path)

    def sync(self, path: Path) -> None:
        """Sync, or fail."""
        self._call("sync")
        super().sync(path)

    def read_part(self, path: Path, start: int = 0, end: int | None = None) -> bytes:
        """Read, or fail."""
        self._call("read")
        return super().read_part(path, start, end)


def moments(tier: Tier, start: float, end: float) -> list[float]:
    """Return the times of the samples in a tier's files from `start` to `end`, both counted."""
    lookup = tier.lookup
    found = [time for each in lookup.segments for time in lookup.index_of(each).times]
    return [time for time in found if start <= time <= end]
