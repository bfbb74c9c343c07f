"""An answer is of one moment, also while samples come faster than anybody can ask."""

import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from irq_server.kernel.procfs import Procfs
from irq_server.sampling.sampler import Sampler
from irq_server.store.store import Store
from irq_server.web.app import create_app
from simulated import Machine
from storing import START

ANSWERS = 60
"""Of each route. Before the newest sample was looked up once, one series in seven was wrong."""

PER_SECOND = 3
WINDOW = "start=1767225600&end=2100-01-01T00:00:00Z"


@pytest.fixture
def client(tmp_path: Path, machine: Machine) -> Iterator[FlaskClient]:
    """A server whose writer never rests: a second after the other, IRQ 24 fires thrice in each."""
    assert machine.root
    store, procfs = Store(tmp_path / "data", interval_seconds=1.0), Procfs(machine.root)
    stop, second = threading.Event(), 0

    def take() -> None:
        nonlocal second
        machine.fire("24", 1, PER_SECOND)
        store.append(machine.look(), machine.boot_id, START + second, 1.0)
        second += 1

    def write() -> None:
        while not stop.is_set():
            take()

    take()
    writer = threading.Thread(target=write)
    writer.start()
    yield create_app(store, Sampler(procfs, store), procfs, lambda: START + 1e7).test_client()
    stop.set()
    writer.join()
    store.close()


def ask(client: FlaskClient, path: str) -> dict[str, Any]:
    answer = client.get(f"/api/v1/{path}").get_json()
    assert "window" in answer, answer
    return answer


def seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


@pytest.mark.parametrize("by", ["total", "cpu", "irq", "irq,cpu"])
def test_the_points_of_a_series_add_up_to_its_window(client: FlaskClient, by: str):
    for _ in range(ANSWERS // 4):
        answer = ask(client, f"series?{WINDOW}&step=1h&by={by}")

        window, points = answer["window"], answer["points"]
        assert sum(each["total"] for each in points) == PER_SECOND * window["seconds"]
        assert all(seconds(each["end"]) <= seconds(window["end"]) for each in points)


@pytest.mark.parametrize("route", ["interrupts", "irqs", "irqs/24", "cpus", "cpus/1"])
def test_the_counts_are_those_of_the_window(client: FlaskClient, route: str):
    for _ in range(ANSWERS):
        answer = ask(client, f"{route}?{WINDOW}")

        assert answer["total"] == PER_SECOND * answer["window"]["seconds"]


def test_a_window_from_now_on_ends_where_it_starts(client: FlaskClient):
    # its start is looked up before its end, so that a second look at the newest shows
    for _ in range(4 * ANSWERS):
        window = ask(client, "cpus?start=1777225599&end=2100-01-01T00:00:00Z")["window"]

        assert window["start"] == window["end"]
