"""balance.py STEP...: what irqbalance makes of this guest's IRQs under load, as one JSON object.

Each step is a function below; the object holds what it saw under its name. Rates are interrupts per
second of each numbered IRQ by CPU; reports are irqbalance's own. Nothing is judged here but whether
the load was the same while irqbalance measured it and afterwards: a busy host carries it unevenly,
and what was planned for one load says nothing of another. Such a step is done again.
"""

import json
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

SETTLE_SECONDS = 2.0
"""For the moves that the kernel carries out at an IRQ's next interrupt."""

BUSY_SHARE = 0.05
"""From which share of the load on an IRQ counts for whether the load is steady."""

STEADY = 0.1
"""How much the share of a busy IRQ may change, as a part of it."""

ATTEMPTS = 4

MAX_RUNS = 3
"""How many runs after the first are waited for until one moves nothing."""

DEBIANS = shutil.which("irqbalance", path="/usr/sbin")
OURS = "/usr/local/bin/irqbalance"


def irqbalance(*arguments: str) -> dict[str, Any]:
    """Runs the command, measuring afresh; gives status, messages and the report, if there is one.

    Moves that it wrote are carried out when this returns.
    """
    if not {"--restore", "--check"} & set(arguments):
        arguments = (*arguments, "--interval", str(SECONDS))
    told = _told(*arguments)
    time.sleep(SETTLE_SECONDS)
    return told


def _told(*arguments: str) -> dict[str, Any]:
    command = [OURS, "--format", "json", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    report = json.loads(done.stdout) if done.stdout else None
    return {"status": done.returncode, "err": done.stderr, "report": report}


def looked_at() -> dict[str, Any]:
    """Gives the affinities as they are, and what fired where in the seconds from now."""
    return {
        "affinities": observe.affinities(),
        "effective": observe.affinities("effective_affinity_list"),
        "rates": observe.fired(SECONDS),
    }


def around(act: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Gives what was there before, what `act` did, and what was there after it."""
    before = looked_at()
    did = act()
    return {"before": before, **did, "after": looked_at()}


def shares(loads: dict[str, float]) -> dict[str, float]:
    """Gives what each IRQ makes of the whole load."""
    whole = sum(loads.values()) or 1.0
    return {irq: load / whole for irq, load in loads.items()}


def is_steady(step: dict[str, Any]) -> bool:
    """Whether the busy IRQs had the same shares when irqbalance measured them as afterwards."""
    after = {irq: sum(cells.values()) for irq, cells in step["after"]["rates"].items()}
    rows = step["report"]["irqs"]
    measured = {each["irq"]: each["load"] for each in rows if each["irq"] in after}
    then, now = shares(measured), shares({irq: after[irq] for irq in measured})
    busy = [irq for irq in measured if max(then[irq], now[irq]) >= BUSY_SHARE]
    return all(abs(then[irq] - now[irq]) <= STEADY * then[irq] for irq in busy)


def steadily(act: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Gives what `act` saw of a run, under a load that was steady if the host lets it be."""
    for _ in range(ATTEMPTS):
        step = act()
        if is_steady(step):
            return {"steady": True, **step}
    return {"steady": False, **step}


def as_it_is_read() -> dict[str, Any]:
    """What the counts since the boot come to, with the text that they were read from; a dry run."""
    saved = Path("/root/interrupts")
    saved.write_text(Path("/proc/interrupts").read_text())
    before = observe.affinities()
    offline = _told("--from", str(saved))
    dry = _told("--dry-run", "--interval", str(SECONDS))
    after = observe.affinities()
    return {
        "text": saved.read_text(),
        "offline": offline,
        "dry": dry,
        "before": before,
        "after": after,
    }


def where_the_kernel_lets_none_move() -> dict[str, Any]:
    """What the kernel says to each affinity written by hand, and a run that has to move some."""
    refusals = {irq: observe.refusal(irq, 0) for irq in observe.numbered()[1]}
    before = observe.affinities()
    run = irqbalance("--ban-cpus", "0")
    return {"refusals": refusals, "before": before, **run, "after": observe.affinities()}


def from_the_kernels_placement() -> dict[str, Any]:
    """A run from where the kernel put the IRQs, and everything put back to there.

    The kernel may have put them well, so it acts on any gain.
    """
    original = observe.affinities()

    def run() -> dict[str, Any]:
        step = around(lambda: irqbalance("--threshold", "0"))
        restored = irqbalance("--restore")
        return {**step, "restored": {**restored, "affinities": observe.affinities()}}

    return {"original": original, **steadily(run)}


def from_cpu_0() -> dict[str, Any]:
    """A run from all IRQs on CPU 0."""

    def run() -> dict[str, Any]:
        observe.pin_all(0)
        time.sleep(SETTLE_SECONDS)
        return around(irqbalance)

    return steadily(run)


def again() -> dict[str, Any]:
    """A run from all IRQs on CPU 0, and others after it until one moves nothing."""
    observe.pin_all(0)
    time.sleep(SETTLE_SECONDS)
    moves = [irqbalance()["report"]["moves"]]
    before = observe.affinities()
    while moves[-1] and len(moves) <= MAX_RUNS:
        before = observe.affinities()
        moves.append(irqbalance()["report"]["moves"])
    return {"moves": moves, "before": before, "after": observe.affinities()}


def with_a_cpu_offline() -> dict[str, Any]:
    """A run while the last CPU is offline; it is online again afterwards."""
    last = observe.numbered()[0][-1]
    switch = Path(f"/sys/devices/system/cpu/cpu{last}/online")
    switch.write_text("0")
    try:
        return {"cpu": last, **from_cpu_0()}
    finally:
        switch.write_text("1")


def by_cron() -> dict[str, Any]:
    """The shipped cron file, for every minute, under a real cron daemon, from all on CPU 0.

    The daemon's mail program is a script that keeps what would be sent.
    """
    Path("/usr/sbin/sendmail").write_text("#!/bin/sh\ncat >>/root/mail\n")
    Path("/usr/sbin/sendmail").chmod(0o755)
    shipped = Path("/usr/local/share/irqbalance/irqbalance.cron").read_text()
    table = Path("/etc/cron.d/irqbalance")
    observe.pin_all(0)
    before = observe.affinities()
    table.write_text(shipped.replace("*/10 * * * *", "* * * * *", 1))
    table.chmod(0o644)
    daemon = subprocess.Popen(["/usr/sbin/cron", "-f"])
    try:
        deadline = time.monotonic() + 150
        while observe.affinities() == before and time.monotonic() < deadline:
            time.sleep(1)
        time.sleep(10)  # the run goes on to its end
    finally:
        daemon.terminate()
        daemon.wait()
        table.unlink()
    mail = Path("/root/mail")
    after = observe.affinities()
    return {"before": before, "after": after, "mail": mail.read_text() if mail.exists() else ""}


def beside_debians() -> dict[str, Any]:
    """A run while Debian's irqbalance daemon is at work."""
    assert DEBIANS
    with subprocess.Popen([DEBIANS, "--foreground"], stdout=subprocess.DEVNULL) as daemon:
        try:
            time.sleep(1)
            return irqbalance()
        finally:
            daemon.terminate()


def debians_oneshot() -> dict[str, Any]:
    """Debian's irqbalance, once, from all IRQs on CPU 0."""
    assert DEBIANS
    observe.pin_all(0)
    time.sleep(SETTLE_SECONDS)
    return around(lambda: _debians("--oneshot"))


def debians_daemon() -> dict[str, Any]:
    """Debian's irqbalance for two minutes at its own interval, from all IRQs on CPU 0."""
    observe.pin_all(0)
    time.sleep(SETTLE_SECONDS)

    def watch() -> dict[str, Any]:
        assert DEBIANS
        with subprocess.Popen([DEBIANS, "--foreground"], stdout=subprocess.DEVNULL) as daemon:
            changes, known = 0, observe.affinities()
            end = time.monotonic() + 120
            while time.monotonic() < end:
                time.sleep(1)
                now = observe.affinities()
                changes += sum(now[irq] != known.get(irq) for irq in now)
                known = now
            daemon.terminate()
        return {"changes": changes}

    return around(watch)


def _debians(*arguments: str) -> dict[str, Any]:
    before = observe.affinities()
    done = subprocess.run(
        [DEBIANS, "--foreground", *arguments], stdout=subprocess.DEVNULL, check=False
    )
    time.sleep(SETTLE_SECONDS)
    after = observe.affinities()
    return {"status": done.returncode, "changes": sum(after[irq] != before[irq] for irq in before)}


STEPS = {
    step.__name__: step
    for step in (
        as_it_is_read,
        where_the_kernel_lets_none_move,
        from_the_kernels_placement,
        from_cpu_0,
        again,
        with_a_cpu_offline,
        by_cron,
        beside_debians,
        debians_oneshot,
        debians_daemon,
    )
}


def main(names: list[str]) -> None:
    """Does the steps named, in their order, under one load."""
    seen: dict[str, Any] = {}
    with observe.load():
        for name in names:
            seen[name] = STEPS[name]()
    json.dump(seen, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
