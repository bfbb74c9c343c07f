"""The wheel on real kernels under QEMU, where interrupts really move.

A guest boots once for each scene, and its devices work. `guest/inside/balance.py` runs the scene's
steps one after the other, and the tests judge what it saw. Rates vary with the host, even from
minute to minute. So the tests judge each run by its own loads and counters alone (see judge.py).
They demand no figure that only an idle host reaches; `bench_guests.py` prints those. GUEST_ARCH
names an architecture other than amd64; then only its scene runs.
"""

import os
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest

import judge
import needs
from guest import image, machine, wheel
from guest.inside import observe

pytestmark = [pytest.mark.guests, pytest.mark.slow]

LEAST_COUNTS = 100
"""Counts of movable IRQs without which a look at the counters shows nothing."""

MIN_RATE = 2.0
"""Interrupts per second from which on an IRQ is busy."""

THRESHOLDS = {"from_the_kernels_placement": 0.0}
"""The threshold of each step in percent, if it is not the default."""

DEFAULT_THRESHOLD = 5.0

ARCH = os.environ.get("GUEST_ARCH", "amd64")

SUBTOTALS = ("EXT", "I/O", "AIO")
"""Rows of s390x that count again what rows below them count."""

Seen = dict[str, Any]


@dataclass(frozen=True)
class Scene:
    """A guest, and the steps that run in it."""

    suite: str
    steps: tuple[str, ...]
    cpus: int = 4
    nodes: int = 1
    arguments: str = ""
    usable: tuple[int, ...] = field(default=())
    arch: str = "amd64"
    has_managed: bool = True
    tells_effective: bool = True


ALONE = ("as_it_is_read", "by_time", "from_the_kernels_placement", "from_cpu_0", "again")
"""The steps on other architectures whose IRQs move."""

EVERY_SCENE = {
    "6.1": Scene(
        "bookworm",
        (
            *("as_it_is_read", "by_time", "from_the_kernels_placement", "from_cpu_0", "again"),
            *("with_a_cpu_offline", "by_cron", "beside_debians", "debians_oneshot"),
        ),
        usable=(0, 1, 2, 3),
    ),
    "6.12-two-nodes": Scene(
        "trixie",
        ("from_the_kernels_placement", "from_cpu_0", "again", "debians_oneshot"),
        cpus=8,
        nodes=2,
        usable=tuple(range(8)),
    ),
    "6.12-isolated": Scene(
        "trixie",
        ("from_cpu_0", "again", "isolated"),
        arguments="isolcpus=2 nohz_full=3",
        usable=(0, 1),
    ),
    "arm64": Scene("bookworm", ALONE, usable=(0, 1, 2, 3), arch="arm64"),
    # without MSI: several devices share a line, queues of NVMe among them
    "riscv64": Scene("sid", ALONE, usable=(0, 1, 2, 3), arch="riscv64", has_managed=False),
    "ppc64el": Scene("bookworm", ALONE, usable=(0, 1, 2, 3), arch="ppc64el", tells_effective=False),
    "s390x": Scene(
        "bookworm", ("as_it_is_read", "by_time", "where_the_kernel_lets_none_move"), arch="s390x"
    ),
}
SCENES = {name: scene for name, scene in EVERY_SCENE.items() if scene.arch == ARCH}

MOVING_STEPS = [
    (name, step)
    for name, scene in SCENES.items()
    for step in ("from_the_kernels_placement", "from_cpu_0", "with_a_cpu_offline")
    if step in scene.steps
]


def scenes_with(step: str) -> list[str]:
    return [name for name, scene in SCENES.items() if step in scene.steps]


@cache
def outcome(name: str) -> Seen | str:
    """Run a scene's guest, once; return what its steps saw, or why it saw nothing."""
    scene = SCENES[name]
    try:
        made = image.image(scene.suite, scene.arch)
        guest = machine.Machine(made, scene.cpus, scene.nodes, scene.arguments)
        found: Seen = wheel.run_script(guest, f"balance.py {' '.join(scene.steps)}")
    except image.GuestError as error:
        return str(error)
    return found


def seen(name: str) -> Seen:
    """Return what the steps of a scene saw; the first call runs the guest."""
    needs.everything([*image.missing(), *machine.is_missing(ARCH)], "a QEMU guest, as root")
    found = outcome(name)
    if isinstance(found, str):
        pytest.fail(found)
    return found


def cells(look: Seen) -> observe.Cells:
    """Return the counts of a look, by IRQ and CPU; JSON made the CPUs' numbers texts."""
    return {
        irq: {int(cpu): count for cpu, count in counts.items()}
        for irq, counts in look["cells"].items()
    }


def by_cpu(look: Seen, report: Seen) -> list[int]:
    """Return what the IRQs that a plan places counted in a look, on each CPU of the report."""
    found = cells(look)
    irqs = [row["irq"] for row in judge.placed_rows(report)]
    return [sum(found.get(irq, {}).get(cpu, 0) for irq in irqs) for cpu in report["cpus"]]


def imbalance(values: list[float] | list[int]) -> float:
    return max(values) / (sum(values) / len(values))


def flaws(step: Seen, name: str, *, knows_last: bool = False) -> list[str]:
    threshold = THRESHOLDS.get(name, DEFAULT_THRESHOLD)
    return judge.flaws(
        step["report"], threshold, cells(step["during"]), step["near"], knows_last=knows_last
    )


def say(capsys: pytest.CaptureFixture[str], *lines: str) -> None:
    """Print figures that a reader wants to see in a run that passes, too."""
    with capsys.disabled():
        print("", *lines, sep="\n")  # noqa: T201 - see above


@pytest.mark.parametrize(("scene", "name"), MOVING_STEPS)
def test_the_loads_are_what_the_counters_counted(scene: str, name: str):
    step = seen(scene)[name]

    assert judge.mismeasured(step["report"], step["during"]["looks"]) == []


@pytest.mark.parametrize(("scene", "name"), MOVING_STEPS)
def test_the_plan_is_as_good_as_its_loads_allow(scene: str, name: str):
    step = seen(scene)[name]

    assert name != "from_cpu_0" or step["report"]["moves"]
    assert flaws(step, name) == []


@pytest.mark.parametrize(("scene", "name"), MOVING_STEPS)
def test_every_irq_arrives_on_the_cpu_of_the_plan_and_nowhere_else(scene: str, name: str):
    step = seen(scene)[name]
    after, found = step["after"], cells(step["after"])

    assert sum(by_cpu(after, step["report"])) >= LEAST_COUNTS
    assert judge.strays(step["report"], found) == {}
    for row in step["report"]["irqs"]:
        if row["status"] == "applied":
            irq, cpu = row["irq"], str(row["to"])
            assert after["affinities"][irq] == cpu
            fired = sum(found[irq].values()) > judge.IN_FLIGHT
            if fired and SCENES[scene].tells_effective:
                assert after["effective"][irq] == cpu


@pytest.mark.parametrize(("scene", "name"), MOVING_STEPS)
def test_under_the_same_load_the_busiest_cpu_gets_the_share_that_was_predicted(
    scene: str, name: str, capsys: pytest.CaptureFixture[str]
):
    step = seen(scene)[name]
    report = step["report"]
    cpus, rows = report["cpus"], judge.placed_rows(report)

    planned = imbalance([sum(row["load"] for row in rows if row["to"] == cpu) for cpu in cpus])
    before, after = (imbalance(by_cpu(step[look], report)) for look in ("during", "after"))
    judged = "" if step["steady"] else ": too much to judge more than the plan and its places"
    say(
        capsys,
        f"Linux {scene}, {name}: busiest CPU over the mean {before:.2f} -> {after:.2f}, planned"
        f" {planned:.2f}; attempt {step['attempts']}, {step['change']:.0%} of the load changed"
        f"{judged}",
    )
    if step["steady"]:
        # the load that changed may all have come to one CPU, or left it
        changed = step["change"] + judge.IN_FLIGHT * len(rows) / sum(by_cpu(step["after"], report))
        assert after == pytest.approx(planned, abs=len(cpus) * changed)


@pytest.mark.parametrize(("scene", "name"), MOVING_STEPS)
def test_irqs_that_the_kernel_keeps_are_left_alone_without_a_word(scene: str, name: str):
    step = seen(scene)[name]
    rows = step["report"]["irqs"]

    assert (step["status"], step["err"]) == (0, "")
    managed = set()
    if SCENES[scene].has_managed:
        managed = {
            row["irq"] for row in rows if "nvme0q" in row["device"] and row["device"] != "nvme0q0"
        }
        assert len(managed) >= len(step["report"]["cpus"])
    fixed = {row["irq"] for row in rows if row["status"] == "fixed"}
    assert managed & {row["irq"] for row in rows if row["load"] >= MIN_RATE} <= fixed
    before, after = step["before"], step["after"]["affinities"]
    assert {irq: before[irq] for irq in managed} == {irq: after[irq] for irq in managed}


@pytest.mark.parametrize("scene", scenes_with("from_cpu_0"))
def test_a_run_finds_the_irqs_where_they_were_put(scene: str):
    step = seen(scene)["from_cpu_0"]

    rows = judge.placed_rows(step["report"])
    on_cpu_0 = sum(row["load"] for row in rows if row["from"] == [0])
    assert on_cpu_0 >= 0.9 * sum(row["load"] for row in rows)


@pytest.mark.parametrize("scene", scenes_with("from_cpu_0"))
def test_only_usable_cpus_are_used(scene: str):
    step = seen(scene)["from_cpu_0"]

    assert tuple(step["report"]["cpus"]) == SCENES[scene].usable
    moved = {each["to"] for each in step["report"]["irqs"] if each["status"] == "applied"}
    assert moved <= set(SCENES[scene].usable)


@pytest.mark.parametrize("scene", scenes_with("isolated"))
def test_isolated_cpus_lose_every_irq_that_can_move_and_the_rest_is_named(scene: str):
    step = seen(scene)["isolated"]
    reads, counts = step["cpus"]

    assert (step["status"], step["err"]) == (0, "")
    moved = {row["irq"] for row in step["report"]["irqs"] if row["status"] == "applied"}
    idle = {row["irq"] for row in step["report"]["irqs"] if row["load"] == 0}
    assert moved & idle
    assert not {step["after"][irq] for irq in moved} & {str(reads), str(counts)}
    remaining = {row["irq"]: row["kind"] for row in step["report"]["isolated"]["remaining"]}
    assert {remaining["LOC"], remaining.get("RES", "IPI"), remaining.get("CAL", "IPI")} == {
        *("timer", "IPI"),
    }
    queues = {row["irq"] for row in step["report"]["irqs"] if "nvme0q" in row["device"]}
    assert {kind for irq, kind in remaining.items() if irq in queues} == {"managed"}
    fired = {
        irq: cells[str(reads)] + cells[str(counts)]
        for irq, cells in step["fired"].items()
        if irq.isdecimal()
    }
    # one that moves may fire there once more
    assert {irq for irq, count in fired.items() if count > judge.IN_FLIGHT} <= remaining.keys()


@pytest.mark.parametrize("scene", scenes_with("isolated"))
def test_an_irq_that_comes_back_to_an_isolated_cpu_is_found_by_the_next_check(scene: str):
    step = seen(scene)["isolated"]

    clean, dirty = step["checks"]
    assert (clean["status"], dirty["status"]) == (0, 5)
    (row,) = (row for row in dirty["report"]["irqs"] if row["status"] == "planned")
    assert row["irq"] == step["put_back"]


@pytest.mark.parametrize("scene", scenes_with("with_a_cpu_offline"))
def test_an_offline_cpu_gets_nothing(scene: str):
    step = seen(scene)["with_a_cpu_offline"]

    assert step["cpu"] not in step["report"]["cpus"]
    assert len(step["report"]["cpus"]) == SCENES[scene].cpus - 1


@pytest.mark.parametrize("scene", scenes_with("again"))
def test_a_run_after_the_first_moves_nothing_unless_its_own_loads_are_worth_it(
    scene: str, capsys: pytest.CaptureFixture[str]
):
    runs = seen(scene)["again"]["runs"]

    moves = [
        seen(scene)["from_cpu_0"]["report"]["moves"],
        *(run["report"]["moves"] for run in runs),
    ]
    say(capsys, f"Linux {scene}: moves of runs one after the other: {moves}")
    for run in runs:
        assert (run["status"], run["err"]) == (0, "")
        assert judge.mismeasured(run["report"], run["during"]["looks"]) == []
        assert flaws(run, "again", knows_last=True) == []
        assert judge.strays(run["report"], cells(run["after"])) == {}
        assert run["report"]["moves"] or run["before"] == run["after"]["affinities"]


@pytest.mark.parametrize("scene", scenes_with("from_the_kernels_placement"))
def test_restore_brings_every_mask_back(scene: str):
    step = seen(scene)["from_the_kernels_placement"]
    restored = step["restored"]

    assert (step["after"]["affinities"] != step["original"]) is (step["report"]["moves"] > 0)
    assert (restored["status"], restored["err"]) == (0, "")
    assert restored["affinities"] == step["original"]


@pytest.mark.parametrize("scene", scenes_with("by_cron"))
def test_a_cron_daemon_runs_the_shipped_table_without_sending_mail(scene: str):
    step = seen(scene)["by_cron"]

    moved = {irq for irq, cpus in step["after"].items() if step["before"].get(irq) != cpus}
    assert moved
    assert all(step["after"][irq].isdecimal() for irq in moved)
    assert step["mail"] == ""


@pytest.mark.parametrize("scene", scenes_with("beside_debians"))
def test_debians_irqbalance_at_work_is_noticed(scene: str):
    step = seen(scene)["beside_debians"]

    assert step["status"] == 4
    assert step["report"] is None
    assert "irqbalance (process " in step["err"]
    assert step["err"].count("\n") == 1


@pytest.mark.parametrize("scene", scenes_with("debians_oneshot"))
def test_debians_placement_is_no_better_for_the_load_that_was_measured(
    scene: str, capsys: pytest.CaptureFixture[str]
):
    ours, theirs = seen(scene)["from_cpu_0"], seen(scene)["debians_oneshot"]
    report, arrived = ours["report"], cells(theirs["after"])

    assert theirs["status"] == 0
    found = judge.views(report, cells(ours["during"]), ours["near"])
    pairs = [(view.busiest(view.plan), view.busiest_by_shares(arrived)) for view in found]
    own, other = pairs[-1]
    say(
        capsys,
        f"Linux {scene}, all IRQs on CPU 0: the busiest CPU with the loads of one run",
        f"  this irqbalance   {own:.0f}/s, {report['moves']} affinities changed",
        f"  Debian's, oneshot {other:.0f}/s, {theirs['changes']} affinities changed",
    )
    near = judge.CLEARLY_BUSIER if found[0].near else 1.0
    assert any(own <= other * near * judge.SLACK for own, other in pairs)


def counts_by_label(text: str) -> list[tuple[str, list[int]]]:
    """Read /proc/interrupts by hand; return its rows with a number for each CPU, in their order."""
    header, *lines = text.splitlines()
    cpus = len(header.split())
    found = []
    for line in lines:
        label, _, rest = line.partition(":")
        words = rest.split()[:cpus]
        if len(words) == cpus and all(word.isdecimal() for word in words):
            found.append((label.strip(), [int(word) for word in words]))
    return found


@pytest.mark.parametrize("scene", scenes_with("as_it_is_read"))
def test_every_count_of_the_machine_is_a_load_once(scene: str):
    step = seen(scene)["as_it_is_read"]
    offline = step["offline"]
    rows = counts_by_label(step["text"])

    assert (offline["status"], offline["err"]) == (0, "")
    loads = {each["irq"]: each["load"] for each in offline["report"]["irqs"]}
    own = {each["irq"] for each in offline["report"]["irqs"] if each.get("own")}
    labels: list[str] = []
    once = 0
    for label, counts in rows:
        labels.append(label)
        number = labels.count(label)
        name = label if number == 1 else f"{label}#{number}"  # powerpc's second LOC
        if label.isdecimal() or sum(counts):
            assert loads[name] == sum(counts), name
        if label not in SUBTOTALS and name not in own:
            once += sum(counts)
    # a numbered IRQ's whole load is where its largest cell is; the others' where they are counted
    assert sum(offline["report"]["balance"]["before"]["loads"]) == pytest.approx(once)


@pytest.mark.parametrize("scene", scenes_with("as_it_is_read"))
def test_a_dry_run_plans_and_writes_nothing(scene: str):
    step = seen(scene)["as_it_is_read"]

    assert (step["dry"]["status"], step["dry"]["err"]) == (0, "")
    assert {each["status"] for each in step["dry"]["report"]["irqs"]} <= {
        *("planned", "kept", "fixed"),
    }
    assert step["before"] == step["after"]


@pytest.mark.parametrize("scene", scenes_with("by_time"))
def test_loads_by_time_are_what_the_kernel_measured_or_counts(
    scene: str, capsys: pytest.CaptureFixture[str]
):
    step = seen(scene)["by_time"]
    report = step["report"]
    spent = 10 * (step["hard"] + step["soft"])  # a tick is 10 ms
    loads = {row["device"] or row["irq"]: row["load"] for row in report["irqs"]}

    assert step["status"] == 0
    if report["unit"] == "CPU milliseconds per second":
        assert step["err"] == ""
        assert 0 < sum(loads.values()) * report["seconds"] <= spent * 1.001
    else:
        assert "/proc/stat shows no time in hard interrupts" in step["err"]
        assert step["err"].count("\n") == 1
    busiest = sorted(loads, key=lambda name: -loads[name])[:5]
    shown = ", ".join(f"{name} {loads[name]:.1f}" for name in busiest)
    say(capsys, f"Linux {scene}, {report['unit']}: {spent} ms in interrupts; {shown}")


if scenes_with("where_the_kernel_lets_none_move"):  # on s390x alone; no skip elsewhere

    @pytest.mark.parametrize("scene", scenes_with("where_the_kernel_lets_none_move"))
    def test_where_the_kernel_lets_none_move_a_refusal_is_no_failure_and_not_told(scene: str):
        step = seen(scene)["where_the_kernel_lets_none_move"]

        assert step["refusals"]
        assert set(step["refusals"].values()) <= {"EIO", "EPERM"}
        assert (step["status"], step["err"]) == (0, "")
        tried = [
            each
            for each in step["report"]["irqs"]
            if each["irq"] in step["refusals"] and each["load"] >= MIN_RATE
        ]
        assert tried
        for each in tried:
            refusal = step["refusals"][each["irq"]]
            assert (each["status"], each["reason"]) == (
                "fixed",
                f"managed by the kernel ({refusal})",
            )
        assert step["report"]["moves"] == 0
        assert step["before"] == step["after"]
