"""Prometheus and VictoriaMetrics of Debian, which tests run without an installation.

The packages are downloaded once into target/, and unpacked; no service starts.
"""

import json
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import requests

import needs

CACHE = Path(__file__).parents[3] / "target/debian"
SECONDS = 30.0
Answer = dict[tuple[str, ...], float]


def program(package: str, name: str) -> Path:
    """Return the path of a program of a Debian package; skip the test if it cannot be had."""
    apt_get, dpkg = needs.program("apt-get"), needs.program("dpkg-deb")
    folder = CACHE / package
    if not folder.is_dir():
        archive = _download(apt_get, package)
        unfinished = folder.with_suffix(".part")
        subprocess.run([dpkg, "-x", archive, unfinished], check=True)
        archive.unlink()
        unfinished.rename(folder)
    return folder / "usr/bin" / name


def _download(apt_get: str, package: str) -> Path:
    """Return a downloaded package; skip the test if Debian's servers cannot be reached."""
    for folder in ("lists/partial", "archives/partial"):
        (CACHE / folder).mkdir(parents=True, exist_ok=True)
    own = [
        f"--option=Dir::State::Lists={CACHE / 'lists'}",
        f"--option=Dir::Cache={CACHE}",
        "--option=APT::Sandbox::User=",
        "--quiet",
    ]
    for action in (["update"], ["download", package]):
        done = subprocess.run(
            [apt_get, *own, *action], cwd=CACHE, capture_output=True, text=True, timeout=300
        )
    found = sorted(CACHE.glob(f"{package}_*.deb"))
    if not found:
        needs.packages([], f"Debian's package {package}: {done.stderr.strip()[-200:]}")
    return found[-1]


def free_port() -> int:
    """Return a port of loopback that nobody listens on now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Engine:
    """A running server with Prometheus' API."""

    def __init__(self, url: str) -> None:
        """Take its address."""
        self.url = url

    def query(self, expression: str, at: float, *labels: str) -> Answer:
        """Return an instant query's values at a moment, by the values of `labels`."""
        answer = requests.get(
            f"{self.url}/api/v1/query",
            params={"query": expression, "time": f"{at:.3f}"},
            timeout=SECONDS,
        )
        assert answer.status_code == 200, answer.text
        return {
            tuple(each["metric"].get(label, "") for label in labels): float(each["value"][1])
            for each in answer.json()["data"]["result"]
        }

    def parses(self, expression: str) -> None:
        """Fail unless the engine evaluates the expression."""
        self.query(expression, time.time())


@contextmanager
def running(command: list[object], url: str, ready: str) -> Iterator[Engine]:
    """Run an engine, and end it."""
    with subprocess.Popen(
        list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            _wait(lambda: requests.get(f"{url}{ready}", timeout=1).ok, process)
            yield Engine(url)
        finally:
            process.terminate()
            process.communicate(timeout=SECONDS)


def _wait(condition: Callable[[], bool], process: "subprocess.Popen[str]") -> None:
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            if condition():
                return
        except requests.ConnectionError:
            pass
        assert process.poll() is None, process.stderr and process.stderr.read()[-2000:]
        assert time.monotonic() < deadline, "the engine did not start"
        time.sleep(0.05)


@contextmanager
def prometheus(folder: Path, targets: Mapping[str, str], interval: str) -> Iterator[Engine]:
    """Run Prometheus, which scrapes the servers at `targets`, instance by URL."""
    command = program("prometheus", "prometheus")
    port = free_port()
    with running(
        [
            command,
            f"--config.file={_configuration(folder, targets, interval)}",
            f"--storage.tsdb.path={folder / 'prometheus'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--log.level=warn",
        ],
        f"http://127.0.0.1:{port}",
        "/-/ready",
    ) as engine:
        yield engine


@contextmanager
def victoria_metrics(folder: Path, targets: Mapping[str, str], interval: str) -> Iterator[Engine]:
    """Run VictoriaMetrics, which scrapes the servers at `targets`, instance by URL."""
    command = program("victoria-metrics", "victoria-metrics")
    port = free_port()
    with running(
        [
            command,
            f"-promscrape.config={_configuration(folder, targets, interval)}",
            f"-storageDataPath={folder / 'victoria-metrics'}",
            f"-httpListenAddr=127.0.0.1:{port}",
            "-search.latencyOffset=0s",
            "-loggerLevel=ERROR",
        ],
        f"http://127.0.0.1:{port}",
        "/health",
    ) as engine:
        yield engine


def _configuration(folder: Path, targets: Mapping[str, str], interval: str) -> Path:
    """Write a scrape configuration, as both take it; return its path."""
    servers = [
        {"targets": [url.removeprefix("http://")], "labels": {"instance": name}}
        for name, url in targets.items()
    ]
    job = {"job_name": "irq_server", "honor_timestamps": True, "static_configs": servers}
    written = {"global": {"scrape_interval": interval}, "scrape_configs": [job]}
    path = folder / "scrape.yml"
    path.write_text(json.dumps(written))  # JSON is YAML
    return path
