"""What the pictures ask a server for."""

import pytest

import machine
from irq_client.cli import main
from service import WebService
from terminal import streams, written


def run(*argv: str) -> tuple[int, str, list[str]]:
    """Runs a command at a good service; gives exit status, output and what was asked."""
    with WebService(machine.answer_well) as service:
        given = streams({"IRQ_CLIENT_SERVER": service.url})
        status = main(argv, given)
        return status, written(given.stdout), [request.target for request in service.requests]


def test_a_picture_asks_for_the_changes_in_its_own_window():
    status, output, asked = run("history", "--irq", "36", "--period", "1m")

    assert status == 0
    assert "▲ 2026-01-01T00:00:10Z IRQ 36: 0-1 -> 1" in output
    assert asked == [
        "/api/v1/series?period=1m&irq=36&by=total",
        "/api/v1/events?start=2026-01-01T00%3A00%3A00Z&end=2026-01-01T00%3A01%3A00Z&irq=36",
    ]


@pytest.mark.parametrize("more", [["--chart", "table"], ["--format", "csv"], ["--format", "json"]])
def test_numbers_ask_for_no_events(more: list[str]):
    status, output, asked = run("history", "--by", "cpu", *more)

    assert (status, asked) == (0, ["/api/v1/series?by=cpu"])
    assert "4100" in output.replace(",", "")


def test_a_heatmap_is_by_cpu_where_nothing_is_said():
    status, output, asked = run("heatmap")

    assert status == 0
    assert "scale" in output
    assert asked[0] == "/api/v1/series?by=cpu"


@pytest.mark.parametrize(
    ("form", "start"), [("table", "2026"), ("csv", "irq,device,cpu"), ("json", "{")]
)
def test_a_heatmap_of_irq_by_cpu_asks_for_no_steps(form: str, start: str):
    status, output, asked = run("heatmap", "--by", "irq,cpu", "--step", "1m", "--format", form)

    assert (status, asked) == (0, ["/api/v1/interrupts"])
    assert output.startswith(start)
