"""Stock Prometheus and VictoriaMetrics count what the server counts, to the interrupt."""

import json
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

import engines
import pages
from conftest import COMMAND, Server, Tree, wait_until
from engines import Engine

pytestmark = pytest.mark.slow

SHARE = COMMAND.parent.parent / "share/irq_server/prometheus"
PAGE = Path(__file__).parents[3] / "docs/prometheus.md"
OTHER_BOOT = "22222222-0000-0000-0000-000000000000"
Counts = dict[tuple[str, ...], float]


def promtool(*arguments: object) -> str:
    """Run promtool, which must find no fault; return its words."""
    command = engines.program("prometheus", "promtool")
    done = subprocess.run(
        [command, *map(str, arguments)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_rules_are_clean_and_do_what_their_tests_say():
    assert "12 rules found" in promtool("check", "rules", SHARE / "irq_server_rules.yml")
    assert "SUCCESS" in promtool("test", "rules", SHARE / "irq_server_rules_test.yml")


@pytest.mark.parametrize(("name", "kind"), [("prometheus.yml", ()), ("agent.yml", ("--agent",))])
def test_the_configurations_are_right(name: str, kind: tuple[str, ...]):
    promtool("check", "config", "--syntax-only", *kind, SHARE / name)


def test_vmagents_configuration_is_right():
    command = engines.program("victoria-metrics", "vmagent")
    arguments = (f"-promscrape.config={SHARE / 'vmagent.yml'}", "-remoteWrite.url=http://127.0.0.1")
    done = subprocess.run([command, *arguments, "-dryRun"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


# ---- counts -------------------------------------------------------------------------------------


@dataclass
class Machine:
    """A machine whose counters a test moves, and its server."""

    name: str
    tree: Tree
    server: Server


@pytest.fixture
def machines(tmp_path: Path, start: Callable[..., Server]) -> list[Machine]:
    """Three machines: the usual one, one without its CPU 1, and one of sixteen CPUs."""
    made = []
    for name, cpus in (("web", [0, 1]), ("arm", [0, 2, 3]), ("large", list(range(16)))):
        folder = tmp_path / name
        folder.mkdir()
        tree = Tree(folder / "proc")
        tree.cpus = cpus
        tree.cells = {"24": [2**32 - 2000] * len(cpus), "LOC": [7] * len(cpus)}
        tree.show()
        made.append(Machine(name, tree, started(start, tree)))
    return made


def started(start: Callable[..., Server], tree: Tree, port: str = "0") -> Server:
    folder = tree.root.parent / "data"
    options = ("--procfs", tree.root, "--interval", "1s", "--data-dir", folder)
    return start(*options, "--port", port)


def fire(machine: Machine, step: int) -> None:
    """Count a little everywhere, and now and then much in a cell that never fired before."""
    tree, cpus = machine.tree, len(machine.tree.cpus)
    tree.fire("LOC", *(100 + cpu + step for cpu in range(cpus)))
    tree.fire("24", *(0 if cpu else 300 for cpu in range(cpus)))  # wraps at the seventh step
    if step % 3 == 0:
        irq = str(30 + step)
        tree.texts[irq] = f"PCI-MSIX-0000:00:03.0   {step}-edge      nvme0q{step}"
        tree.cells[irq] = [0] * cpus
        tree.fire(irq, *(50_000 if cpu == step % cpus else 0 for cpu in range(cpus)))


def both(folder: Path, targets: Mapping[str, str], held: ExitStack) -> list[Engine]:
    configuration = engines.scraping(folder, targets, "1s")
    runs = (engines.prometheus, engines.victoria_metrics)
    return [held.enter_context(run(folder, configuration)) for run in runs]


def moments(engine: Engine, machine: Machine, since: float) -> list[float]:
    """Return the moments of the samples that an engine has of a machine, after `since`."""
    expression = (
        f'timestamp(irq_cpu_interrupts_total{{instance="{machine.name}",kind="own",cpu="0"}})'
    )
    now, found = time.time(), set()
    while now > since:
        found |= {at for at in engine.query(expression, now).values() if at > since}
        now -= 0.5
    return sorted(found)


def in_window(engine: Engine, family: str, machine: Machine, start: float, end: float) -> Counts:
    """Return the counts by CPU between two moments: two instant queries, and a subtraction."""
    expression = f'sum by (cpu) ({family}{{instance="{machine.name}"}})'
    before, after = (engine.query(expression, moment, "cpu") for moment in (start, end))
    return {cpu: n - before[cpu] for cpu, n in after.items()}


def on_server(machine: Machine, start: float, end: float) -> Counts:
    answer = machine.server.json("/api/v1/cpus", start=f"{start:.3f}", end=f"{end:.3f}")
    edges = [
        datetime.fromisoformat(answer["window"][edge]).timestamp() for edge in ("start", "end")
    ]
    assert edges == [start, end]
    return {(str(each["cpu"]),): each["total"] for each in answer["cpus"]}


def test_every_count_is_exact_over_bursts_wraps_boots_and_restarts(
    machines: list[Machine], start: Callable[..., Server], tmp_path: Path
):
    ports = {machine.name: machine.server.url for machine in machines}
    with ExitStack() as held:
        running = both(tmp_path, ports, held)
        began = time.time()
        wait_until(lambda: all(len(moments(each, machines[2], began)) > 1 for each in running))
        for step in range(24):
            for machine in machines:
                fire(machine, step)
            if step == 8:
                machines[0].tree.boot(OTHER_BOOT)
            if step == 16:
                port = machines[1].server.url.rpartition(":")[2]
                machines[1].server.kill()
                machines[1].server = started(start, machines[1].tree, port)
            time.sleep(1.0)
        for machine in machines:
            machine.server.wait_for_samples(2)
        compared = 0
        for engine in running:
            for machine in machines:
                seen = moments(engine, machine, began)
                assert len(seen) >= 10
                for first, last in ((seen[0], seen[-2]), (seen[2], seen[-3]), (seen[4], seen[9])):
                    truth = on_server(machine, first, last)
                    for family in ("irq_cpu_interrupts_total", "irq_interrupts_total"):
                        assert in_window(engine, family, machine, first, last) == truth
                        compared += len(truth)
                    assert sum(truth.values()) > 50_000
        assert compared == 2 * 3 * 2 * (2 + 3 + 16)


def shipped(folder: Path, name: str, server: str, receiver: str) -> Path:
    """Return a copy of a shipped configuration for this server and receiver, and 1 s intervals."""
    text = (SHARE / name).read_text()
    for old, new in (
        ("127.0.0.1:5000", server.removeprefix("http://")),
        ("https://metrics.example.org", receiver),
        ("scrape_interval: 10s", "scrape_interval: 1s"),
    ):
        assert old in text
        text = text.replace(old, new)
    (folder / name).write_text(text)
    return folder / name


def test_a_receiver_that_is_killed_misses_nothing_behind_an_agent(
    tmp_path: Path, start: Callable[..., Server], tree: Tree
):
    """Two agents scrape one server at once, each with a receiver of its own kind."""
    machine = Machine("web1.example.org", tree, started(start, tree))
    ports = [engines.free_port(), engines.free_port()]
    urls = [f"http://127.0.0.1:{port}" for port in ports]
    nothing = engines.scraping(tmp_path, {}, "1s")

    def receive() -> list[Engine]:
        write = "--web.enable-remote-write-receiver"
        return [
            receivers.enter_context(engines.prometheus(tmp_path, nothing, write, port=ports[0])),
            receivers.enter_context(engines.victoria_metrics(tmp_path, None, port=ports[1])),
        ]

    with ExitStack() as receivers, ExitStack() as agents:  # which end first, as they flush
        running = receive()
        folder = tmp_path / "agents"
        folder.mkdir()
        config = shipped(folder, "agent.yml", machine.server.url, urls[0])
        agents.enter_context(engines.prometheus(folder, config, "--enable-feature=agent"))
        config = shipped(folder, "vmagent.yml", machine.server.url, urls[1])
        agents.enter_context(engines.vmagent(folder, config, f"{urls[1]}/api/v1/write"))
        began = time.time()
        wait_until(lambda: all(len(moments(each, machine, began)) > 1 for each in running))
        for step in range(27):
            if step == 6:
                killed = time.time()
                for each in running:
                    each.kill()
            if step == 21:
                running = receive()
                back = time.time()
            fire(machine, step)
            time.sleep(1.0)
        wait_until(lambda: all(moments(each, machine, back + 3) for each in running))
        for engine in running:
            seen = moments(engine, machine, began)
            meanwhile = [at for at in seen if killed < at < back]
            assert len(meanwhile) >= 10
            for first, last in (
                (seen[0], seen[-1]),
                (seen[0], meanwhile[5]),
                (meanwhile[2], seen[-1]),
            ):
                truth = on_server(machine, first, last)
                assert sum(truth.values()) > 50_000
                for family in ("irq_cpu_interrupts_total", "irq_interrupts_total"):
                    assert in_window(engine, family, machine, first, last) == truth


def expressions() -> dict[str, str]:
    """Return every expression of the Grafana dashboard, its variables filled in, by its title."""
    dashboard = json.loads((SHARE / "grafana-irq_server.json").read_text())
    found = {
        panel["title"]: target["expr"]
        for panel in dashboard["panels"]
        for target in panel["targets"]
    }
    found |= {each["name"]: each["expr"] for each in dashboard["annotations"]["list"]}
    filled = {"$job": "irq_server", "$instance": "web", "$__range": "1h"}
    return {title: _filled(each, filled) for title, each in found.items()}


def _filled(expression: str, variables: Mapping[str, str]) -> str:
    for name, value in variables.items():
        expression = expression.replace(name, value)
    return expression


def test_prometheus_evaluates_every_expression_of_the_dashboard_and_of_the_page(tmp_path: Path):
    page = [each.text for each in pages.blocks(PAGE) if each.language == "promql"]
    with engines.prometheus(tmp_path, engines.scraping(tmp_path, {}, "1s")) as engine:
        for expression in (*expressions().values(), *page):
            engine.query(expression, time.time())
    assert len(expressions()) == 11
    assert page != []
