"""What the integration tests share: the real command, on a changing tree in the place of /proc."""

import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import requests

import needs

pytest_plugins = ["leftovers"]

COMMAND = needs.wheel_command("irq_server")
START_SECONDS = 20.0
REQUEST_SECONDS = 10.0


class Tree:
    """A tree in the place of /proc, of a machine that a test runs by hand."""

    def __init__(self, root: Path) -> None:
        """Make two CPUs, IRQ 24 on CPU 1 and the local timer, nothing fired yet."""
        self.root = root
        self.cpus = [0, 1]
        self.cells: dict[str, list[int]] = {"24": [0, 0], "LOC": [0, 0]}
        self.texts = {"24": "PCI-MSIX-0000:00:02.0   1-edge      eth0-rx-0", "LOC": "Local timer"}
        self.errors = 0
        (root / "sys/kernel/random").mkdir(parents=True)
        self.boot("11111111-0000-0000-0000-000000000000")
        self.set_affinity("24", "0-1", "1")
        self.show()

    def boot(self, boot_id: str) -> None:
        """Boot the machine again: another boot id, every cell at zero."""
        (self.root / "sys/kernel/random/boot_id").write_text(f"{boot_id}\n")
        self.cells = {irq: [0] * len(cells) for irq, cells in self.cells.items()}

    def set_affinity(self, irq: str, affinity: str, effective: str) -> None:
        """Write the files of an IRQ's affinity."""
        folder = self.root / "irq" / irq
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "smp_affinity_list").write_text(f"{affinity}\n")
        (folder / "effective_affinity_list").write_text(f"{effective}\n")

    def fire(self, irq: str, *counts: int) -> None:
        """Count interrupts of an IRQ, one number a CPU, and show them."""
        self.cells[irq] = [
            (cell + n) % 2**32 for cell, n in zip(self.cells[irq], counts, strict=True)
        ]
        self.show()

    def show(self) -> None:
        """Put the counters into interrupts, at once, as the kernel would."""
        header = "           " + "".join(f"CPU{cpu:<8d}" for cpu in self.cpus)
        rows = [
            f"{irq:>3}: {''.join(f'{cell:10d} ' for cell in cells)} {self.texts[irq]}"
            for irq, cells in self.cells.items()
        ]
        temporary = self.root / "interrupts.new"
        temporary.write_text("\n".join([header, *rows, f"ERR: {self.errors:10d}"]) + "\n")
        temporary.rename(self.root / "interrupts")


class Server:
    """A running irq_server."""

    def __init__(self, *arguments: object, under: Sequence[str] = ()) -> None:
        """Start the command on a free port, `under` another one, and wait until it listens."""
        place = () if "--socket" in arguments else ("--port", "0")
        self.process = subprocess.Popen(
            [*under, COMMAND, *place, *map(str, arguments)],
            stderr=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.log: list[str] = []
        self._listening = threading.Event()
        self.url = ""
        self._reader = threading.Thread(target=self._read_log)
        self._reader.start()
        if not self._listening.wait(START_SECONDS) or not self.url:
            self.kill()
            raise AssertionError(f"irq_server did not start: {self.log}")

    def _read_log(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            self.log.append(line.rstrip("\n"))
            found = re.search(r'listening on ([^\s"]+)', line)
            if found:
                self.url = found[1]
                self._listening.set()
        self._listening.set()

    def get(self, path: str, **parameters: Any) -> requests.Response:
        """Return the answer to a GET request."""
        return requests.get(self.url + path, params=parameters, timeout=REQUEST_SECONDS)

    def json(self, path: str, **parameters: Any) -> Any:
        """Return the JSON of a GET request that must succeed."""
        answer = self.get(path, **parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def wait_for_samples(self, more: int = 2) -> None:
        """Wait for `more` samples; the second began after this call."""
        target = self.json("/api/v1/status")["sampler"]["samples"] + more
        wait_until(lambda: self.json("/api/v1/status")["sampler"]["samples"] >= target)

    def stop(self) -> int:
        """End the server by SIGTERM and return its exit status."""
        self.process.terminate()
        return self._end()

    def kill(self) -> int:
        """End the server by SIGKILL."""
        self.process.kill()
        return self._end()

    def _end(self) -> int:
        with self.process:  # waits, and closes its pipes
            self._reader.join()
        return self.process.returncode


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until `condition` holds, and fail if it does not in time."""
    deadline = time.monotonic() + START_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """A machine of its own for a test."""
    return Tree(tmp_path / "proc")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Return a function that starts servers, which end with the test."""
    servers: list[Server] = []

    def start_one(*arguments: object, under: Sequence[str] = ()) -> Server:
        data = () if "--data-dir" in arguments else ("--data-dir", tmp_path / "data")
        servers.append(Server(*data, *arguments, under=under))
        return servers[-1]

    yield start_one
    for server in servers:
        server.kill()
