"""The three wheels together, with every Python that is here, on this machine."""

import csv
import io
import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import ROOT, START_SECONDS, Running, serving

SAMPLES = 4


@pytest.fixture(scope="module")
def running(commands: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    data = tmp_path_factory.mktemp("history")
    with serving(commands, data, "--interval", "200ms") as found:
        yield found


def counters() -> dict[str, int]:
    """Read /proc/interrupts by hand; return the total of each row that has a cell for every CPU."""
    header, *lines = Path("/proc/interrupts").read_text().splitlines()
    cpu_count = len(header.split())
    totals = {}
    for line in lines:
        irq, _, rest = line.partition(":")
        cells = rest.split()[:cpu_count]
        if len(cells) == cpu_count and all(cell.isdecimal() for cell in cells):
            totals[irq.strip()] = sum(map(int, cells))
    return totals


def samples_taken(running: Running) -> int:
    return json.loads(running.client("--format", "json", "status"))["sampler"]["samples"]


def wait_for_samples(running: Running) -> None:
    target = samples_taken(running) + SAMPLES
    deadline = time.monotonic() + START_SECONDS
    while samples_taken(running) < target:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_dry_run_names_every_numbered_irq_of_this_machine(running: Running):
    report = json.loads(
        running.run("irqbalance", "--dry-run", "--interval", "1s", "--format", "json")
    )

    numbered = {irq for irq in counters() if irq.isdecimal()}
    assert numbered <= {each["irq"] for each in report["irqs"]}
    assert {each["status"] for each in report["irqs"]} <= {"planned", "kept", "fixed"}
    assert report["balance"]["after"]["max"] <= report["balance"]["before"]["max"]


def test_the_client_shows_what_the_kernel_counted_between_two_readings(running: Running):
    wait_for_samples(running)
    start = json.loads(running.client("--format", "json", "status"))["store"]["newest"]
    inner_before = counters()
    wait_for_samples(running)
    inner_after = counters()
    wait_for_samples(running)
    answer = json.loads(running.client("--format", "json", "overview", "--start", start))
    outer_after = counters()

    told = {each["irq"]: each["total"] for each in answer["irqs"]}
    for irq, before in inner_before.items():
        at_least = inner_after[irq] - before
        assert told[irq] >= at_least, irq
    outside = sum(outer_after.values()) - sum(inner_before.values())
    assert 0 < answer["total"] <= 2 * outside + 1000


def test_the_three_forms_of_an_answer_agree(running: Running):
    wait_for_samples(running)
    newest = json.loads(running.client("--format", "json", "status"))["store"]["newest"]
    window = ("--end", newest, "--period", "1s")
    answer = json.loads(running.client("--format", "json", "overview", *window))
    rows = list(csv.DictReader(io.StringIO(running.client("--format", "csv", "overview", *window))))
    table = running.client("overview", *window, "--all")

    in_csv: dict[str, int] = {}
    for row in rows:
        in_csv[row["irq"]] = in_csv.get(row["irq"], 0) + int(row["count"])
    assert in_csv == {each["irq"]: each["total"] for each in answer["irqs"]}
    for each in answer["irqs"]:
        assert re.search(rf"(?m)^\W*{re.escape(each['irq'])}\b", table), each["irq"]


def test_affinities_are_those_of_proc(running: Running):
    irq = sorted(path.name for path in Path("/proc/irq").iterdir() if path.name in counters())[0]
    shown = json.loads(running.client("--format", "json", "affinity", irq))

    assert shown["affinity"] == Path(f"/proc/irq/{irq}/smp_affinity_list").read_text().strip()


def test_an_unknown_irq_and_a_missing_server_have_their_exit_statuses(running: Running):
    running.client("irq", "no-such-irq", status=3)
    running.run("irq_client", "--server", "http://127.0.0.1:9", "overview", status=5)
    running.client("overview", "--period", "nonsense", status=2)


def test_the_history_is_plain_csv(running: Running):
    wait_for_samples(running)
    (segment,) = running.data.glob("raw/*/*.csv")

    lines = segment.read_text().splitlines()

    assert lines[0] == "time,irq,cpu,count"
    assert re.fullmatch(r"[0-9]+\.[0-9]{3},[^,]+,[0-9]*,[0-9]+", lines[1])


@pytest.mark.slow
def test_the_readmes_first_command_ends_well_in_a_fresh_clone(tmp_path: Path):
    subprocess.run(["git", "clone", "--quiet", ROOT, tmp_path / "clone"], check=True)
    block = re.search(r"^```sh\n(.*?)^```", (ROOT / "README.md").read_text(), re.M | re.S)
    assert block

    done = subprocess.run(
        ["sh", "-c", block[1]],
        cwd=tmp_path / "clone",
        capture_output=True,
        text=True,
        timeout=300,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
    )

    assert done.returncode == 0, done.stderr
    assert "imbalance" in done.stdout
    assert "LOC" in done.stdout
