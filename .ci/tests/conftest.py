"""The three wheels, installed together with every Python that is here, and a server of them."""

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECTS = ("irqbalance", "irq_server", "irq_client")
START_SECONDS = 30.0

pytest_plugins = ["leftovers"]


def pythons() -> list[str]:
    """Return the Python that runs the tests, and each newer one that can make an environment."""
    found = [sys.executable]
    folders = [*os.get_exec_path(), *map(str, Path.home().glob(".pyenv/versions/*/bin"))]
    for minor in range(sys.version_info.minor + 1, sys.version_info.minor + 10):
        for folder in folders:
            python = shutil.which(f"python3.{minor}", path=folder)
            probe = [python, "-c", "import ensurepip, venv"]
            if python and subprocess.run(probe, capture_output=True).returncode == 0:
                found.append(python)
                break
    return found


def install(python: str, folder: Path) -> Path:
    wheels = [*ROOT.glob("*/target/dist/*/dist/*.whl")]
    assert sorted(wheel.name.partition("-")[0] for wheel in wheels) == sorted(PROJECTS)
    subprocess.run([python, "-m", "venv", folder], check=True)
    pip = [folder / "bin/python", "-m", "pip", "install", "--quiet", "--no-compile"]
    subprocess.run([*pip, "-c", ROOT / "requirements.txt", *wheels], check=True)
    return folder / "bin"


@pytest.fixture(scope="session", params=pythons(), ids=lambda path: Path(path).name)
def commands(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the installed commands."""
    return install(request.param, tmp_path_factory.mktemp("whole") / "environment")


@dataclass(frozen=True)
class Running:
    """The commands of an environment, and a server of it."""

    commands: Path
    url: str
    data: Path

    def attempt(self, name: str, *arguments: str) -> tuple[int, str, str]:
        """Run a command; return its exit status, output and messages."""
        done = subprocess.run(
            [self.commands / name, *arguments], capture_output=True, text=True, timeout=60
        )
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout, done.stderr

    def run(self, name: str, *arguments: str, status: int = 0) -> str:
        found, output, messages = self.attempt(name, *arguments)
        assert found == status, messages
        return output

    def client(self, *arguments: str, status: int = 0) -> str:
        return self.run("irq_client", "--server", self.url, *arguments, status=status)


@contextmanager
def serving(commands: Path, data: Path, *arguments: object) -> Iterator[Running]:
    """Run a server on a free port or a --socket until the block ends; check that it ends well."""
    listening_on = () if "--socket" in arguments else ("--port", "0")
    log: list[str] = []
    with subprocess.Popen(
        [commands / "irq_server", *listening_on, "--data-dir", data, *map(str, arguments)],
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            listening = threading.Event()

            def read_log() -> None:
                assert server.stderr
                for line in server.stderr:
                    log.append(line)
                    if "listening on" in line:
                        listening.set()

            reader = threading.Thread(target=read_log)
            reader.start()
            assert listening.wait(START_SECONDS), log
            match = re.search(r"listening on (\S+)", "".join(log))
            assert match
            yield Running(commands, match[1], data)
        finally:
            server.terminate()
            server.wait(START_SECONDS)
            reader.join()
    assert server.returncode == 0
