"""irq_client --prometheus says what irq_server says, from what Prometheus and VictoriaMetrics store.

One machine counts for three minutes, while it boots again, a CPU goes and comes, and a row's series
is hidden and shown again. Every command's figures are then compared.
"""

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

import engines
from conftest import Running, install, serving

pytestmark = pytest.mark.slow

HELD_SECONDS = 122
"""So long a series stays at its first value after it is first shown."""

KEPT, HIDDEN, BUSY = "25", "24", "26"
"""Rows: one whose series is always shown, one that loses its place to another, and that one."""

TEXTS = {"24": "PCI-MSI 1-edge eth0", "25": "PCI-MSI 2-edge eth1", "26": "PCI-MSI 3-edge nvme0q1"}


class Machine:
    """A tree in the place of /proc, which this test alone changes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.cpus = [0, 1, 2]
        self.cells = {irq: dict.fromkeys(self.cpus, 0) for irq in (*TEXTS, "LOC")}
        self.errors = 0
        (root / "sys/kernel/random").mkdir(parents=True)
        self.boot(1)
        self.fire(HIDDEN, 0, 400)  # the two largest have a series; one has far more than the others
        self.fire(KEPT, 1, 10_000_000)

    def boot(self, number: int) -> None:
        """Begin a boot: another boot id, another time, every cell at zero."""
        boot_id = f"{number}1111111-0000-0000-0000-000000000000\n"
        (self.root / "sys/kernel/random/boot_id").write_text(boot_id)
        (self.root / "stat").write_text(f"cpu 0 0\nbtime {1_767_225_600 + number}\n")
        self.cells = {irq: dict.fromkeys(cells, 0) for irq, cells in self.cells.items()}
        self.fire(KEPT, 1, 0)

    def fire(self, irq: str, cpu: int, count: int) -> None:
        self.cells[irq][cpu] += count
        header = "".join(f"CPU{cpu:<8}" for cpu in self.cpus)
        rows = [
            f"{irq}: {' '.join(str(cells[cpu]) for cpu in self.cpus)} {TEXTS.get(irq, 'Timer')}"
            for irq, cells in self.cells.items()
        ]
        fresh = self.root / "interrupts.new"
        fresh.write_text("\n".join([f"     {header}", *rows, f"ERR: {self.errors}"]) + "\n")
        fresh.rename(self.root / "interrupts")

    def tick(self, seconds: int) -> None:
        """Count every second: the timer on every CPU, one row on CPU 0, and one on CPU 1."""
        for _ in range(seconds):
            for cpu in self.cpus:
                self.fire("LOC", cpu, 5 + cpu)
            self.fire(HIDDEN, 0, 90)
            self.fire(KEPT, 1, 300)
            time.sleep(1.0)

    def live(self) -> None:
        """Count until every kind of change has happened."""
        self.tick(HELD_SECONDS)
        self.tick(25)
        self.fire(BUSY, 2, 200_000)  # takes the place of the hidden one
        self.tick(5)
        self.boot(2)
        self.tick(3)
        self.cpus, self.errors = [0, 1], 3
        self.tick(4)
        self.cpus = [0, 1, 2]
        self.tick(4)
        self.fire(HIDDEN, 0, 1_000_000)  # takes a place again
        self.tick(4)


@dataclass(frozen=True)
class Compared:
    """A server, and an engine that has its samples."""

    server: Running
    engine: str
    end: float
    """When all had happened, in Unix seconds."""

    def stored(self, *arguments: str) -> dict[str, object]:
        """Return an answer from the engine."""
        host = ("--prometheus", self.engine, "--host", "web1:5000")
        return json.loads(self.server.run("irq_client", *host, "--format", "json", *arguments))

    def served(self, *arguments: str) -> dict[str, object]:
        """Return an answer of the server."""
        return json.loads(self.server.client("--format", "json", *arguments))

    def both(self, *arguments: str, seconds: int) -> tuple[dict, dict]:
        """Return both answers about the window that the engine has of the last seconds."""
        window = window_of(self, seconds)
        stored, served = (ask(*arguments, *window) for ask in (self.stored, self.served))
        for name in ("start", "end"):
            assert stored["window"][name] == served["window"][name].replace(".000Z", "Z")
        for name in ("seconds", "complete", "resolution_seconds"):
            assert stored["window"][name] == served["window"][name], name
        return stored, served


@cache
def window_of(compared: Compared, seconds: int) -> tuple[str, ...]:
    """Return the options of the window between two samples that the engine has."""
    answer = compared.stored("cpus", "--end", f"{compared.end:.3f}", "--period", f"{seconds}s")
    return "--start", answer["window"]["start"], "--end", answer["window"]["end"]


@pytest.fixture(scope="module", params=["prometheus", "victoria_metrics"])
def compared(request: pytest.FixtureRequest, lived: "Lived") -> Compared:
    return Compared(lived.server, lived.engines[request.param], lived.end)


@dataclass(frozen=True)
class Lived:
    """The server of the machine, when it is quiet again, and the URLs of the engines."""

    server: Running
    engines: dict[str, str]
    end: float


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    folder = tmp_path_factory.mktemp("prometheus")
    commands = install(sys.executable, folder / "environment")  # one Python: this takes minutes
    machine = Machine(folder / "proc")
    trees = ("--procfs", machine.root, "--sysfs", folder / "sys")
    options = ("--interval", "1s", "--metrics-series", "2")
    with serving(commands, folder / "data", *trees, *options) as server:
        scraping = engines.scraping(folder, {"web1:5000": server.url}, "1s")
        with (
            engines.prometheus(folder, scraping) as one,
            engines.victoria_metrics(folder, scraping) as other,
        ):
            time.sleep(3.0)
            machine.live()
            end = time.time()
            time.sleep(3.0)  # an engine may show the newest samples a little later
            yield Lived(server, {"prometheus": one.url, "victoria_metrics": other.url}, end)


RECENT = [12, 35]
"""Windows from about the CPU's return on, and of all that happened."""

WINDOWS = pytest.mark.parametrize("seconds", [*RECENT, 130])
"""The last one is also of the time when every row still counted as ``other``."""


def without(answer: dict, *names: str) -> dict:
    return {name: value for name, value in answer.items() if name not in ("window", *names)}


def by_name(rows: list[dict], name: str = "irq") -> dict[str, dict]:
    return {row[name]: row for row in rows}


@WINDOWS
def test_cpus_and_their_imbalance_are_the_same(compared: Compared, seconds: int):
    stored, served = compared.both("cpus", seconds=seconds)

    assert without(stored) == without(served)
    assert stored["total"] > 300 * seconds / 2


@WINDOWS
@pytest.mark.parametrize("command", ["overview", "irqs"])
def test_every_row_counts_once(compared: Compared, command: str, seconds: int):
    stored, served = compared.both(command, seconds=seconds)

    assert stored["cpus"] == served["cpus"]
    assert stored["total"] == served["total"]
    assert stored.get("totals") == served.get("totals")
    rows, truth = by_name(stored["irqs"]), by_name(served["irqs"])
    names = ("device", "counts", "total", "rate")
    for irq in (KEPT, "ERR") if seconds in RECENT else ():
        assert [rows[irq][name] for name in names] == [truth[irq][name] for name in names]
    for irq in rows.keys() - {"other"}:
        assert rows[irq]["total"] <= truth[irq]["total"]
    sums = [sum(cells) for cells in zip(*(row["counts"] for row in rows.values() if row["counts"]))]
    assert sums == [
        sum(cells) for cells in zip(*(row["counts"] for row in truth.values() if row["counts"]))
    ]


def test_a_row_that_was_hidden_counts_what_it_counted_while_it_was_shown(compared: Compared):
    stored, served = compared.both("irq", HIDDEN, seconds=35)

    assert 0 < stored["total"] < served["total"]


@pytest.mark.parametrize("seconds", RECENT)
def test_one_irq_and_one_cpu_are_the_same(compared: Compared, seconds: int):
    stored, served = compared.both("irq", KEPT, seconds=seconds)
    names = ("irq", "device", "cpus", "counts", "total", "rate")
    assert [stored[name] for name in names] == [served[name] for name in names]

    stored, served = compared.both("cpu", "1", seconds=seconds)
    assert without(stored, "irqs") == without(served, "irqs")
    kept = without(by_name(served["irqs"])[KEPT], "description")  # the kernel's words
    assert by_name(stored["irqs"])[KEPT] == kept
    assert sum(row["total"] for row in stored["irqs"]) == stored["total"]


@WINDOWS
@pytest.mark.parametrize(
    ("command", "by"), [("history", "cpu"), ("history", "irq"), ("heatmap", "cpu")]
)
def test_points_are_the_same(compared: Compared, command: str, by: str, seconds: int):
    stored, served = compared.both(command, "--by", by, "--step", "4s", seconds=seconds)
    spans = {(each["start"], each["end"]): each for each in stored["points"]}
    truth = {
        tuple(each[name].replace(".000Z", "Z") for name in ("start", "end")): each
        for each in served["points"]
    }

    assert sum(each["total"] for each in stored["points"]) == sum(
        each["total"] for each in served["points"]
    )
    same = spans.keys() & truth.keys()  # an engine may miss a scrape
    assert len(same) > len(truth) / 2
    for span in same:
        assert spans[span]["total"] == truth[span]["total"]
        keys = truth[span]["counts"] if by == "cpu" else {KEPT} if seconds in RECENT else ()
        for key in keys:
            assert spans[span]["counts"].get(key) == truth[span]["counts"].get(key)


def test_boots_and_cpus_that_came_and_went_are_events(compared: Compared):
    stored, served = compared.both("events", seconds=60)

    def happened(answer: dict) -> list[tuple[str, int | None]]:
        kinds = ("boot", "cpu_offline", "cpu_online")
        return [(e["event"], e["cpu"]) for e in answer["events"] if e["event"] in kinds]

    assert happened(stored) == [("boot", None), ("cpu_offline", 2), ("cpu_online", 2)]
    assert happened(stored) == happened(served)


def test_the_status_is_that_of_the_server(compared: Compared):
    stored, served = compared.stored("status"), compared.served("status")

    for name in ("state", "interval_seconds", "last_error"):
        assert stored["sampler"][name] == served["sampler"][name]
    assert stored["store"]["damaged"] == served["store"]["damaged"] == 0
    assert [(each["cpu"], each["online"]) for each in stored["cpus"]] == [
        (each["cpu"], each["online"]) for each in served["cpus"]
    ]


def test_top_and_watch_show_the_same_figures(compared: Compared):
    host = ("--prometheus", compared.engine, "--host", "web1:5000")
    stored = json.loads(
        compared.server.run("irq_client", *host, "-f", "json", "top", "--count", "1", "-p", "9s")
    )
    window = (f"--{name}={stored['window'][name]}" for name in ("start", "end"))
    assert stored["totals"] == compared.served("overview", *window)["totals"]

    figure = compared.server.run("irq_client", *host, "watch", "imbalance", "--period", "600s")
    assert float(figure) > 1.0


def test_what_only_the_server_knows_is_one_sentence(compared: Compared):
    host = ("--prometheus", compared.engine, "--host", "web1:5000")
    status, output, messages = compared.server.attempt("irq_client", *host, "affinity", KEPT)

    assert (status, output) == (1, "")
    assert messages == "irq_client: only the hosts' irq_servers know affinities; --server asks one\n"
