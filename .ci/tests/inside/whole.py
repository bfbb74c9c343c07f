"""whole.py first|second: irq_server and irq_client in a guest, before and after a reboot of it.

Print what each boot saw as one JSON object, and judge nothing. The history lies on /data, which
both boots have. `observe` reads the kernel's files by hand.
"""

import csv
import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import observe

HISTORY = Path("/data/history")
TOKEN = Path("/root/token")
LONGEST_SECONDS = 600.0
"""How long a slow machine has for what takes a few seconds."""

LEAST_COUNTS = 50
"""How often an IRQ has to fire to be worth a comparison, and how many IRQs have to."""
LEAST_IRQS = 5


@contextmanager
def server(seen: dict[str, Any]) -> Iterator[None]:
    """Run a server of this machine while the block runs; put its exit status into `seen`."""
    TOKEN.write_text("a-token-of-this-guest\n")
    TOKEN.chmod(0o600)
    command = ["irq_server", "--interval", "1s", "--data-dir", HISTORY]
    with subprocess.Popen([*command, "--allow-affinity", "--token-file", TOKEN]) as running:
        try:
            wait_for_samples(3)
            yield
        finally:
            running.send_signal(signal.SIGTERM)
            seen["server_status"] = running.wait(LONGEST_SECONDS)


def client(*arguments: str) -> tuple[int, str, str]:
    """Run irq_client; return its exit status, standard output and standard error."""
    command = ["irq_client", "--token-file", TOKEN, "--format", "json", "--timeout", "5m"]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def asked(*arguments: str) -> Any:
    status, out, err = client(*arguments)
    if status:
        raise RuntimeError(f"irq_client {arguments}: {status}: {err}")
    return json.loads(out)


def wait_for_samples(count: int) -> str:
    """Wait until the server took `count` more samples; return the newest one's time."""
    end, target = time.monotonic() + LONGEST_SECONDS, None
    while time.monotonic() < end:
        status, out, _ = client("status")
        if status == 0:
            answer = json.loads(out)
            taken = answer["sampler"]["samples"]
            target = taken + count if target is None else target
            if taken >= target:
                return str(answer["store"]["newest"])
        time.sleep(0.2)
    raise RuntimeError(f"no {count} samples in {LONGEST_SECONDS:.0f} s")


def at_rest() -> tuple[str, observe.Cells]:
    """Return a sample's time, and the cells of the IRQs that did not fire around it."""
    _, before = observe.numbered()
    wait_for_samples(2)
    moment = wait_for_samples(1)
    wait_for_samples(2)
    _, after = observe.numbered()
    return moment, {irq: cells for irq, cells in after.items() if before.get(irq) == cells}


def grown(before: observe.Cells, after: observe.Cells) -> dict[str, list[int]]:
    """Return how much each cell grew, for the IRQs that both have, in the order of the CPUs."""
    both = before.keys() & after.keys()
    return {
        irq: [after[irq][cpu] - before[irq][cpu] for cpu in sorted(after[irq])] for irq in both
    }


def are_enough(counts: dict[str, list[int]]) -> bool:
    return sum(sum(cells) >= LEAST_COUNTS for cells in counts.values()) >= LEAST_IRQS


def counts() -> dict[str, Any]:
    """Return the counts between two samples at rest: read by hand, and as the client shows them.

    A slow machine has longer to fire, and to come to rest.
    """
    start, before = at_rest()
    limit = time.monotonic() + LONGEST_SECONDS
    with observe.load():
        time.sleep(5)
        while not are_enough(grown(before, observe.numbered()[1])) and time.monotonic() < limit:
            time.sleep(1)
    end, after = at_rest()
    while not are_enough(grown(before, after)) and time.monotonic() < limit:
        end, after = at_rest()
    shown = asked("overview", "--start", start, "--end", end)
    told = {each["irq"]: each["counts"] for each in shown["irqs"]}
    return {"by_hand": grown(before, after), "told": told}


def hotplug() -> dict[str, Any]:
    """Take the last CPU offline, and bring it back."""
    last = observe.numbered()[0][-1]
    switch = Path(f"/sys/devices/system/cpu/cpu{last}/online")
    for state in ("0", "1"):
        switch.write_text(state)
        wait_for_samples(2)
    return {"cpu": last}


def named(device: str) -> str:
    """Return the IRQ of a device."""
    for folder in Path("/proc/irq").glob("[0-9]*"):
        if (folder / device).exists():
            return folder.name
    raise RuntimeError(f"no IRQ of {device}")


def set_by_client(device: str, cpu: int) -> dict[str, Any]:
    """Set an affinity by irq_client; return its result and the kernel's affinity afterwards."""
    irq = named(device)
    status, out, err = client("affinity", irq, str(cpu), "--yes")
    list_file = Path(f"/proc/irq/{irq}/smp_affinity_list")
    return {"irq": irq, "status": status, "out": out, "err": err, "kernel": list_file.read_text()}


def set_by_hand(device: str, cpu: int) -> dict[str, Any]:
    """Set an affinity without the server, and wait until the server notices."""
    irq = named(device)
    list_file = Path(f"/proc/irq/{irq}/smp_affinity_list")
    change = f"{list_file.read_text().strip()} -> {cpu}"
    list_file.write_text(str(cpu))
    wait_for_change(irq, change)
    return {"irq": irq, "change": change}


def wait_for_change(irq: str, ending: str) -> None:
    """Wait until an event reports an affinity change that ends so; give up after a long time."""
    limit = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < limit:
        for each in all_events():
            if (each["event"], each["irq"]) == ("affinity", irq) and each["detail"].endswith(ending):
                return
        time.sleep(1)


def all_events() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = asked("events", "--period", "1d")["events"]
    return found


def whole_window() -> dict[str, Any]:
    """Return the window from the history's first sample to its last."""
    store = asked("status")["store"]
    found: dict[str, Any] = asked("cpus", "--start", store["oldest"], "--end", store["newest"])
    window: dict[str, Any] = found["window"]
    return window


def totals() -> dict[str, int]:
    """Return the last total of every cell in the history; raise RuntimeError if one ever falls."""
    last: dict[str, int] = {}
    for path in sorted(HISTORY.glob("raw/*/*.csv*"), key=lambda each: each.name):
        opened = gzip.open(path, "rt") if path.suffix == ".gz" else path.open()
        with opened as file:
            for row in csv.DictReader(file):
                if row["irq"] in ("KEY", "END"):  # commit marks
                    continue
                key, count = f"{row['irq']},{row['cpu']}", int(row["count"])
                if count < last.get(key, 0):
                    raise RuntimeError(f"{path}: {key} falls from {last[key]} to {count}")
                last[key] = count
    return last


def first() -> dict[str, Any]:
    """Return all that one boot can show."""
    seen: dict[str, Any] = {}
    movable = "nvme0q0"
    with server(seen):
        seen["counts"] = counts()
        seen["hotplug"] = hotplug()
        seen["granted"] = set_by_client(movable, 2)
        wait_for_change(seen["granted"]["irq"], " -> 2")
        seen["refused"] = set_by_client("nvme0q1", 2)
        seen["by_hand"] = set_by_hand(movable, 1)
        seen["events"] = all_events()
        seen["window"] = whole_window()
    return {**seen, "boot_id": boot_id(), "totals": totals()}


def second() -> dict[str, Any]:
    """Return the same history after a reboot."""
    seen: dict[str, Any] = {}
    with server(seen):
        wait_for_samples(2)
        seen["events"] = all_events()
        seen["window"] = whole_window()
    return {**seen, "boot_id": boot_id(), "totals": totals()}


def boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


if __name__ == "__main__":
    os.environ["NO_COLOR"] = "1"
    json.dump({"first": first, "second": second}[sys.argv[1]](), sys.stdout)
