"""Plug in devices and CPUs, and print as one JSON object what the shipped units made of it.

QEMU's monitor is behind a port of the guest, so the guest plugs in its own devices. New IRQs start
on observe.ISOLATED, where none may stay: one that left it was moved by a run.
"""

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import observe

SERVICE, TIMER = "irqbalance-once.service", "irqbalance-once.timer"
RULES = "90-irqbalance-once.rules"

LONGEST_SECONDS = 300.0
"""The limit for a slow machine."""

STORM = 8
"""The number of NICs that come at once: the functions of one PCI device."""

STARTED, FINISHED = "7d4958e842da4a758f6c1cdc7b36dcc5", "39f53479d3a045ac8e11786248231fbf"
"""The journal's messages when a unit starts, and when it has started; a oneshot has ended then.

Source: systemd, sd-messages.h (SD_MESSAGE_UNIT_STARTING, SD_MESSAGE_UNIT_STARTED).
"""


def output(*command: str) -> str:
    """Return a command's output and messages, whatever its exit status."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def wait_until(is_so: Callable[[], Any], what: str) -> Any:
    """Return the first answer that is true; raise RuntimeError after a long time."""
    limit = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < limit:
        found = is_so()
        if found:
            return found
        time.sleep(0.2)
    raise RuntimeError(f"no {what} in {LONGEST_SECONDS:.0f} s")


def monitor(*commands: str) -> None:
    """Send commands to QEMU's monitor, and wait until it has run them."""
    names = Path("/sys/class/virtio-ports").glob("*/name")
    (port,) = [each.parent.name for each in names if each.read_text().strip() == "monitor"]
    file = os.open(f"/dev/{port}", os.O_RDWR)
    try:
        for each in (*commands, "print /d 1001*4711"):  # the echo does not show the product
            os.write(file, f"{each}\n".encode())
        answer = ""
        while "4715711" not in answer:
            if not select.select([file], [], [], LONGEST_SECONDS)[0]:
                raise RuntimeError(f"the monitor answers no more: {answer!r}")
            answer += os.read(file, 4096).decode(errors="replace")
            if "Error" in answer:
                raise RuntimeError(answer)
    finally:
        os.close(file)


def runs(message: str = STARTED) -> list[float]:
    """Return when each run of the service began, or ended, in seconds since boot."""
    fields = [f"MESSAGE_ID={message}", f"UNIT={SERVICE}", "--boot", "--output=json"]
    lines = output("journalctl", "--quiet", *fields).splitlines()
    return [int(json.loads(line)["__MONOTONIC_TIMESTAMP"]) / 1e6 for line in lines]


def runs_after(moment: float, count: int = 1) -> list[float]:
    """Wait until `count` runs that began after a moment have ended; return when they began."""

    def found() -> list[float]:
        ended = [each for each in runs(FINISHED) if each > moment]
        began = [each for each in runs() if each > moment]
        return began if len(ended) >= count and len(began) >= count else []

    return list(wait_until(found, f"{count} runs after {moment:.1f}"))


def irqs_of(device: str) -> dict[str, str]:
    """Return where the IRQs of a PCI device with an action are sent: the kernel's CPU list."""
    found = {}
    for each in Path(device).glob("msi_irqs/*"):
        folder = Path("/proc/irq") / each.name
        if any(path.is_dir() for path in folder.glob("*")):
            found[each.name] = (folder / "smp_affinity_list").read_text().strip()
    return found


def movable(irqs: dict[str, str]) -> dict[str, str]:
    """Return those that may be moved. Before Linux 6.12 only a write shows which: see `refusal`."""
    return {irq: cpus for irq, cpus in irqs.items() if not observe.refusal(irq, cpus)}


@contextmanager
def new_irqs_on_the_isolated_cpu() -> Iterator[None]:
    """Let IRQs that are requested meanwhile start on the isolated CPU."""
    default = Path("/proc/irq/default_smp_affinity")
    usual = default.read_text()
    default.write_text(f"{1 << observe.ISOLATED:x}")
    try:
        yield
    finally:
        default.write_text(usual)


def pci(model: str, port: str, name: str, more: str = "") -> str:
    return f"device_add {model},bus={port},id={name}{more}"


def before_the_timer() -> dict[str, Any]:
    """Plug in a NIC while the timer is not active."""
    monitor(pci("e1000e", "free0", "first"))
    wait_until(Path("/sys/class/net/eth6").exists, "eth6")
    output("udevadm", "settle")
    time.sleep(10)
    return {"runs": runs(), "timer": output("systemctl", "is-active", TIMER).strip()}


def the_timer() -> dict[str, Any]:
    """Enable the timer."""
    began = time.monotonic()
    messages = output("systemctl", "enable", "--now", TIMER)
    return {"began": began, "messages": messages, "runs": runs_after(began)}


def a_controller() -> dict[str, Any]:
    """Plug in an NVMe controller; its admin queue's IRQ is movable, the others are managed."""
    began = time.monotonic()
    device = "/sys/class/nvme/nvme1/device"
    with new_irqs_on_the_isolated_cpu():
        monitor(pci("nvme", "free1", "second", ",serial=second"))
        state = Path(device, "nvme/nvme1/state")
        wait_until(lambda: state.exists() and state.read_text() == "live\n", "live nvme1")
        at_first = movable(irqs_of(device))
    found = runs_after(began)
    after = {irq: cpus for irq, cpus in irqs_of(device).items() if irq in at_first}
    return {"began": began, "at_first": at_first, "runs": found, "after": after}


def an_interface() -> dict[str, Any]:
    """Plug in a NIC, whose driver requests IRQs only when it goes up, after the first run."""
    began = time.monotonic()
    monitor(pci("e1000e", "free2", "third"))
    device = "/sys/class/net/eth7/device"
    wait_until(Path(device).exists, "eth7")
    first = runs_after(began)
    before = irqs_of(device)
    with new_irqs_on_the_isolated_cpu():
        output("ip", "link", "set", "eth7", "up")
        at_first = irqs_of(device)
    found = runs_after(began, len(first) + 1)
    seen = {"before": before, "at_first": at_first, "runs": found, "after": irqs_of(device)}
    return {"began": began, **seen}


def a_cpu() -> dict[str, Any]:
    """Take CPU 2 offline, put all IRQs on CPU 0, and bring CPU 2 back, under load."""
    switch = Path("/sys/devices/system/cpu/cpu2/online")
    with observe.load():
        switch.write_text("0")
        observe.pin_all(0)
        time.sleep(5)
        began = time.monotonic()
        switch.write_text("1")
        found = runs_after(began)
        after = observe.affinities()
        cells = observe.counted(3.0, 300)
    return {"began": began, "runs": found, "after": after, "cells": cells}


def a_new_cpu() -> dict[str, Any]:
    """Plug in a CPU, and bring it online."""
    model = "max-x86_64-cpu,socket-id=0,core-id=4,thread-id=0"
    monitor(f"device_add {model},id=fourth")
    switch = Path("/sys/devices/system/cpu/cpu4/online")
    wait_until(switch.exists, "CPU 4")
    output("udevadm", "settle")
    began = time.monotonic()
    switch.write_text("1")
    return {"began": began, "runs": runs_after(began), "cpus": observe.numbered()[0]}


def a_storm() -> dict[str, Any]:
    """Plug in STORM NICs at once, and wait until the second run and long past it."""
    began = time.monotonic()
    known = len(list(Path("/sys/class/net").iterdir()))
    functions = [
        pci("e1000e", "free3", f"storm{each}", f",addr=0.{each},multifunction=on")
        for each in reversed(range(STORM))  # the guest sees them when function 0 comes
    ]
    monitor(*functions)
    wait_until(lambda: len(list(Path("/sys/class/net").iterdir())) == known + STORM, "NICs")
    runs_after(began, 2)
    time.sleep(30)
    return {"began": began, "runs": [each for each in runs() if each > began]}


STEPS = (before_the_timer, the_timer, a_controller, an_interface, a_cpu, a_new_cpu, a_storm)


def checks() -> dict[str, str]:
    """Return what systemd and udev say of the shipped files; nothing where all is well."""
    units = ["/usr/local/lib/systemd/system/" + each for each in (SERVICE, TIMER)]
    rules = f"/usr/local/lib/udev/rules.d/{RULES}"
    version = int(output("udevadm", "--version"))
    found = {"units": output("systemd-analyze", "verify", "--man=no", *units)}
    if version >= 254:
        found["rules"] = output("udevadm", "verify", "--no-summary", rules)
    return found


def main() -> None:
    """Run every step, and print what it saw."""
    output("systemctl", "disable", "--now", "irqbalance")  # Debian's, which the image has
    output("systemctl", "daemon-reload")
    output("udevadm", "control", "--reload")
    seen: dict[str, Any] = {"checks": checks()}
    for step in STEPS:
        try:
            seen[step.__name__] = step()
        except Exception:
            sys.stderr.write(f"{step.__name__}, after {seen}\n")
            sys.stderr.write(
                output("journalctl", "--boot", "--lines=60", "--output=short-monotonic")
            )
            raise
    seen["failed"] = output("systemctl", "--failed", "--plain", "--no-legend")
    seen["log"] = output("journalctl", "--boot", "--unit", SERVICE, "--unit", TIMER, "--output=cat")
    json.dump(seen, sys.stdout)


if __name__ == "__main__":
    main()
