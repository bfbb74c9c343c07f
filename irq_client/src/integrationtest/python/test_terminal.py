"""The installed command on a terminal, which is a real pseudo-terminal."""

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios

import pytest

import machine
from conftest import COMMAND
from emulator import Session
from leftovers import running
from service import WebService, json_reply

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def on_terminal(
    environment: dict[str, str], columns: int, *argv: str, typed: str = ""
) -> tuple[int, str]:
    """Return the exit status, and all output on a terminal of this width."""
    controller, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    os.write(controller, typed.encode())
    ends = {"stdin": terminal, "stdout": terminal, "stderr": terminal}
    variables = {"TERM": "xterm-256color"} | environment
    with running(COMMAND, *argv, env=variables, **ends) as process:
        os.close(terminal)
        shown = b""
        while True:
            try:
                piece = os.read(controller, 65_536)
            except OSError:  # EIO: the last one who had the terminal open is gone
                break
            if not piece:
                break
            shown += piece
        os.close(controller)
        return process.wait(30), shown.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_a_table_fits_the_terminal(environment, columns: int):
    with WebService(lambda _, __: machine.WIDE) as service:
        status, shown = on_terminal(environment, columns, "overview", "--server", service.url)

    lines = ESCAPE.sub("", shown).splitlines()
    assert status == 0
    assert "\x1b[1m" in shown
    assert max(map(len, lines)) <= columns
    assert any(line.startswith("total") for line in lines)
    assert ("rest" in shown) is (columns > 40)
    assert ("no room for CPU0 .. CPU127" in shown) is (columns == 40)


@pytest.mark.parametrize("setting", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_colour_is_honoured(environment, good, setting: dict[str, str]):
    status, shown = on_terminal(environment | setting, 80, "overview", "--server", good.url)

    assert status == 0
    assert "\x1b" not in shown


def test_no_name_moves_the_cursor(environment):
    row = machine.ROWS[1] | {"irq": "3\x9b6", "device": "\x1b[2J\x1b]0;owned\x07[red]x"}

    with WebService(lambda _, __: json_reply(machine.INTERRUPTS | {"irqs": [row]})) as service:
        _, shown = on_terminal(environment, 120, "overview", "--server", service.url)

    plain = ESCAPE.sub("", shown)
    assert r"\x1b[2J\x1b]0;owned\x07[red]x" in plain
    assert all(line.isprintable() for line in plain.splitlines())


@pytest.mark.parametrize(
    ("typed", "exit_status", "methods"), [("y\n", 0, ["GET", "PUT"]), ("n\n", 1, ["GET"])]
)
def test_a_change_is_asked_for(environment, good, typed: str, exit_status: int, methods):
    argv = ["affinity", "36", "1", "--server", good.url]

    status, shown = on_terminal(environment, 100, *argv, typed=typed)

    assert status == exit_status
    assert "change the affinity of IRQ 36 (virtio1-req.0) from 0-1 to 1? [y/N] " in shown
    assert [request.method for request in good.requests] == methods


def test_what_is_read_again_and_again_ends_with_ctrl_c_on_whole_lines(environment, good):
    argv = [COMMAND, "cpus", "--every", "50ms", "--server", good.url]
    with Session(argv, environment, 80, 24) as session:
        session.until(lambda _: len(good.requests) > 3)
        os.kill(session.process.pid, signal.SIGINT)

        assert session.ends() == 130
        assert "Traceback" not in session.emulator.painted
        assert session.emulator.painted.endswith("\n")


def test_what_is_read_again_and_again_ends_when_its_pipe_closes(environment, good):
    argv = [COMMAND, "cpus", "--every", "50ms", "--server", good.url]
    with running(*argv, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.readline()
        process.stdout.close()

        assert process.wait(20) == 0
        assert process.stderr.read() == b""


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_columns_without_room_are_named(environment, good, columns: int):
    with WebService(machine.answer_well) as other:
        argv = ["status", "--server", good.url, "--server", other.url]
        lines = ESCAPE.sub("", on_terminal(environment, columns, *argv)[1]).splitlines()

    text = " ".join(" ".join(lines).split())
    assert max(map(len, lines)) <= columns
    assert ("no room for" in text) is (columns < 200)
    for name in ("INTERVAL", "LAST SAMPLE", "NEWEST", "DAMAGED"):
        assert name in text or " columns)" in text
