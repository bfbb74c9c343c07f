"""The root of a system, and the systemd that may run it.

The same file in irqbalance and irq_server.
"""

import argparse
import os
import subprocess
from pathlib import Path


def root_of(text: str) -> Path:
    """Return the folder that --root names; raise ArgumentTypeError if there is none."""
    if not text or not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} is no folder")
    return Path(text)


def is_own(root: Path) -> bool:
    """Return whether this is the root of the system that runs, however it is written."""
    return root.samefile("/")


def is_running(root: Path) -> bool:
    """Return whether systemd runs the system whose root this is. Source: sd_booted(3)."""
    return is_own(root) and os.path.isdir("/run/systemd/system")  # noqa: PTH112


def systemctl(*words: str) -> bool:
    """Run systemctl, which prints why it fails; return whether it succeeded.

    To stop a unit that does not run is no failure worth a line.
    """
    errors = subprocess.DEVNULL if words[0] == "stop" else None
    return (
        subprocess.run(["/usr/bin/systemctl", *words], check=False, stderr=errors).returncode == 0
    )
