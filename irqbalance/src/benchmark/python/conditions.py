"""The conditions of a benchmark, which its first line shows."""

import os
import platform
import time
from pathlib import Path


def conditions(*versions: str) -> str:
    """Return one line: the date in UTC, the processor, the kernel and the versions."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    processor = f"{os.cpu_count()} CPUs ({models[0] if models else platform.machine()})"
    parts = [time.strftime("%Y-%m-%d", time.gmtime()), processor]
    parts += [f"Linux {platform.release()}", f"Python {platform.python_version()}", *versions]
    return ", ".join(parts)


def cache(project: str) -> Path:
    """Return the folder where a project's benchmarks keep the programs of others."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / project / "others"
