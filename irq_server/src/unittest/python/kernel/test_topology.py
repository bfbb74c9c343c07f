"""The CPUs as /sys describes them, whole or in parts."""

from pathlib import Path

import pytest

from irq_server.kernel.topology import Cpu, Topology


def write(sysfs: Path, **files: str) -> None:
    for name, text in files.items():
        path = sysfs / name.replace("__", "/").replace("_DOT_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_a_cpu_has_its_node_its_package_and_its_state(tmp_path: Path):
    write(
        tmp_path,
        devices__system__node__node0__cpulist="0-1\n",
        devices__system__node__node1__cpulist="2-3\n",
        devices__system__cpu__cpu0__topology__physical_package_id="0\n",
        devices__system__cpu__cpu3__topology__physical_package_id="36\n",
        devices__system__cpu__isolated="3\n",
    )

    assert Topology(tmp_path).cpus([3, 0, 2], online=(0, 3)) == (
        Cpu(0, True, 0, 0, False),
        Cpu(2, False, 1, None, False),
        Cpu(3, True, 1, 36, True),
    )


def test_without_sys_nothing_is_known_and_nothing_isolated(tmp_path: Path):
    assert Topology(tmp_path / "none").cpus([0], online=[0]) == (Cpu(0, True, None, None, False),)


@pytest.mark.parametrize(
    "name",
    [
        "devices__system__cpu__isolated",
        "devices__system__cpu__nohz_full",
        "fs__cgroup__cpuset_DOT_cpus_DOT_isolated",
        "fs__cgroup__unified__cpuset_DOT_cpus_DOT_isolated",
    ],
)
def test_whatever_keeps_a_cpu_free_isolates_it(tmp_path: Path, name: str):
    write(tmp_path, devices__system__cpu__isolated="\n", devices__system__cpu__nohz_full="(null)\n")
    write(tmp_path, **{name: "2-3,5\n"})

    assert Topology(tmp_path).isolated() == {2, 3, 5}


@pytest.mark.parametrize(("online", "isolated"), [(False, False), (True, True), (False, True)])
def test_a_cpu_that_is_offline_or_isolated_is_not_usable(online: bool, isolated: bool):
    assert not Cpu(0, online, None, None, isolated).is_usable


@pytest.mark.parametrize("text", ["-1\n", "", "x", "9" * 20])
def test_a_package_that_is_no_number_is_unknown(tmp_path: Path, text: str):
    write(tmp_path, devices__system__cpu__cpu0__topology__physical_package_id=text)

    (cpu,) = Topology(tmp_path).cpus([0], online=[0])

    assert cpu.package is None
