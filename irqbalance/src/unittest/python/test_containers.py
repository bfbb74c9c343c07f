"""Trees of /proc and /sys as container runtimes and tuned leave them: their CPUs get no IRQ.

Sources: CRI-O's high-performance hooks (irq-load-balancing.crio.io), the CPU manager's static
policy of Kubernetes, tuned's profile cpu-partitioning and its plug-in irqbalance, and
Documentation/admin-guide/cgroup-v2.rst (cpuset.cpus.partition).
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from conftest import FakeClock, FakeMachine, row
from irqbalance.cli import main
from irqbalance.kernel.cpuset import parse_list

Json = dict[str, Any]
Balance = Callable[..., Json]

CPUS = tuple(range(8))
QUEUES = range(24, 32)
IDLE = (40, 41)


@pytest.fixture
def balance(fake: FakeMachine, capsys: pytest.CaptureFixture[str]) -> Balance:
    """Run the command on 8 CPUs: 8 equal queues on CPU 0, idle IRQs on CPUs 5 and 6."""

    def rows(count: int) -> None:
        quiet = (0,) * 7
        fake.counters(
            *(row(irq, count, *quiet, device=f"eth0-TxRx-{irq - 24}") for irq in QUEUES),
            *(row(irq, 0, *quiet) for irq in IDLE),
            "LOC: " + " ".join(["1000"] * 8) + " Local timer interrupts",
            cpus=CPUS,
        )

    rows(0)
    fake.write("sys/devices/system/cpu/online", "0-7\n")
    for irq in QUEUES:
        fake.irq(irq, "0-7", effective="0")
    for irq, cpu in zip(IDLE, "56", strict=True):
        fake.irq(irq, "0-7", effective=cpu)

    def call(*argv: str) -> Json:
        roots = ["--procfs", str(fake.procfs), "--sysfs", str(fake.sysfs)]
        state = ["--state-dir", str(fake.state), "--interval", "1", "--format", "json"]
        status = main([*roots, *state, *argv], FakeClock(lambda: rows(500)).clock)
        out, err = capsys.readouterr()
        assert err == ""
        return {**json.loads(out), "status": status}

    return call


def used(report: Json) -> set[int]:
    """Return the CPUs that an IRQ of a device is on, if the plan is carried out."""
    return {row["to"] for row in report["irqs"] if row["to"] is not None}


@pytest.mark.parametrize("mask", ["0f", "f", "0000000f", "00000000,0000000f"])
def test_crio_takes_a_containers_cpus_out_of_the_default_mask(
    fake: FakeMachine, balance: Balance, mask: str
):
    fake.write("proc/irq/default_smp_affinity", f"{mask}\n")

    report = balance("--dry-run")

    assert used(report) == {0, 1, 2, 3}
    assert report["left_out"][0]["cpus"] == [4, 5, 6, 7]


def test_crio_writes_its_ban_as_a_mask_and_as_a_list(
    balance: Balance, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("IRQBALANCE_BANNED_CPUS", "00000000,000000f0")
    monkeypatch.setenv("IRQBALANCE_BANNED_CPULIST", "6-7")

    report = balance("--dry-run")

    assert used(report) == {0, 1, 2, 3}
    assert [each["reason"] for each in report["left_out"]] == [
        "banned by IRQBALANCE_BANNED_CPULIST",
        "banned by IRQBALANCE_BANNED_CPUS",
    ]


@pytest.mark.parametrize("text", ["", "-", " "])
def test_a_variable_that_bans_nothing_bans_nothing(
    balance: Balance, monkeypatch: pytest.MonkeyPatch, text: str
):
    monkeypatch.setenv("IRQBALANCE_BANNED_CPULIST", text)

    assert balance("--dry-run")["left_out"] == []


def test_a_container_that_is_gone_gives_its_cpus_back(fake: FakeMachine, balance: Balance):
    fake.write("proc/irq/default_smp_affinity", "0f\n")
    balance()
    fake.write("proc/irq/default_smp_affinity", "ff\n")

    assert balance("--dry-run")["cpus"] == list(CPUS)


def test_a_container_of_the_cpu_manager_alone_keeps_no_irq_away(
    fake: FakeMachine, balance: Balance
):
    """The static policy writes cpusets of containers, and leaves all IRQs to the node."""
    pod = "sys/fs/cgroup/kubepods.slice/kubepods-pod1.slice"
    fake.write(f"{pod}/cpuset.cpus", "4-5\n")
    fake.write(f"{pod}/cpuset.cpus.partition", "member\n")
    fake.write("sys/fs/cgroup/cpuset.cpus.isolated", "\n")
    fake.write("proc/irq/default_smp_affinity", "ff\n")

    assert balance("--dry-run")["cpus"] == list(CPUS)


@pytest.mark.parametrize(
    ("files", "reasons"),
    [
        (
            {
                "proc/irq/default_smp_affinity": "00000000,0000000f\n",
                "sys/devices/system/cpu/nohz_full": "4-7\n",
                "sys/devices/system/cpu/isolated": "\n",
            },
            {"nohz_full", "not in /proc/irq/default_smp_affinity"},
        ),
        (
            {
                "proc/irq/default_smp_affinity": "0f\n",
                "sys/devices/system/cpu/isolated": "4-7\n",
                "sys/devices/system/cpu/nohz_full": "(null)\n",
            },
            {"isolated", "not in /proc/irq/default_smp_affinity"},
        ),
        # tuned with default_irq_smp_affinity = ignore leaves the mask alone
        (
            {
                "proc/irq/default_smp_affinity": "ff\n",
                "sys/devices/system/cpu/nohz_full": "4-7\n",
            },
            {"nohz_full"},
        ),
        (
            {"sys/fs/cgroup/cpuset.cpus.isolated": "4-7\n"},
            {"in an isolated cgroup"},
        ),
    ],
    ids=["cpu-partitioning", "isolcpus", "tuned-ignores-the-mask", "cgroup-partition"],
)
def test_partitioned_cpus_lose_even_their_idle_irqs(
    fake: FakeMachine, balance: Balance, files: Mapping[str, str], reasons: set[str]
):
    for path, text in files.items():
        fake.write(path, text)

    report = balance()

    assert report["cpus"] == [0, 1, 2, 3]
    assert used(report) == {0, 1, 2, 3}
    assert {each["reason"] for each in report["left_out"]} == reasons
    for irq in IDLE:
        assert parse_list(fake.affinity(irq)) < {0, 1, 2, 3}


def test_named_cpus_replace_the_default_mask_and_a_ban_holds(
    fake: FakeMachine, balance: Balance, monkeypatch: pytest.MonkeyPatch
):
    fake.write("proc/irq/default_smp_affinity", "0f\n")
    monkeypatch.setenv("IRQBALANCE_BANNED_CPULIST", "5")

    assert balance("--dry-run", "--cpus", "4-6")["cpus"] == [4, 6]


@pytest.mark.parametrize("text", ["", "0x0f\n", "no mask\n"])
def test_a_default_mask_that_is_none_limits_nothing(fake: FakeMachine, balance: Balance, text: str):
    fake.write("proc/irq/default_smp_affinity", text)

    assert balance("--dry-run")["cpus"] == list(CPUS)


def test_isolate_empties_cpus_of_idle_irqs_too_and_keeps_them_so(
    fake: FakeMachine, balance: Balance
):
    assert balance("--isolate", "5-6", "--check")["status"] == 5
    balance("--isolate", "5-6", "--threshold", "100")
    homes = {irq: parse_list(fake.affinity(irq)) for irq in IDLE}
    assert not homes[40] & {5, 6}
    assert not homes[41] & {5, 6}

    for irq, cpus in homes.items():  # as the kernel then shows it
        fake.irq(irq, ",".join(map(str, cpus)), effective=",".join(map(str, cpus)))
    for irq in QUEUES:
        fake.irq(irq, "1", effective="1")
    again = balance("--isolate", "5-6", "--check", "--threshold", "100")
    assert (again["status"], again["moves"]) == (0, 0)

    fake.irq(41, "6", effective="6")
    back = balance("--isolate", "5-6", "--check", "--threshold", "100")
    assert back["status"] == 5
    assert [row["irq"] for row in back["irqs"] if row["status"] == "planned"] == ["41"]


def test_isolate_reports_what_still_fires_there_and_why(fake: FakeMachine, balance: Balance):
    fake.irq(40, "5", effective="5", mode=0o444)

    report = balance("--isolate", "5-6")

    assert report["isolated"]["cpus"] == [5, 6]
    found = {each["irq"]: each for each in report["isolated"]["remaining"]}
    assert set(found) == {"40"}
    assert (found["40"]["kind"], found["40"]["loads"]) == ("managed", [0.0, 0.0])
    assert "read-only" in found["40"]["reason"]


def test_isolate_moves_an_idle_irq_whose_place_the_kernel_hides(
    fake: FakeMachine, balance: Balance
):
    (fake.procfs / "irq/40/effective_affinity_list").unlink()

    assert "40" not in [row["irq"] for row in balance("-n")["irqs"] if row["status"] == "planned"]
    (row,) = (row for row in balance("--isolate", "5-6")["irqs"] if row["irq"] == "40")
    assert row["status"] == "applied"
    assert (
        row["reason"] == "idle, and its affinity lets it arrive on CPU 5-6, which may not be used"
    )
    assert parse_list(fake.affinity(40)).isdisjoint({5, 6})
    (row,) = (row for row in balance("--isolate", "5-6", "-n")["irqs"] if row["irq"] == "40")
    assert row["status"] == "kept"


def test_isolated_cpus_that_are_not_online_are_named(
    fake: FakeMachine, capsys: pytest.CaptureFixture[str]
):
    fake.counters(row(24, 0, 0))
    argv = ["--procfs", str(fake.procfs), "--sysfs", str(fake.sysfs), "-n", "--interval", "1"]

    assert main([*argv, "--isolate", "1,9"], FakeClock().clock) == 0

    assert capsys.readouterr().err == "irqbalance: --isolate: CPUs 9 are not online\n"


def test_isolate_is_a_key_of_the_settings_file_too(fake: FakeMachine, balance: Balance):
    path = fake.write("irq.toml", 'isolate = "5-6"\n')

    report = balance("--dry-run", "--config", str(path))

    assert report["cpus"] == [0, 1, 2, 3, 4, 7]
    assert report["isolated"]["cpus"] == [5, 6]
