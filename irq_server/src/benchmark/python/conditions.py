"""Under what a benchmark ran: its first line."""

import os
import platform
import time
from pathlib import Path


def conditions(*versions: str) -> str:
    """Gives date, processor, kernel and versions, in one line."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    processor = f"{os.cpu_count()} CPUs ({models[0] if models else platform.machine()})"
    parts = [time.strftime("%Y-%m-%d", time.gmtime()), processor]
    parts += [f"Linux {platform.release()}", f"Python {platform.python_version()}", *versions]
    return ", ".join(parts)


def cache(project: str) -> Path:
    """Gives where a project's benchmarks keep the programs of others."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / project / "others"
