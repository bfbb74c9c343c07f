"""The wheel under test in a guest: install it, run a script of `inside`, return its JSON."""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from .image import GuestError
from .machine import Machine, run

PROJECT = Path(__file__).parents[4]
INSIDE = Path(__file__).parent / "inside"


def built() -> Path:
    """Return the wheel under test, which the build made before."""
    assert find_spec("irqbalance") is not None
    (found,) = PROJECT.glob("target/dist/*/dist/*.whl")
    return found


def run_script(machine: Machine, words: str) -> Any:
    """Install the wheel in a guest, run a script with its arguments, and return its JSON.

    Raise GuestError if it prints none.
    """
    package = built()
    install = f"pip install --quiet --no-index --break-system-packages /in/{package.name}"
    result = run(
        machine,
        f"{install} >&2 && python3 /in/inside/{words}",
        {package.name: package, "inside": INSIDE},
    )
    if result.status:
        raise GuestError(f"exit status {result.status}: {result.err}\n{result.out}")
    return json.loads(result.out)
