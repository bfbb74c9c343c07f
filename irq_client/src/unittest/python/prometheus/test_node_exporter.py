"""A host of which only node_exporter's counters are there."""

from collections.abc import Iterator

import pytest

from engine import Engine
from irq_client.errors import ProblemError
from irq_client.prometheus.node_exporter import NodeClient
from service import WebService

T = 1_767_225_600_000
MOMENTS = [T + 15_000 * number for number in range(9)]
WINDOW = {"start": "2026-01-01T00:00:00Z", "end": "2026-01-01T00:02:00Z"}


@pytest.fixture
def client() -> Iterator[NodeClient]:
    engine = Engine(T + 125_000)
    engine.add("up", [(moment, 1.0) for moment in MOMENTS], instance="old1")
    for irq, devices, cpu, step in (
        ("36", "512000-edge eth0-rx, eth0-tx", "0", 60),
        ("27", "27 Level arch_timer", "1", 20),
        ("LOC", "", "1", 10),
    ):
        samples = [(moment, float(step * number)) for number, moment in enumerate(MOMENTS)]
        labels = {"instance": "old1", "type": irq, "devices": devices, "cpu": cpu}
        engine.add("node_interrupts_total", samples, **labels)
    with WebService(engine.answer) as service:
        yield NodeClient(service.url, "old1", token=None, timeout_seconds=10.0)


def test_every_answer_says_that_it_is_extrapolated(client: NodeClient):
    answers = client.cpus(**WINDOW), client.irqs(**WINDOW), client.series(**WINDOW)

    for each in answers:
        assert each.window.note == "extrapolated; CPU numbers are columns"
        assert (each.window.complete, each.window.gaps) == (True, 0)


def test_rows_have_their_action_names_and_a_timer_is_no_load(client: NodeClient):
    answer = client.interrupts(**WINDOW)

    assert [(each.irq, each.device, each.counts) for each in answer.irqs] == [
        ("27", "arch_timer", (0, 160)),
        ("36", "eth0-rx, eth0-tx", (480, 0)),
        ("LOC", "", (0, 80)),
    ]
    assert answer.devices == (480, 0)
    assert [each.irq for each in client.irqs(device="eth0-tx", **WINDOW).irqs] == ["36"]
    assert client.cpu(1, irqs=["27"], **WINDOW).cpu.total == 160


def test_steps_hold_four_scrapes_at_least(client: NodeClient):
    answer = client.series(by="irq", **WINDOW)

    assert answer.step_seconds == 60.0
    assert [each.counts for each in answer.points] == [{"27": 80, "36": 240, "LOC": 40}] * 2


def test_what_only_an_irq_server_knows_is_one_sentence(client: NodeClient):
    for ask in (client.status, client.events, lambda: client.affinity("36")):
        with pytest.raises(ProblemError, match=r"only the irq_server of old1 .*; --server asks it"):
            ask()
