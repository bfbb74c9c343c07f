"""The routes of an affinity: its value, and the answers, events and refusals of a PUT."""

from pathlib import Path

import pytest

from house import House
from irq_server.errors import StoreError
from irq_server.events import Event


def test_an_affinity_is_what_the_kernel_tells(house: House):
    assert house.json("/api/v1/irqs/24/affinity") == {
        "irq": "24",
        "device": "eth0",
        "affinity": "0-1",
        "effective_affinity": "0",
        "writable": True,
        "pending": False,
    }
    assert house.json("/api/v1/irqs/25/affinity")["writable"] is False


@pytest.mark.parametrize("body", [{"cpus": "1"}, {"cpu": 1}])
def test_put_affinity_answers_what_the_kernel_then_says(house: House, body: object):
    answer = house.put("24", body)

    assert answer.status_code == 200
    assert answer.get_json() == house.json("/api/v1/irqs/24/affinity")
    assert answer.get_json() == {
        "irq": "24",
        "device": "eth0",
        "affinity": "1",
        "effective_affinity": "0",
        "writable": True,
        "pending": True,
    }


def test_put_affinity_is_an_event_at_once_and_once_with_who_and_what_beside_it(house: House):
    house.put("24", {"cpu": 1})
    house.put("25", {"cpu": 0})
    house.sample()
    house.sample()

    events = house.json("/api/v1/events?period=1h")["events"]
    recorded = [(each["event"], each["irq"], each["detail"]) for each in events]
    assert {each["by"] for each in events} == {"127.0.0.1"}
    assert recorded == [
        ("affinity_request", "24", "1 from 127.0.0.1"),
        ("affinity", "24", "0-1 -> 1"),
        (
            "affinity_request",
            "25",
            "0 from 127.0.0.1: refused: managed by the kernel (its file is read-only, mode 0444)",
        ),
    ]


@pytest.mark.parametrize(
    ("irq", "body", "status", "parameter", "reason"),
    [
        ("25", {"cpu": 1}, 409, "irq", "managed by the kernel"),
        ("24", {"cpus": "0-2"}, 409, "irq", "no such CPU online: 2"),
        ("LOC", {"cpu": 0}, 409, "irq", "the kernel itself places it"),
        ("99", {"cpu": 0}, 404, "irq", "no such IRQ"),
        ("24", {"cpu": "1"}, 400, "cpu", "expected a CPU number"),
        ("24?x=1", {"cpu": 1}, 400, "x", "no such parameter"),
        ("24", [], 400, "body", "found []"),
    ],
)
def test_put_affinity_refuses_by_name_and_reason(
    house: House, irq: str, body: object, status: int, parameter: str, reason: str
):
    path, _, query = irq.partition("?")
    answer = house.client.put(f"/api/v1/irqs/{path}/affinity?{query}", json=body)

    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    assert answer.get_json()["parameter"] == parameter
    assert reason in answer.get_json()["detail"]


def test_put_affinity_of_an_irq_that_has_gone_is_not_found(house: House):
    house.machine.remove("24")
    house.sample()

    answer = house.put("24", {"cpu": 1})

    assert (answer.status_code, "gone" in answer.get_json()["detail"]) == (404, True)


def test_put_affinity_goes_by_the_machine_as_it_is_now_not_at_the_last_sample(house: House):
    house.machine.offline(1)
    house.machine.show()

    answer = house.put("24", {"cpu": 1})

    assert (answer.status_code, "no such CPU online: 1" in answer.text) == (409, True)


def test_put_affinity_never_reaches_another_device_that_has_the_number_now(house: House):
    house.machine.device(24, "nvme9q9")
    house.machine.show()
    before = house.json("/api/v1/irqs/24/affinity")

    answer = house.put("24", {"cpu": 1})

    assert (answer.status_code, "another device" in answer.text) == (404, True)
    assert house.json("/api/v1/irqs/24/affinity") == before


def test_put_affinity_goes_by_the_last_sample_where_nothing_can_be_read_now(house: House):
    assert house.machine.root
    (house.machine.root / "interrupts").write_text("nonsense")

    assert house.put("24", {"cpu": 1}).get_json()["affinity"] == "1"


def test_put_affinity_before_the_first_sample_is_for_later(empty: House):
    assert empty.put("24", {"cpu": 1}).status_code == 503


def test_an_affinity_is_written_even_where_the_disk_takes_no_event(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    def refuse(_: Event) -> None:
        raise StoreError(Path("events.csv"), "No space left on device")

    monkeypatch.setattr(house.store, "record", refuse)

    assert house.put("24", {"cpu": 1}).get_json()["affinity"] == "1"
