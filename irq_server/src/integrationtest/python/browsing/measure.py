r"""Measure the dashboard: first picture, a frame while panning, the server's CPU for a day.

    PYTHONPATH=src/main/python:src/testing/python:src/integrationtest/python WHEEL_COMMANDS=DIR \
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
const dashboard = window.dashboard, step = 10;
const cpus = Array.from({ length: 256 }, (_, cpu) => cpu);
dashboard.poll = () => {};
const newest = Math.floor(dashboard.last / (step * TILE));
dashboard.shown = Array.from({ length: 10 }, (_, i) => {
  const tile = emptyTile(step, newest - i);
  tile.known.fill(1);
  tile.version = 1;
  const rates = () => Float32Array.from({ length: TILE }, () => Math.random() * 5000);
  for (const cpu of cpus) tile.rates.set(cpu, rates());
  return tile;
});
dashboard.state = { ...dashboard.state, span: 10000, end: dashboard.last };
const rows = cpus.map((cpu) => ({ cpu, node: 0, isIsolated: false, isOnline: true }));
dashboard.heat.layout(rows, 1248);
dashboard.paint();
const times = [];
for (let i = 0; i < 300; i++) {
  dashboard.state = { ...dashboard.state, end: dashboard.last - i * 3 };
  const before = performance.now();
  dashboard.paint();
  await null; // the lines are drawn in a microtask
  await null;
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
            window = f"start={k * span}&end={(k + 1) * span}&step={step}"
            url = f"{server.url}/api/v1/series?{window}&by=cpu"
            known = {"If-None-Match": tags[url]} if url in tags else {}
            answer = requests.get(url, headers=known, timeout=60)
            assert answer.status_code == (304 if known else 200), answer.text[:200]
            tags[url] = answer.headers["ETag"]

    return ask


def panning(page: Browser) -> list[float]:
    """Return the milliseconds of script of each frame while the map of 256 CPUs is panned."""
    run = f"(async () => {{{PANNING}}})()"
    script = f"const done = arguments[0]; {run}.then(done, (error) => done(String(error)))"
    frames = page.driver.execute_async_script(script)
    assert isinstance(frames, list), frames
    return frames


def measure(cpus: int, irqs: int, seconds: int, step: int) -> None:
    """Print the figures of one machine."""
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        machine = Busy(folder / "proc", cpus, irqs)
        machine.remember(folder / "data", seconds, step)
        trees = ("--procfs", machine.root, "--sysfs", machine.sysfs, "--data-dir", folder / "data")
        server = Server(*trees, "--retention", "raw=3650d,1m=3650d,1h=3650d")
        try:
            wait_until(lambda: server.get("/readyz").status_code == 200)
            with browsing(folder / "browser", [server.url]) as page:
                times = first_pictures(page, f"{server.url}/#span={seconds}")
                show(f"{cpus} CPUs x {irqs} IRQs, {seconds / HOUR:g} h: first picture", times, "s")
                if seconds == DAY:
                    ask = a_day(server, int(time.time()) - 2 * step)
                    show("  the server's CPU for a day", [spent(server, ask)], "s")
                    show("  the same again", [spent(server, ask)], "s")
                if cpus == 16:
                    show("  script a frame, panning 256 CPUs x 1,000 steps", panning(page), "ms")
        finally:
            server.kill()
            machine.end()


def show(name: str, values: list[float], unit: str) -> None:
    """Print the median and the range of some values."""
    middle, least, most = statistics.median(values), min(values), max(values)
    print(f"{name}: {middle:.2f} {unit} ({least:.2f} to {most:.2f})", flush=True)


if __name__ == "__main__":
    measure(16, 120, HOUR, 10)
    measure(128, 1000, HOUR, 20)
    measure(128, 300, DAY, 180)
    measure(128, 200, YEAR, 12 * HOUR)
