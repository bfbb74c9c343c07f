"""Read the files below the root of /sys. No other module reads there.

Source: sysfs-devices-system-cpu and sysfs-devices-node in Documentation/ABI.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..errors import CpuSetError
from .cpuset import parse_list


@dataclass(frozen=True, slots=True)
class Cpu:
    """A CPU: its number, and the NUMA node that it is on; None if the kernel names none.

    ``is_isolated``: the kernel keeps it out of its load balancing (``isolcpus=``).
    """

    number: int
    is_online: bool
    node: int | None
    is_isolated: bool


class Sysfs:
    """The files below one root of /sys."""

    def __init__(self, root: Path = Path("/sys")) -> None:
        self._devices = root / "devices/system"

    def cpus(self, known: Iterable[int]) -> list[Cpu]:
        """Return the CPUs that are online and those that are `known`, by number.

        If the tree does not list the CPUs online, all that are known count as online.
        """
        known = frozenset(known)
        listed = self._list("cpu/online")
        online = known if listed is None else listed
        isolated = self._list("cpu/isolated") or frozenset()
        nodes = {
            cpu: int(folder.name.removeprefix("node"))
            for folder in sorted(self._devices.glob("node/node[0-9]*"))
            for cpu in self._list(f"node/{folder.name}/cpulist") or ()
        }
        return [
            Cpu(cpu, cpu in online, nodes.get(cpu), cpu in isolated)
            for cpu in sorted(known | online)
        ]

    def _list(self, name: str) -> frozenset[int] | None:
        """Return the CPU list in a file; None if there is none."""
        try:
            return parse_list((self._devices / name).read_text(errors="replace"))
        except (OSError, CpuSetError):
            return None
