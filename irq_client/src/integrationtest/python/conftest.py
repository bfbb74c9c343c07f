"""What the tests of the installed command share: the command, a service, an environment."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import needs

HELPERS = Path(__file__).parents[2] / "unittest" / "python"
# the web service and the machine made up are those of the unit tests
sys.path.append(str(HELPERS))

pytest_plugins = ["leftovers"]

COMMAND = needs.wheel_command("irq_client")


class Done(NamedTuple):
    """What a run of the command left."""

    returncode: int
    stdout: str
    """As it was written, its line ends too."""
    stderr: str


Run = Callable[..., Done]


@pytest.fixture(autouse=True, scope="session")
def interruptible() -> Iterator[None]:
    """Let SIGINT reach the commands, also where a shell in the background has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def environment() -> dict[str, str]:
    """Return an environment without settings, proxies, colours and widths."""
    unwanted = ("IRQ_CLIENT_", "REQUESTS_", "COLUMNS", "NO_COLOR", "TERM", "PYTHON")
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(unwanted) and not name.upper().endswith("_PROXY")
    } | {"XDG_CONFIG_HOME": "/nonexistent"}


@pytest.fixture
def run(environment: dict[str, str]) -> Run:
    """Return what runs the installed command, and ends it after 30 s."""

    def run_command(*arguments: str, **more: str) -> Done:
        done = subprocess.run(
            [COMMAND, *arguments],
            env=environment | more,
            capture_output=True,
            timeout=30,
            stdin=subprocess.DEVNULL,
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run_command


@pytest.fixture
def good() -> Iterator[object]:
    """Return a service that answers well."""
    import machine
    from service import WebService

    with WebService(machine.answer_well) as service:
        yield service
