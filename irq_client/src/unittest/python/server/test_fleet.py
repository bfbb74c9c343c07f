"""Many servers asked at once."""

import json
import threading
from pathlib import Path

import pytest

import machine
from irq_client.cli import main
from irq_client.server.fleet import Progress, ask_all, in_order
from service import WebService, problem
from terminal import stream, streams, written


def test_servers_are_asked_at_once_and_answers_come_in_order():
    all_here = threading.Barrier(3, timeout=20)

    def ask(server: str) -> str:
        all_here.wait()
        return server.upper()

    futures = ask_all(["a", "b", "c"], ask)

    assert [future.result() for future in in_order(futures, Progress(None, 3))] == ["A", "B", "C"]


def test_no_more_than_allowed_are_asked_at_once():
    here, most, lock = 0, 0, threading.Lock()

    def ask(_: str) -> None:
        nonlocal here, most
        with lock:
            here += 1
            most = max(most, here)
        with lock:
            here -= 1

    for future in ask_all([str(i) for i in range(50)], ask, at_once=4):
        future.result(20)
    assert 1 <= most <= 4


def test_what_one_raises_stops_no_other():
    def ask(server: str) -> float:
        return 1 / int(server)

    good, bad = ask_all(["1", "0"], ask)

    assert good.result(20) == 1.0
    with pytest.raises(ZeroDivisionError):
        bad.result(20)


def test_the_number_is_drawn_where_it_changed_and_taken_away():
    to = stream(terminal=True)
    progress = Progress(to, 4)

    progress.show(1)
    progress.show(1)
    progress.show(2)
    progress.clear()
    progress.clear()

    first, second = "1 of 4 servers", "2 of 4 servers"
    assert written(to) == f"\r{first}\r{second}\r{' ' * len(second)}\r"


@pytest.fixture
def fleet(tmp_path: Path):
    """Return a file of three hosts: a good one, one that fails, another good one."""
    with (
        WebService(machine.answer_well) as one,
        WebService(lambda *_: problem(500, "the disk is full")) as bad,
        WebService(machine.answer_well) as two,
    ):
        path = tmp_path / "hosts"
        path.write_text(f"one {one.url}\nbad {bad.url}  # since Monday\ntwo {two.url}\n")
        yield path


def run(*argv: object, terminal: bool = False) -> tuple[int, str, str]:
    """Run a command; return exit status, output and messages."""
    given = streams(terminal=terminal)
    if terminal:
        given = given._replace(stderr=stream(terminal=True))
    status = main([str(each) for each in argv], given)
    return status, written(given.stdout), written(given.stderr)


def test_a_fleet_is_one_table_and_the_failing_hosts_are_named_at_the_end(fleet: Path):
    status, output, messages = run("cpus", "--hosts", fleet)

    assert status == 1
    assert [line.split() for line in output.splitlines()[1:]] == [
        ["imbalance", "1.51"],
        ["HOST", "CPU", "TOTAL", "RATE/s", "DEVICES"],
        ["one", "0", "1,804", "30.1", "1,800"],
        ["one", "1", "9,301", "155.0", "5,604"],
        ["one", "total", "11,105", "185.1", "7,404"],
        ["two", "0", "1,804", "30.1", "1,800"],
        ["two", "1", "9,301", "155.0", "5,604"],
        ["two", "total", "11,105", "185.1", "7,404"],
        ["all", "hosts", "22,210", "370.2", "14,808"],
    ]
    assert messages.endswith("irq_client: 1 of 3 servers failed: bad\n")
    assert "the disk is full" in messages.splitlines()[0]


def test_json_and_csv_of_a_fleet_are_one_document(fleet: Path):
    lines = run("cpus", "--hosts", fleet, "--format", "json")[1].splitlines()
    assert [json.loads(line)["answer"]["total"] for line in lines] == [11105, 11105]

    rows = run("cpus", "--hosts", fleet, "--format", "csv")[1].splitlines()
    assert rows[0] == "server,cpu,total,rate,devices"
    assert len(rows) == 5


def test_pictures_stand_under_the_names_of_their_servers(fleet: Path):
    output = run("heatmap", "--hosts", fleet)[1]

    assert [line for line in output.splitlines() if line in ("one", "two")] == ["one", "two"]
    assert output.count("scale") == 2


def test_messages_into_a_pipe_hold_no_progress(fleet: Path):
    assert "\r" not in run("cpus", "--hosts", fleet)[2]
    assert "\r" not in run("cpus", "--hosts", fleet, "-q", terminal=True)[2]


def test_affinities_are_set_at_one_server_after_the_other(fleet: Path):
    status, output, _ = run("affinity", "36", "1", "--yes", "--hosts", fleet)

    assert status == 1
    assert [line.split()[0] for line in output.splitlines()] == ["IRQ", "HOST", "one", "two"]


def test_a_no_at_one_server_stops_no_other_and_hides_no_change(tmp_path: Path):
    with WebService(machine.answer_well) as one, WebService(machine.answer_well) as two:
        path = tmp_path / "hosts"
        path.write_text(f"one {one.url}\ntwo {two.url}\n")
        given = streams(typed="y\nn\n")

        status = main(["affinity", "36", "1", "--hosts", str(path)], given)

        changed = [[request.method for request in each.requests] for each in (one, two)]

    assert (status, changed) == (1, [["GET", "PUT"], ["GET"]])
    assert written(given.stdout).splitlines()[-1].startswith("one ")
    assert written(given.stderr).endswith(
        "irq_client: two: nothing was changed\nirq_client: 1 of 2 servers failed: two\n"
    )


def test_the_number_is_taken_away_where_the_waiting_ends_early():
    to = stream(terminal=True)
    progress = Progress(to, 2)
    waiting = in_order(ask_all(["a"], str), progress)
    next(waiting)
    progress.show(1)

    waiting.close()

    assert written(to).endswith("\r" + " " * 14 + "\r")
