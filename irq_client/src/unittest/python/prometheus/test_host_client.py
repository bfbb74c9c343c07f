"""A host's counts out of a Prometheus: figures worked out by hand."""

import json
from collections.abc import Iterator

import pytest

from engine import Engine
from irq_client.errors import AnswerError, NoMatchError, ProblemError, TimeLimitError
from irq_client.prometheus.host_client import HostClient
from irq_client.server.model import Window
from service import WebService, json_reply, reply

T = 1_767_225_600_000
"""2026-01-01T00:00:00Z; a sample every 10 s from then on, 13 in all."""

MOMENTS = [T + 10_000 * number for number in range(13)]
WINDOW = {"start": "2026-01-01T00:00:13Z", "end": "2026-01-01T00:01:15Z"}
"""The samples 1 and 7 are the last ones at or before its edges."""


def counter(rate: int, first: int = 0, last: int = 12, base: int = 0) -> list[tuple[int, float]]:
    """Return a counter that grows by `rate` from each sample to the next, from 0 or `base`."""
    return [(MOMENTS[n], base + rate * (n - first)) for n in range(first, last + 1)]


def constant(value: float, last: int = 12) -> list[tuple[int, float]]:
    return [(moment, value) for moment in MOMENTS[: last + 1]]


def machine(engine: Engine, instance: str = "web1", rate: int = 100) -> None:
    """Add a machine of CPUs 0, 1 and 3, of which 3 is offline.

    IRQ 36 fires `rate` times a sample on CPU 0; 37 has a series from sample 2 to 5, and counts 30 a
    sample there; CPU 1 does 50 more that have no series. Each CPU ticks 7 times a sample.
    """

    def add(name: str, samples: list[tuple[int, float]], **labels: str) -> None:
        engine.add(name, samples, instance=instance, job="irq_server", **labels)

    add("irq_affinity_changes_total", [(m, 0 if m < MOMENTS[5] else 2) for m in MOMENTS])
    add("irq_server_boot_time_seconds", constant(1_767_000_000))
    add("irq_server_interval_seconds", constant(10))
    for cpu, devices, ticks in (("0", rate, 7), ("1", 80, 7), ("3", 0, 0)):
        add("irq_cpu_interrupts_total", counter(devices), cpu=cpu, kind="device")
        add("irq_cpu_interrupts_total", counter(ticks), cpu=cpu, kind="own")
        on = "false" if cpu == "3" else "true"
        add("irq_cpu_info", constant(1), cpu=cpu, online=on, isolated="false")
    add("irq_interrupts_total", counter(rate), irq="36", device="eth0", cpu="0")
    add("irq_interrupts_total", counter(30, 2, 5), irq="37", device="nvme0q1", cpu="1")
    others = {"0": [7] * 12, "1": [87, 87, 57, 57, 57, *[87] * 7], "3": [0] * 12}
    for cpu, more in others.items():
        values = [sum(more[:number]) for number in range(13)]
        samples = list(zip(MOMENTS, map(float, values), strict=True))
        add("irq_interrupts_total", samples, irq="other", device="", cpu=cpu)
    add("irq_machine_events_total", constant(4, 3) + [(m, 6) for m in MOMENTS[4:]], irq="ERR")


@pytest.fixture
def engine() -> Engine:
    made = Engine(T + 125_000)
    machine(made)
    return made


@pytest.fixture
def client(engine: Engine) -> Iterator[HostClient]:
    with WebService(engine.answer) as service:
        yield asking(service)


def _sample(value: float) -> object:
    return {"metric": {}, "value": [1_767_225_600, str(value)]}


def asking(service: WebService, instance: str = "web1") -> HostClient:
    return HostClient(service.url, instance, token=None, timeout_seconds=10.0)


def edges(window: Window) -> tuple[str, str, int, bool]:
    return window.start, window.end, window.samples, window.complete


def test_cpus_count_between_the_samples_that_the_window_names(client: HostClient):
    answer = client.cpus(**WINDOW)

    assert edges(answer.window) == ("2026-01-01T00:00:10Z", "2026-01-01T00:01:10Z", 7, True)
    assert [(each.cpu, each.total, each.devices) for each in answer.cpus] == [
        (0, 642, 600),
        (1, 522, 480),
        (3, 0, 0),
    ]
    assert answer.imbalance == 600 / 540  # CPU 3 is offline


def test_a_series_that_begins_and_ends_inside_counts_what_it_counted(client: HostClient):
    answer = client.interrupts(**WINDOW)

    assert {each.irq: each.counts for each in answer.irqs} == {
        "36": (600, 0, 0),
        "37": (0, 90, 0),
        "ERR": None,
        "other": (42, 432, 0),
    }
    assert answer.totals == (642, 522, 0)
    assert answer.devices == (600, 480, 0)
    assert [each.total for each in answer.irqs if each.irq == "ERR"] == [2]
    assert answer.total == 1164


def test_a_series_that_was_hidden_for_long_goes_on_at_its_last_value(engine: Engine):
    was = [(T - 3_000_000, 5000.0)]
    labels = {"instance": "web1", "irq": "40", "device": "sda", "cpu": "0"}
    engine.add("irq_interrupts_total", was + counter(9, 4, base=5000), **labels)
    with WebService(engine.answer) as service:
        answer = asking(service).irq("40", **WINDOW)

    assert answer.irq.counts == (27, 0, 0)


def test_history_that_begins_inside_is_clamped_and_said(client: HostClient):
    answer = client.cpus(start="2025-12-31T23:59:00Z", end="2026-01-01T00:00:25Z")

    assert edges(answer.window) == ("2026-01-01T00:00:00Z", "2026-01-01T00:00:20Z", 3, False)
    assert answer.cpus[0].total == 214


@pytest.mark.parametrize(
    ("name", "samples"),
    [
        ("irq_server_boot_time_seconds", [(MOMENTS[4] + 3000, 1_767_225_640)]),
        ("irq_cpu_interrupts_total", [(MOMENTS[7], 0)]),
    ],
)
def test_a_boot_and_a_new_history_are_not_complete(engine: Engine, name: str, samples):
    spoiled = Engine(engine.now)
    for labels, old in engine._series:
        key = {each: text for each, text in labels.items() if each != "__name__"}
        same = labels["__name__"] == name and key.get("kind", "own") == "own"
        kept = [each for each in old if not same or each[0] < samples[0][0]]
        spoiled.add(labels["__name__"], [*kept, *(samples if same else [])], **key)
    with WebService(spoiled.answer) as service:
        assert not asking(service).cpus(**WINDOW).window.complete


def test_filters_choose_rows_and_totals(client: HostClient):
    answer = client.irqs(device="nvme*", **WINDOW)
    assert [(each.irq, each.total) for each in answer.irqs] == [("37", 90)]
    assert answer.total == 90
    assert [each.irq for each in client.irqs(top=1, cpus="0", **WINDOW).irqs] == ["36"]
    assert [each.irq for each in client.irqs(nonzero=True, cpus="3", **WINDOW).irqs] == []
    assert [each.total for each in client.cpus(irqs=["eth0"], **WINDOW).cpus] == [600, 0, 0]
    one = client.cpu(1, **WINDOW)
    assert (one.cpu.total, {each.irq: each.total for each in one.irqs}) == (
        522,
        {"37": 90, "other": 432},
    )


@pytest.mark.parametrize("by", ["total", "cpu", "irq", "irq,cpu"])
def test_the_points_of_a_series_add_up_to_the_window(client: HostClient, by: str):
    answer = client.series(by=by, step="20s", **WINDOW)

    assert [(each.start, each.end) for each in answer.points] == [
        ("2026-01-01T00:00:10Z", "2026-01-01T00:00:30Z"),
        ("2026-01-01T00:00:30Z", "2026-01-01T00:00:50Z"),
        ("2026-01-01T00:00:50Z", "2026-01-01T00:01:10Z"),
    ]
    assert [each.total for each in answer.points] == [388, 388, 388]
    irqs = [
        {"36": 200, "37": 30, "other": 158},
        {"36": 200, "37": 60, "ERR": 2, "other": 128},
        {"36": 200, "other": 188},
    ]
    expected = {
        "total": [{"total": 388}] * 3,
        "cpu": [{"0": 214, "1": 174, "3": 0}] * 3,
        "irq": irqs,
        "irq,cpu": [
            {"36,0": 200, "37,1": 30, "other,0": 14, "other,1": 144},
            {"36,0": 200, "37,1": 60, "other,0": 14, "other,1": 114},
            {"36,0": 200, "other,0": 14, "other,1": 174},
        ],
    }
    assert [each.counts for each in answer.points] == expected[by]


def test_a_series_of_the_busiest_has_no_other_keys(client: HostClient):
    answer = client.series(by="irq", top=1, step="20s", **WINDOW)

    assert {key for each in answer.points for key in each.counts} == {"36"}
    assert [each.total for each in answer.points] == [388, 388, 388]


def test_the_default_steps_are_whole_intervals_and_too_many_are_refused(client: HostClient):
    assert client.series(**WINDOW).step_seconds == 10.0
    with pytest.raises(ProblemError, match=r"smallest that works is 0\.007s"):
        client.series(step="1ms", **WINDOW)


def test_events_are_changes_boots_gaps_and_cpus(engine: Engine):
    gone = [(moment, 1.0) for moment in MOMENTS[6:8]]
    back = [(moment + 3000, 1.0) for moment in MOMENTS[8:]]  # behind the window
    for on, samples in (("true", constant(1, 5) + back), ("false", gone)):
        engine.add("irq_cpu_info", samples, instance="web1", cpu="2", online=on, isolated="false")
    with WebService(engine.answer) as service:
        client = asking(service)
        found = client.events(**WINDOW).events
        of_cpu = client.events(cpus="0", **WINDOW).events

    assert [(each.time, each.event, each.cpu) for each in found] == [
        ("2026-01-01T00:00:50Z", "affinity", None),
        ("2026-01-01T00:01:00Z", "cpu_offline", 2),
    ]
    assert found[0].detail == "2 changes; its irq_server knows which, and by whom"
    assert [each.event for each in of_cpu] == ["affinity"]


def test_a_gap_is_counted_and_an_event(engine: Engine):
    engine.now = T + 225_000
    later = [(T + 200_000, 2.0), (T + 210_000, 2.0)]
    engine.add("irq_affinity_changes_total", later, instance="web1")
    with WebService(engine.answer) as service:
        answer = asking(service).events(start="2026-01-01T00:01:50Z", end="2026-01-01T00:03:30Z")

    assert answer.window.gaps == 1
    assert [(each.event, each.detail) for each in answer.events] == [("gap", "no sample for 80 s")]


def test_the_status_is_that_of_the_hosts_server(engine: Engine):
    figures = {"sampler_up": 1, "samples_total": 13, "store_bytes": 2048}
    for name, value in figures.items():
        engine.add(f"irq_server_{name}", constant(value), instance="web1")
    with WebService(engine.answer) as service:
        status = asking(service).status()

    assert (status.state, status.interval_seconds, status.samples) == ("running", 10.0, 13)
    assert (status.last_sample, status.oldest) == ("2026-01-01T00:02:00Z", None)
    assert (status.bytes, status.max_bytes) == (2048, None)
    assert status.usable == {0, 1}


def test_two_replicas_count_once(engine: Engine):
    for labels, samples in list(engine._series):
        key = {each: text for each, text in labels.items() if each != "__name__"}
        engine.add(labels["__name__"], samples, **key, replica="b")
    with WebService(engine.answer) as service:
        assert asking(service).interrupts(**WINDOW).total == 1164


def test_what_only_the_hosts_server_knows_is_one_sentence(client: HostClient):
    for ask in (
        lambda: client.affinity("36"),
        lambda: client.set_affinity("36", "0"),
        lambda: client.events(irqs=["36"]),
    ):
        with pytest.raises(ProblemError, match=r"only the irq_server of web1 .*; --server asks it"):
            ask()


def test_names_that_nothing_has_are_said(client: HostClient):
    with pytest.raises(NoMatchError, match="no IRQ is named '99'; near: 37"):
        client.irq("99", **WINDOW)
    with pytest.raises(ProblemError, match="web1 has no series of CPU 9"):
        client.cpu(9, **WINDOW)
    with pytest.raises(ProblemError, match="it has no sample of web1 until 2020"):
        client.cpus(start="2020-01-01T00:00:00Z", period="60s")
    with pytest.raises(ProblemError, match="the window lies in the future"):
        client.cpus(start="2027-01-01T00:00:00Z")


def test_the_json_is_as_an_irq_server_would_have_written_it(client: HostClient):
    answer = json.loads(client.interrupts(**WINDOW).text)

    assert answer["window"]["requested"] == WINDOW
    assert answer["window"]["resolution_seconds"] == 10.0
    assert answer["irqs"][0]["rate"] == 10.0


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (json_reply({"status": "error", "error": "no disk"}), "expected success, found no disk;"),
        (
            json_reply({"data": {"resultType": "vector", "result": [_sample(1e12)]}}),
            "what time it is",
        ),
        (reply(b"<html>", kind="text/html"), "not JSON; is that a Prometheus-compatible server"),
        (json_reply({"data": {"resultType": "scalar", "result": [1, "2"]}}), "vector or matrix"),
        (json_reply({"data": {"resultType": "vector", "result": []}}), "what time it is"),
        (json_reply({"data": {"resultType": "vector", "result": [{"value": [1]}]}}), "a sample"),
        (json_reply({"data": {"resultType": "vector", "result": [{"value": ["x", 1]}]}}), "sample"),
    ],
)
def test_what_is_no_prometheus_is_said(body: bytes, error: str):
    with WebService(lambda *_: body) as service, pytest.raises(AnswerError, match=error):
        asking(service).cpus()


@pytest.mark.parametrize(
    ("ask", "cpu"),
    [
        ("cpus", "x"),
        ("cpus", ""),
        ("interrupts", "-1"),
        ("interrupts", "1.5"),
        ("series", "1_0"),
        ("series", "\n"),
        ("status", "9" * 20),
    ],
)
def test_a_cpu_that_is_none_is_said(ask: str, cpu: str):
    engine = Engine(T + 125_000)
    machine(engine)
    labels = {"instance": "web1", "cpu": cpu}
    for name, more in (("cpu_interrupts_total", {"kind": "own"}), ("cpu_info", {"online": "true"})):
        engine.add(f"irq_{name}", constant(1), **labels, **more)
    window = {} if ask == "status" else WINDOW | ({"by": "cpu"} if ask == "series" else {})
    with WebService(engine.answer) as service, pytest.raises(AnswerError) as error:
        getattr(asking(service), ask)(**window)

    assert "the label cpu: expected a CPU number, found " in error.value.words


def test_times_and_intervals_that_cannot_be_are_no_crash(engine: Engine):
    with WebService(engine.answer) as service:
        engine.now = 10**21
        with pytest.raises(AnswerError, match="a sample such as"):
            asking(service).status()


def test_an_interval_below_0_is_none(engine: Engine):
    engine.add("irq_server_interval_seconds", constant(-5), instance="web2")
    engine.add("irq_affinity_changes_total", constant(0), instance="web2")
    with WebService(engine.answer) as service:
        assert asking(service, "web2").series(**WINDOW).step_seconds == 10.0


def test_prometheus_own_words_are_shown():
    words = json.dumps({"status": "error", "errorType": "execution", "error": "too many samples"})
    body = reply(words.encode(), status=422)
    with WebService(lambda *_: body) as service, pytest.raises(ProblemError) as error:
        asking(service).cpus()

    assert error.value.words == "too many samples; a shorter window, --irq or --cpu ask for less"


def test_all_requests_of_a_question_share_one_time_limit(engine: Engine):
    def late(service: WebService, request) -> bytes:
        if "vector(time())" not in request.target.replace("%28", "(").replace("%29", ")"):
            service.stopping.wait(10)
        return engine.answer(service, request)

    with WebService(late) as service, pytest.raises(TimeLimitError):
        HostClient(service.url, "web1", token=None, timeout_seconds=0.3).cpus()
