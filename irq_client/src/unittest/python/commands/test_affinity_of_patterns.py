"""Affinities of several IRQs at once."""

import csv
import io
import json

import pytest

import machine
from irq_client.cli import main
from service import Answerer, Request, WebService, json_reply, problem
from terminal import streams, written

DEVICES = {"40": "eth0-TxRx-0", "41": "eth0-TxRx-1", "42": "eth0-TxRx-2", "43": "nvme0q1"}
REFUSED = "41"


def rows() -> list[dict[str, object]]:
    """Return the rows of a machine with four IRQs and one that has no affinity."""
    common = {"counts": [0, 0], "total": 0, "rate": 0.0, "effective_affinity": "1"}
    numbered = [
        {"irq": irq, "device": device, "affinity": "0-3", **common}
        for irq, device in DEVICES.items()
    ]
    return [*numbered, {"irq": "NMI", "device": "", "affinity": None, **common}]


def answer(_: WebService, request: Request) -> bytes:
    """Answer; 41 is refused."""
    if request.path == "/api/v1/irqs":
        return json_reply(machine.IRQS | {"irqs": rows()})
    irq = request.path.split("/")[4]
    state = machine.AFFINITY | {"irq": irq, "device": DEVICES[irq], "affinity": "0-3"}
    if request.method == "GET":
        return json_reply(state | {"writable": irq != REFUSED})
    if irq == REFUSED:
        return problem(409, "the kernel manages it")
    return json_reply(state | {"affinity": json.loads(request.body)["cpus"], "pending": True})


def run(
    *argv: str, typed: str | None = None, answers: Answerer = answer
) -> tuple[int, str, str, dict[str, str]]:
    """Run `affinity`; return exit status, output, messages and the new affinities by IRQ."""
    with WebService(answers) as service:
        given = streams({"IRQ_CLIENT_SERVER": service.url}, typed=typed)
        status = main(["affinity", *argv], given)
        written_to = {
            request.path.split("/")[4]: json.loads(request.body)["cpus"]
            for request in service.requests
            if request.method == "PUT"
        }
        messages = written(given.stderr).replace(service.url[7:], "SERVER")
        return status, written(given.stdout), messages, written_to


def test_a_pattern_shows_what_it_names():
    status, output, _, changed = run("eth0-*")

    assert (status, changed) == (0, {})
    assert [line.split() for line in output.splitlines()] == [
        ["IRQ", "DEVICE", "AFFINITY", "EFFECTIVE"],
        ["40", "eth0-TxRx-0", "0-3", "1"],
        ["41", "eth0-TxRx-1", "0-3", "1", "managed:", "the", "kernel's", "alone"],
        ["42", "eth0-TxRx-2", "0-3", "1"],
    ]


def test_irqs_are_spread_over_the_list_and_a_refusal_stops_no_other():
    status, output, messages, changed = run("40-43", "0,2")

    assert changed == {"40": "0", "41": "2", "42": "0", "43": "2"}
    assert status == 4
    assert messages == (
        "irq_client: the kernel manages it; try other "
        "CPUs, or a moment later; a managed IRQ is placed by the kernel alone\n"
    )
    assert [line.split()[:5] for line in output.splitlines()[1:]] == [
        ["40", "eth0-TxRx-0", "0-3", "0", "1"],
        ["41", "eth0-TxRx-1", "0-3", "0-3", "1"],
        ["42", "eth0-TxRx-2", "0-3", "0", "1"],
        ["43", "nvme0q1", "0-3", "2", "1"],
    ]
    assert "refused: the kernel manages it" in output
    assert output.count("pending") == 3


@pytest.mark.parametrize("status", [401, 403])
def test_a_server_that_lets_nothing_be_changed_is_asked_once(status: int):
    def forbid(_: WebService, request: Request) -> bytes:
        return answer(_, request) if request.method == "GET" else problem(status, "no writes")

    exit_status, output, messages, changed = run("eth*", "0", answers=forbid)

    assert (exit_status, output) == (4, "")
    assert list(changed) == ["40"]
    assert messages.count("no writes") == 1


def test_the_same_list_may_go_to_each():
    assert run("4[02]", "0-1", "--same")[3] == {"40": "0-1", "42": "0-1"}


def test_the_whole_plan_is_asked_for_once():
    status, _, messages, changed = run("eth*", "0-1", typed="n\n")

    assert (status, changed) == (1, {})
    assert messages.splitlines() == [
        "  IRQ 40 (eth0-TxRx-0)  0-3 -> 0",
        "  IRQ 41 (eth0-TxRx-1)  0-3 -> 1 (managed: the kernel will refuse)",
        "  IRQ 42 (eth0-TxRx-2)  0-3 -> 0",
        "SERVER: change the affinities of 3 IRQs? [y/N] irq_client: nothing was changed",
    ]


@pytest.mark.parametrize("pattern", ["wlan*", "N*"])
def test_a_pattern_that_names_nothing_is_three(pattern: str):
    status, output, messages, _ = run(pattern, "0")

    assert (status, output) == (3, "")
    assert messages == f"irq_client: no IRQ with an affinity is named {pattern}\n"


def test_json_and_csv_hold_every_irq():
    document = json.loads(run("eth*", "0", "--format", "json")[1])
    table = list(csv.reader(io.StringIO(run("eth*", "0", "--format", "csv")[1])))

    assert [each["affinity"] for each in document["affinities"]] == ["0", "0-3", "0"]
    assert table[1] == ["40", "eth0-TxRx-0", "0-3", "0", "1", "true", ""]
    assert table[2][6] == "the kernel manages it"
