"""The installed command, as a person or cron runs it: on captured machines and on this one."""

import json
import os
import re
import shutil
import subprocess
import threading
from pathlib import Path

import pytest

import needs
from captures import unpack

COMMAND = needs.wheel_command("irqbalance")
CAPTURES = Path(__file__).parents[2] / "unittest" / "resources" / "captures"


def irqbalance(*argv: object, **more: object) -> subprocess.CompletedProcess[str]:
    """Run the command as cron would: with hardly any environment."""
    return subprocess.run(
        [COMMAND, *map(str, argv)],
        capture_output=True,
        text=True,
        timeout=60,
        env={"PATH": "/usr/bin:/bin"},
        **more,  # type: ignore[call-overload]
    )


@pytest.fixture
def tree(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Return a captured machine to write to; x86_64-4cpu unless the test names another."""
    name = getattr(request, "param", "x86_64-4cpu")
    unpack(CAPTURES / f"{name}.tar.xz", tmp_path)
    return tmp_path / name


def roots(tree: Path) -> list[str]:
    """Return the options that put a tree in the place of the machine."""
    state = tree.parent / "state"
    return ["--procfs", f"{tree}/proc", "--sysfs", f"{tree}/sys", "--state-dir", str(state)]


def run_under_load(tree: Path, *argv: object) -> subprocess.CompletedProcess[str]:
    """Run on `tree`: all readings of its counters after the first are of ten seconds later."""
    counters = tree / "proc/interrupts"
    first = counters.read_text()
    counters.unlink()
    os.mkfifo(counters)

    def feed() -> None:
        with counters.open("w") as pipe:  # waits until the command has it open
            shutil.copy(counters.with_suffix(".later"), counters.with_suffix(".new"))
            counters.with_suffix(".new").rename(counters)
            pipe.write(first)

    feeder = threading.Thread(target=feed)
    feeder.start()
    try:
        return irqbalance(*roots(tree), "--interval", "100ms", *argv)
    finally:
        if counters.is_fifo():  # never read
            os.close(os.open(counters, os.O_RDONLY | os.O_NONBLOCK))
        feeder.join()


def affinities(tree: Path) -> dict[str, str]:
    return {
        path.parent.name: path.read_text() for path in tree.glob("proc/irq/*/smp_affinity_list")
    }


def test_this_machine_is_planned_without_touching_it(tmp_path: Path):
    state = tmp_path / "state"
    result = irqbalance(
        "--dry-run", "--interval", "200ms", "--format", "json", "--state-dir", state
    )

    assert (result.returncode, result.stderr) == (0, "")
    report = json.loads(result.stdout)
    assert set(report["cpus"]) <= set(range(os.cpu_count() or 1))
    assert len(report["balance"]["before"]["loads"]) == len(report["cpus"])
    lines = Path("/proc/interrupts").read_text().splitlines()
    rows = {line.split(":")[0].strip() for line in lines if ":" in line}
    assert {irq["irq"].split("#")[0] for irq in report["irqs"]} <= rows
    assert not state.exists()


def test_a_run_moves_what_it_says_and_nothing_else(tree: Path):
    before = affinities(tree)

    result = run_under_load(tree, "--format", "json")

    assert (result.returncode, result.stderr) == (0, "")
    report = json.loads(result.stdout)
    applied = {irq["irq"]: irq["to"] for irq in report["irqs"] if irq["status"] == "applied"}
    assert len(applied) == report["moves"] > 0
    assert affinities(tree) == before | {irq: f"{cpu}\n" for irq, cpu in applied.items()}
    assert report["balance"]["after"]["max"] < report["balance"]["before"]["max"]


def test_restore_undoes_a_run(tree: Path):
    before = affinities(tree)
    run_under_load(tree, "--quiet")
    assert affinities(tree) != before

    result = irqbalance(*roots(tree), "--restore", "--quiet")

    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert affinities(tree) == before


def test_cron_hears_nothing_when_all_is_well(tree: Path):
    result = run_under_load(tree, "--quiet")

    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


@pytest.mark.parametrize("tree", ["x86_64-4cpu-isolated"], indirect=True)
def test_no_irq_is_moved_to_an_isolated_cpu_and_those_there_are_moved_off(tree: Path):
    report = json.loads(run_under_load(tree, "--format", "json").stdout)

    assert report["cpus"] == [0, 1]
    moved = [irq for irq in report["irqs"] if irq["status"] == "applied"]
    assert all(irq["to"] in (0, 1) for irq in moved)
    left = [
        irq
        for irq in report["irqs"]
        if irq["status"] == "kept" and irq["load"] and not set(irq["from"]) <= {0, 1}
    ]
    assert left == []


@pytest.mark.parametrize("tree", ["x86_64-4cpu-6.12"], indirect=True)
def test_managed_irqs_are_fixed_load(tree: Path):
    report = json.loads(run_under_load(tree, "--format", "json").stdout)

    managed = {irq["irq"]: irq for irq in report["irqs"] if "managed" in irq["reason"]}
    assert {"51", "52", "53", "54"} <= set(managed)
    assert all((irq["status"], irq["to"]) == ("fixed", None) for irq in managed.values())


@pytest.mark.parametrize("archive", sorted(CAPTURES.glob("*.tar.xz")), ids=lambda path: path.name)
def test_every_captured_machine_is_planned_from_its_files(archive: Path, tmp_path: Path):
    unpack(archive, tmp_path)
    proc = tmp_path / archive.name.removesuffix(".tar.xz") / "proc"

    result = irqbalance(
        "--from", proc / "interrupts", "--to", proc / "interrupts.later", "--format", "json"
    )

    assert (result.returncode, result.stderr) == (0, "")
    balance = json.loads(result.stdout)["balance"]
    assert balance["lower_bound"] <= balance["after"]["max"] <= balance["before"]["max"]


def test_a_reader_that_stops_early_is_no_failure(tree: Path):
    command = f"{COMMAND} --from {tree}/proc/interrupts --verbose | head -n 1"

    result = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, timeout=60)

    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize(
    ("argv", "status"),
    [
        (["--from", "/dev/null"], 1),
        (["--from", "/dev/zero"], 1),
        (["--from", "/nowhere"], 1),
        (["--from", "/etc"], 1),
        (["--from", "/etc/passwd"], 1),
        (["--interval", "soon"], 2),
        (["--procfs", "/nowhere", "-n"], 1),
        (["--config", "/nowhere"], 1),
    ],
)
def test_what_fails_says_so_in_one_line(argv: list[str], status: int):
    result = irqbalance(*argv)

    assert result.returncode == status
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.startswith("irqbalance: ")


def test_the_settings_of_the_c_irqbalance_are_migrated_and_taken(tmp_path: Path, tree: Path):
    old, new = tmp_path / "irqbalance", tmp_path / "irqbalance.toml"
    old.write_text("IRQBALANCE_BANNED_CPULIST=1\nIRQBALANCE_ARGS='--banirq=24 --oneshot'\n")

    done = irqbalance("migrate", old, "--output", new)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    report = irqbalance(
        *roots(tree), "--config", new, "-n", "--interval", "20ms", "--format", "json"
    )
    assert report.returncode == 0
    assert {"cpus": [1], "reason": "banned by --ban-cpus"} in json.loads(report.stdout)["left_out"]


def test_help_and_version_work_in_the_poorest_environment():
    assert irqbalance("--version").stdout.startswith("irqbalance 0.")
    assert "exit status:" in irqbalance("--help").stdout


def test_the_wheel_brings_man_page_completion_cron_file_and_units():
    prefix = COMMAND.parent.parent
    page = (prefix / "share/man/man8/irqbalance.8").read_text()
    completion = (prefix / "share/bash-completion/completions/irqbalance").read_text()
    units = prefix / "lib/systemd/system"

    shown = irqbalance("--help").stdout
    options = set(re.findall(r"--[a-z][a-z-]*", shown))
    assert {"--max-moves", "--config", "--version"} <= options
    assert options <= set(re.findall(r"--[a-z][a-z-]*", page.replace("\\-", "-")))
    assert options <= set(re.findall(r"--[a-z][a-z-]*", completion))
    assert "irqbalance --quiet" in (prefix / "share/irqbalance/irqbalance.cron").read_text()
    assert "ReadWritePaths=/proc/irq" in (units / "irqbalance-once.service").read_text()
    assert "OnUnitActiveSec=10min" in (units / "irqbalance-once.timer").read_text()
