"""Read from /sys the nodes and packages of the CPUs, and the isolated ones.

Any of these files may be missing; its facts are then unknown. `--sysfs` names another root.
Source: Documentation/ABI/stable/sysfs-devices-system-cpu and -node, kernel/cgroup/cpuset.c.
"""

import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from ..errors import CpuSetError
from .cpuset import parse_list
from .procfs import read_at_once


@dataclass(frozen=True, slots=True)
class Cpu:
    """One CPU: whether it is online, its node and package, and whether it is isolated.

    A node or package that /sys does not name is None. An offline CPU has no package.
    """

    number: int
    is_online: bool
    node: int | None
    package: int | None
    is_isolated: bool

    @property
    def is_usable(self) -> bool:
        """Return whether the CPU counts in an imbalance."""
        return self.is_online and not self.is_isolated


class Topology:
    """The CPUs of one machine, by the files below one root of /sys."""

    def __init__(self, sysfs: Path = Path("/sys")) -> None:
        self._cpus = sysfs / "devices/system/cpu"
        self._nodes = sysfs / "devices/system/node"
        self._known: tuple[frozenset[int], tuple[dict[int, int], dict[int, int]]] | None = None
        self._isolated = [
            self._cpus / "isolated",
            self._cpus / "nohz_full",
            # the root cgroup alone shows run-time isolation, since Linux 6.9
            sysfs / "fs/cgroup/cpuset.cpus.isolated",
            sysfs / "fs/cgroup/unified/cpuset.cpus.isolated",
        ]

    def isolated(self) -> frozenset[int]:
        """Return the CPUs that are kept free of other work."""
        return frozenset().union(*map(_list, self._isolated))

    def cpus(self, numbers: Iterable[int], online: Collection[int]) -> tuple[Cpu, ...]:
        """Return the CPUs with these numbers, of which some are `online`."""
        isolated, (nodes, packages) = self.isolated(), self._places(frozenset(online))
        return tuple(
            Cpu(
                number,
                number in online,
                nodes.get(number),
                packages.get(number),
                number in isolated,
            )
            for number in sorted(numbers)
        )

    def _places(self, online: frozenset[int]) -> tuple[dict[int, int], dict[int, int]]:
        """Return the nodes and the packages of CPUs; read them if other CPUs are online now."""
        known = self._known  # replaced whole: many threads ask
        if known is None or known[0] != online:
            files = {cpu: self._cpus / f"cpu{cpu}/topology/physical_package_id" for cpu in online}
            packages = {cpu: n for cpu, path in files.items() if (n := _number(path)) is not None}
            known = self._known = online, (self._node_of(), packages)
        return known[1]

    def _node_of(self) -> dict[int, int]:
        found: dict[int, int] = {}
        for folder in self._nodes.glob("node[0-9]*"):
            if folder.name[4:].isdecimal():
                found |= dict.fromkeys(_list(folder / "cpulist"), int(folder.name[4:]))
        return found


def _list(path: Path) -> frozenset[int]:
    """Return a CPU list; the empty set if the file is missing or holds ``(null)``, say."""
    try:
        return parse_list(_read(path))
    except (OSError, CpuSetError):
        return frozenset()


def _number(path: Path) -> int | None:
    """Return a whole number; None if the file is missing or holds -1, for unknown."""
    try:
        text = _read(path).strip()
    except OSError:
        return None
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _read(path: Path) -> str:
    return read_at_once(os.fspath(path)).decode(errors="replace")
