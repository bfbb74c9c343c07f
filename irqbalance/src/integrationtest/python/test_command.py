"""The installed command."""

import subprocess
import sys
from pathlib import Path

COMMAND = Path(sys.executable).parent / "irqbalance"


def test_runs():
    assert subprocess.run([COMMAND]).returncode == 0
