"""/metrics: counters that go on, bounded in number, and the server's own state."""

import errno
import gzip
from collections.abc import Iterator
from pathlib import Path

import mock
import pytest
from prometheus_client.parser import text_string_to_metric_families

from irq_server.events import Event, Kind
from irq_server.kernel.procfs import Procfs
from irq_server.kernel.topology import Topology
from irq_server.sampling.sampler import Sampler
from irq_server.store.history import Sample
from irq_server.store.segments.tier_shape import RAW
from irq_server.store.store import Store
from irq_server.store.totals import Identity
from irq_server.web.app import create_app
from irq_server.web.exposition import encode
from irq_server.web.sampled_metrics import SampledMetrics
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


@pytest.fixture
def procfs(machine: Machine) -> Procfs:
    assert machine.root
    return Procfs(machine.root)


def values_of(sampled: SampledMetrics, family: str) -> Values:
    """Return a family's values by its labels' values: IRQ and CPU, or those that it has."""
    text = encode([each for each in sampled.families() if each.name == family], False)
    (found,) = text_string_to_metric_families(text)
    return {
        tuple(each.labels[label] for label in ("irq", "cpu", "chip") if label in each.labels): (
            each.value
        )
        for each in found.samples
    }


def interrupts(sampled: SampledMetrics) -> Values:
    return values_of(sampled, "irq_interrupts")


class Scraped:
    """A server that is sampled and scraped at once, as by Prometheus at each sample."""

    def __init__(self, sampler: Sampler, store: Store, clock: FakeClock, procfs: Procfs) -> None:
        """Nothing is sampled yet."""
        self.sampler, self.store, self.clock, self.procfs = sampler, store, clock, procfs
        self.start()

    def start(self, max_series: int = 2000) -> None:
        """Start the server, again."""
        self.sampled = SampledMetrics(
            self.store, self.procfs, Topology(self.procfs._root.parent / "sys"), max_series
        )

    def scrape(self, seconds: float = 0.0) -> Values:
        """Return the interrupts some seconds later."""
        self.clock.advance(seconds)
        self.sampler.sample(round(self.clock.now() * 1000))
        return interrupts(self.sampled)

    def text(self, accept: str = "") -> str:
        """Return the route's text."""
        client = create_app(self.store, self.sampler, self.procfs, self.clock.now).test_client()
        return client.get("/metrics", headers={"Accept": accept}).text


@pytest.fixture
def scraped(sampler: Sampler, store: Store, clock: FakeClock, procfs: Procfs) -> Scraped:
    return Scraped(sampler, store, clock, procfs)


def test_cells_that_fired_are_counters_from_0_and_the_others_hold_what_was_before(
    scraped: Scraped, machine: Machine
):
    shown = {("24", "0"): 0, ("24", "1"): 0, ("25", "1"): 0, ("LOC", "0"): 0}
    assert scraped.scrape() == shown | {("other", "0"): 1003, ("other", "1"): 507}
    machine.fire("24", 0, 5)
    machine.show()
    assert scraped.scrape(60) == shown | {("other", "0"): 1008, ("other", "1"): 507}
    scraped.scrape(60)
    machine.fire("24", 0, 3)
    machine.show()
    assert scraped.scrape(10) == shown | {
        ("24", "0"): 3,
        ("other", "0"): 1008,
        ("other", "1"): 507,
    }


def test_a_burst_in_a_cell_that_never_fired_is_counted(scraped: Scraped, machine: Machine):
    before = scraped.scrape()
    machine.fire("25", 0, 50_000)
    machine.show()

    after = scraped.scrape(10)

    grown = {name: n - before.get(name, 0) for name, n in after.items()}
    assert grown == dict.fromkeys(after, 0) | {("other", "0"): 50_000}


def test_two_scrapers_get_the_same_of_one_sample(scraped: Scraped):
    scraped.scrape()
    before = scraped.sampled.families()

    assert scraped.sampled.families() is before


def test_a_restart_shows_the_same_series(scraped: Scraped, machine: Machine):
    scraped.start(max_series=2)
    scraped.scrape()
    scraped.scrape(120)
    machine.fire("24", 1, 900)  # busier than 25 now, by less than half
    machine.fire("25", 1, 30)
    machine.show()

    scraped.start(max_series=2)

    assert scraped.scrape(10) == {
        ("24", "0"): 0,
        ("25", "1"): 30,
        ("other", "0"): 1003,
        ("other", "1"): 507 + 900,
    }


@pytest.mark.parametrize(
    "data",
    [
        "",
        "nonsense",
        '{"shown": []}',
        '{"affinity_changes": [0, 1.0], "boot": ["", null], "shown": [["24,0", "eth0", 2000]], '
        '"hidden": []}',
    ],
)
def test_a_damaged_file_of_series_is_told_and_not_used(
    scraped: Scraped, store: Store, data: str, caplog: pytest.LogCaptureFixture
):
    (store.folder / "metrics.json").write_text(data)

    assert len(scraped.scrape()) == 6
    assert "metrics.json: not used" in caplog.text


def test_a_disk_that_takes_no_file_of_series_stops_no_metrics(
    scraped: Scraped, files: FaultyFiles, caplog: pytest.LogCaptureFixture
):
    scraped.sampler.sample(round(START * 1000))
    files.broken["replace"] = errno.ENOSPC

    assert len(interrupts(scraped.sampled)) == 6
    assert "metrics.json: a restart may show other series: No space left" in caplog.text


def test_a_large_machine_stays_below_400_kb_whatever_its_counts(store: Store, procfs: Procfs):
    state = {f"{irq},{cpu}": 10**15 + irq for irq in range(1000) for cpu in range(128)}
    seen = {
        str(irq): Identity(str(irq), device=f"mlx5_comp{irq}@pci:0000:b1:00.0")
        for irq in range(1000)
    }
    with (
        mock.patch.object(store.history, "_latest", Sample(START, state, RAW)),
        mock.patch.object(type(store.rows), "identities", seen),
        mock.patch.object(type(store.rows), "cpus", range(128)),
    ):
        text = encode(SampledMetrics(store, procfs, Topology(Path("none")), 2000).families(), False)

    assert len(text) < 400_000
    families = {each.name: each for each in text_string_to_metric_families(text)}
    samples = families["irq_interrupts"].samples
    assert len([each for each in samples if each.labels["irq"] != "other"]) == 2000
    # exact in sum, within the limits of Prometheus' floats
    assert sum(each.value for each in samples) == pytest.approx(sum(state.values()), rel=1e-12)


@pytest.mark.parametrize(
    ("accept", "time"),
    [
        ("", "1767225600123"),
        ("application/openmetrics-text;version=1.0.0", "1767225600.1230005"),
    ],
)
def test_samples_carry_their_own_time(
    sampler: Sampler, store: Store, scraped: Scraped, accept: str, time: str
):
    with mock.patch.object(store, "_whole", False):
        scraped.clock.advance(0.123)
        sampler.sample(round(scraped.clock.now() * 1000))

    lines = scraped.text(accept).splitlines()

    timed = ("irq_interrupts_total", "irq_cpu_interrupts_total", "irq_machine_events_total")
    timed_lines = [line for line in lines if line.startswith((*timed, "irq_affinity_changes_t"))]
    assert {line.rpartition(" ")[2] for line in timed_lines} == {time}
    assert ("# EOF" in lines) == bool(accept)
    assert not any("_created" in line for line in lines)


@pytest.mark.parametrize("accept", ["", "application/openmetrics-text;version=1.0.0"])
def test_both_formats_are_compressed_for_those_who_take_it(scraped: Scraped, accept: str):
    scraped.scrape()
    client = create_app(scraped.store, scraped.sampler, scraped.procfs).test_client()

    answer = client.get("/metrics", headers={"Accept": accept, "Accept-Encoding": "gzip"})

    assert answer.headers["Content-Encoding"] == "gzip"
    assert "irq_interrupts_total" in gzip.decompress(answer.data).decode()


def test_a_cpus_interrupts_are_of_devices_or_its_own(scraped: Scraped):
    scraped.scrape()

    lines = scraped.text().splitlines()

    found = [line.split()[:2] for line in lines if line.startswith("irq_cpu_interrupts_total")]
    assert found == [
        ['irq_cpu_interrupts_total{cpu="0",kind="device"}', "1000"],
        ['irq_cpu_interrupts_total{cpu="1",kind="device"}', "507"],
        ['irq_cpu_interrupts_total{cpu="0",kind="own"}', "3"],
        ['irq_cpu_interrupts_total{cpu="1",kind="own"}', "0"],
    ]


def test_changes_of_affinities_are_counted_from_0_and_over_restarts(scraped: Scraped, store: Store):
    def changes() -> float:
        return values_of(scraped.sampled, "irq_affinity_changes")[()]

    store.record(Event(START - 5, Kind.AFFINITY, irq="24", detail="0-1 -> 1"))
    scraped.scrape()
    assert changes() == 0
    store.record(Event(START + 5, Kind.AFFINITY, irq="24", detail="1 -> 0"))
    store.record(Event(START + 5, Kind.AFFINITY_REQUEST, irq="24", detail="0 from ::1"))
    scraped.scrape(10)
    assert changes() == 1
    scraped.start()
    scraped.scrape(10)
    assert changes() == 1


def test_the_time_of_a_boot_stays_when_somebody_sets_the_clock(scraped: Scraped, machine: Machine):
    def boot() -> float:
        return values_of(scraped.sampled, "irq_server_boot_time_seconds")[()]

    assert machine.root
    stat = machine.root / "stat"
    stat.write_text("cpu 1 2 3\nbtime 1767000000\n")
    scraped.scrape()
    assert boot() == 1767000000
    stat.write_text("cpu 1 2 3\nbtime 1767000007\n")
    scraped.scrape(10)
    scraped.start()
    scraped.scrape(10)
    assert boot() == 1767000000
    machine.boot()
    machine.show()
    scraped.scrape(10)
    assert boot() == 1767000007


def test_the_irqs_with_a_series_are_described(scraped: Scraped):
    scraped.start(max_series=1)
    scraped.scrape()

    assert values_of(scraped.sampled, "irq_info") == {("24", "PCI-MSI"): 1}


def test_every_cpu_is_described(scraped: Scraped, machine: Machine):
    scraped.scrape()
    machine.offline(1)
    machine.show()
    scraped.scrape(10)

    found = {each.name: each for each in scraped.sampled.families()}["irq_cpu_info"]

    assert list(found.values) == [
        'cpu="0",isolated="false",node="",online="true",package=""',
        'cpu="1",isolated="false",node="",online="false",package=""',
    ]


def test_a_row_that_appears_during_a_scrape_does_no_harm(scraped: Scraped, store: Store):
    scraped.sampler.sample(round(START * 1000))
    live = store.rows.identities
    assert isinstance(live, dict)

    def is_own(identity: Identity) -> bool:
        """Add a row meanwhile, as the sampler's thread may."""
        live.setdefault("99", Identity("99"))
        return identity.irq == "LOC"

    with mock.patch.object(Identity, "is_own", property(is_own)):
        assert values_of(scraped.sampled, "irq_cpu_interrupts")[("0",)] >= 0


def test_subtotals_are_in_no_series(scraped: Scraped, machine: Machine):
    machine.add("EXT", "")
    machine.fire("EXT", 0, 99)
    machine.show()

    assert ("EXT", "0") not in scraped.scrape()


def test_the_route_gives_prometheus_text_with_the_servers_own_state(
    sampler: Sampler, store: Store, machine: Machine, clock: FakeClock
):
    assert machine.root
    client = create_app(store, sampler, Procfs(machine.root), clock.now).test_client()
    assert client.get("/metrics").status_code == 200
    assert client.get("/healthz").status_code == 200
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
    assert values["irq_interrupts_total", "0", "eth0", "24"] == 0
    assert values["irq_machine_events_total", "ERR"] == 2
    assert values[("irq_server_samples_total",)] == 1
    assert values[("irq_server_late_samples_total",)] == 0
    assert values[("irq_server_sampler_up",)] == 0
    assert values[("irq_server_last_sample_timestamp_seconds",)] == START
    assert values[("irq_server_store_bytes",)] == store.status().size_bytes
    assert values["irq_server_request_duration_seconds_count", "/healthz"] == 1
    assert ("irq_server_request_duration_seconds_count", "/metrics") not in values
    assert values[("irq_server_interval_seconds",)] == 10
