"""What the dashboard costs: the first picture, a frame while panning, the server's CPU for a day.

    PYTHONPATH=src/main/python:src/testing/python:src/integrationtest/python WHEEL_COMMANDS=DIR \\
        python -m browsing.measure

Prints figures of this machine. DIR holds the irq_server command to measure.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import requests

from browsing.browser import Browser, browsing
from browsing.machine import Busy
from conftest import Server, wait_until

HOUR = 3600
DAY = 24 * HOUR
YEAR = 365 * DAY
RUNS = 7

PANNING = """
const { emptyTile, TILE } = await import("/static/dashboard/cells.js");
const dashboard = window.dashboard, step = 10, cpus = Array.from({ length: 256 }, (_, cpu) => cpu);
dashboard.poll = () => {};
dashboard.status = { ...dashboard.status, cpus: cpus.map((cpu) => ({ cpu, online: true, node: 0, isolated: false })) };
const newest = Math.floor(dashboard.last / (step * TILE));
dashboard.shown = Array.from({ length: 10 }, (_, i) => {
  const tile = emptyTile(step, newest - i);
  tile.known.fill(1);
  tile.version = 1;
  for (const cpu of cpus) tile.rates.set(cpu, Float32Array.from({ length: TILE }, () => Math.random() * 5000));
  return tile;
});
dashboard.state = { ...dashboard.state, span: 10000, end: dashboard.last };
dashboard.heat.layout(cpus.map((cpu) => ({ cpu, node: 0, isIsolated: false, isOnline: true })), 1248);
dashboard.paint();
const times = [];
for (let i = 0; i < 300; i++) {
  dashboard.state = { ...dashboard.state, end: dashboard.last - i * 3 };
  const before = performance.now();
  dashboard.paint();
  times.push(performance.now() - before);
  await new Promise(requestAnimationFrame);
}
return times;
"""


def first_pictures(page: Browser, url: str) -> list[float]:
    """Return the seconds until the first picture of some visits."""
    found = []
    for _ in range(RUNS):
        page.open(url)
        found.append(float(page.js("document.body.dataset.drawn")) / 1000)
    return found


def cpu_seconds(server: Server) -> float:
    """Return the CPU time that a server has used."""
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def spent(server: Server, work: Callable[[], object]) -> float:
    """Return the CPU time that a server uses for some work."""
    before = cpu_seconds(server)
    work()
    return cpu_seconds(server) - before


def a_day(server: Server, end: int) -> Callable[[], None]:
    """Return the requests of a day's map, as the page makes them; known answers are revalidated."""
    step = 180
    span = step * 120
    tags: dict[str, str] = {}

    def ask() -> None:
        for k in range(end // span - DAY // span, end // span):
            url = f"{server.url}/api/v1/series?start={k * span}&end={(k + 1) * span}&step={step}&by=cpu"
            known = {"If-None-Match": tags[url]} if url in tags else {}
            answer = requests.get(url, headers=known, timeout=60)
            assert answer.status_code == (304 if known else 200), answer.text[:200]
            tags[url] = answer.headers["ETag"]

    return ask


def measure(cpus: int, irqs: int, seconds: int, step: int, name: str) -> None:
    """Print the figures of one machine."""
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        machine = Busy(folder / "proc", cpus, irqs)
        machine.remember(folder / "data", seconds, step)
        kept = "raw=3650d,1m=3650d,1h=3650d"
        server = Server("--procfs", machine.root, "--sysfs", machine.sysfs, "--data-dir", folder / "data",
                        "--interval", "10s", "--retention", kept)  # fmt: skip
        try:
            wait_until(lambda: server.get("/readyz").status_code == 200)
            with browsing(folder / "browser", [server.url]) as page:
                times = first_pictures(page, f"{server.url}/#span={seconds}")
                print(f"{cpus} CPUs x {irqs} IRQs, {name}: first picture "
                      f"{statistics.median(times):.2f} s ({min(times):.2f} to {max(times):.2f})", flush=True)  # fmt: skip
                if seconds == DAY:
                    ask = a_day(server, int(time.time()) - 2 * step)
                    first, again = (spent(server, ask) for _ in range(2))
                    print(f"  a day: {first:.2f} s of the server's CPU, again {again:.2f} s")
                if cpus == 16:
                    script = f"const done = arguments[0]; (async () => {{{PANNING}}})().then(done, (e) => done(String(e)))"
                    frames = page.driver.execute_async_script(script)
                    assert isinstance(frames, list), frames
                    print(f"  panning, 256 CPUs x 1000 steps: {statistics.median(frames):.2f} ms of script "
                          f"a frame, 95% below {sorted(frames)[int(len(frames) * 0.95)]:.2f} ms")  # fmt: skip
        finally:
            server.kill()
            machine.end()


if __name__ == "__main__":
    measure(16, 120, HOUR, 10, "an hour")
    measure(128, 1000, HOUR, 20, "an hour")
    measure(128, 300, DAY, 180, "a day")
    measure(128, 200, YEAR, 12 * HOUR, "a year")
