"""Whatever a client asks, the answer is JSON, CSV or a problem, and never a failure."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import pace
from irq_server.kernel.procfs import Procfs
from irq_server.sampling.sampler import Sampler
from irq_server.store.store import Store
from irq_server.web.app import create_app
from simulated import FakeClock, Machine

START = 1767225600.0  # 2026-01-01T00:00:00Z

PATHS = (
    "/interrupts",
    "/irqs",
    "/irqs/24",
    "/irqs/I/O",
    "/irqs/THR%232",
    "/irqs/ERR",
    "/irqs/FIQ",
    "/irqs/99",
    "/irqs/24/affinity",
    "/irqs/LOC/affinity",
    "/cpus",
    "/cpus/0",
    "/cpus/7",
    "/cpus/-1",
    "/cpus/999999999999999999999",
    "/series",
    "/events",
    "/status",
    "/nothing",
)
NAMES = (
    "start",
    "end",
    "period",
    "period_seconds",
    "irq",
    "cpu",
    "device",
    "nonzero",
    "top",
    "step",
    "by",
    "format",
    "perod",
)
VALUES = (
    "",
    "0",
    "1",
    "-1",
    "5",
    "now",
    "-15m",
    "-999999999999d",
    "999999999999d",
    "0.0001",
    "253402300799",
    "253402300800",
    "1767225605",
    "1767225600.0005",
    "2026-01-01T00:00:05Z",
    "2026-01-01T00:00:05",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999Z",
    "24",
    "I/O",
    "ERR",
    "FIQ",
    "THR#2",
    "99",
    "0-1",
    "0-65535",
    "0-65536",
    "[",
    "*",
    "[!",
    "eth*",
    "\u0663",
    "\x00",
    "true",
    "json",
    "csv",
    "cpu",
    "irq,cpu",
    "9" * 5000,
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """An application over a store of three samples, with every kind of row."""
    root = tmp_path_factory.mktemp("requests")
    machine = Machine(root / "proc")
    machine.device(24, "eth0")
    machine.add("I/O", "subtotal")
    machine.add("THR", "Threshold")
    machine.add("THR#2", "Other threshold")
    machine.add("LOC", "Local timer interrupts")
    machine.figures["ERR"] = 1
    machine.texts["FIQ"] = "usb_fiq"
    machine.set_affinity(24, "0-1", "0")
    clock = FakeClock(START)
    store = Store(root / "data", interval_seconds=10.0)
    assert machine.root
    procfs = Procfs(machine.root)
    sampler = Sampler(procfs, store, clock)
    for _ in range(3):
        machine.fire("24", 1, 5)
        machine.fire("I/O", 0, 7)
        machine.show()
        sampler.sample(round(clock.now() * 1000))
        clock.advance(10)
    yield create_app(store, sampler, procfs, clock.now).test_client()
    store.close()


@given(
    path=st.sampled_from(PATHS),
    pairs=st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES)), max_size=3),
    accept=st.sampled_from(["*/*", "text/csv", "application/json;q=0.1, text/csv", "text/html"]),
)
@example(path="/interrupts", pairs=[("end", "-999999999999d")], accept="*/*")
@example(path="/irqs/ERR", pairs=[("cpu", "0")], accept="*/*")
@example(path="/irqs/FIQ", pairs=[("cpu", "1")], accept="text/csv")
@settings(
    max_examples=pace.examples(400),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_request_is_answered(
    client: FlaskClient, path: str, pairs: list[tuple[str, str]], accept: str
):
    answer = client.get(f"/api/v1{path}?{urlencode(pairs)}", headers={"Accept": accept})

    assert answer.status_code in (200, 400, 404, 406), answer.text
    if answer.status_code == 200:
        assert answer.mimetype in ("application/json", "text/csv")
    else:
        assert answer.mimetype == "application/problem+json"
        assert answer.get_json()["status"] == answer.status_code
    if answer.status_code == 400:
        assert answer.get_json()["parameter"] in dict(pairs)


@given(path=st.text(alphabet="/irqscpu0249#%.-\\\x00\n\u00e9 ", max_size=20))
@settings(
    max_examples=pace.examples(200),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_path_is_answered(client: FlaskClient, path: str):
    answer = client.get(f"/api/v1/{path}")

    assert answer.status_code in (200, 308, 400, 404)


def test_a_cpu_with_leading_zeros_is_that_cpu(client: FlaskClient):
    answers = [client.get(f"/api/v1/cpus/{cpu}?period=1h") for cpu in ("1", "0000000001")]

    assert [each.get_json()["cpu"] for each in answers] == [1, 1]


def test_a_window_from_long_before_1970_starts_at_the_first_sample(client: FlaskClient):
    window = client.get("/api/v1/cpus?start=-999999999999d&end=now").get_json()["window"]

    assert window["requested"]["start"] == "1970-01-01T00:00:00.000Z"
    assert window["start"] == "2026-01-01T00:00:00.000Z"
    assert window["complete"] is False


@pytest.mark.parametrize("path", ["/irqs/24", "/irqs/24/affinity", "/cpus/0", "/interrupts?irq=9"])
def test_without_a_sample_even_a_name_is_not_known_to_be_wrong(
    tmp_path: Path, machine: Machine, path: str
):
    assert machine.root
    procfs = Procfs(machine.root)
    store = Store(tmp_path / "data")
    client = create_app(store, Sampler(procfs, store), procfs).test_client()

    answer = client.get(f"/api/v1{path}")

    store.close()
    assert answer.status_code == 503
    assert "no sample was taken yet" in answer.get_json()["detail"]
