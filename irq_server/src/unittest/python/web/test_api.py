"""Every route, through Flask's test client, over a real store with samples worked out by hand."""

from collections.abc import Callable
from pathlib import Path

import pytest

from house import House
from irq_server import __version__
from irq_server.events import Event, Kind
from irq_server.kernel.interrupts import parse
from storing import START

NONE, TIMER = {"description": ""}, {"description": "Local timer interrupts"}


def test_interrupts_have_the_shape_of_the_contract(house: House):
    answer = house.json("/api/v1/interrupts?period=20s")

    assert answer == {
        "window": {
            "start": "2026-01-01T00:00:00.000Z",
            "end": "2026-01-01T00:00:20.000Z",
            "seconds": 20.0,
            "samples": 3,
            "complete": True,
            "gaps": 0,
            "resets": 0,
            "resolution_seconds": 10.0,
            "tier": "raw",
            "requested": {
                "start": "2026-01-01T00:00:00.000Z",
                "end": "2026-01-01T00:00:20.000Z",
            },
        },
        "cpus": [0, 1],
        "irqs": [
            {"irq": "24", "device": "eth0", "counts": [100, 5], "total": 105, "rate": 5.25} | NONE,
            {"irq": "25", "device": "nvme0q1", "counts": [0, 0], "total": 0, "rate": 0.0} | NONE,
            {"irq": "LOC", "device": "", "counts": [10, 10], "total": 20, "rate": 1.0} | TIMER,
            {"irq": "ERR", "device": "", "counts": None, "total": 1, "rate": 0.05} | NONE,
        ],
        "totals": [110, 15],
        "total": 125,
    }


def test_a_window_takes_the_last_samples_at_or_before_its_edges(house: House):
    answer = house.json("/api/v1/irqs/24?start=2026-01-01T00:00:09.999Z&end=1767225619.9")

    assert answer["window"]["start"] == "2026-01-01T00:00:00.000Z"
    assert answer["window"]["end"] == "2026-01-01T00:00:10.000Z"
    assert answer["counts"] == [0, 5]


def test_a_window_that_the_store_does_not_reach_is_incomplete(house: House):
    window = house.json("/api/v1/cpus?period=1h")["window"]

    assert window["start"] == "2026-01-01T00:00:00.000Z"
    assert window["complete"] is False


def test_filters_narrow_the_rows_and_totals_count_what_passes_them(house: House):
    by_irq = house.json("/api/v1/interrupts?irq=24&irq=25&period=20s")
    assert [each["irq"] for each in by_irq["irqs"]] == ["24", "25"]
    assert by_irq["total"] == 105

    by_cpu = house.json("/api/v1/interrupts?cpu=1&period=20s")
    assert by_cpu["cpus"] == [1]
    assert [(each["irq"], each["counts"]) for each in by_cpu["irqs"]] == [
        ("24", [5]),
        ("25", [0]),
        ("LOC", [10]),
    ]
    assert by_cpu["totals"] == [15]

    by_device = house.json("/api/v1/interrupts?device=eth*&period=20s")
    assert [each["irq"] for each in by_device["irqs"]] == ["24"]

    nonzero = house.json("/api/v1/interrupts?nonzero&period=20s")
    assert [each["irq"] for each in nonzero["irqs"]] == ["24", "LOC", "ERR"]
    assert nonzero["total"] == 125

    top = house.json("/api/v1/interrupts?top=1&period=20s")
    assert [each["irq"] for each in top["irqs"]] == ["24"]
    assert top["total"] == 125


def test_irqs_tell_their_affinities(house: House):
    answer = house.json("/api/v1/irqs?period=20s")

    assert answer["total"] == 125
    fields = ("irq", "affinity", "effective_affinity", "writable", "pending", "interface")
    assert [tuple(each[field] for field in fields) for each in answer["irqs"]] == [
        ("24", "0-1", "0", True, False, ""),
        ("25", "1", "1", False, False, ""),
        ("LOC", None, None, False, False, ""),
        ("ERR", None, None, False, False, ""),
    ]


def test_one_irq_has_its_fields_beside_the_window(house: House):
    answer = house.json("/api/v1/irqs/24?period=10s")

    assert {key: answer[key] for key in answer if key != "window"} == {
        "cpus": [0, 1],
        "irq": "24",
        "device": "eth0",
        "description": "",
        "counts": [100, 0],
        "total": 100,
        "rate": 10.0,
        "affinity": "0-1",
        "effective_affinity": "0",
        "writable": True,
        "pending": False,
        "interface": "",
        "above": [],
    }


@pytest.mark.parametrize(
    ("capture", "irq", "words"),
    [
        ("arm64-8cpu-2node", "IPI0", "Rescheduling interrupts"),
        ("riscv64-4cpu", "IPI4", "IRQ work interrupts"),
        ("s390x-4cpu-pci", "NMI", "[NMI] Machine Check"),
        ("ppc64el-8cpu-2node", "NMI", "System Reset interrupts"),
        ("ppc64el-8cpu-2node", "LOC", "Local timer interrupts for timer event device"),
        ("ppc64el-8cpu-2node", "LOC#2", "Local timer interrupts for others"),
    ],
)
def test_rows_without_a_number_have_the_kernels_words(
    house: House, captured: Callable[[str], Path], capture: str, irq: str, words: str
):
    text = (captured(capture) / "proc/interrupts").read_text()
    house.store.append(parse(text), "another boot", START + 30, 10.0)
    house.clock.advance(10)

    path = irq.replace("#", "%23")
    assert house.json(f"/api/v1/irqs/{path}")["description"] == words
    for route in ("interrupts", "irqs", "cpus/2"):
        rows = house.json(f"/api/v1/{route}")["irqs"]
        assert [each["description"] for each in rows if each["irq"] == irq] == [words]
        assert {each["description"] for each in rows if each["irq"].isdecimal()} == {""}


def test_a_row_that_is_gone_has_no_words(house: House):
    rows = "  CPU0  CPU1\n 24:  1  1  PCI-MSI 1-edge  eth0\n"
    house.store.append(parse(rows), "another boot", START + 30, 10.0)
    house.clock.advance(10)

    assert house.json("/api/v1/irqs/LOC?period=20s")["description"] == ""


def test_a_machine_wide_row_can_be_asked_for_but_not_on_one_cpu(house: House):
    assert house.json("/api/v1/irqs/ERR?period=10s")["counts"] is None

    answer = house.get("/api/v1/irqs/ERR?cpu=0")
    assert answer.status_code == 400
    assert answer.get_json()["parameter"] == "cpu"


def test_cpus_and_one_cpu(house: House):
    cpus = house.json("/api/v1/cpus?period=20s")
    assert cpus["cpus"] == [
        {"cpu": 0, "total": 110, "rate": 5.5, "devices": 100},
        {"cpu": 1, "total": 15, "rate": 0.75, "devices": 5},
    ]
    assert cpus["imbalance"] == pytest.approx(100 / 52.5)
    assert cpus["total"] == 125

    cpu = house.json("/api/v1/cpus/1?period=20s&nonzero")
    assert {key: cpu[key] for key in cpu if key != "window"} == {
        "cpu": 1,
        "total": 15,
        "rate": 0.75,
        "irqs": [
            {"irq": "24", "device": "eth0", "total": 5, "rate": 0.25} | NONE,
            {"irq": "LOC", "device": "", "total": 10, "rate": 0.5} | TIMER,
        ],
    }


def test_a_series_has_a_point_for_each_step(house: House):
    answer = house.json("/api/v1/series?period=20s&step=10s&by=cpu")

    assert (answer["step_seconds"], answer["by"]) == (10.0, "cpu")
    assert answer["points"] == [
        {
            "start": "2026-01-01T00:00:00.000Z",
            "end": "2026-01-01T00:00:10.000Z",
            "total": 15,
            "counts": {"0": 10, "1": 5},
        },
        {
            "start": "2026-01-01T00:00:10.000Z",
            "end": "2026-01-01T00:00:20.000Z",
            "total": 110,
            "counts": {"0": 100, "1": 10},
        },
    ]


@pytest.mark.parametrize(
    ("by", "counts"),
    [
        ("total", {"total": 110}),
        ("irq", {"24": 100, "LOC": 10, "ERR": 1}),
        ("irq,cpu", {"24,0": 100, "LOC,1": 10}),
    ],
)
def test_a_series_is_by_total_irq_or_cell(house: House, by: str, counts: dict[str, int]):
    points = house.json(f"/api/v1/series?period=10s&step=10s&by={by}")["points"]

    assert [(each["total"], each["counts"]) for each in points] == [(110, counts)]


def test_a_series_of_the_busiest_still_totals_all(house: House):
    points = house.json("/api/v1/series?period=20s&step=10s&by=irq&top=1")["points"]

    assert [(each["total"], each["counts"]) for each in points] == [
        (15, {"24": 5}),
        (110, {"24": 100}),
    ]


def test_steps_without_a_sample_of_their_own_are_left_out(house: House):
    points = house.json("/api/v1/series?period=20s&step=5s")["points"]

    assert [each["total"] for each in points] == [15, 110]


def test_events_in_the_window_are_told(house: House):
    house.store.record(Event(START + 5, Kind.AFFINITY, irq="24", detail="0-1 -> 1"))
    house.store.record(Event(START + 20, Kind.CPU_OFFLINE, cpu=1))

    events = house.json("/api/v1/events?start=-20s&end=now")["events"]
    assert events == [
        {
            "time": "2026-01-01T00:00:05.000Z",
            "event": "affinity",
            "irq": "24",
            "cpu": None,
            "detail": "0-1 -> 1",
            "by": "",
        },
        {
            "time": "2026-01-01T00:00:20.000Z",
            "event": "cpu_offline",
            "irq": None,
            "cpu": 1,
            "detail": "",
            "by": "",
        },
    ]
    assert house.json("/api/v1/events?start=-20s&device=eth*")["events"] == events[:1]
    assert house.json("/api/v1/events?start=-20s&device=nvme*")["events"] == []
    assert len(house.json("/api/v1/events?period=20s&irq=24")["events"]) == 1
    assert len(house.json("/api/v1/events?period=20s&cpu=1")["events"]) == 1
    assert house.json("/api/v1/events?start=-20s&end=-15s")["events"] == events[:1]


def test_only_cpus_that_may_be_used_count_in_the_imbalance(house: House):
    assert house.machine.root
    isolated = house.machine.root.parent / "sys/devices/system/cpu/isolated"
    isolated.parent.mkdir(parents=True)
    isolated.write_text("0\n")
    assert house.json("/api/v1/cpus?period=20s")["imbalance"] == 1.0
    assert [each["isolated"] for each in house.json("/api/v1/status")["cpus"]] == [True, False]
    isolated.write_text("\n")
    house.machine.offline(1)
    house.sample()
    assert [each["online"] for each in house.json("/api/v1/status")["cpus"]] == [True, False]
    assert house.json("/api/v1/cpus?period=20s")["imbalance"] == 1.0


def test_an_idle_machine_is_in_balance(house: House):
    house.sample()
    answer = house.json("/api/v1/cpus?period=10s&irq=25")
    assert (answer["total"], answer["imbalance"]) == (0, 1.0)


def test_the_status_says_what_runs_where(house: House):
    assert house.machine.root
    name = house.machine.root / "sys/kernel/hostname"
    name.write_text("web1\n")
    node = house.machine.root.parent / "sys/devices/system/node/node1/cpulist"
    node.parent.mkdir(parents=True)
    node.write_text("1\n")

    status = house.json("/api/v1/status")

    assert status["hostname"] == "web1"
    assert status["now"] == "2026-01-01T00:00:20.000Z"
    assert (status["version"], status["writes_allowed"]) == (__version__, True)
    assert status["cpus"] == [
        {"cpu": 0, "online": True, "node": None, "isolated": False},
        {"cpu": 1, "online": True, "node": 1, "isolated": False},
    ]


def test_the_status_tells_sampler_and_store(house: House):
    status = house.json("/api/v1/status")

    assert status["sampler"] == {
        "state": "stopped",
        "interval_seconds": 10.0,
        "last_sample": "2026-01-01T00:00:20.000Z",
        "samples": 3,
        "late": 0,
        "last_error": None,
    }
    store = status["store"]
    assert store["oldest"] == "2026-01-01T00:00:00.000Z"
    assert store["newest"] == "2026-01-01T00:00:20.000Z"
    assert (store["max_bytes"], store["damaged"]) == (2**30, 0)
    (raw,) = (house.store._folder / "raw").glob("*/*.csv")
    assert store["holds_seconds"] == round(2**30 * 20 / raw.stat().st_size, 1)


def test_a_name_with_a_slash_or_a_hash_is_part_of_a_path(empty: House):
    empty.machine.add("I/O", "")
    empty.machine.add("THR", "Threshold")
    empty.machine.add("THR#2", "Threshold again", name="THR#2")
    empty.sample()

    assert empty.json("/api/v1/irqs/I/O")["irq"] == "I/O"
    assert empty.json("/api/v1/irqs/I%2FO")["irq"] == "I/O"
    assert empty.json("/api/v1/irqs/THR%232")["irq"] == "THR#2"
    assert empty.get("/api/v1/irqs/I/O/affinity").status_code == 404


@pytest.mark.parametrize(
    ("path", "status", "parameter"),
    [
        ("/api/v1/interrupts?x=1", 400, "x"),
        ("/api/v1/status?period=1", 400, "period"),
        ("/api/v1/irqs/24?irq=25", 400, "irq"),
        ("/api/v1/cpus/1?cpu=0", 400, "cpu"),
        ("/api/v1/series?step=0", 400, "step"),
        ("/api/v1/series?period=90d&step=1s", 400, "step"),
        ("/api/v1/series?by=device", 400, "by"),
        ("/api/v1/interrupts?irq=99", 404, "irq"),
        ("/api/v1/interrupts?cpu=0-2", 404, "cpu"),
        ("/api/v1/cpus/2", 404, "cpu"),
        ("/api/v1/cpus/-1", 404, "cpu"),
        ("/api/v1/irqs/NMI", 404, "irq"),
        ("/api/v1/irqs/ERR/affinity", 404, "irq"),
        ("/nowhere", 404, None),
    ],
)
def test_what_is_wrong_is_a_problem(house: House, path: str, status: int, parameter: str | None):
    answer = house.get(path)

    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    problem = answer.get_json()
    assert (problem["type"], problem["status"]) == ("about:blank", status)
    assert problem.get("parameter") == parameter
    assert problem["title"]
    assert problem["detail"]


def test_a_wrong_method_names_the_right_ones(house: House):
    answer = house.client.delete("/api/v1/cpus")

    assert answer.status_code == 405
    assert answer.mimetype == "application/problem+json"
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_before_the_first_sample_there_is_no_answer(empty: House):
    for path in ("interrupts", "irqs", "cpus", "series", "events"):
        answer = empty.get(f"/api/v1/{path}")
        assert answer.status_code == 503
        assert answer.mimetype == "application/problem+json"
    assert empty.json("/api/v1/status")["store"]["oldest"] is None


def test_a_bug_is_logged_and_told_without_its_trace(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(house.store, "status", lambda: 1 / 0)

    answer = house.get("/api/v1/status")

    assert answer.status_code == 500
    assert answer.mimetype == "application/problem+json"
    assert "ZeroDivisionError" not in answer.text
    assert "ZeroDivisionError" in caplog.text


def test_health_and_readiness(house: House, monkeypatch: pytest.MonkeyPatch):
    assert house.json("/healthz") == {"status": "ok"}
    answer = house.get("/readyz")
    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
    assert "stopped" in answer.get_json()["detail"]

    monkeypatch.setattr(type(house.sampler), "is_alive", property(lambda _: True))
    assert house.json("/readyz") == {"status": "ready"}

    house.clock.advance(26)
    assert "stuck" in house.get("/readyz").get_json()["detail"]


def test_nothing_is_ready_before_the_first_sample(empty: House, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(type(empty.sampler), "is_alive", property(lambda _: True))

    assert "no sample" in empty.get("/readyz").get_json()["detail"]


def test_a_request_for_another_host_is_refused_everywhere(house: House):
    for path in ("/api/v1/status", "/healthz", "/nowhere"):
        answer = house.get(path, Host="evil.example")
        assert answer.status_code == 421
        assert answer.mimetype == "application/problem+json"
        assert "evil.example" in answer.get_json()["detail"]
    assert house.get("/healthz", Host="127.0.0.1:5000").status_code == 200


def test_a_cpu_that_is_isolated_later_makes_another_answer_about_the_past(house: House):
    assert house.machine.root
    path = "/api/v1/cpus?start=2026-01-01T00:00:00Z&end=2026-01-01T00:00:10Z"
    before = house.get(path)
    assert house.get(path, **{"If-None-Match": before.headers["ETag"]}).status_code == 304
    isolated = house.machine.root.parent / "sys/devices/system/cpu/isolated"
    isolated.parent.mkdir(parents=True)
    isolated.write_text("0\n")
    house.sample()

    after = house.get(path, **{"If-None-Match": before.headers["ETag"]})

    assert after.status_code == 200
    assert after.json["imbalance"] != before.json["imbalance"]
