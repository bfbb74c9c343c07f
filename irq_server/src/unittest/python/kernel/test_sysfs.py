"""What /sys says of the CPUs."""

from collections.abc import Callable
from pathlib import Path

import pytest

from irq_server.kernel.sysfs import Cpu, Sysfs


def write(root: Path, name: str, text: str) -> None:
    path = root / "devices/system" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_each_cpu_has_its_node_and_whether_it_is_online_and_isolated(tmp_path: Path):
    write(tmp_path, "cpu/online", "0,2-3\n")
    write(tmp_path, "cpu/isolated", "3\n")
    write(tmp_path, "node/node0/cpulist", "0-1\n")
    write(tmp_path, "node/node10/cpulist", "2-3\n")

    assert Sysfs(tmp_path).cpus([0, 1]) == [
        Cpu(0, is_online=True, node=0, is_isolated=False),
        Cpu(1, is_online=False, node=0, is_isolated=False),
        Cpu(2, is_online=True, node=10, is_isolated=False),
        Cpu(3, is_online=True, node=10, is_isolated=True),
    ]


@pytest.mark.parametrize("online", [None, "rubbish", ""])
def test_a_tree_without_lists_says_nothing_of_nodes(tmp_path: Path, online: str | None):
    if online is not None:
        write(tmp_path, "cpu/online", online)
    write(tmp_path, "cpu/isolated", "\n")

    found = Sysfs(tmp_path).cpus([4, 1])

    assert [(cpu.number, cpu.node, cpu.is_isolated) for cpu in found] == [
        (1, None, False),
        (4, None, False),
    ]
    assert all(cpu.is_online == (online != "") for cpu in found)


def test_the_captured_machine_of_two_nodes(captured: Callable[[str], Path]):
    root = captured("arm64-8cpu-2node") / "sys"

    found = Sysfs(root).cpus(range(8))

    assert [cpu.number for cpu in found if not cpu.is_online] == [1]
    assert [cpu.node for cpu in found if cpu.is_online] == [0, 0, 0, 1, 1, 1, 1]
