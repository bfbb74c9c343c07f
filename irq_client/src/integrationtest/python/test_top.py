"""The installed live view on a real pseudo-terminal."""

import os
import signal
import subprocess

import pytest

import machine
from conftest import COMMAND
from emulator import Session
from service import Request, WebService, json_reply, problem


def top(environment: dict[str, str], url: str, columns: int = 100, lines: int = 14) -> Session:
    """Start it."""
    argv = [COMMAND, "top", "--server", url, "--refresh", "50ms"]
    return Session(argv, environment, columns, lines)


def test_it_shows_irqs_cpus_and_help_and_leaves_the_terminal_as_it_was(environment, good):
    with top(environment, good.url) as session:
        screen = session.shows("36    virtio1-req.0")
        assert screen.alternate
        assert not screen.cursor
        assert "imbalance 1.51" in screen.rows[1]
        assert "IRQ 36 (virtio1-req.0): 0-1 -> 1, by 192.0.2.7" in screen.rows[2]
        session.type("c")
        session.shows("BUSIEST IRQ")
        session.type("?")
        session.shows("pause, and go on")
        session.type("q")
        session.until(lambda screen: "pause, and go on" not in "".join(screen.rows))
        session.type("q")

        assert session.ends() == 0
        assert session.is_restored()


def test_nothing_is_written_while_nothing_changes(environment, good):
    with top(environment, good.url) as session:
        session.shows("36    virtio1-req.0")
        written = session.emulator.line_writes
        asked = len(good.requests)
        session.until(lambda _: len(good.requests) > asked + 3)

        assert session.emulator.line_writes == written
        session.type("q")
        assert session.ends() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_leaves_the_terminal_as_it_was(environment, good, number: int):
    with top(environment, good.url) as session:
        session.shows("36    virtio1-req.0")
        os.kill(session.process.pid, number)

        assert session.ends() == 128 + number
        assert session.is_restored()


def test_it_follows_the_size_of_the_terminal(environment):
    with (
        WebService(lambda _, request: answer_wide(request.path)) as service,
        top(environment, service.url, 100, 14) as session,
    ):
        session.shows("AFFINITY")
        session.resize(60, 9)
        screen = session.until(lambda screen: "q quit" in screen.rows[8])

        assert max(map(len, screen.rows)) <= 60
        session.type("q")
        assert session.ends() == 0


def answer_wide(path: str) -> bytes:
    """Answer as a machine of 128 CPUs."""
    if path.endswith("interrupts"):
        return machine.WIDE
    return json_reply(machine.ANSWERS[path])


def test_a_server_that_fails_is_told_and_the_view_stays(environment):
    failing: list[int] = []

    def answer(service: WebService, request: Request) -> bytes:
        if failing:
            return problem(500, "the disk is full")
        return machine.answer_well(service, request)

    with WebService(answer) as service, top(environment, service.url) as session:
        session.shows("36    virtio1-req.0")
        failing.append(1)
        screen = session.shows("the disk is full")
        assert screen.rows[0].startswith("not live")
        assert any(row.startswith("36 ") for row in screen.rows)
        failing.clear()
        session.until(lambda screen: "the disk is full" not in "".join(screen.rows))
        session.type("q")

        assert session.ends() == 0
        assert session.is_restored()


def test_the_first_question_may_fail_before_the_terminal_is_touched(environment):
    with top(environment, "http://127.0.0.1:1") as session:
        assert session.ends() == 5
        assert "\x1b[?1049h" not in session.emulator.painted
        assert session.is_restored()


def test_into_a_pipe_it_prints(run, good):
    done = run("top", "--count", "2", "--refresh", "10ms", "--server", good.url)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("36    virtio1-req.0") == 2


def test_a_pipe_that_closes_ends_it(environment, good):
    argv = [COMMAND, "top", "--refresh", "10ms", "--server", good.url]
    with subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline()
        process.stdout.close()

        assert process.wait(20) == 0


def test_it_filters_while_a_filter_is_typed_and_jumps_to_changes_and_times(environment, good):
    with top(environment, good.url) as session:
        session.shows("36    virtio1-req.0")
        session.type("/ahc")
        screen = session.shows("filter: ahc_")
        assert not any(row.startswith("36 ") for row in screen.rows)
        session.type("\x1b")
        session.shows("36    virtio1-req.0")
        session.type("[")
        session.until(lambda screen: screen.rows[0].startswith("history"))
        session.type("tnow\r")
        session.until(lambda screen: screen.rows[0].startswith("live"))
        session.type("q")

        assert session.ends() == 0


def test_columns_and_their_order_are_chosen_on_the_command_line(environment, good):
    argv = [COMMAND, "top", "--server", good.url, "--columns", "RATE,ON,IRQ", "--sort=-IRQ"]
    with Session(argv, environment, 100, 14) as session:
        rows = session.shows("RATE/s").rows
        first = next(place for place, row in enumerate(rows) if "RATE/s" in row)
        assert rows[first].split() == ["RATE/s", "ON", "IRQ▼"]
        assert [row.split()[-1] for row in rows[first + 1 : first + 5]] == [
            "NMI",
            "ERR",
            "36",
            "24",
        ]
        session.type("q")

        assert session.ends() == 0


def test_a_column_that_is_none_is_wrong_usage_and_leaves_the_terminal_as_it_was(environment, good):
    argv = [COMMAND, "top", "--server", good.url, "--sort", "RAT"]
    with Session(argv, environment, 300, 14) as session:
        session.shows("did you mean RATE/s?")

        assert session.ends() == 2
        assert session.is_restored()
