"""balance.py STEP...: show irqbalance at work on this guest's IRQs under load, as one JSON object.

Each step is a function below; the object holds what it saw under its name. Cells are counts of
each numbered IRQ by CPU; reports are irqbalance's own. Nothing is judged here. A step whose load
changed while it ran says so (`steady`), and runs once more unless the machine is slow. The tests
can still judge its figures.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import observe

SECONDS = 10.0
"""How long each measurement lasts, irqbalance's and the one by hand."""

LEAST_COUNTS = 500
"""A measurement by hand goes on until all IRQs together counted so much."""

SETTLE_SECONDS = 2.0
"""For the moves that the kernel carries out at an IRQ's next interrupt."""

LONGEST_SETTLE_SECONDS = 60.0

STEADY = 0.07
"""The part of a load that may go from some IRQs to others while it is still the same load."""

ATTEMPTS = 2

REPEAT_SECONDS = 240.0
"""How long after the start a step is still made again: a slow machine makes each step once."""

STARTED = time.monotonic()

MAX_RUNS = 3
"""How many runs after the first are made at most until one moves nothing."""

CRON_SECONDS = 600.0
"""How long the cron daemon has on a slow machine."""

DEBIANS = shutil.which("irqbalance", path="/usr/sbin")
OURS = "/usr/local/bin/irqbalance"
STATES = Path("/root/states")


def fresh_state() -> list[str]:
    """Return the option that gives a run a state folder of its own, without a last run."""
    STATES.mkdir(exist_ok=True)
    return ["--state-dir", str(STATES / f"{len(list(STATES.iterdir()))}")]


def newest_state() -> list[str]:
    """Return the option that gives a run the state folder of the last one."""
    return ["--state-dir", str(STATES / f"{len(list(STATES.iterdir())) - 1}")]


def irqbalance(*arguments: str) -> dict[str, Any]:
    """Run the command; return status, messages and the report, if there is one."""
    command = [OURS, "--format", "json", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    report = json.loads(done.stdout) if done.stdout else None
    return {"status": done.returncode, "err": done.stderr, "report": report}


def balanced(*arguments: str) -> dict[str, Any]:
    """Run the command with its own measurement; watch the IRQs before, during and after it."""
    before = observe.affinities()
    with observe.watching() as watch:
        run = irqbalance("--interval", str(SECONDS), *arguments)
    rows = (run["report"] or {"irqs": []})["irqs"]
    settle({row["irq"]: row["to"] for row in rows if row["status"] == "applied"})
    step = {"before": before, "during": watch.seen(), **run, "after": looked_at()}
    return {**step, "near": observe.near(), "change": change(step)}


def settle(sent: dict[str, int]) -> None:
    """Wait until each IRQ that fires is on the CPU that it was sent to, if the kernel shows that.

    The kernel carries a move out at an IRQ's next interrupt.
    """
    first = observe.totals(observe.numbered()[1])
    end = time.monotonic() + LONGEST_SETTLE_SECONDS
    is_settled = False
    while not is_settled and time.monotonic() < end:
        time.sleep(SETTLE_SECONDS)
        now = observe.totals(observe.numbered()[1])
        shown = observe.affinities("effective_affinity_list")
        fired = {irq for irq in sent if now.get(irq, 0) > first.get(irq, 0) + 1}
        is_settled = all(shown.get(irq, "") in ("", str(sent[irq])) for irq in fired)


def looked_at() -> dict[str, Any]:
    """Return the affinities of now, and the counts of the next SECONDS."""
    return {
        "affinities": observe.affinities(),
        "effective": observe.affinities("effective_affinity_list"),
        "cells": observe.counted(SECONDS, LEAST_COUNTS),
    }


def shares(loads: dict[str, float]) -> dict[str, float]:
    """Return the part that each IRQ has of the whole load."""
    whole = sum(loads.values()) or 1.0
    return {irq: load / whole for irq, load in loads.items()}


def change(step: dict[str, Any]) -> float:
    """Return which part of the movable load went to other IRQs since irqbalance measured it."""
    after = observe.totals(step["after"]["cells"])
    rows = [row for row in (step["report"] or {"irqs": []})["irqs"] if row["status"] != "fixed"]
    measured = {row["irq"]: row["load"] for row in rows if row["irq"] in after}
    then, now = shares(measured), shares({irq: float(after[irq]) for irq in measured})
    return sum(abs(then[irq] - now[irq]) for irq in measured) / 2


def steadily(act: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return what `act` saw of a run, under a load that was steady if the host allows it."""
    step, attempts = act(), 1
    while (
        step["change"] > STEADY
        and attempts < ATTEMPTS
        and time.monotonic() < STARTED + REPEAT_SECONDS
    ):
        step, attempts = act(), attempts + 1
    return {**step, "attempts": attempts, "steady": step["change"] <= STEADY}


def pin_to_cpu_0() -> None:
    """Send all IRQs to CPU 0, and wait until they are there."""
    settle(dict.fromkeys(observe.pin_all(0), 0))


def as_it_is_read() -> dict[str, Any]:
    """Plan from a saved text of the counts since the boot; then plan live, without writing."""
    saved = Path("/root/interrupts")
    saved.write_text(Path("/proc/interrupts").read_text())
    before = observe.affinities()
    offline = irqbalance("--from", str(saved))
    dry = irqbalance("--dry-run", "--interval", "2")
    after = observe.affinities()
    return {
        "text": saved.read_text(),
        "offline": offline,
        "dry": dry,
        "before": before,
        "after": after,
    }


def by_time() -> dict[str, Any]:
    """Plan by CPU time, without writing; read the kernel's sums around the measurement."""

    def sums() -> list[int]:
        line = Path("/proc/stat").read_text().splitlines()[0]
        return [int(field) for field in line.split()[6:8]]  # irq, softirq

    before = sums()
    run = irqbalance("--dry-run", "--interval", "5", "--load", "time")
    hard, soft = (now - then for then, now in zip(before, sums(), strict=True))
    return {**run, "hard": hard, "soft": soft}


def where_the_kernel_lets_none_move() -> dict[str, Any]:
    """Write each affinity by hand, which the kernel refuses; then run although some must move."""
    refusals = {irq: observe.refusal(irq, 0) for irq in observe.numbered()[1]}
    before = observe.affinities()
    run = irqbalance("--interval", str(SECONDS), "--ban-cpus", "0")
    return {"refusals": refusals, "before": before, **run, "after": observe.affinities()}


def from_the_kernels_placement() -> dict[str, Any]:
    """Run from where the kernel put the IRQs, and put everything back to there.

    The kernel may have put them well, so the run acts on any gain.
    """
    original = observe.affinities()
    places = observe.affinities("effective_affinity_list")

    def run() -> dict[str, Any]:
        if observe.affinities() != original:
            # the kernel leaves an IRQ on its CPU if that is in the affinity that is written
            observe.write_all(places)
            settle({irq: int(cpu) for irq, cpu in places.items() if cpu.isdecimal()})
            observe.write_all(original)
        return balanced("--threshold", "0", *fresh_state())

    step = steadily(run)
    restored = irqbalance("--restore", *newest_state())
    return {
        "original": original,
        **step,
        "restored": {**restored, "affinities": observe.affinities()},
    }


def from_cpu_0() -> dict[str, Any]:
    """Run from all IRQs on CPU 0."""

    def run() -> dict[str, Any]:
        pin_to_cpu_0()
        return balanced(*fresh_state())

    return steadily(run)


def again() -> dict[str, Any]:
    """Run after the run of the step before, until one moves nothing."""
    runs: list[dict[str, Any]] = []
    while not runs or (runs[-1]["report"]["moves"] and len(runs) < MAX_RUNS):
        runs.append(balanced(*newest_state()))
    return {"runs": runs}


def isolated() -> dict[str, Any]:
    """Empty the last two CPUs on which programs work: all IRQs are on the last one before.

    A program on the last but one reads from an NVMe disk; one on the last only counts.
    """
    reads, counts = observe.numbered()[0][-2:]
    option = ["--isolate", f"{reads},{counts}"]
    programs = [
        _on_cpu(reads, str(Path(__file__).with_name("load.py")), "nvme0n1=20"),
        _on_cpu(counts, "-c", "while True: pass"),
    ]
    try:
        settle(dict.fromkeys(observe.pin_all(counts), counts))
        before = observe.affinities()
        run = irqbalance(*option, "--interval", str(SECONDS), *fresh_state())
        settle({row["irq"]: row["to"] for row in run["report"]["irqs"] if row["to"] is not None})
        after = observe.affinities()
        rows = observe.every_row()
        time.sleep(SECONDS)
        fired = observe.growth(rows, observe.every_row())
        checks = [irqbalance(*option, "--check", "--interval", "2", *newest_state())]
        moved = [row["irq"] for row in run["report"]["irqs"] if row["status"] == "applied"]
        observe.refusal(moved[0], counts)
        settle({moved[0]: counts})
        checks.append(irqbalance(*option, "--check", "--interval", "2", *newest_state()))
    finally:
        for program in programs:
            program.terminate()
            program.wait()
    return {
        "cpus": [reads, counts],
        "before": before,
        **run,
        "after": after,
        "fired": fired,
        "seconds": SECONDS,
        "checks": checks,
        "put_back": moved[0],
        "default": Path("/proc/irq/default_smp_affinity").read_text().strip(),
    }


def _on_cpu(cpu: int, *arguments: str) -> subprocess.Popen[bytes]:
    """Start a Python program that stays on one CPU."""
    command = [sys.executable, *arguments]
    return subprocess.Popen(command, preexec_fn=lambda: os.sched_setaffinity(0, {cpu}))


def with_a_cpu_offline() -> dict[str, Any]:
    """Run while the last CPU is offline; it is online again afterwards."""
    last = observe.numbered()[0][-1]
    switch = Path(f"/sys/devices/system/cpu/cpu{last}/online")
    switch.write_text("0")
    try:
        return {"cpu": last, **from_cpu_0()}
    finally:
        switch.write_text("1")


def by_cron() -> dict[str, Any]:
    """Let a real cron daemon run the shipped table once, from all IRQs on CPU 0.

    The daemon's mail program is a script that keeps what would be sent. The clock is put just
    before the minute of the table. A later run could find the first one still at work.
    """
    Path("/usr/sbin/sendmail").write_text("#!/bin/sh\ncat >>/root/mail\n")
    Path("/usr/sbin/sendmail").chmod(0o755)
    shipped = Path("/usr/local/share/irqbalance/irqbalance.cron").read_text()
    table = Path("/etc/cron.d/irqbalance")
    pin_to_cpu_0()
    before = observe.affinities()
    minute = time.time() // 60 * 60 + 120
    once = time.strftime("%M %H * * *", time.localtime(minute))
    table.write_text(shipped.replace("*/10 * * * *", once, 1))
    table.chmod(0o644)
    time.clock_settime(time.CLOCK_REALTIME, minute - 20)
    daemon = subprocess.Popen(["/usr/sbin/cron", "-f"])
    try:
        end = time.monotonic() + CRON_SECONDS
        while observe.affinities() == before and time.monotonic() < end:
            time.sleep(1)
        while observe.children(daemon.pid) and time.monotonic() < end:
            time.sleep(0.5)  # the run goes on to its end, and its output is sent
    finally:
        daemon.terminate()
        daemon.wait()
        table.unlink()
    mail = Path("/root/mail")
    after = observe.affinities()
    return {"before": before, "after": after, "mail": mail.read_text() if mail.exists() else ""}


def beside_debians() -> dict[str, Any]:
    """Run while Debian's irqbalance daemon is at work."""
    assert DEBIANS
    with subprocess.Popen([DEBIANS, "--foreground"], stdout=subprocess.DEVNULL) as daemon:
        try:
            return irqbalance("--interval", "2", *fresh_state())
        finally:
            daemon.terminate()


def debians_oneshot() -> dict[str, Any]:
    """Run Debian's irqbalance, once, from all IRQs on CPU 0."""
    assert DEBIANS
    pin_to_cpu_0()
    known = observe.affinities()
    with observe.watching() as watch:
        command = [DEBIANS, "--foreground", "--oneshot"]
        done = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    return {"status": done.returncode, **_after_debians(known, watch)}


def debians_daemon() -> dict[str, Any]:
    """Run Debian's irqbalance for two minutes at its own interval, from all IRQs on CPU 0."""
    assert DEBIANS
    pin_to_cpu_0()
    known = observe.affinities()
    with (
        observe.watching() as watch,
        subprocess.Popen([DEBIANS, "--foreground"], stdout=subprocess.DEVNULL) as daemon,
    ):
        time.sleep(120)
        daemon.terminate()
    return {"status": daemon.returncode, **_after_debians(known, watch)}


def _after_debians(known: dict[str, str], watch: observe.Watch) -> dict[str, Any]:
    now = observe.affinities()
    settle({irq: int(cpus) for irq, cpus in now.items() if cpus.isdecimal()})
    changes = sum(now[irq] != known[irq] for irq in known)
    return {"changes": changes, "during": watch.seen(), "after": looked_at()}


STEPS = {
    step.__name__: step
    for step in (
        as_it_is_read,
        by_time,
        where_the_kernel_lets_none_move,
        from_the_kernels_placement,
        from_cpu_0,
        again,
        isolated,
        with_a_cpu_offline,
        by_cron,
        beside_debians,
        debians_oneshot,
        debians_daemon,
    )
}


def main(names: list[str]) -> None:
    """Run the named steps in their order, under one load; log how long each took."""
    seen: dict[str, Any] = {}
    with observe.load():
        for name in names:
            began = time.monotonic()
            seen[name] = STEPS[name]()
            sys.stderr.write(f"{name}: {time.monotonic() - began:.0f} s\n")
    json.dump(seen, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
