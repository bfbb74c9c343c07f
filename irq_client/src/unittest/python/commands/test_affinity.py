"""The command `affinity`."""

import json

import pytest

import machine
from irq_client.cli import main
from irq_client.commands import affinity
from irq_client.server import model
from service import Request, WebService, json_reply
from sheets import lines, read
from terminal import streams, written


def test_an_affinity_is_shown_with_what_may_be_done():
    answer = machine.AFFINITY | {"effective_affinity": None, "writable": False, "pending": True}

    assert lines(affinity.show_affinity(read(model.read_affinity, answer))) == [
        "IRQ 36 (virtio1-req.0)",
        "affinity            0-1",
        "effective affinity  - (pending: the kernel changes it at the next interrupt)",
        "writable            no",
    ]


def test_a_change_shows_before_and_after():
    before = read(model.read_affinity, machine.AFFINITY)
    after = read(
        model.read_affinity, machine.AFFINITY | {"affinity": "0", "effective_affinity": "0"}
    )

    assert lines(affinity.show_change(affinity.Move(before, after))) == [
        "IRQ 36 (virtio1-req.0)",
        "affinity            0-1 -> 0",
        "effective affinity  1 -> 0",
    ]


def run(
    *argv: str, events: object = machine.EVENTS, now: str = "0-1"
) -> tuple[int, str, str, list[str]]:
    """Run `affinity 36`; return exit status, output, messages and what was set."""

    def answer(service: WebService, request: Request) -> bytes:
        if request.path.endswith("events"):
            return json_reply(events)
        if request.method == "GET":
            return json_reply(machine.AFFINITY | {"affinity": now, "writable": now != "2"})
        return machine.answer_well(service, request)

    with WebService(answer) as service:
        given = streams({"IRQ_CLIENT_SERVER": service.url}, typed="y\n")
        status = main(["affinity", "36", *argv], given)
        changed = [json.loads(each.body)["cpus"] for each in service.requests if each.body]
        messages = written(given.stderr).replace(service.url[7:], "SERVER")
        return status, written(given.stdout), messages, changed


@pytest.mark.parametrize(
    ("now", "tail"), [("0-1", ""), ("2", " (managed: the kernel will refuse)")]
)
def test_the_question_before_a_change_names_all_that_matters(now: str, tail: str):
    status, output, messages, changed = run("3", now=now)

    question = (
        f"SERVER: change the affinity of IRQ 36 (virtio1-req.0) from {now} to 3{tail}? [y/N] "
    )
    assert (status, messages, changed) == (0, question, ["3"])
    assert f"affinity            {now} -> 3" in output


def test_an_irq_that_is_there_already_is_not_set():
    status, output, messages, changed = run("0,1")

    assert (status, messages, changed) == (0, "", [])
    assert "affinity            0-1 (there already)" in output.splitlines()


def test_the_last_change_is_undone():
    # the last change was 0-1 -> 1
    status, output, _, changed = run("--undo", now="1")

    assert (status, changed) == (0, ["0-1"])
    assert "affinity            1 -> 0-1" in output.splitlines()


@pytest.mark.parametrize("detail", [None, " -> 1"])
def test_without_a_change_there_is_nothing_to_undo(detail: str | None):
    change = machine.EVENTS["events"][1] | {"detail": detail}
    events = machine.EVENTS | {"events": [] if detail is None else [change]}

    status, _, messages, changed = run("--undo", "--yes", events=events)

    assert (status, changed) == (3, [])
    assert messages == "irq_client: no change to undo in the last 7d\n"


def test_undo_takes_no_cpus():
    assert run("3", "--undo")[0] == 2


def test_csv_is_one_row():
    assert list(affinity.list_affinity(read(model.read_affinity, machine.AFFINITY))) == [
        ("irq", "device", "affinity", "effective_affinity", "writable", "pending"),
        ("36", "virtio1-req.0", "0-1", "1", "true", "false"),
    ]
