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
TOTALS = {"40": 100, "41": 900, "42": 300, "43": 300}
"""Interrupts in the window, all of them on CPU 1."""

REFUSED, MANAGED = "41", "43"


def rows() -> list[dict[str, object]]:
    """Return the rows of a machine with four IRQs and one that has no affinity."""
    common = {"rate": 0.0, "effective_affinity": "1"}
    numbered = [
        {"irq": irq, "device": DEVICES[irq], "affinity": "0-3", "counts": [0, n], "total": n}
        for irq, n in TOTALS.items()
    ]
    own = {"irq": "NMI", "device": "", "affinity": None, "counts": [9999, 0], "total": 9999}
    return [each | common for each in (*numbered, own)]


def answer(_: WebService, request: Request) -> bytes:
    """Answer; 41 is refused, 43 is managed."""
    if request.path == "/api/v1/irqs":
        return json_reply(machine.IRQS | {"irqs": rows()})
    irq = request.path.split("/")[4]
    state = machine.AFFINITY | {"irq": irq, "device": DEVICES[irq], "affinity": "0-3"}
    if request.method == "GET":
        return json_reply(state | {"writable": irq != MANAGED})
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
        ["41", "eth0-TxRx-1", "0-3", "1"],
        ["42", "eth0-TxRx-2", "0-3", "1"],
    ]


def test_irqs_are_spread_by_load_and_a_refusal_stops_no_other():
    status, output, messages, changed = run("40-43", "0,1")

    # 41 with 900 goes to CPU 0, since CPU 1 has the 300 of 43, which is managed; the others beside
    assert changed == {"41": "0", "42": "1", "40": "1"}
    assert status == 4
    assert messages == (
        "irq_client: the kernel manages it; try other "
        "CPUs, or a moment later; a managed IRQ is placed by the kernel alone\n"
    )
    assert [line.split()[:5] for line in output.splitlines()[1:]] == [
        ["40", "eth0-TxRx-0", "0-3", "1", "1"],
        ["41", "eth0-TxRx-1", "0-3", "0-3", "1"],
        ["42", "eth0-TxRx-2", "0-3", "1", "1"],
        ["43", "nvme0q1", "0-3", "0-3", "1"],
    ]
    assert "refused: the kernel manages it" in output
    assert "managed: the kernel's alone" in output
    assert output.count("pending") == 2


def test_irqs_that_are_all_managed_are_refused_one_by_one():
    def managed(service: WebService, request: Request) -> bytes:
        if request.method == "PUT":
            return problem(409, "managed by the kernel")
        reply = json.loads(answer(service, request).partition(b"\r\n\r\n")[2])
        return json_reply(reply | {"writable": False})

    status, output, messages, changed = run("40,42", "0-1", answers=managed)

    assert (status, set(changed)) == (4, {"40", "42"})
    assert messages.count("managed by the kernel") == 2
    assert output.count("refused: managed by the kernel") == 2


def test_irqs_that_are_there_already_are_not_set():
    def placed(service: WebService, request: Request) -> bytes:
        if request.method == "GET" and request.path.endswith("/affinity"):
            irq = request.path.split("/")[4]
            now = {"40": "2", "41": "2", "42": "3"}[irq]
            return json_reply(machine.AFFINITY | {"irq": irq, "device": "", "affinity": now})
        return answer(service, request)

    # 900 on CPU 2 leave no room for the 100 of 40 there
    status, output, messages, changed = run("eth0-*", "2-3", answers=placed, typed="y\n")

    assert (status, changed) == (0, {"40": "3"})
    assert messages.startswith("SERVER: change the affinity of IRQ 40 from 2 to 3? [y/N] ")
    assert len(output.splitlines()) == 4


def test_the_last_changes_of_several_irqs_are_undone():
    def changes(service: WebService, request: Request) -> bytes:
        if request.path.endswith("/events"):
            events = [
                machine.EVENTS["events"][1] | {"irq": irq, "detail": detail}
                for irq, detail in (("40", "0-3 -> 7"), ("40", "7 -> 0-3"), ("43", "1 -> 0-3"))
            ]
            return json_reply(machine.EVENTS | {"events": events})
        return answer(service, request)

    # 42 was never changed, 43 is no eth0
    assert run("eth0-*", "--undo", answers=changes)[3] == {"40": "7"}


@pytest.mark.parametrize("status", [401, 403])
def test_a_server_that_lets_nothing_be_changed_is_asked_once(status: int):
    def forbid(_: WebService, request: Request) -> bytes:
        return answer(_, request) if request.method == "GET" else problem(status, "no writes")

    exit_status, output, messages, changed = run("eth*", "0", answers=forbid)

    assert (exit_status, output) == (4, "")
    assert len(changed) == 1
    assert messages.count("no writes") == 1


def test_the_same_list_may_go_to_each():
    assert run("4[02]", "0-1", "--same")[3] == {"40": "0-1", "42": "0-1"}


def test_the_whole_plan_is_asked_for_once():
    status, _, messages, changed = run("eth*", "0-1", typed="n\n")

    assert (status, changed) == (1, {})
    assert messages.splitlines() == [
        "  IRQ 41 (eth0-TxRx-1) from 0-3 to 0",
        "  IRQ 42 (eth0-TxRx-2) from 0-3 to 1",
        "  IRQ 40 (eth0-TxRx-0) from 0-3 to 1",
        "SERVER: change the affinities of 3 IRQs? [y/N] irq_client: nothing was changed",
    ]


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("wlan*", "no IRQ is named 'wlan*'"),
        ("N*", "no IRQ with an affinity is named N*"),
    ],
)
def test_a_pattern_that_names_nothing_is_three(pattern: str, words: str):
    status, output, messages, _ = run(pattern, "0")

    assert (status, output) == (3, "")
    assert words in messages


def test_json_and_csv_hold_every_irq():
    document = json.loads(run("eth*", "0", "--format", "json")[1])
    table = list(csv.reader(io.StringIO(run("eth*", "0", "--format", "csv")[1])))

    assert [each["affinity"] for each in document["affinities"]] == ["0", "0-3", "0"]
    assert table[1] == ["40", "eth0-TxRx-0", "0-3", "0", "1", "true", ""]
    assert table[2][6] == "the kernel manages it"
