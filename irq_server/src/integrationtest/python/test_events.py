"""The events of a machine and its server, in /events and in the contract's words."""

import csv
import io
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from conftest import Server, Tree, wait_until

OPTIONS = ("--interval", "200ms")
NEXT_BOOT = "22222222-0000-0000-0000-000000000000"


def events_of(server: Server, **parameters: object) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = server.json("/api/v1/events", period="1h", **parameters)[
        "events"
    ]
    return events


def kinds(events: list[dict[str, Any]]) -> list[str]:
    return [each["event"] for each in events]


def ready(start: Callable[..., Server], tree: Tree, data: Path) -> Server:
    server = start("--procfs", tree.root, "--data-dir", data, *OPTIONS)
    wait_until(lambda: server.get("/readyz").status_code == 200)
    return server


def without_cpu_1(tree: Tree) -> dict[str, list[int]]:
    """Take CPU 1 from the machine and return the cells as they were."""
    cells = tree.cells
    tree.cpus, tree.cells = [0], {irq: row[:1] for irq, row in cells.items()}
    tree.show()
    return cells


def test_what_happens_is_told_in_its_order(
    tree: Tree, start: Callable[..., Server], tmp_path: Path
):
    server = ready(start, tree, tmp_path / "data")
    server.wait_for_samples()

    tree.set_affinity("24", "0", "0")  # by anybody
    wait_until(lambda: "affinity" in kinds(events_of(server)))
    cells = without_cpu_1(tree)
    wait_until(lambda: "cpu_offline" in kinds(events_of(server)))
    tree.cpus, tree.cells = [0, 1], cells
    tree.show()
    wait_until(lambda: "cpu_online" in kinds(events_of(server)))
    tree.boot(NEXT_BOOT)
    tree.show()
    wait_until(lambda: "boot" in kinds(events_of(server)))
    server.kill()
    time.sleep(0.7)  # longer than 2.5 intervals without a sample, which is what makes a gap
    server = ready(start, tree, tmp_path / "data")
    assert server.stop() == 0
    server = ready(start, tree, tmp_path / "data")

    events = events_of(server)
    found = [(each["event"], each["irq"], each["cpu"]) for each in events]
    # a busy machine may make gaps of its own anywhere
    assert [each for each in found if each[0] != "gap"] == [
        ("start", None, None),
        ("affinity", "24", None),
        ("cpu_offline", None, 1),
        ("cpu_online", None, 1),
        ("boot", None, None),
        ("start", None, None),
        ("stop", None, None),
        ("start", None, None),
    ]
    assert "gap" in kinds(events)[kinds(events).index("boot") :]
    assert [each["detail"] for each in events if each["event"] == "affinity"] == ["0-1 -> 0"]
    times = [each["time"] for each in events]
    assert times == sorted(times)


def test_events_are_those_of_the_window_the_irqs_and_the_cpus_asked_for(
    tree: Tree, start: Callable[..., Server], tmp_path: Path
):
    server = ready(start, tree, tmp_path / "data")
    without_cpu_1(tree)
    wait_until(lambda: "cpu_offline" in kinds(events_of(server)))
    (offline,) = events_of(server, cpu="1")
    moment = datetime.fromisoformat(offline["time"]).timestamp()

    assert events_of(server, irq="24") == []
    edges = {"start": offline["time"], "end": "now"}
    later = server.json("/api/v1/events", **edges)["events"]
    assert offline not in later  # half-open: what is at the start belongs to the window before
    until = server.json("/api/v1/events", end=offline["time"], period="1h")["events"]
    assert until[-1] == offline

    text = server.get("/api/v1/events", period="1h", cpu="1", format="csv").text
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["event"], row["irq"], row["cpu"], row["detail"]) == ("cpu_offline", "", "1", "")
    assert abs(float(row["time"]) - moment) < 0.001
