"""A small machine of plain files, and the command run on it in this process, for many runs."""

import contextlib
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from irqbalance.cli import main
from irqbalance.loads.measure import Clock

START = 1_767_225_600.0

BEFORE = """\
            CPU0       CPU1       CPU2       CPU3
  9:          3          0          0          0   IO-APIC   9-fasteoi   acpi
 24:     100000          0          0          0   PCI-MSIX-0000:00:02.0   1-edge      eth0-rx-0
 25:     200000          0          0          0   PCI-MSIX-0000:00:02.0   2-edge      eth0-rx-1
 26:     300000          0         50          0   PCI-MSIX-0000:00:03.0   1-edge      nvme0q1, x
 27:      40000          0          0          0   PCI-MSI 49152-edge      ahci[0000:00:04.0]
LOC:       1681       1579       1748       2000   Local timer interrupts
ERR:          0
"""
AFTER = """\
            CPU0       CPU1       CPU2       CPU3
  9:          3          0          0          0   IO-APIC   9-fasteoi   acpi
 24:     130000          0          0          0   PCI-MSIX-0000:00:02.0   1-edge      eth0-rx-0
 25:     250000          0          0          0   PCI-MSIX-0000:00:02.0   2-edge      eth0-rx-1
 26:     310000          0         50          0   PCI-MSIX-0000:00:03.0   1-edge      nvme0q1, x
 27:      80000          0          0          0   PCI-MSI 49152-edge      ahci[0000:00:04.0]
LOC:       1981       1979       1948       2500   Local timer interrupts
ERR:          1
"""
STAT = "".join(
    f"cpu{name} 10132153 290696 3084719 46828483 16683 {irq} 25195 0 175628 0\n"
    for name, irq in (("", 90), ("0", 20), ("1", 30), ("2", 15), ("3", 25))
)

SOFTIRQS = """\
                    CPU0       CPU1       CPU2       CPU3       CPU4
          HI:          1          0          0          0          0
       TIMER:       8123       7000       6600       9000          0
      NET_RX:     410000     250000         50         70          0
       BLOCK:       3000       1200        900        900          0
"""

SMALL_FILES = {
    "proc/softirqs": SOFTIRQS,
    "sys/bus/pci/devices/0000:00:02.0/msi_irqs/24": "msix\n",
    "sys/class/net/eth0/device/msi_irqs/24": "msix\n",
    "sys/class/block/sda/size": "8\n",
    "proc/stat": f"{STAT}intr 114930548 113199788\nbtime 1767220000\n",
    "proc/sys/kernel/random/boot_id": "3b5d1c2e-7f0a-4a55-9d0a-0d9f6a3f8d11\n",
    "proc/irq/24/smp_affinity_list": "0-3\n",
    "proc/irq/24/effective_affinity_list": "0\n",
    "proc/irq/25/smp_affinity_list": "0-3\n",
    "proc/irq/25/effective_affinity": "1\n",
    "proc/70/comm": "tuned\n",
    "proc/70/status": "Name:\ttuned\nUid:\t0\t0\t0\t0\n",
    "proc/70/cmdline": "/usr/bin/python3\0/usr/sbin/tuned\0",
    "proc/70/stat": "70 (tuned) S 1 70 70 0 -1 4194560\n",
    "proc/70/root/etc/tuned/active_profile": "mine\n",
    "proc/70/root/etc/tuned/mine/tuned.conf": "[main]\ninclude=balanced, other\n",
    "sys/devices/system/cpu/online": "0-3\n",
    "sys/devices/system/cpu/isolated": "\n",
    "sys/devices/system/cpu/nohz_full": "(null)\n",
    "sys/devices/system/cpu/cpu1/cpu_capacity": "1024\n",
    "sys/devices/system/cpu/cpu2/cpu_capacity": "512\n",
    "sys/devices/system/cpu/cpu1/topology/thread_siblings_list": "0-1\n",
    "sys/devices/system/node/node0/cpulist": "0-1\n",
    "sys/devices/system/node/node1/cpulist": "2-3\n",
    "sys/bus/pci/devices/0000:00:04.0/numa_node": "1\n",
    "sys/bus/pci/devices/0000:00:04.0/irq": "27\n",
    "sys/fs/cgroup/cpuset.cpus.isolated": "\n",
}
"""Every small file that a run reads, by its path below the root."""

IRQS = ("9", "24", "25", "26", "27")


class Run(NamedTuple):
    """The result of a run of the command."""

    status: int
    out: str
    err: str


@dataclass
class World:
    """Trees of /proc and /sys, and a state directory, below `root`."""

    root: Path
    time: float = field(default=START)

    def put(self, path: str, data: bytes) -> None:
        """Write a file below the root."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)

    def reset(self) -> None:
        """Make the machine as it was, without a state directory."""
        self.time = START
        for irq in IRQS:
            self.put(f"proc/irq/{irq}/smp_affinity_list", b"0-3\n")
        for path, text in SMALL_FILES.items():
            self.put(path, text.encode())
        self.put("proc/interrupts", BEFORE.encode())
        for path in (self.root / "state").glob("*"):
            path.unlink()

    def affinities(self) -> dict[str, str]:
        """Return the text of every affinity; bytes of no UTF-8 stand in it as lone surrogates."""
        paths = {irq: self.root / f"proc/irq/{irq}/smp_affinity_list" for irq in IRQS}
        return {irq: path.read_text(errors="surrogateescape") for irq, path in paths.items()}

    def run(self, *argv: object) -> Run:
        """Run the command here; the counters go on while it measures."""
        roots = [
            f"--{option}={self.root / name}"
            for option, name in (("procfs", "proc"), ("sysfs", "sys"), ("state-dir", "state"))
        ]
        clock = Clock(lambda: self.time, lambda: self.time, self._sleep)
        return run([*roots, *argv], clock)

    def _sleep(self, seconds: float) -> None:
        self.time += seconds
        for path, before, after in (
            ("proc/interrupts", BEFORE, AFTER),
            (
                "proc/stat",
                SMALL_FILES["proc/stat"],
                SMALL_FILES["proc/stat"].replace(" 16683 ", " 16683 9"),
            ),
            ("proc/softirqs", SOFTIRQS, SOFTIRQS.replace("1", "7")),
        ):
            if (self.root / path).read_bytes() == before.encode():
                self.put(path, after.encode())


def run(argv: list[object], clock: Clock | None = None) -> Run:
    """Run the command in this process, its streams as those of a command in cron."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "ascii") for _ in range(2))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main([str(each) for each in argv], clock)
    return Run(status, *(_text(each) for each in (out, err)))


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode("ascii")
