"""Prometheus over hours and days of /metrics in seconds: the samples become blocks at once."""

import random
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import engines
from engines import Engine
from irq_server.kernel.interrupts import parse
from irq_server.kernel.procfs import Procfs
from irq_server.kernel.topology import Topology
from irq_server.store.store import Store
from irq_server.web.exposition import encode
from irq_server.web.sampled_metrics import SampledMetrics

pytestmark = pytest.mark.slow

START = 1767225600.0
Cells = dict[str, list[int]]


class Simulated:
    """A machine of numbered IRQs, its store, and what a scraper got of it so far."""

    def __init__(self, folder: Path, cells: Cells, interval: float, max_series: int = 2000) -> None:
        """Sample nothing yet."""
        self.cells = cells
        self._folder = folder
        self._interval = interval
        self._max_series = max_series
        self._boot = 0
        self.moment = START
        self.scraped: dict[str, list[str]] = {}
        self.start()

    def start(self) -> None:
        """Start the server."""
        self._store = Store(self._folder, interval_seconds=self._interval, sync="never")
        nowhere = self._folder / "none"
        self._sampled = SampledMetrics(
            self._store, Procfs(nowhere), Topology(nowhere), self._max_series
        )

    def restart(self) -> None:
        """Stop the server and start it again."""
        self._store.close()
        self.start()

    def boot(self) -> None:
        """Boot the machine: every cell is zero."""
        self._boot += 1
        self.cells = {irq: [0] * len(counts) for irq, counts in self.cells.items()}

    def sample(self) -> None:
        """Take a sample, an interval after the last one."""
        self.moment += self._interval
        width = len(next(iter(self.cells.values())))
        rows = [
            f"{irq}: {' '.join(str(n % 2**32) for n in counts)} PCI-MSI {irq}-edge eth{irq}"
            for irq, counts in self.cells.items()
        ]
        header = " ".join(f"CPU{cpu}" for cpu in range(width))
        snapshot = parse("\n".join([f"     {header}", *rows]) + "\n")
        self._store.append(snapshot, str(self._boot), self.moment, self._interval)

    def scrape(self) -> None:
        """Take what the counters of interrupts show."""
        for family in self._sampled.families():
            if family.name in ("irq_interrupts", "irq_cpu_interrupts"):
                _, _, *lines = encode([family], openmetrics=True).splitlines()
                self.scraped.setdefault(family.name, []).extend(lines)

    @contextmanager
    def prometheus(self) -> Iterator[Engine]:
        """Run Prometheus on the samples that were scraped."""
        table = self._folder / "scraped.om"
        with table.open("w") as output:
            for name, lines in self.scraped.items():
                output.write(f"# TYPE {name} counter\n" + "\n".join(lines) + "\n")
            output.write("# EOF\n")
        folder = self._folder / "engine"
        command = [engines.program("prometheus", "promtool"), "tsdb", "create-blocks-from"]
        subprocess.run(
            [*command, "openmetrics", table, folder / "prometheus"], check=True, capture_output=True
        )
        nothing = engines.scraping(self._folder, {}, "1m")
        with engines.prometheus(folder, nothing, "--storage.tsdb.retention.time=99y") as engine:
            yield engine


@pytest.mark.parametrize(("scrape", "evaluation"), [(15, 30), (20, 1)])
def test_a_steady_rate_is_seen_steady(tmp_path: Path, scrape: int, evaluation: int):
    """Sample each 10 s and scrape less often.

    If the scrapes are no multiple of the samples, these lie 10 s and 20 s apart, and `rate` is only
    steady at each second time. By the samples' own times, a rate is right at any moment.
    """
    machine = Simulated(tmp_path, {"24": [0, 7]}, interval=10.0)
    for second in range(0, 1200, 5):
        if second % 10 == 0:
            machine.cells["24"][0] += 675_000
            machine.sample()
        if second % scrape == 0:
            machine.scrape()

    load = 'irq_cpu_interrupts_total{cpu="0",kind="device"}'
    seconds = f"(timestamp({load}) - timestamp({load} offset 2m))"
    with machine.prometheus() as engine:
        for phase in range(0, evaluation, 3):
            moments = [START + 600 + phase + evaluation * number for number in range(10)]
            rates = [engine.query(f"rate({load}[2m])", at)[()] for at in moments]
            assert max(rates) - min(rates) <= 0.01 * max(rates)
            exact = engine.query(f"({load} - {load} offset 2m) / {seconds}", moments[0])
            assert exact == {(): 67_500}


def test_two_days_of_cells_that_come_and_go_are_counted_exactly(tmp_path: Path):
    """The busy cells change each hour, and rates grow, so that series are hidden and come back."""
    dice, width, step = random.Random(2026), 4, 60
    cells = {str(24 + irq): [0] * width for irq in range(100)}
    machine = Simulated(tmp_path, cells, interval=step, max_series=50)
    truth = [0] * width
    machine.sample()
    machine.scrape()
    for minute in range(2 * 1440):
        if minute % 60 == 0:
            busy = dice.sample([(irq, cpu) for irq in cells for cpu in range(width)], 30)
            more = 1.2 ** (minute // 60)
        if minute in (700, 1900):
            machine.restart()
        if minute == 1300:
            machine.boot()
        for irq, cpu in busy:
            fired = dice.randrange(int(100 * more))
            machine.cells[irq][cpu] += fired
            truth[cpu] += fired
        machine.sample()
        machine.scrape()

    expression = "sum by (cpu) ({0}_over_time(irq_interrupts_total[{1}s]))"
    window = int(machine.moment - START)
    with machine.prometheus() as engine:
        least, most = (
            engine.query(expression.format(which, window), machine.moment, "cpu")
            for which in ("min", "max")
        )
        falls = engine.query(f"sum(resets({{__name__=~'irq.*'}}[{window}s]))", machine.moment)
        points = f"count_over_time(irq_interrupts_total[{window}s])"
        hidden = engine.query(f"count({points} < {window // step})", machine.moment)
    assert falls == {(): 0}
    assert hidden[()] > 100
    assert {cpu: most[cpu] - least[cpu] for cpu in most} == {
        (str(cpu),): total for cpu, total in enumerate(truth)
    }
