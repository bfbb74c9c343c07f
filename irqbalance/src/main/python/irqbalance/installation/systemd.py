"""systemd does at once what the files in its folders say.

The same file in irqbalance and irq_server.
"""

import os
import subprocess
from pathlib import Path


def is_running(root: Path) -> bool:
    """Return whether systemd runs the system whose root this is. Source: sd_booted(3)."""
    return root == Path("/") and os.path.isdir("/run/systemd/system")  # noqa: PTH112


def systemctl(*words: str) -> None:
    """Run systemctl. A failure is its own to print; it may be told to stop what never ran."""
    stops = words[0] == "stop"
    errors = subprocess.DEVNULL if stops else None
    subprocess.run(["/usr/bin/systemctl", *words], check=False, stderr=errors)
