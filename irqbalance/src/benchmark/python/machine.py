"""A simulated machine: a tree of plain files whose counters grow by its affinities.

Every IRQ is an MSI vector of a network card. Each interrupt takes the same time, which /proc/stat
shows. Rates never change, and the machine carries out a write at once. An IRQ stays on its CPU if
its affinity allows that; otherwise it goes to the first CPU of its affinity.
"""

from collections.abc import Sequence
from pathlib import Path

TICKS_PER_SECOND = 100
BUSIEST_SHARE = 0.5
"""Of the CPUs' time, what all interrupts together take."""

FIRST_IRQ = 24
QUEUES = 32
"""Vectors of one network card."""


class Machine:
    """CPUs and IRQs. If there are several nodes, each holds as many CPUs and cards as any other."""

    def __init__(
        self, root: Path, rates: Sequence[float], homes: Sequence[int], cpus: int, nodes: int = 1
    ) -> None:
        """Write the tree below `root`: /proc and /sys of a machine that has just started.

        `rates` are interrupts a second of each IRQ, `homes` their CPUs.
        """
        self.cpus, self.nodes, self.rates = cpus, nodes, list(rates)
        self.proc, self.sys = root / "proc", root / "sys"
        self.placed = list(homes)
        self.changes = 0
        self._counts = [dict.fromkeys([home], 0.0) for home in homes]
        self._busy = [0.0] * cpus
        self._seconds = 0.0
        self._cost = BUSIEST_SHARE * cpus / sum(rates)
        self._write_cpus()
        self._write_cards()
        self._known = [self._write_irq(index) for index in range(len(rates))]
        self._write_counters()

    def run(self, seconds: float) -> None:
        """Carry out the written affinities, then let `seconds` pass."""
        self.settle()
        self._seconds += seconds
        for index, (rate, cpu) in enumerate(zip(self.rates, self.placed, strict=True)):
            self._counts[index][cpu] = self._counts[index].get(cpu, 0.0) + rate * seconds
            self._busy[cpu] += rate * seconds * self._cost
        self._write_counters()

    def settle(self) -> None:
        """Carry out the written affinities: count those that changed, and move their IRQs."""
        for index, known in enumerate(self._known):
            folder = self.proc / "irq" / str(FIRST_IRQ + index)
            mask = (folder / "smp_affinity").read_text()
            listed = (folder / "smp_affinity_list").read_text()
            # one that is empty is being written
            if (mask, listed) == known or not mask or not listed:
                continue
            cpus = _of_mask(mask) if mask != known[0] else _of_list(listed)
            self.changes += 1
            if self.placed[index] not in cpus:
                self.placed[index] = min(cpus)
            self._known[index] = self._write_irq(index, cpus)

    def load(self) -> float:
        """Return interrupts a second of the busiest CPU."""
        loads = [0.0] * self.cpus
        for rate, cpu in zip(self.rates, self.placed, strict=True):
            loads[cpu] += rate
        return max(loads)

    def bound(self) -> float:
        """Return what no placement can go below."""
        return max(max(self.rates), sum(self.rates) / self.cpus)

    def _write_irq(self, index: int, cpus: frozenset[int] | None = None) -> tuple[str, str]:
        """Write the affinity of an IRQ as the kernel shows it; return the two texts."""
        folder = self.proc / "irq" / str(FIRST_IRQ + index)
        allowed = frozenset(range(self.cpus)) if cpus is None else cpus
        mask, listed = _as_mask(allowed, self.cpus), _as_list(allowed)
        home = frozenset({self.placed[index]})
        _write(folder / "smp_affinity", mask)
        _write(folder / "smp_affinity_list", listed)
        _write(folder / "effective_affinity", _as_mask(home, self.cpus))
        _write(folder / "effective_affinity_list", _as_list(home))
        if cpus is None:
            _write(folder / "node", "0\n")
            _write(folder / "affinity_hint", _as_mask(frozenset(), self.cpus))
            (folder / f"eth{index // QUEUES}-TxRx-{index % QUEUES}").mkdir()
        return mask, listed

    def _write_cpus(self) -> None:
        """Write the topology: a package and a last-level cache for each node, a core for each."""
        system = self.sys / "devices/system"
        everyone = f"0-{self.cpus - 1}\n"
        for name in ("online", "possible", "present"):
            _write(system / "cpu" / name, everyone)
        for name in ("isolated", "nohz_full"):
            _write(system / "cpu" / name, "\n")
        for node in range(self.nodes):
            cpus = self.node_cpus(node)
            folder = system / "node" / f"node{node}"
            _write(folder / "cpulist", _as_list(cpus))
            _write(folder / "cpumap", _as_mask(cpus, self.cpus))
            for cpu in cpus:
                self._write_cpu(system / "cpu" / f"cpu{cpu}", cpu, node, cpus)
        _write(system / "node/online", f"0-{self.nodes - 1}\n" if self.nodes > 1 else "0\n")

    def _write_cpu(self, folder: Path, cpu: int, node: int, package: frozenset[int]) -> None:
        alone = frozenset({cpu})
        _write(folder / "online", "1\n")
        _write(folder / "topology/physical_package_id", f"{node}\n")
        _write(folder / "topology/core_id", f"{cpu}\n")
        for name, cpus in (("core_siblings", package), ("thread_siblings", alone)):
            _write(folder / "topology" / name, _as_mask(cpus, self.cpus))
            _write(folder / "topology" / f"{name}_list", _as_list(cpus))
        for index, (level, cpus) in enumerate(((1, alone), (2, alone), (3, package))):
            cache = folder / "cache" / f"index{index}"
            _write(cache / "level", f"{level}\n")
            _write(cache / "type", "Unified\n")
            _write(cache / "shared_cpu_map", _as_mask(cpus, self.cpus))
        (folder / f"node{node}").symlink_to(f"../../node/node{node}")

    def _write_cards(self) -> None:
        """Write the network cards, which take turns on the nodes."""
        for card in range(-(-len(self.rates) // QUEUES)):
            folder = self.sys / f"bus/pci/devices/0000:{card:02x}:00.0"
            node = card % self.nodes
            _write(folder / "class", "0x020000\n")
            _write(folder / "vendor", "0x8086\n")
            _write(folder / "device", "0x1572\n")
            _write(folder / "subsystem_vendor", "0x8086\n")
            _write(folder / "subsystem_device", "0x0000\n")
            _write(folder / "irq", "0\n")
            _write(folder / "numa_node", f"{node if self.nodes > 1 else -1}\n")
            near = self.node_cpus(node)
            _write(folder / "local_cpus", _as_mask(near, self.cpus))
            _write(folder / "local_cpulist", _as_list(near))
            for index in range(card * QUEUES, min((card + 1) * QUEUES, len(self.rates))):
                _write(folder / "msi_irqs" / str(FIRST_IRQ + index), "msix\n")

    def node_cpus(self, node: int) -> frozenset[int]:
        """Return the CPUs of a node."""
        each = self.cpus // self.nodes
        return frozenset(range(node * each, (node + 1) * each))

    def _write_counters(self) -> None:
        """Write /proc/interrupts and /proc/stat, each at once."""
        lines = ["           " + "".join(f"CPU{cpu:<8d}" for cpu in range(self.cpus))]
        for index, counts in enumerate(self._counts):
            cells = ["         0 "] * self.cpus
            for cpu, count in counts.items():
                cells[cpu] = f"{int(count):10d} "
            card, queue = divmod(index, QUEUES)
            name = f"PCI-MSIX-0000:{card:02x}:00.0 {queue:3d}-edge      eth{card}-TxRx-{queue}"
            lines.append(f"{FIRST_IRQ + index:4d}: {''.join(cells)} {name}")
        _replace(self.proc / "interrupts", "\n".join([*lines, f" ERR: {0:10d}"]) + "\n")
        rows, total = [], int(self._seconds * TICKS_PER_SECOND)
        for cpu, seconds in enumerate(self._busy):
            busy = int(seconds * TICKS_PER_SECOND)
            rows.append(f"cpu{cpu} 0 0 0 {total - busy} 0 {busy} 0 0 0 0")
        every = int(sum(self._busy) * TICKS_PER_SECOND)
        head = f"cpu  0 0 0 {total * self.cpus - every} 0 {every} 0 0 0 0"
        _replace(self.proc / "stat", "\n".join([head, *rows, "btime 1767225600"]) + "\n")


def _write(path: Path, text: str) -> None:
    """Write a file that anybody may write, below folders that are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o666)


def _replace(path: Path, text: str) -> None:
    """Replace a file, so that a reader sees either the old or the new one, and that whole."""
    new = path.with_name(f"{path.name}.new")
    _write(new, text)
    new.rename(path)


def _as_list(cpus: frozenset[int]) -> str:
    ordered = sorted(cpus)
    if len(ordered) > 1 and ordered[-1] - ordered[0] == len(ordered) - 1:
        return f"{ordered[0]}-{ordered[-1]}\n"
    return ",".join(map(str, ordered)) + "\n"


def _as_mask(cpus: frozenset[int], count: int) -> str:
    digits = f"{sum(1 << cpu for cpu in cpus):0{-(-count // 4)}x}"
    words = [digits[max(0, end - 8) : end] for end in range(len(digits), 0, -8)]
    return ",".join(reversed(words)) + "\n"


def _of_mask(text: str) -> frozenset[int]:
    number = int(text.strip().replace(",", ""), 16)
    return frozenset(cpu for cpu in range(number.bit_length()) if number >> cpu & 1)


def _of_list(text: str) -> frozenset[int]:
    parts = [part.partition("-") for part in text.strip().split(",")]
    return frozenset(
        cpu for first, _, last in parts for cpu in range(int(first), int(last or first) + 1)
    )
