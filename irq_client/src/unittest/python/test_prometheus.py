"""The whole program with --prometheus: every command, many hosts, and who contradicts whom."""

import json
import re
import shlex
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import Engine
from irq_client.cli import main
from irq_client.command_line import completion
from prometheus.test_host_client import T, machine
from service import WebService
from terminal import streams, written

PAGE = Path(__file__).parents[3] / "docs/prometheus.md"
BLOCKS = re.findall(
    r"^```console\n\$ (irq_client .*)\n((?:.*\n)*?)```$", PAGE.read_text("utf-8"), re.M
)
WINDOW = ("--start", "2026-01-01T00:00:13Z", "--end", "2026-01-01T00:01:15Z")


@pytest.fixture
def service() -> Iterator[WebService]:
    """Serve two hosts with an irq_server, of which the second is worse, and one without."""
    engine = Engine(T + 125_000)
    machine(engine, "web1:5000")
    machine(engine, "web2:5000", rate=500)
    for moment in range(T, T + 121_000, 15_000):
        engine.add("up", [(moment, 1.0)], instance="old1:9100")
        engine.add("up", [(moment, 1.0)], instance="db:9100")  # without that collector
    samples = [(T + 15_000 * number, 60.0 * number) for number in range(9)]
    labels = {"type": "36", "devices": "1-edge eth0", "cpu": "0"}
    for instance in ("old1:9100", "web1:9100"):
        engine.add("node_interrupts_total", samples, instance=instance, **labels)
    with WebService(engine.answer) as found:
        yield found


def rows(output: str) -> list[str]:
    """Return the lines of a table, with single blanks."""
    return [" ".join(line.split()) for line in output.splitlines()]


def run(service: WebService, *argv: str, typed: str | None = None) -> tuple[int, str, str]:
    given = streams({"IRQ_CLIENT_PROMETHEUS": service.url}, typed=typed)
    status = main(argv, given)
    return status, written(given.stdout), written(given.stderr)


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        (["overview", *WINDOW], "Calm: CPU 0 takes 56% of what devices ask (10.0/s)."),
        (["irqs", *WINDOW], "36 eth0 600 10.0"),
        (["irq", "eth0", *WINDOW], "IRQ 36 (eth0)"),
        (["cpus", *WINDOW], "imbalance 1.11"),
        (["cpu", "1", *WINDOW], "37 nvme0q1 90 1.5"),
        (["history", "--step", "20s", *WINDOW], "interrupts per second: mean 19.4, max 19.4"),
        (["heatmap", "--step", "20s", *WINDOW], "in steps of 20 s, by cpu"),
        (
            ["top", "--count", "1"],
            "19.4/s devices 18.0/s imbalance 1.11 busiest CPU0 10.0/s mean 9.0/s",
        ),
        (["status"], "last sample 2026-01-01 00:02:00 UTC"),
        (["watch", "imbalance"], "1.11"),
        (
            ["events", "--period", "2m"],
            "2026-01-01 00:00:50 UTC affinity 2 changes; its irq_server knows which, and by whom",
        ),
        (
            ["effect", "2026-01-01T00:01:00Z"],
            "IRQ 36 eth0 10.0 10.0 = CPU0 100% CPU0 100%",
        ),
    ],
)
def test_every_command_shows_a_host(service: WebService, argv: list[str], line: str):
    status, output, messages = run(service, "--host", "web1", *argv)

    assert (status, messages) == (0, "")
    assert line in rows(output)


def test_the_worst_balanced_host_comes_first_and_one_without_a_server_last(service: WebService):
    status, output, messages = run(service, "cpus", "--format", "json", *WINDOW)
    answers = [json.loads(line) for line in output.splitlines()]

    assert (status, messages) == (0, "")
    assert [each["server"] for each in answers] == ["web2:5000", "web1:5000", "old1:9100"]
    notes = [each["answer"]["window"].get("note") for each in answers]
    assert notes == [None, None, "extrapolated; CPU numbers are columns"]


def test_a_table_has_the_hosts_and_says_which_is_not_exact(service: WebService):
    _, output, _ = run(service, "cpus", *WINDOW)

    assert "old1:9100: extrapolated; CPU numbers are columns" in output.splitlines()
    assert "web2:5000 0 3,042 50.7 3,000" in rows(output)


def test_a_pattern_is_answered_as_many_hosts_and_a_name_as_one(service: WebService):
    for pattern, heading in (("web1*", "server,cpu,total,rate,devices"), ("web1", "cpu,total")):
        _, output, _ = run(service, "cpus", "--format", "csv", "--host", pattern, *WINDOW)
        assert output.splitlines()[0].startswith(heading)


@pytest.mark.parametrize(
    ("argv", "status", "message"),
    [
        (["cpus", "--host", "db*"], 3, "no host there matches 'db*' and has samples in the window"),
        (["affinity", "36"], 1, "only the hosts' irq_servers know affinities; --server asks one"),
        (["affinity", "36", "0", "--yes"], 1, "only the hosts' irq_servers know affinities; "),
        (["watch", "imbalance"], 2, "watch takes one host; give one --host"),
        (["irq", "99", "--host", "web1"], 3, "no IRQ is named '99'; near: 36"),
        (
            ["events", "--irq", "36", "--host", "web1"],
            1,
            "which IRQs' affinities changed; --server",
        ),
        (["cpus", "--prometheus", "a", "--server", "b"], 2, "--prometheus and --server contradict"),
        (
            ["cpus", "--host", "a\nb"],
            2,
            "--host: expected a host or a shell pattern such as 'web*'",
        ),
        (["cpus", "--host", "x", "--server", "b"], 2, "--host is for --prometheus"),
        (["cpus", "--prometheus", "http://127.0.0.1:9"], 5, "is Prometheus running there?"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    service: WebService, argv: list[str], status: int, message: str
):
    found, output, messages = run(service, *argv)

    assert (found, output) == (status, "")
    assert message in messages
    assert messages.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "environment", "status", "message"),
    [
        (["--server", "h"], {"PROMETHEUS": "p"}, 5, "is irq_server running there?"),
        (["--prometheus", "p"], {"SERVER": "h"}, 5, "is Prometheus running there?"),
        ([], {"PROMETHEUS": "p", "SERVER": "h"}, 2, "IRQ_CLIENT_SERVER contradict each other"),
        ([], {"CONFIG": "file", "SERVER": "h"}, 5, "is irq_server running there?"),
        ([], {"CONFIG": "file"}, 5, "is Prometheus running there?"),
    ],
)
def test_the_nearest_place_says_whom_to_ask(
    tmp_path: Path,
    options: list[str],
    environment: dict[str, str],
    status: int,
    message: str,
):
    values = {"p": "127.0.0.1:9", "h": "127.0.0.1:9", "file": str(tmp_path / "file")}
    (tmp_path / "file").write_text('prometheus = "127.0.0.1:9"\n')
    words = [values.get(each, each) for each in options]
    given = streams({f"IRQ_CLIENT_{name}": values[each] for name, each in environment.items()})

    assert main(["cpus", *words], given) == status
    assert message in written(given.stderr)


@pytest.mark.parametrize(
    "argv", [["cpus"], ["cpus", "-f", "csv"], ["history"], ["top", "--count", "1"], ["irq", "36"]]
)
def test_the_name_of_a_host_commands_no_terminal(argv: list[str]):
    engine = Engine(T + 125_000)
    for instance in ("a\x1b[2J", "b"):
        machine(engine, instance)
    with WebService(engine.answer) as service:
        status, output, messages = run(service, *argv)

    assert (status, messages) == (0, "")
    assert "\x1b" not in output
    assert r"a\x1b[2J" in output


def test_a_token_is_sent_with_every_request(service: WebService, tmp_path: Path):
    (tmp_path / "token").write_text("secret")
    (tmp_path / "token").chmod(0o600)

    run(service, "cpus", "--token-file", str(tmp_path / "token"), "--host", "web1", *WINDOW)

    assert len(service.requests) > 5
    assert {each.headers["authorization"] for each in service.requests} == {"Bearer secret"}


@pytest.mark.parametrize(("command", "output"), BLOCKS)
def test_the_examples_of_the_page_print_what_it_shows(
    service: WebService, command: str, output: str
):
    _, shown, messages = run(service, *shlex.split(command)[1:])

    assert shown + messages == output


def test_the_shell_is_offered_the_hosts(service: WebService):
    offer = completion._hosts({"IRQ_CLIENT_PROMETHEUS": service.url})

    assert offer(Namespace()) == ["web2:5000", "web1:5000", "old1:9100"]
    assert completion._hosts({})(Namespace()) == ()
