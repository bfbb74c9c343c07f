"""A machine whose devices fire at set rates and obey their affinity files, and its past."""

import random
import shutil
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from irq_server.events import Event, Kind
from irq_server.kernel.cpuset import parse_list
from irq_server.kernel.interrupts import parse
from irq_server.store.store import Store

BOOT_ID = "33333333-0000-4000-8000-000000000000"
TICK_SECONDS = 0.2
OWN_ROWS = {"LOC": ("Local timer interrupts", 100), "RES": ("Rescheduling interrupts", 6)}


@dataclass(slots=True)
class Device:
    """An IRQ: its action name, its rate, the CPU it arrives on, and its cells."""

    name: str
    rate: float
    cpu: int
    cells: list[int] = field(default_factory=list)


class Busy:
    """A /proc tree of a machine with `cpus` CPUs and `irqs` devices.

    IRQ 94, eth1-TxRx-6, fires 4,500 times a second on the last CPU, where nvme0q1 fires, too.
    The other devices are spread over all CPUs and fire rarely.
    """

    def __init__(self, root: Path, cpus: int = 16, irqs: int = 40) -> None:
        """Write the tree of `irqs` devices; nothing has fired yet."""
        self.root = root
        self.cpus = cpus
        self._random = random.Random(20)
        self.devices = {
            94: Device("eth1-TxRx-6", 4500, cpus - 1),
            66: Device("nvme0q1", 900, cpus - 1),
        }
        for number in range(irqs - 2):
            rate = 120 / (1 + number)
            self.devices[100 + number] = Device(f"nvme1q{number}", rate, number % cpus)
        self._own = {label: [0] * cpus for label in OWN_ROWS}
        for irq, device in self.devices.items():
            device.cells = [0] * cpus
            self.set_affinity(irq, f"0-{cpus - 1}" if irq == 94 else str(device.cpu), device.cpu)
        (root / "sys/kernel/random").mkdir(parents=True, exist_ok=True)
        (root / "sys/kernel/random/boot_id").write_text(f"{BOOT_ID}\n")
        self.offline: set[int] = set()
        self.isolate("")
        self._shown = time.time()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.show()

    @property
    def sysfs(self) -> Path:
        """The tree in the place of /sys: two nodes, each with half the CPUs."""
        return self.root.parent / "sys"

    def isolate(self, cpus: str) -> None:
        """Isolate a list of CPUs, and no other."""
        folder = self.sysfs / "devices/system"
        half = self.cpus // 2
        files = {"cpu/isolated": cpus, "node/node0/cpulist": f"0-{half - 1}"}
        files["node/node1/cpulist"] = f"{half}-{self.cpus - 1}"
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(f"{text}\n")

    def set_affinity(self, irq: int, affinity: str, cpu: int) -> None:
        """Write the files of an IRQ's affinity, and send the IRQ to `cpu`."""
        folder = self.root / "irq" / str(irq)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "smp_affinity_list").write_text(f"{affinity}\n")
        (folder / "effective_affinity_list").write_text(f"{cpu}\n")
        self.devices[irq].cpu = cpu

    def obey(self) -> None:
        """Send each IRQ whose affinity file excludes its CPU to the first CPU of the file."""
        for irq, device in self.devices.items():
            wanted = parse_list((self.root / f"irq/{irq}/smp_affinity_list").read_text().strip())
            if device.rate and wanted and device.cpu not in wanted:
                device.cpu = min(wanted)
                (self.root / f"irq/{irq}/effective_affinity_list").write_text(f"{device.cpu}\n")

    def fire(self, seconds: float) -> None:
        """Let every row fire for some seconds."""
        for device in self.devices.values():
            about = device.rate * seconds * self._random.uniform(0.8, 1.2)
            device.cells[device.cpu] += int(about) + (self._random.random() < about % 1)
        for label, (_, rate) in OWN_ROWS.items():
            cells = self._own[label]
            for cpu in range(self.cpus):
                cells[cpu] += int(rate * seconds * self._random.uniform(0.9, 1.1))

    def text(self) -> str:
        """Return the machine's /proc/interrupts."""
        online = [cpu for cpu in range(self.cpus) if cpu not in self.offline]
        lines = ["           " + "".join(f"CPU{cpu:<8d}" for cpu in online)]
        for irq, device in self.devices.items():
            cells = "".join(f"{device.cells[cpu] % 2**32:10d} " for cpu in online)
            lines.append(
                f"{irq:>3}: {cells} PCI-MSIX-0000:00:{irq % 32:02x}.0 {irq}-edge {device.name}"
            )
        for label, (text, _) in OWN_ROWS.items():
            cells = "".join(f"{self._own[label][cpu] % 2**32:10d} " for cpu in online)
            lines.append(f"{label:>3}: {cells} {text}")
        return "\n".join(lines) + "\n"

    def show(self) -> None:
        """Replace the tree's interrupts at once, as the kernel would."""
        temporary = self.root / "interrupts.new"
        temporary.write_text(self.text())
        temporary.rename(self.root / "interrupts")

    def remember(self, folder: Path, seconds: int, step: int) -> None:
        """Write the past into a data directory: `seconds` until now, a sample each `step`.

        IRQ 94 is quiet for the first third, on the last CPU. At two thirds it moves to CPU 0.
        """
        first = int(time.time() - seconds) // step * step
        moved = first + seconds * 2 // 3 // step * step
        hot, last = self.devices[94], self.cpus - 1
        rate, hot.rate, hot.cpu = hot.rate, 5.0, last
        kept = dict.fromkeys(("raw", "1m", "1h"), 10.0**9)
        store = Store(folder, interval_seconds=step, retention_seconds=kept)
        moment = first
        while moment <= time.time():
            if moment == first + seconds // 3 // step * step:
                hot.rate = rate
            self.fire(step)
            store.append(parse(self.text()), BOOT_ID, moment, step)
            if moment == moved:
                hot.cpu = 0
                store.record(Event(moment, Kind.AFFINITY, "94", detail=f"{last} -> 0"))
            self._shown = moment
            moment += step
        store.close()
        self.set_affinity(94, str(hot.cpu), hot.cpu)
        self.show()

    def live(self) -> None:
        """Fire and obey in a thread of its own, until end()."""

        def run() -> None:
            before = time.monotonic()
            self.fire(time.time() - self._shown)
            while not self._stop.wait(TICK_SECONDS):
                now = time.monotonic()
                self.fire(now - before)
                before = now
                self.obey()
                self.show()

        self._thread = threading.Thread(target=run)
        self._thread.start()

    def end(self) -> None:
        """End the thread, and remove the tree."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        shutil.rmtree(self.root, ignore_errors=True)
