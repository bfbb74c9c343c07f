"""Small machines made after public bug reports: what went wrong for others is right here.

`README.md` beside the archives names the sources. Each case stands for its kind, and the kinds have
tests of their own elsewhere.
"""

import json
import re
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from captures import unpack
from conftest import FakeClock
from irqbalance.cli import main

FOLDER = Path(__file__).parent.parent / "resources" / "cases"

Json = dict[str, Any]


class Case:
    """An unpacked case, and the command run on it."""

    def __init__(self, name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        unpack(FOLDER / f"{name}.tar.xz", folder)
        self.root, self._capsys = folder / name, capsys
        self.err, self.status = "", -1

    def run(self, *argv: object) -> Json:
        """Return the report on the machine, whose counters go on while it is measured."""
        proc = self.root / "tree/proc"
        later = proc / "interrupts.later"
        clock = FakeClock(lambda: shutil.copy(later, proc / "interrupts"))
        roots = ["--procfs", proc, "--sysfs", self.root / "tree/sys"]
        state = ["--state-dir", self.root / "state", "--dry-run", "--interval", "1s"]
        return self.plan(*roots, *state, *argv, clock=clock)

    def plan(self, *argv: object, clock: FakeClock | None = None) -> Json:
        """Return the report of a command, an empty one if it fails."""
        words = [str(each) for each in (*argv, "--format", "json")]
        self.status = main(words, None if clock is None else clock.clock)
        out, self.err = self._capsys.readouterr()
        return json.loads(out) if out else {}

    def devices(self, number: int) -> dict[str, str]:
        """Return the device of each numbered IRQ of one of its captured files."""
        rows = self.plan("--from", self.root / f"interrupts.{number}")["irqs"]
        return {row["irq"]: row["device"] for row in rows if row["irq"].isdecimal()}


def places(report: Json) -> dict[str, int]:
    return {row["irq"]: row["to"] for row in report["irqs"] if row["to"] is not None}


def fixed(report: Json, reason: str) -> set[str]:
    return {row["irq"] for row in report["irqs"] if row["reason"] == reason}


def rpi5_rp1(case: Case) -> None:
    report = case.run()

    assert set(places(report)) == {"106", "131", "136", "140", "158"}
    # the largest of them alone
    assert report["balance"]["after"]["max"] == pytest.approx(9000, rel=0.002)
    assert report["moves"] >= 2


def hotplug_race_more(case: Case) -> None:
    files = [case.root / f"interrupts.{number}" for number in (1, 2, 3)]

    case.plan("--from", files[0], "--to", files[1])
    assert case.status == 1
    assert "line 3: expected 3 counts for IRQ 25" in case.err

    report = case.plan("--from", files[0], "--to", files[2])
    loads = {row["irq"]: row["load"] for row in report["irqs"]}
    assert (loads["25"], loads["26"]) == (120, 80)
    assert not [irq for irq in loads if "#" in irq]


def queue_apart2_mlx5(case: Case) -> None:
    report = case.run("--ban-cpus", "5")

    queues = Counter(
        (row["device"].partition("@")[2], row["to"])
        for row in report["irqs"]
        if row["device"].startswith("mlx5")
    )
    assert len(queues) == 8
    assert set(queues.values()) == {1}


def snc4_far(case: Case) -> None:
    assert sorted(places(case.run()).values()) == list(range(8, 16))


def epyc_l3(case: Case) -> None:
    report = case.run()
    queues = Counter(cpu // 4 for cpu in places(report).values())

    assert queues == {0: 2, 1: 2, 2: 2, 3: 2}
    assert len(set(places(report).values())) == 8
    assert report["balance"]["after"]["max"] == pytest.approx(1000, rel=0.002)
    reasons = [row["reason"] for row in report["irqs"] if row["to"] is not None and row["to"] > 3]
    assert all(
        re.search("other queues of its device in the cache of CPU [0-9]+: 1$", reason)
        for reason in reasons
    )

    (case.root / "irq.toml").write_text('[[rules]]\npattern = "0000:c1:00.0"\nnear = "8-9"\n')
    report = case.run("--config", case.root / "irq.toml")
    assert Counter(places(report).values()) == {10: 4, 11: 4}
    # the counters stood still in this second run
    reason = "idle, and its rule keeps it near CPUs 8-9, on CPUs 10-11"
    assert fixed(report, reason) == set(places(report))


def isolate_idle(case: Case) -> None:
    assert 3 not in places(case.run()).values()

    case.run("--check")
    assert case.status == 5


def crio_default_mask(case: Case) -> None:
    report = case.run()

    # eight equal queues on the four CPUs that no container has
    assert Counter(places(report).values()) == {0: 2, 1: 2, 2: 2, 3: 2}
    assert report["left_out"] == [
        {"cpus": [4, 5, 6, 7], "reason": "not in /proc/irq/default_smp_affinity"}
    ]


def banned_env(case: Case) -> None:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("IRQBALANCE_BANNED_CPULIST", "2-3")
        report = case.run()

    assert Counter(places(report).values()) == {0: 2, 1: 2}
    assert report["left_out"] == [{"cpus": [2, 3], "reason": "banned by IRQBALANCE_BANNED_CPULIST"}]


def dead_pattern(case: Case) -> None:
    case.run("--ban-irq", "eth9-*", "--config", case.root / "irq.toml")
    assert case.err.splitlines() == [
        "irqbalance: --ban-irq eth9-*: no IRQ matches",
        "irqbalance: the rule for etj0-*: no IRQ matches",
    ]


def ifname(case: Case) -> None:
    lines = (case.root / "tree/proc/interrupts").read_text().splitlines()[1:]
    queues = {line.split(":")[0].strip() for line in lines if "0000:3b:00.0" in line}
    assert len(queues) == 4

    for pattern in ("ens1f0np0", "ens1f0*", "0000:3b:00.0", "3b:00.?", "0000:3B:00.0"):
        report = case.run("--only-irq", pattern)
        assert fixed(report, "left out by --only-irq").isdisjoint(queues), pattern
        assert fixed(report, "left out by --only-irq") == {"60"}, pattern
        report = case.run("--ban-irq", pattern)
        assert fixed(report, f"banned by --ban-irq {pattern}") == queues, pattern
        assert case.err == ""

    (case.root / "irq.toml").write_text(
        '[[rules]]\npattern = "ens1f0np0"\ncpus = "2-3"\n[[rules]]\npattern = "ens9"\nban = true\n'
    )
    report = case.run("--config", case.root / "irq.toml")
    assert {places(report)[irq] for irq in queues} == {2, 3}
    assert case.err == "irqbalance: the rule for ens9: no IRQ matches\n"


def arm64_xen(case: Case) -> None:
    assert case.devices(1) | case.devices(2) == {
        "3": "arch_timer",
        "5": "events",
        "7": "xenbus",
        "8": "vif0-q0-tx",
        "9": "vif0-q0-rx",
        "10": "blkif",
    }


def azure_negative_hwirq(case: Case) -> None:
    found = case.devices(1) | case.devices(2)
    assert found["25"] == "mana_q0@pci:7870:00:00.0"
    assert found["30"] == "nvme0q1"


@pytest.mark.parametrize(
    "judge",
    [
        rpi5_rp1,
        hotplug_race_more,
        queue_apart2_mlx5,
        snc4_far,
        epyc_l3,
        isolate_idle,
        crio_default_mask,
        banned_env,
        dead_pattern,
        ifname,
        arm64_xen,
        azure_negative_hwirq,
    ],
)
def test_a_case_is_right(
    judge: Callable[[Case], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    judge(Case(judge.__name__.replace("_", "-"), tmp_path, capsys))
