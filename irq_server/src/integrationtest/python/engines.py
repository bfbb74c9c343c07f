"""Prometheus and VictoriaMetrics of Debian, which tests run without an installation.

The packages are downloaded once into target/, and unpacked; no service starts.
"""

import json
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
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

    def __init__(self, url: str, process: "subprocess.Popen[str]") -> None:
        """Take its address and its process."""
        self.url = url
        self._process = process

    def kill(self) -> None:
        """End it by SIGKILL."""
        self._process.kill()
        self._process.communicate(timeout=SECONDS)

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
def running(command: list[object], port: int, ready: str) -> Iterator[Engine]:
    """Run an engine that listens on a port, and end it."""
    with subprocess.Popen(
        list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        url = f"http://127.0.0.1:{port}"
        try:
            _wait(lambda: requests.get(f"{url}{ready}", timeout=1).ok, process)
            yield Engine(url, process)
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


Running = AbstractContextManager[Engine]


def prometheus(folder: Path, configuration: Path, *more: str, port: int = 0) -> Running:
    """Run Prometheus, which keeps its data below `folder`."""
    port = port or free_port()
    command = [
        program("prometheus", "prometheus"),
        f"--config.file={configuration}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
    ]
    kind = "agent" if "--enable-feature=agent" in more else "tsdb"
    data = f"--storage.{kind}.path={folder / 'prometheus'}"
    return running([*command, data, *more], port, "/-/ready")


def victoria_metrics(folder: Path, configuration: Path | None, port: int = 0) -> Running:
    """Run VictoriaMetrics, which keeps its data below `folder`; it scrapes if it is configured."""
    port = port or free_port()
    command = [
        program("victoria-metrics", "victoria-metrics"),
        f"-storageDataPath={folder / 'victoria-metrics'}",
        f"-httpListenAddr=127.0.0.1:{port}",
        "-search.latencyOffset=0s",
        "-loggerLevel=ERROR",
    ]
    scrape = [f"-promscrape.config={configuration}"] if configuration else []
    return running([*command, *scrape], port, "/health")


def vmagent(folder: Path, configuration: Path, receiver: str) -> Running:
    """Run vmagent, which scrapes, and sends to the receiver at an address."""
    port = free_port()
    command = [
        program("victoria-metrics", "vmagent"),
        f"-promscrape.config={configuration}",
        f"-remoteWrite.url={receiver}",
        f"-remoteWrite.tmpDataPath={folder / 'vmagent'}",
        f"-httpListenAddr=127.0.0.1:{port}",
        "-loggerLevel=ERROR",
    ]
    return running(command, port, "/health")


def scraping(folder: Path, targets: Mapping[str, str], interval: str) -> Path:
    """Write a configuration that scrapes servers, instance by URL, as both take it."""
    servers = [
        {"targets": [url.removeprefix("http://")], "labels": {"instance": name}}
        for name, url in targets.items()
    ]
    job = {"job_name": "irq_server", "honor_timestamps": True, "static_configs": servers}
    written = {"global": {"scrape_interval": interval}, "scrape_configs": [job]}
    path = folder / "scrape.yml"
    path.write_text(json.dumps(written))  # JSON is YAML
    return path
