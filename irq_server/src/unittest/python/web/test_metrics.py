"""/metrics: counters that go on, bounded in number, and the server's own state."""

import errno
from collections.abc import Iterator
from pathlib import Path

import mock
import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from irq_server.kernel.procfs import Procfs
from irq_server.sampling.sampler import Sampler
from irq_server.store.history import Sample
from irq_server.store.segments.tier_shape import RAW
from irq_server.store.store import Store
from irq_server.store.totals import Identity
from irq_server.web.app import create_app
from irq_server.web.metrics import StoreCollector
from simulated import FakeClock, FaultyFiles, Machine

START = 1767225600.0
Values = dict[tuple[str, ...], float]


@pytest.fixture
def files() -> FaultyFiles:
    return FaultyFiles()


@pytest.fixture
def store(tmp_path: Path, files: FaultyFiles) -> Iterator[Store]:
    made = Store(tmp_path / "data", interval_seconds=10.0, files=files)
    yield made
    made.close()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(START)


@pytest.fixture
def sampler(machine: Machine, store: Store, clock: FakeClock) -> Sampler:
    assert machine.root
    machine.fire("24", 0, 1000)
    machine.fire("24", 1, 7)
    machine.fire("25", 1, 500)
    machine.fire("LOC", 0, 3)
    machine.figures["ERR"] = 2
    machine.show()
    return Sampler(Procfs(machine.root), store, clock)


def interrupts(collector: StoreCollector) -> Values:
    families = {family.name: family for family in collector.collect()}
    samples = families["irq_interrupts"].samples
    return {(each.labels["irq"], each.labels["cpu"]): each.value for each in samples}


def test_cells_that_fired_are_counters_and_zeros_are_left_out(sampler: Sampler, store: Store):
    sampler.sample(round(START * 1000))

    assert interrupts(StoreCollector(store, sampler)) == {
        ("24", "0"): 1000,
        ("24", "1"): 7,
        ("25", "1"): 500,
        ("LOC", "0"): 3,
    }


def test_the_busiest_cells_have_series_and_the_rest_is_other(
    sampler: Sampler, store: Store, machine: Machine, clock: FakeClock
):
    sampler.sample(round(START * 1000))
    collector = StoreCollector(store, sampler, max_series=2)
    busiest = {("24", "0"): 1000, ("25", "1"): 500}
    assert interrupts(collector) == busiest | {("other", "0"): 3, ("other", "1"): 7}

    machine.fire("24", 1, 10**6)
    machine.show()
    clock.advance(10)
    sampler.sample(round(clock.now() * 1000))

    # 24 on CPU 1 took the place of 25, and left with the others what it was counted as there
    assert interrupts(collector) == {
        ("24", "0"): 1000,
        ("24", "1"): 10**6 + 7,
        ("other", "0"): 3,
        ("other", "1"): 10**6 + 7,
    }


def test_a_restart_shows_the_same_series(
    sampler: Sampler, store: Store, machine: Machine, clock: FakeClock
):
    sampler.sample(round(START * 1000))
    before = interrupts(StoreCollector(store, sampler, max_series=2))
    machine.fire("24", 1, 900)  # busier than 25 now, by less than half
    machine.show()
    clock.advance(10)
    sampler.sample(round(clock.now() * 1000))

    after = interrupts(StoreCollector(store, sampler, max_series=2))

    assert after == before | {("other", "1"): 907}


@pytest.mark.parametrize("data", ["", "nonsense", '{"shown": []}'])
def test_a_damaged_file_of_series_is_told_and_not_used(
    sampler: Sampler, store: Store, data: str, caplog: pytest.LogCaptureFixture
):
    sampler.sample(round(START * 1000))
    (store.folder / "metrics.json").write_text(data)

    assert len(interrupts(StoreCollector(store, sampler))) == 4
    assert "metrics.json: not used" in caplog.text


def test_a_disk_that_takes_no_file_of_series_stops_no_metrics(
    sampler: Sampler, store: Store, files: FaultyFiles, caplog: pytest.LogCaptureFixture
):
    sampler.sample(round(START * 1000))
    files.broken["replace"] = errno.ENOSPC

    assert len(interrupts(StoreCollector(store, sampler))) == 4
    assert "metrics.json: a restart may show other series: No space left" in caplog.text


def test_a_large_machine_stays_below_400_kb_whatever_its_counts(sampler: Sampler, store: Store):
    state = {f"{irq},{cpu}": 10**15 + irq for irq in range(1000) for cpu in range(128)}
    seen = {
        str(irq): Identity(str(irq), device=f"mlx5_comp{irq}@pci:0000:b1:00.0")
        for irq in range(1000)
    }
    registry = CollectorRegistry(auto_describe=False)
    with (
        mock.patch.object(store.history, "_latest", Sample(START, state, RAW)),
        mock.patch.object(type(store.rows), "identities", seen),
    ):
        registry.register(StoreCollector(store, sampler))
        text = generate_latest(registry)

    assert len(text) < 400_000
    families = {each.name: each for each in text_string_to_metric_families(text.decode())}
    samples = families["irq_interrupts"].samples
    assert len([each for each in samples if each.labels["irq"] != "other"]) == 2000
    # exact in sum, within the limits of Prometheus' floats
    assert sum(each.value for each in samples) == pytest.approx(sum(state.values()), rel=1e-12)


def test_subtotals_are_in_no_series(sampler: Sampler, store: Store, machine: Machine):
    machine.add("EXT", "")
    machine.fire("EXT", 0, 99)
    machine.show()
    sampler.sample(round(START * 1000))

    assert ("EXT", "0") not in interrupts(StoreCollector(store, sampler))


def test_the_route_gives_prometheus_text_with_the_servers_own_state(
    sampler: Sampler, store: Store, machine: Machine, clock: FakeClock
):
    assert machine.root
    client = create_app(store, sampler, Procfs(machine.root), clock.now).test_client()
    assert client.get("/metrics").status_code == 200
    sampler.sample(round(START * 1000))
    (machine.root / "interrupts").write_text("nonsense\n")
    sampler.sample(round(START * 1000) + 10_000)

    answer = client.get("/metrics")

    assert answer.mimetype == "text/plain"
    values = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    assert values["irq_interrupts_total", "0", "eth0", "24"] == 1000
    assert values["irq_machine_events_total", "ERR"] == 2
    assert values[("irq_server_samples_total",)] == 1
    assert values[("irq_server_sampling_errors_total",)] == 1
    assert values[("irq_server_sampler_up",)] == 0
    assert values[("irq_server_last_sample_timestamp_seconds",)] == START
    assert values[("irq_server_store_bytes",)] == store.status().size_bytes
    assert values["irq_server_request_duration_seconds_count", "/metrics", "200"] == 1
